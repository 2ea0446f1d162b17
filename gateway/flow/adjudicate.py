"""Adjudicate: at most 100 claims of one lane in one transaction - decisions, accumulators, ledger, stop-loss facts.

Everything is read and computed before the write transaction opens: the lane is ours, so nobody else changes these
families meanwhile, and the fence in the transaction proves it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from operator import attrgetter
from typing import Any, Literal

import msgspec
from isal import isal_zlib
from sqlalchemy import BindParameter, Connection, Select, bindparam, select, update

from gateway.flow import around, books, drug_numbers, entries, filed, holds, instalments, pricebook, roster
from gateway.flow.agreements import named_plans
from gateway.flow.context import Context
from gateway.flow.parties import Parties, Sponsor
from gateway.plan.calendar import add_business_days
from gateway.plan.claims import accumulators, basis, benefits, replacing
from gateway.plan.claims import drugs as drug_claims
from gateway.plan.claims.accumulators import Key
from gateway.plan.claims.adjudication import adjudicate as decide
from gateway.plan.claims.adjudication import pended, refused
from gateway.plan.claims.authorisations import charged
from gateway.plan.claims.case import Case, PriorClaim
from gateway.plan.claims.matching import UNKNOWN
from gateway.plan.claims.orthodontics import moves, next_due
from gateway.plan.claims.replacing import CORRECTIONS, TAKEN, VOID, Filed
from gateway.plan.claims.reversal import reverse
from gateway.plan.money import ledger
from gateway.plan.money.payment import Payee
from gateway.plan.records import AccidentAnswer, Authorisation, Decision, Member, Rulings
from gateway.store import installation, queue
from gateway.store.order import set_of
from gateway.store.queue import Work
from gateway.store.rows import insert_all
from gateway.store.schema import basis as basis_table
from gateway.store.schema import claim as claim_table
from gateway.store.schema import decision as decision_table
from gateway.store.schema import entry, evidence, fact
from mappings import drugs
from mappings.records import Claim

QUICKEST = 1
"""Of isal's levels 0 to 3: 1.6 KB of a claim become 0.7 KB in 0.05 ms; the next one saves a twentieth more."""

LIVE = ("routed", "pended", "decided")
"""States of a claim that may be what another is a duplicate of, unless it was denied whole."""


_CLAIM = ("icn", "ord", "partner", "version", "person_id", "family_root", "match", "candidates", "cleared", "rulings",
          "received_on", "first", "last", "body")  # fmt: skip
"""What a decision asks of a claim's row."""

# Statements of every batch: building them takes longer than running them. Claims are put in order here, not by SQL:
# asked for it, SQLite walks all the employer's claims in order of `ord` instead of looking up these.
_MINE: BindParameter[str] = bindparam("sponsor_id")
_PEOPLE: BindParameter[str] = bindparam("people", expanding=True)
_ROUTED = select(*(claim_table.c[name] for name in _CLAIM)).where(
    claim_table.c.sponsor_id == _MINE, claim_table.c.icn.in_(bindparam("icns", expanding=True)),
    claim_table.c.state == "routed",  # a step that was parked may find its claims replaced or decided meanwhile
)  # fmt: skip
_EVIDENCE = select(evidence.c.kind, evidence.c.person_id, evidence.c.body).where(
    evidence.c.sponsor_id == _MINE, evidence.c.kind.in_(("authorisation", "accident")),
    evidence.c.person_id.in_(_PEOPLE),
).order_by(evidence.c.person_id, evidence.c.number)  # fmt: skip
_EARLIER = select(
    *(claim_table.c[name] for name in ("person_id", "icn", "ord", "body")), decision_table.c.body.label("decided")
).select_from(claim_table.outerjoin(decision_table, filed.NEWEST)).where(
    claim_table.c.sponsor_id == _MINE, claim_table.c.person_id.in_(_PEOPLE),
    claim_table.c.first <= bindparam("ends"), claim_table.c.last >= bindparam("begins"),
    claim_table.c.state.in_(LIVE), claim_table.c.denied == 0,
)  # fmt: skip
_CONCLUDED = update(claim_table).where(
    claim_table.c.sponsor_id == bindparam("whose"), claim_table.c.icn == bindparam("of")
)


_ord = attrgetter("ord")


