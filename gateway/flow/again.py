"""Claims of whole families decided again: everything is taken back first, then decided in the order the claims came.

A correction stands in the place of the claim it replaced, so that a claim sent again does not move to the end of its
family's year. What would have to wait for a person is left as it is: nothing is taken back before it is known what
comes instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any, Literal, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from gateway.flow import route
from gateway.flow.adjudicate import Batch, state_of, unpaid
from gateway.flow.context import Context
from gateway.flow.filed import NEWEST
from gateway.plan.claims import reprocessing
from gateway.plan.claims.adjudication import adjudicate as decide
from gateway.plan.claims.replacing import CORRECTIONS
from gateway.plan.claims.reprocessing import Because
from gateway.plan.records import Decision, Pend
from gateway.store.rows import IDS_A_QUERY, parts
from gateway.store.schema import claim as claim_table
from gateway.store.schema import decision as decision_table
from mappings.records import Claim

Outcome = Literal["same", "changed", "waits", "voided"]
"""What deciding again comes to; `waits`: it would need a person, so the old decision stands."""


class Turn(NamedTuple):
    """One claim to decide again. row: the claim as it is to be decided. before: the decision in force. place: its order
    among those decided with it. void: it is taken back and nothing comes instead."""

    row: Any
    before: Decision
    place: str
    void: bool = False

    @property
    def family(self) -> str:
        """What is decided together: its family's claims, or it alone where nobody knows the patient."""
        return str(self.row.family_root or self.row.icn)


class Turned(NamedTuple):
    """What one claim came to. made: its reversal and what comes instead; pend: what it would wait for."""

    turn: Turn
    outcome: Outcome
    made: tuple[Decision, ...] = ()
    pend: Pend | None = None

    @property
    def after(self) -> Decision | None:
        """The decision in force afterwards, None of a claim that is void."""
        return None if self.turn.void else self.made[-1] if self.made else self.turn.before


def turns(connection: Connection, sponsor_id: str, icns: Sequence[str], known_at: str) -> list[Turn]:
    """The claims of these numbers that are decided, in their places; a patient nobody knew is looked for again."""
    found: list[Any] = []
    for part in parts(icns, IDS_A_QUERY):
        columns = (claim_table, decision_table.c.body.label("decided"), decision_table.c.npi, decision_table.c.tin)
        mine = select(*columns).select_from(claim_table.join(decision_table, NEWEST)).where(
            claim_table.c.sponsor_id == sponsor_id, claim_table.c.icn.in_(part), *DECIDED
        )  # fmt: skip
        found += connection.execute(mine).all()
    places = places_of(connection, sponsor_id, found)
    found = [row for row in found if places[row.icn] != row.ord or _is_original(row)]
    return sorted(
        (Turn(_as_known(connection, row, known_at), msgspec.json.decode(row.decided, type=Decision), places[row.icn])
         for row in found),
        key=lambda turn: (turn.place, turn.row.icn),
    )  # fmt: skip


DECIDED = (claim_table.c.state == "decided", claim_table.c.replaced_by == "", claim_table.c.partner != "")
"""Claims that can be decided again: in force, no correction on its way, and not another administrator's decision."""


def _is_original(row: Any) -> bool:
    """Whether a claim corrects none: a correction that took no place was denied by a person before it could."""
    return not row.original_icn or msgspec.json.decode(row.body, type=Claim).frequency not in CORRECTIONS


def places_of(connection: Connection, sponsor_id: str, rows: Iterable[Any]) -> dict[str, str]:
    """By ICN: the order key of the claim whose place each holds, its own unless it replaced one."""
    places, behind = {}, {}
    for row in rows:
        places[row.icn] = row.ord
        if row.original_icn:
            behind[row.icn] = (row.icn, row.original_icn)
    while behind:
        wanted = sorted({original for _, original in behind.values()})
        read = select(claim_table.c.icn, claim_table.c.ord, claim_table.c.original_icn, claim_table.c.replaced_by)
        mine = read.where(claim_table.c.sponsor_id == sponsor_id, claim_table.c.icn.in_(wanted))
        earlier = {row.icn: row for row in connection.execute(mine)}
        further = {}
        for icn, (holder, original) in behind.items():
            one = earlier.get(original)
            if one is not None and one.replaced_by == holder:
                places[icn] = one.ord
                if one.original_icn:
                    further[icn] = (one.icn, one.original_icn)
        behind = further
    return places


