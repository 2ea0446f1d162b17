"""The shadow run: another administrator's claims decided by us, and compared with what was paid. Nothing is written.

It begins where a takeover ends: members, plans, prices and evidence as on file today, accumulators and history as taken
over; what we decided ourselves does not count, and a claim taken over that is in the files is decided like the others.
Claims follow one another as they would in a lane, each family's accumulators running on in memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, and_, or_, select

from gateway.errors import UsageError
from gateway.flow import adjudicate, entries, old_files, roster
from gateway.flow.adjudicate import prior_of
from gateway.flow.agreements import plans_of
from gateway.flow.context import Context
from gateway.flow.parties import Parties
from gateway.flow.scratch import Kept, Scratch
from gateway.flow.takeover import TAKEN_OVER
from gateway.plan.claims import accumulators, comparing, door, matching, replacing
from gateway.plan.claims.accumulators import Key
from gateway.plan.claims.case import PriorClaim
from gateway.plan.claims.comparing import Compared, Order
from gateway.plan.claims.replacing import CORRECTIONS, ORIGINAL, VOID, Filed
from gateway.plan.records import Decision, Rulings
from gateway.store import counters, installation
from gateway.store.engine import CHUNK_CLAIMS
from gateway.store.order import ORDINALS, ord_of
from gateway.store.schema import claim as claim_table
from gateway.store.schema import decision as decision_table
from gateway.store.schema import entry
from mappings.records import Claim

CLEARED = "AUD"
"""Queues nobody waits in here: paying nothing needs no second person."""

NO_SPONSOR = "Its group number names no employer on file; load the sponsor, or say --sponsor."
UNKNOWN_VOID = "It voids a claim that is neither in these files nor taken over."
AS_ORIGINAL = "What it replaces is neither in these files nor taken over; it was decided as an original."
NOT_TAKEN = "The plan turns patients away it does not know: the claim would be rejected (277CA), not decided."


def run(
    context: Context, scratch: Scratch, claims: Sequence[Path], paid: Sequence[Path], order: Order, sponsor_id: str
) -> Iterator[Compared]:
    """Every claim of the files compared, in the order they are decided; then those of the 835s that no 837 has.

    sponsor_id: the employer of all claims, "" when their group numbers say it. Raises BadData, InputOutput, UsageError.
    """
    for path in claims:
        scratch.put_claims(old_files.claims(path))
    for path in paid:
        scratch.put_answers(old_files.remitted(path))
    scratch.match()
    with context.store.read() as connection:
        shadow = _Shadow(connection, context, scratch, sponsor_id)
        for group in shadow.groups(scratch.kept(order)):
            yield from shadow.decide(*group)
    yield from (comparing.answered_only(one, again) for one, again in scratch.left())


def compared(
    context: Context, scratch: Scratch, claims: Sequence[Path], paid: Sequence[Path], order: Order, sponsor_id: str
) -> Iterator[Compared]:
    """`run`, each claim put aside in the scratch as well, so that what differs can be told after the totals."""
    for one in run(context, scratch, claims, paid, order, sponsor_id):
        scratch.put_compared(one)
        yield one


class _Shadow:
    """The run: what it knows of families, and what of employers."""

    def __init__(self, connection: Connection, context: Context, scratch: Scratch, sponsor_id: str) -> None:
        self.connection, self.context, self.scratch, self.only = connection, context, scratch, sponsor_id
        parties = Parties(connection, installation.business_date(connection))
        if sponsor_id and sponsor_id not in parties.sponsors:
            raise UsageError(f"no sponsor {sponsor_id}")
        self.sponsors = parties.sponsors
        self.by_group = {group: each.id for each in parties.sponsors.values() for group in each.groups}
        self.event = counters.peek(connection, "receipt")
        self.before = ord_of(self.event)
        """An order key before every claim of the run and behind everything on file."""
        self.totals: dict[tuple[str, str], dict[Key, int]] = {}
        self.taken: dict[str, str] = {}
        """Claims taken over -> the claim of the run that takes their place, "" where none does in the end."""

    def groups(self, kept: Iterator[Kept]) -> Iterator[tuple[str, list[Kept]]]:
        """Claims decided together: in a row, of one employer, none that names another one of them."""
        at, group = "", list[Kept]()
        for one in kept:
            sponsor_id = self.only or self.by_group.get(one.claim.group_no, "")
            named = one.claim.original_icn
            if group and (at != sponsor_id or len(group) == CHUNK_CLAIMS or named in {each.icn for each in group}):
                yield at, group
                group = []
            at = sponsor_id
            group.append(one)
        if group:
            yield at, group

    def decide(self, sponsor_id: str, group: list[Kept]) -> list[Compared]:
        """Decides the claims of a group and compares each."""
        if not sponsor_id:
            return [_told(comparing.compare(one.nth, one.claim, None, one.answer), NO_SPONSOR) for one in group]
        routed = _Routing(self, sponsor_id, group)
        batch = _Batch(self, sponsor_id, routed.rows) if routed.rows else None
        if batch is not None:
            batch.run()
            self._keep(sponsor_id, batch)
        own = {} if batch is None else {d.icn: d for _, _, d in batch.decisions if d.outcome != "reversal"}
        return [self._compared(one, own.get(one.icn), routed.knows.get(one.icn, "")) for one in group]

    def _compared(self, one: Kept, decision: Decision | None, knows: str) -> Compared:
        found = comparing.compare(one.nth, one.claim, decision, one.answer)
        if one.claim.frequency == VOID and one.answer is None and self.scratch.reversed(one.claim.original_icn):
            found = msgspec.structs.replace(found, cause="")  # an 835 answers a void by taking back, and by no claim
        return _told(found, knows)

    def _keep(self, sponsor_id: str, batch: _Batch) -> None:
        own = {d.icn: d for _, _, d in batch.decisions if d.outcome != "reversal"}
        for update in batch.updates:
            icn, state = update["of"], update["state"]
            self.scratch.decided(icn, state, update["version"], bool(update["denied"]), own.get(icn))
        for original, holder in batch.holders.items():
            self.scratch.replaced(original, holder)
            if not self.scratch.has(original):
                self.taken |= {original: holder}
        self.totals |= {(sponsor_id, root): totals for root, totals in batch.totals.items() if root}

    def totals_of(self, sponsor_id: str, roots: set[str]) -> dict[str, dict[Key, int]]:
        """Families' accumulators: as taken over, and what the run has added."""
        fresh = sorted(root for root in roots if (sponsor_id, root) not in self.totals)
        found: dict[str, dict[Key, int]] = defaultdict(dict)
        for root, sums in self._opening(sponsor_id, fresh).items():
            found[root] = sums
        return found | defaultdict(
            dict, {root: self.totals[sponsor_id, root] for root in roots if (sponsor_id, root) in self.totals}
        )

    def _opening(self, sponsor_id: str, roots: list[str]) -> dict[str, dict[Key, int]]:
        """What was taken over: credits that stand in no claim, and the entries of claims the run does not decide."""
        found: dict[str, dict[Key, int]] = {root: {} for root in roots}
        of = and_(*(decision_table.c[name] == entry.c[name] for name in ("sponsor_id", "icn", "version")))
        mine = select(entry).select_from(entry.outerjoin(decision_table, of)).where(
            entry.c.sponsor_id == sponsor_id, entry.c.family_root.in_(roots),
            or_(entry.c.icn == "", decision_table.c.run_no == TAKEN_OVER),
        )  # fmt: skip
        for row in self.connection.execute(mine) if roots else ():
            if not self.scratch.has(row.icn):
                found[row.family_root] = accumulators.apply(found[row.family_root], [entries.read(row)])
        return found

    def taken_over(self, sponsor_id: str, *where: Any) -> Iterator[Row[Any]]:
        """Claims taken over, as they were then, with their decisions; none that the run decides."""
        both = and_(*(decision_table.c[name] == claim_table.c[name] for name in ("sponsor_id", "icn")))
        columns = [claim_table.c[name] for name in ("icn", "ord", "person_id", "family_root", "body")]
        mine: Select[Any] = select(*columns, decision_table.c.version, decision_table.c.body.label("decided"))
        mine = mine.select_from(claim_table.join(decision_table, both)).where(
            claim_table.c.sponsor_id == sponsor_id, decision_table.c.run_no == TAKEN_OVER, *where
        )
        for row in self.connection.execute(mine.order_by(claim_table.c.icn)):
            if not self.scratch.has(row.icn):
                yield row