def adjudicate(context: Context, work: Work) -> None:
    """The step: decides the claims its body names, in order."""
    with context.store.read() as connection:
        asked = {"sponsor_id": work.sponsor_id, "icns": work.body["icns"]}
        rows = sorted(connection.execute(_ROUTED, asked), key=_ord)
        batch = Batch(connection, context, work.sponsor_id, rows)
    batch.run()
    batch.pack()
    with context.store.write("adjudicate") as connection:
        queue.finish(connection, work)
        batch.write(connection)


def rehearse(
    connection: Connection, context: Context, sponsor_id: str, rows: Sequence[Any],
    numbers: drug_numbers.Numbers | None = None,
) -> list[Decision]:  # fmt: skip
    """What claims, routed like these rows and in their order, would come to now, reversals among them; writes nothing.

    At least one row. numbers: what would be on file under a drug manager's numbers, where these rows are not.
    """
    batch = Batch(connection, context, sponsor_id, rows, numbers=numbers)
    batch.run()
    return [decision for _, _, decision in batch.decisions]


class Batch:
    """The claims of one step, what is on file about them, and what they come to.

    known_at: the order key their members are known at; each claim's own when none is given.
    """

    def __init__(
        self, connection: Connection, context: Context, sponsor_id: str, rows: Sequence[Any], known_at: str = "",
        numbers: drug_numbers.Numbers | None = None,
    ) -> None:  # fmt: skip
        self.context, self.sponsor_id, self.connection = context, sponsor_id, connection
        self.today = installation.business_date(connection)
        self.sponsor: Sponsor | None = Parties(connection, self.today).sponsors.get(sponsor_id)
        self.rows, self.known_at = rows, known_at
        self.claims = {row.icn: msgspec.json.decode(row.body, type=Claim) for row in self.rows}
        told = ((row.partner, self.claims[row.icn]) for row in self.rows)
        self.numbers = drug_numbers.on_file(connection, told) if numbers is None else numbers
        self.claims |= {row.icn: self._naming(row, self.claims[row.icn]) for row in self.rows}
        named = named_plans(connection, self.sponsor)
        self.plan_names, self.plans = tuple(name for name, _ in named), tuple(plan for _, plan in named)
        self.members = self._members()
        self.totals = self._totals({row.family_root for row in self.rows})
        self.prices = pricebook.read(connection, self.claims.values(), self.plans)
        self.authorisations, self.accidents = self._evidence()
        self.authorised = self._authorised()
        self.others = around.Others(connection, sponsor_id, self._last, self.claims, self.members)
        self.history = self._history({row.icn for row in rows})
        self.originals = self._originals()
        self.decided = self._decided()
        self.decisions: list[tuple[Any, Claim, Decision]] = []
        self.cases: dict[tuple[str, int], Case] = {}
        self.bases: list[dict[str, Any]] = []
        self.caused: dict[tuple[str, int], str] = {}
        self.updates: list[dict[str, Any]] = []
        self.holders: dict[str, str] = {}
        self.gone: list[str] = []

    # ---- what is on file

    @property
    def _last(self) -> str:
        """What is known to the last of them is known to all, where it does not change with each claim."""
        return self.known_at or (self.rows[-1].ord if self.rows else "")

    def _ask(self, statement: Select[Any], **asked: Any) -> list[Any]:
        return list(self.connection.execute(statement, {"sponsor_id": self.sponsor_id, **asked}))

    def _totals(self, roots: set[str]) -> dict[str, dict[Key, int]]:
        return entries.totals(self.connection, self.sponsor_id, roots)

    def _members(self) -> dict[str, Member]:
        """By ICN: the person."""
        by_ord: dict[str, list[Any]] = defaultdict(list)
        for row in self.rows:
            by_ord[self.known_at or set_of(row.ord)].append(row)
        found: dict[str, Member] = {}
        for rows in by_ord.values():
            known_at, wanted = self.known_at or rows[-1].ord, {r.person_id for r in rows}
            people = roster.by_id(self.connection, self.sponsor_id, wanted, known_at)
            found |= {r.icn: people[r.person_id] for r in rows if r.person_id in people}
        return found

    def _evidence(self) -> tuple[dict[str, list[Authorisation]], dict[str, list[AccidentAnswer]]]:
        """By person: authorisations and the answers about accidents, in order of their numbers."""
        authorisations: dict[str, list[Authorisation]] = defaultdict(list)
        accidents: dict[str, list[AccidentAnswer]] = defaultdict(list)
        for kind, person_id, body in self._ask(_EVIDENCE, people=sorted({row.person_id for row in self.rows})):
            if kind == "authorisation":
                authorisations[person_id].append(msgspec.json.decode(body, type=Authorisation))
            else:
                accidents[person_id].append(msgspec.json.decode(body, type=AccidentAnswer))
        return authorisations, accidents

    def _authorised(self) -> dict[str, list[Decision]]:
        """By person with an authorisation: every decision that stands, whose lines have taken units of it."""
        joined = decision_table.join(
            claim_table,
            (claim_table.c.sponsor_id == decision_table.c.sponsor_id) & (claim_table.c.icn == decision_table.c.icn),
        )
        mine = select(claim_table.c.person_id, decision_table.c.body).select_from(joined).where(
            claim_table.c.sponsor_id == self.sponsor_id, claim_table.c.person_id.in_(sorted(self.authorisations)),
            decision_table.c.outcome.in_(("paid", "denied", "reversal")),
        )  # fmt: skip
        found: dict[str, list[Decision]] = defaultdict(list)
        for person_id, body in self.connection.execute(mine) if self.authorisations else ():
            found[person_id].append(msgspec.json.decode(body, type=Decision))
        return found

    def _history(self, ours: set[str]) -> dict[str, list[tuple[str, PriorClaim]]]:
        """By person: (ord, earlier live claim) with an overlapping day of service, or since a stay's admission."""
        people = sorted({row.person_id for row in self.rows if row.person_id})
        if not people:
            return {}
        first, last = self._reach()
        found: dict[str, list[tuple[str, PriorClaim]]] = defaultdict(list)
        before = self.rows[-1].ord
        rows = [row for row in self._ask(_EARLIER, people=people, begins=first, ends=last) if row.ord < before]
        for person_id, icn, ord_, body, decided in sorted(rows, key=_ord):
            if icn not in ours:
                decision = msgspec.json.decode(decided, type=Decision) if decided else None
                found[person_id].append((ord_, prior_of(icn, msgspec.json.decode(body, type=Claim), decision)))
        return found

    def _reach(self) -> tuple[str, str]:
        """First and last day of what these claims may have to do with: their services, and since a stay's admission."""
        admitted = [on.isoformat() for claim in self.claims.values() if (on := benefits.admitted_on(claim))]
        return min([*admitted, *(row.first for row in self.rows)]), max(row.last for row in self.rows)

    def _originals(self) -> dict[str, Filed]:
        """By ICN: the claims that corrections name, and those which these in turn were to replace."""
        found: dict[str, Filed] = {}
        wanted = {c.original_icn for c in self.claims.values() if c.frequency in CORRECTIONS}
        while wanted:
            read = filed.read(self.connection, self.sponsor_id, wanted)
            found |= read
            wanted = {replacing.behind(one) for one in read.values()} - {"", *found}
        return found

    def _decided(self) -> dict[str, Filed]:
        """By ICN: claims that are decided already and are to be decided anew, because an instalment falls due."""
        again = filed.read(self.connection, self.sponsor_id, [row.icn for row in self.rows if row.version])
        return {icn: one for icn, one in again.items() if one.decision and one.decision.outcome in ("paid", "denied")}

    def _naming(self, row: Any, claim: Claim) -> Claim:
        """A drug manager's reversal with our number of the claim it takes back, "" when it comes a second time or
        nothing is on file under the manager's."""
        if claim.kind != drugs.KIND or claim.frequency not in CORRECTIONS:
            return claim
        named = "" if self._number_taken(row, claim) else self.numbers.get(drug_numbers.paid(row.partner, claim), "")
        return msgspec.structs.replace(claim, original_icn=named)

    def _number_taken(self, row: Any, claim: Claim) -> bool:
        """Whether an earlier claim of a drug manager's came under the number of this one."""
        first = self.numbers.get(drug_numbers.of(row.partner, claim))
        return first is not None and first != row.icn

    # ---- deciding

    def run(self) -> None:
        """Decides every claim in order; each sees what the ones before it used."""
        for row in self.rows:
            claim = self.claims[row.icn]
            if row.icn in self.decided:
                self._again(row, claim, self.decided[row.icn])
            elif claim.frequency in CORRECTIONS:
                self._correct(row, claim)
            else:
                case = self._case(row, claim)
                self._conclude(row, claim, decide(case, self.today), case)

    def _case(self, row: Any, claim: Claim, taken: Sequence[Filed] = (), reversal: Decision | None = None) -> Case:
        """The case of a claim as if the claims whose place it takes were taken back already."""
        people, gone = row.person_id, {one.icn for one in taken}
        totals, decided = self.totals[row.family_root], self.authorised[people]
        if reversal is not None and taken[-1].family_root == row.family_root:
            totals = accumulators.apply(totals, reversal.entries)
        if reversal is not None and taken[-1].person_id == people:
            decided = [*decided, reversal]
        return Case(
            icn=row.icn, version=int(row.version) + 1, claim=claim, received=date.fromisoformat(row.received_on),
            member=self.members.get(row.icn), match=row.match, candidates=row.candidates, plans=self.plans,
            cleared=tuple(row.cleared.split()), rulings=msgspec.json.decode(row.rulings, type=Rulings),
            **self.prices.of(claim),
            authorisations=charged(self.authorisations.get(people, ()), decided),
            accidents=tuple(self.accidents.get(people, ())), employs=self.sponsor.employs if self.sponsor else 0,
            **self.others.of(row.icn, people),
            history=tuple(
                prior for ord_, prior in self.history.get(people, ()) if ord_ < row.ord and prior.icn not in gone
            ),
            totals=totals, number_taken=claim.kind == drugs.KIND and self._number_taken(row, claim),
        )  # fmt: skip

    def _correct(self, row: Any, claim: Claim) -> None:
        """A replacement or void: what was decided in its place is taken back, unless the new claim has to wait."""
        taken = replacing.taken(row.icn, claim, self.originals)
        if claim.kind == drugs.KIND:
            asked = drug_claims.objection(claim, taken)
        else:
            asked = replacing.objection(claim, row.person_id, row.cleared.split(), taken)
        case = self._case(row, claim)
        refusal = case.rulings.refusal
        stands = asked is not None or (refusal is not None and claim.frequency == VOID)
        if taken:
            self.holders[taken[0].icn] = "" if stands else row.icn
        if refusal is not None and stands:  # a correction denied before its place was cleared takes nobody's
            self._conclude(row, claim, replacing.linked(refused(case, refusal), None), case)
            return
        if asked is not None:
            self._conclude(row, claim, pended(case, asked), case)
            return
        reversal = replacing.taken_back(row.icn, taken)
        decision = None
        if claim.frequency != VOID:
            case = self._case(row, claim, taken, reversal)
            decision = decide(case, self.today)
            if decision.outcome == "pended":
                self._conclude(row, claim, decision, case)
                return
        self._take_back(row, taken, reversal, TAKEN[claim.frequency])
        if decision is None:
            self.updates.append({**unpaid(row, None), "state": "void"})
        else:
            self._conclude(row, claim, replacing.linked(decision, reversal), case)

    def _again(self, row: Any, claim: Claim, one: Filed) -> None:
        """A decision is taken back and made anew as of today; where that brings nothing it stands as it was."""
        before = one.decision
        assert before is not None  # `decided` holds no others
        reversal = reverse(before, one.version + 1)
        case = msgspec.structs.replace(self._case(row, claim, [one], reversal), version=reversal.version + 1)
        after = decide(case, self.today)
        if not moves(before, after):
            self.updates.append(state_of(row.icn, before))
            return
        self._count(row, claim, reversal)
        self._conclude(row, claim, replacing.linked(after, reversal), case)

    def _take_back(self, row: Any, taken: Sequence[Filed], reversal: Decision | None, state: str) -> None:
        """The claims whose place was taken are gone: they pay nothing, wait for nobody and are nobody's duplicate."""
        if reversal is not None:
            self._count(taken[-1], taken[-1].claim, reversal)
            self.caused[reversal.icn, reversal.version] = row.ord
        for one in taken:
            self.updates.append({**unpaid(one, reversal if one is taken[-1] else None), "state": state})
            self.gone.append(one.icn)
            mine = self.history.get(one.person_id, [])
            mine[:] = [each for each in mine if each[1].icn != one.icn]

    def _count(self, row: Any, claim: Claim, decision: Decision) -> None:
        self.decisions.append((row, claim, decision))
        self._use(row, decision)

    def _use(self, row: Any, decision: Decision) -> None:
        """The claims after it find limits and authorisations as it leaves them."""
        self.authorised[row.person_id].append(decision)
        self.totals[row.family_root] = accumulators.apply(self.totals[row.family_root], decision.entries)

    def _conclude(self, row: Any, claim: Claim, decision: Decision, case: Case) -> None:
        self._count(row, claim, decision)
        if decision.outcome != "pended":
            self.cases[decision.icn, decision.version] = case
        self._remember(row, row.ord, claim, decision)
        state: Literal["pended", "decided"] = "pended" if decision.outcome == "pended" else "decided"
        if claim.kind == drugs.KIND:  # what takes it back may stand in the same step
            self.originals[row.icn] = Filed(
                icn=row.icn, ord=row.ord, state=state, version=decision.version, person_id=row.person_id,
                family_root=row.family_root, replaced_by="", claim=claim, decision=decision,
            )  # fmt: skip
        self.updates.append(state_of(row.icn, decision))

    def _remember(self, row: Any, ord_: str, claim: Claim, decision: Decision) -> None:
        """Later claims of the person are compared with it; ord_: which are later."""
        if decision.outcome != "denied" and row.person_id:
            self.history.setdefault(row.person_id, []).append((ord_, prior_of(row.icn, claim, decision)))

    # ---- writing

    def pack(self) -> None:
        """What the decisions were made on, packed before the database's one writer is ours."""
        self.bases = [
            {
                "sponsor_id": self.sponsor_id, "icn": icn, "version": version,
                "body": isal_zlib.compress(basis.packed(case, self.plan_names, self.prices.contract_names), QUICKEST),
            }
            for (icn, version), case in self.cases.items()
        ]  # fmt: skip

    def write(self, connection: Connection) -> None:
        """Decisions, entries, journals, facts and what they cause, in the step's transaction."""
        now_us = self.context.now_us
        if not self.updates:
            return
        insert_all(connection, decision_table, [self._decision_row(*d, now_us) for d in self.decisions])
        insert_all(connection, basis_table, self.bases)
        insert_all(connection, entry, [row for d in self.decisions for row in self._entry_rows(d[2])])
        connection.execute(_CONCLUDED, [{**row, "whose": self.sponsor_id} for row in self.updates])
        mine = claim_table.c.sponsor_id == self.sponsor_id
        for original, holder in self.holders.items():
            place = update(claim_table).where(mine, claim_table.c.icn == original)
            connection.execute(place.values(replaced_by=holder))
        for icn in self.gone:
            holds.close_about(connection, "pend", self.sponsor_id, f"claim {icn}")
        books.post(connection, now_us, self.sponsor_id, (j for d in self.decisions for j in self._journals(*d)))
        waits = [(row, claim, decision.pend) for row, claim, decision in self.decisions if decision.pend is not None]
        holds.open_all(connection, now_us, "pend", self.sponsor_id, [
            (f"claim {row.icn}", f"{pend.queue}: {pend.reason}", pend.queue, {"icn": row.icn, "people": pend.people})
            for row, _, pend in waits
        ])  # fmt: skip
        for row, claim, pend in waits:
            if row.match in UNKNOWN and pend.queue == "MBR":
                self._look_again(connection, row, claim)
        for _, claim, decision in self.decisions:
            due = next_due(claim, decision, self.today)
            if due is not None:
                instalments.enqueue(connection, self.context, self.sponsor_id, decision.icn, due)
        self._write_facts(connection, now_us)
        self._look_at_later(connection)

    def _look_at_later(self, connection: Connection) -> None:
        """Where something was taken back, later claims of the family may come to something else (domain 4.9)."""
        taken: dict[str, list[Decision]] = defaultdict(list)
        for _, _, decision in self.decisions:
            if decision.outcome == "reversal" and decision.family_root:
                taken[decision.family_root].append(decision)
        for root, reversals in sorted(taken.items()):
            queue.enqueue(connection, self.context.now_us, "affected", lane=f"N/{self.sponsor_id}",
                          sponsor_id=self.sponsor_id, partner=f"sponsor/{self.sponsor_id}", ord=self._last, rank=1,
                          body={"root": root, "icns": [each.icn for each in reversals],
                                "cause": reversals[0].cause})  # fmt: skip

    def _look_again(self, connection: Connection, row: Any, claim: Claim) -> None:
        """When the plan's patience with an unknown member ends, the claim is decided again by itself."""
        plan = benefits.choose(benefits.deciding(self.plans, claim), None, claim.first)
        if plan is not None:
            ends = add_business_days(date.fromisoformat(row.received_on), plan.member_not_found_days)
            queue.enqueue(connection, self.context.now_us, "rerun", lane=f"S/{self.sponsor_id}",
                          sponsor_id=self.sponsor_id, partner=f"sponsor/{self.sponsor_id}", due_on=ends.isoformat(),
                          key=f"patience/{self.sponsor_id}/{row.icn}", body={"icn": row.icn})  # fmt: skip

    def _decision_row(self, row: Any, claim: Claim, decision: Decision, now_us: int) -> dict[str, Any]:
        return {
            "sponsor_id": self.sponsor_id, "icn": decision.icn, "version": decision.version,
            "outcome": decision.outcome, "ord": row.ord, "run_no": 0, "tin": claim.billing.tin,
            "npi": claim.billing.npi, "paid_cents": decision.paid_cents, "person_id": row.person_id,
            "family_root": row.family_root, "decided_on": self.today.isoformat(), "decided_us": now_us,
            "drugs": int(claim.kind == drugs.KIND), "body": msgspec.json.encode(decision).decode(),
        }  # fmt: skip

    def _entry_rows(self, decision: Decision) -> list[dict[str, Any]]:
        of = (self.sponsor_id, decision.icn, decision.version)
        return [entries.row(*of, n, each) for n, each in enumerate(decision.entries)]

    def _journals(self, row: Any, claim: Claim, decision: Decision) -> list[Any]:
        payee, on = str(Payee(claim.billing.tin, claim.billing.npi)), self.today
        if decision.paid_cents > 0:
            return [ledger.claim_approved(decision.icn, decision.version, on, decision.paid_cents, payee)]
        if decision.paid_cents < 0:
            return [ledger.claim_reversed(decision.icn, decision.version, on, -decision.paid_cents, payee)]
        return []

    def _write_facts(self, connection: Connection, now_us: int) -> None:
        if self.sponsor is None or not self.sponsor.policy:
            return
        facts = [
            {
                "sponsor_id": self.sponsor_id, "icn": d.icn, "version": d.version,
                "ord": self.caused.get((d.icn, d.version), row.ord),  # what takes a claim back is an event of its own
                "person_id": row.person_id, "incurred": claim.first.isoformat(),
                "decided_on": self.today.isoformat(), "paid_cents": d.paid_cents,
                "diagnoses": msgspec.json.encode(claim.diagnoses).decode(),
                "kind": "drugs" if claim.kind == drugs.KIND else "medical", "seen": 0,
            }
            for row, claim, d in self.decisions
            if d.outcome != "pended" and row.person_id and not claim.predetermination
        ]  # fmt: skip
        if facts:
            insert_all(connection, fact, facts)
            queue.enqueue(connection, now_us, "notify", lane=f"N/{self.sponsor_id}", sponsor_id=self.sponsor_id,
                          partner=f"sponsor/{self.sponsor_id}", ord=facts[-1]["ord"], rank=1)  # fmt: skip