def _as_known(connection: Connection, row: Any, known_at: str) -> Any:
    found = route.find_member(connection, row.sponsor_id, row, known_at) if row.match else {}
    return SimpleNamespace(**{**row._mapping, **found})


def rehearse(
    connection: Connection, context: Context, sponsor_id: str, those: Sequence[Turn], known_at: str,
    because: Because = "", cause: str = "",
) -> Again:  # fmt: skip
    """What claims come to when decided again as of now, one at least; nothing is written.

    Every pass takes those out that would wait, and begins anew: what stands must be counted from the start.
    """
    waiting: list[Turned] = []
    while True:
        stands = {each.turn.row.icn for each in waiting}
        going = [turn for turn in those if turn.row.icn not in stands]
        batch = Again(connection, context, sponsor_id, going, known_at, because, cause)
        batch.run()
        if not batch.waits:
            batch.turned += waiting
            return batch
        waiting += batch.waits


class Again(Batch):
    """Claims decided again in their places. because: of `reprocessing.REMARKS`; cause: what they are decided for."""

    def __init__(
        self, connection: Connection, context: Context, sponsor_id: str, those: Sequence[Turn], known_at: str,
        because: Because, cause: str,
    ) -> None:  # fmt: skip
        rows = sorted((turn.row for turn in those), key=lambda row: row.ord)
        super().__init__(connection, context, sponsor_id, rows, known_at)
        self.those = those
        self.reversals = {turn.row.icn: reprocessing.taken_back(turn.before, because, cause) for turn in those}
        self.turned: list[Turned] = []
        self.waits: list[Turned] = []

    def run(self) -> None:
        """Takes everything back, then decides in order."""
        for turn in self.those:
            self._use(turn.row, self.reversals[turn.row.icn])
        for turn in self.those:
            self._turn(turn, self.claims[turn.row.icn])

    def _turn(self, turn: Turn, claim: Claim) -> None:
        row, reversal = turn.row, self.reversals[turn.row.icn]
        if turn.void:
            self._keep(turn, claim, "voided", (reversal,))
            return
        case = msgspec.structs.replace(self._case(row, claim), version=reversal.version + 1)
        again = decide(case, self.today)
        if again.pend is not None:
            self.waits.append(Turned(turn, "waits", pend=again.pend))
            self._stand(turn, claim)
        elif (made := reprocessing.turned(turn.before, reversal, again)) is None:
            self.turned.append(Turned(turn, "same"))
            self._stand(turn, claim)
        else:
            self.cases[again.icn, again.version] = case
            self._keep(turn, claim, "changed", made)

    def _stand(self, turn: Turn, claim: Claim) -> None:
        """The decision in force stays, and counts in its place."""
        self._use(turn.row, turn.before)
        self._remember(turn.row, "", claim, turn.before)

    def _keep(self, turn: Turn, claim: Claim, outcome: Outcome, made: tuple[Decision, ...]) -> None:
        row, (reversal, *instead) = turn.row, made
        self.turned.append(Turned(turn, outcome, made))
        self.decisions += [(row, claim, each) for each in made]
        values = {**unpaid(row, reversal), "state": "voided"}
        for again in instead:
            self._use(row, again)
            self._remember(row, "", claim, again)
            values = state_of(row.icn, again)
        names = ("person_id", "family_root", "match", "candidates", "rulings")
        self.updates.append({**values, **{name: getattr(row, name) for name in names}})

    def book(self, connection: Connection, at: dict[str, str]) -> None:
        """Writes it. at: order key of the event by claim: it is what was decided now, not when the claim came."""
        moved = {row.icn: SimpleNamespace(**{**vars(row), "ord": at[row.icn]}) for row, _, _ in self.decisions}
        self.decisions = [(moved[row.icn], claim, each) for row, claim, each in self.decisions]
        self.write(connection)