def _told(one: Compared, knows: str) -> Compared:
    return msgspec.structs.replace(one, knows=(*one.knows, knows)) if knows else one


class _Routing:
    """The claims of a group as rows to be decided. knows: by claim number, what the reader must know of a claim."""

    def __init__(self, shadow: _Shadow, sponsor_id: str, group: list[Kept]) -> None:
        self.shadow, self.sponsor_id = shadow, sponsor_id
        self.rows: list[Any] = []
        self.knows: dict[str, str] = {}
        self.plans = plans_of(shadow.connection, shadow.sponsors[sponsor_id])
        numbers = {one.claim.subscriber.id for one in group}
        self.candidates = roster.by_subscriber(shadow.connection, sponsor_id, numbers, roster.NOW)
        for one in group:
            self._route(one)

    def _route(self, one: Kept) -> None:
        claim, original = one.claim, None
        if claim.frequency in CORRECTIONS:
            original = self._original(claim.original_icn)
            if original is None and claim.frequency == VOID:
                self.knows[one.icn] = UNKNOWN_VOID
                return
            if original is None:
                self.knows[one.icn] = AS_ORIGINAL
                claim = msgspec.structs.replace(claim, frequency=ORIGINAL, original_icn="")
        found = matching.match(claim, self.candidates.get(claim.subscriber.id, []))
        if door.turns_away(self.plans, claim, found.reason):
            self.knows[one.icn] = NOT_TAKEN
            return
        person_id = found.member.person_id if found.member else ""
        root = found.member.family_root if found.member else original.family_root if original else ""
        self.shadow.scratch.routed(one.icn, person_id, root)
        self.rows.append(
            SimpleNamespace(
                icn=one.icn, ord=ord_of(self.shadow.event, 0, 0, *divmod(one.place, ORDINALS)), version=0, partner="",
                person_id=person_id, family_root=root, match=found.reason, candidates=found.candidates,
                cleared=CLEARED, rulings=_NO_RULINGS, received_on=_received(one).isoformat(),
                first=claim.first.isoformat(), last=claim.last.isoformat(), body=msgspec.json.encode(claim),
            )
        )  # fmt: skip

    def _original(self, icn: str) -> Filed | None:
        found = _filed(self.shadow, self.sponsor_id, icn)
        return found if replacing.may_take(found) else None