def prior_of(icn: str, claim: Claim, decision: Decision | None) -> PriorClaim:
    """A claim as later ones see it. decision: None while it is in process."""
    lines = decision.lines if decision else ()
    return PriorClaim(
        icn=icn, claim=claim, denied=tuple(line.number for line in lines if line.denied),
        paid=tuple(line.number for line in lines if line.paid_cents > 0),
        allowed={line.number: line.allowed_cents for line in lines if line.allowed_cents is not None},
        waits=decision is None or decision.outcome == "pended",
    )  # fmt: skip


def state_of(icn: str, decision: Decision) -> dict[str, Any]:
    """What a claim's row says of its newest decision."""
    pended_ = decision.outcome == "pended"
    return {
        "of": icn, "state": "pended" if pended_ else "decided", "version": decision.version,
        "status": "" if pended_ else decision.status, "denied": int(decision.outcome == "denied"),
        "paid_cents": decision.paid_cents, "patient_cents": decision.patient_cents,
    }  # fmt: skip


def unpaid(row: Any, reversal: Decision | None) -> dict[str, Any]:
    """What becomes of a claim that was taken back: its present version pays nothing."""
    version = reversal.version if reversal is not None else row.version
    return {"of": row.icn, "version": version, "status": "22", "denied": 0, "paid_cents": 0, "patient_cents": 0}