_NO_RULINGS = msgspec.json.encode(Rulings())


def _received(one: Kept) -> date:
    """The day they say they had the claim (DTM*050), else its last day of service."""
    return one.answer.received if one.answer and one.answer.received else one.claim.last


def _filed(shadow: _Shadow, sponsor_id: str, icn: str) -> Filed | None:
    """A claim of the run or one taken over, as a correction asks for it."""
    row = shadow.scratch.row(icn)
    if row is not None:
        number, state, version, person_id, root, replaced_by, body, decided = row
        if not state:  # not decided yet, or turned away
            return None
        return Filed(
            icn=number, ord=shadow.before, state=state, version=version,
            person_id=person_id, family_root=root, replaced_by=replaced_by,
            claim=msgspec.json.decode(body, type=Claim),
            decision=msgspec.json.decode(decided, type=Decision) if decided else None,
        )  # fmt: skip
    taken = next(shadow.taken_over(sponsor_id, claim_table.c.icn == icn), None)
    if taken is None:
        return None
    return Filed(
        icn=icn, ord=taken.ord, state="decided", version=taken.version, person_id=taken.person_id,
        family_root=taken.family_root, replaced_by=shadow.taken.get(icn, ""),
        claim=msgspec.json.decode(taken.body, type=Claim),
        decision=msgspec.json.decode(taken.decided, type=Decision),
    )  # fmt: skip


class _Batch(adjudicate.Batch):
    """The step's own way of deciding, on what the run knows instead of what we decided."""

    def __init__(self, shadow: _Shadow, sponsor_id: str, rows: Sequence[Any]) -> None:
        self._shadow = shadow
        super().__init__(shadow.connection, shadow.context, sponsor_id, rows)

    def _totals(self, roots: set[str]) -> dict[str, dict[Key, int]]:
        return self._shadow.totals_of(self.sponsor_id, roots)

    def _authorised(self) -> dict[str, list[Decision]]:
        found: dict[str, list[Decision]] = defaultdict(list)
        for person_id in self.authorisations:
            taken = self._shadow.taken_over(self.sponsor_id, claim_table.c.person_id == person_id)
            bodies = [row.decided for row in taken if not self._shadow.taken.get(row.icn)]
            bodies += self._shadow.scratch.standing(person_id)
            found[person_id] += [msgspec.json.decode(body, type=Decision) for body in bodies]
        return found

    def _history(self, ours: set[str]) -> dict[str, list[tuple[str, PriorClaim]]]:
        found: dict[str, list[tuple[str, PriorClaim]]] = defaultdict(list)
        people = sorted({row.person_id for row in self.rows if row.person_id})
        first, last = self._reach()
        overlapping = (claim_table.c.person_id.in_(people), claim_table.c.first <= last, claim_table.c.last >= first,
                       decision_table.c.outcome == "paid")  # fmt: skip
        for row in self._shadow.taken_over(self.sponsor_id, *overlapping) if people else ():
            if not self._shadow.taken.get(row.icn):
                found[row.person_id].append((row.ord, self._prior(row.icn, row.body, row.decided)))
        for person_id in people:
            for icn, body, decided in self._shadow.scratch.alive(person_id, first, last):
                found[person_id].append((self._shadow.before, self._prior(icn, body, decided)))
        return found

    def _prior(self, icn: str, body: Any, decided: Any) -> PriorClaim:
        decision = msgspec.json.decode(decided, type=Decision) if decided else None
        return prior_of(icn, msgspec.json.decode(body, type=Claim), decision)

    def _originals(self) -> dict[str, Filed]:
        found: dict[str, Filed] = {}
        wanted = {claim.original_icn for claim in self.claims.values() if claim.frequency in CORRECTIONS}
        while wanted:
            read = {icn: one for icn in sorted(wanted) if (one := _filed(self._shadow, self.sponsor_id, icn))}
            found |= read
            wanted = {replacing.behind(one) for one in read.values()} - {"", *found}
        return found
