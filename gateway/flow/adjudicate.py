"""Adjudicate: at most 100 claims of one lane in one transaction - decisions, accumulators, ledger, stop-loss facts.

Everything is read and computed before the write transaction opens: the lane is ours, so nobody else changes these
families meanwhile, and the fence in the transaction proves it.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, select, update

from gateway.flow import books, holds, roster
from gateway.flow.context import Context
from gateway.flow.parties import Parties, Sponsor
from gateway.plan import accumulators, benefits, ledger
from gateway.plan.adjudication import adjudicate as decide
from gateway.plan.adjudication import reverse
from gateway.plan.authorisations import charged
from gateway.plan.benefits import Plan
from gateway.plan.calendar import add_business_days
from gateway.plan.payment import Payee
from gateway.plan.records import (
    AccidentAnswer,
    Authorisation,
    Case,
    Decision,
    Member,
    Pend,
    PriorClaim,
    ProviderRow,
)
from gateway.store import documents, installation, queue
from gateway.store.queue import Work
from gateway.store.schema import claim as claim_table
from gateway.store.schema import decision as decision_table
from gateway.store.schema import entry, evidence, fact
from mappings.records import Claim

REPLACED_BY_PROVIDER = "N694"
"""RARC of a reversal that a provider's replacement or void caused."""

WAITS = ("none", "dependent", "mismatch")
"""Why no member was found, where an enrolment file that comes late may still tell."""

LIVE = ("routed", "pended", "decided")
"""States of a claim that may be what another is a duplicate of, unless it was denied whole."""

PEOPLE = {"AUD": 2}
"""Pend queues that more than one person must release: a high-dollar claim needs two."""

VOID = "8"
"""CLM05-3 of a void: the original is reversed and nothing is decided anew."""


class Document(msgspec.Struct, frozen=True):
    """A plan or policy as it was loaded."""

    text: str


@lru_cache(maxsize=256)
def _plan(text: str) -> Plan:
    return benefits.parse(text)


def plans_of(connection: Connection, sponsor: Sponsor | None) -> list[Plan]:
    """Every version of every plan document of a sponsor."""
    ids = sponsor.plans.values() if sponsor else ()
    return [_plan(found.text) for found in documents.every(connection, "plan", ids, Document)]


def adjudicate(context: Context, work: Work) -> None:
    """The step: decides the claims its body names, in order."""
    with context.store.read() as connection:
        batch = _Batch(connection, context, work.sponsor_id, work.body["icns"])
    batch.run()
    with context.store.write("adjudicate") as connection:
        queue.finish(connection, work)
        batch.write(connection)


class _Batch:
    """The claims of one step, what is on file about them, and what they come to."""

    def __init__(self, connection: Connection, context: Context, sponsor_id: str, icns: list[str]) -> None:
        self.context, self.sponsor_id, self.connection = context, sponsor_id, connection
        self.today = installation.business_date(connection)
        self.sponsor: Sponsor | None = Parties(connection, self.today).sponsors.get(sponsor_id)
        mine = select(claim_table).where(
            claim_table.c.sponsor_id == sponsor_id, claim_table.c.icn.in_(icns), claim_table.c.state == "routed"
        )  # a step that was parked may find its claims replaced or decided meanwhile
        self.rows = list(connection.execute(mine.order_by(claim_table.c.ord)))
        self.claims = {row.icn: msgspec.json.decode(row.body, type=Claim) for row in self.rows}
        self.members = self._members()
        self.totals = self._totals()
        self.providers = self._providers()
        self.fees = documents.fees(connection, self._priced())
        self.authorisations = self._evidence("authorisation", Authorisation)
        self.authorised = self._authorised()
        self.accidents = self._evidence("accident", AccidentAnswer)
        self.history = self._history(icns)
        self.originals = self._originals()
        self.plans = plans_of(connection, self.sponsor)
        self.decisions: list[tuple[Any, Claim, Decision]] = []
        self.caused: dict[tuple[str, int], str] = {}
        self.updates: list[dict[str, Any]] = []

    # ---- what is on file

    def _members(self) -> dict[str, Member]:
        """By ICN: the person as known at the claim's own order key."""
        by_ord: dict[str, list[Any]] = defaultdict(list)
        for row in self.rows:
            by_ord[row.ord[:-7]].append(row)
        found: dict[str, Member] = {}
        for rows in by_ord.values():
            people = roster.by_id(self.connection, self.sponsor_id, {r.person_id for r in rows}, rows[-1].ord)
            found |= {r.icn: people[r.person_id] for r in rows if r.person_id in people}
        return found

    def _totals(self) -> dict[str, dict[tuple[str, int, str, str], int]]:
        roots = sorted({row.family_root for row in self.rows})
        sums = select(
            entry.c.family_root, entry.c.person_id, entry.c.year, entry.c.tier, entry.c.kind, func.sum(entry.c.cents)
        ).where(entry.c.sponsor_id == self.sponsor_id, entry.c.family_root.in_(roots))
        grouped = sums.group_by(entry.c.family_root, entry.c.person_id, entry.c.year, entry.c.tier, entry.c.kind)
        totals: dict[str, dict[tuple[str, int, str, str], int]] = defaultdict(dict)
        for root, person_id, year, tier, kind, cents in self.connection.execute(grouped):
            totals[root][person_id, year, tier, kind] = int(cents)
        return totals

    def _providers(self) -> dict[str, list[ProviderRow]]:
        npis = {npi for claim in self.claims.values() for npi in _npis(claim)}
        found: dict[str, list[ProviderRow]] = defaultdict(list)
        for row in documents.every(self.connection, "provider", npis, ProviderRow):
            found[row.npi].append(row)
        return found

    def _priced(self) -> set[tuple[str, str]]:
        return {(c.billing.npi, line.procedure.code) for c in self.claims.values() for line in c.lines}

    def _evidence(self, kind: str, type_: Any) -> dict[str, list[Any]]:
        people = sorted({row.person_id for row in self.rows})
        mine = select(evidence.c.person_id, evidence.c.body).where(
            evidence.c.sponsor_id == self.sponsor_id, evidence.c.kind == kind, evidence.c.person_id.in_(people)
        )
        found: dict[str, list[Any]] = defaultdict(list)
        for person_id, body in self.connection.execute(mine.order_by(evidence.c.person_id, evidence.c.number)):
            found[person_id].append(msgspec.json.decode(body, type=type_))
        return found

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

    def _history(self, icns: list[str]) -> dict[str, list[tuple[str, PriorClaim]]]:
        """By person: (ord, earlier live claim) with an overlapping date of service."""
        people = sorted({row.person_id for row in self.rows if row.person_id})
        if not people:
            return {}
        first, last = min(row.first for row in self.rows), max(row.last for row in self.rows)
        earlier = select(claim_table.c.person_id, claim_table.c.icn, claim_table.c.ord, claim_table.c.body).where(
            claim_table.c.sponsor_id == self.sponsor_id, claim_table.c.person_id.in_(people),
            claim_table.c.first <= last, claim_table.c.last >= first, claim_table.c.state.in_(LIVE),
            claim_table.c.denied == 0, claim_table.c.icn.not_in(icns), claim_table.c.ord < self.rows[-1].ord,
        )  # fmt: skip
        found: dict[str, list[tuple[str, PriorClaim]]] = defaultdict(list)
        for person_id, icn, ord_, body in self.connection.execute(earlier.order_by(claim_table.c.ord)):
            prior = PriorClaim(icn=icn, claim=msgspec.json.decode(body, type=Claim))
            found[person_id].append((ord_, prior))
        return found

    def _originals(self) -> dict[str, tuple[Any, Claim, Decision | None]]:
        """By original ICN: its row, claim and the decision in force, None when nothing was decided."""
        wanted = sorted({row.original_icn for row in self.rows if row.original_icn})
        mine = select(claim_table).where(claim_table.c.sponsor_id == self.sponsor_id, claim_table.c.icn.in_(wanted))
        found = {}
        for row in self.connection.execute(mine).all():
            body = select(decision_table.c.body).where(
                decision_table.c.sponsor_id == self.sponsor_id, decision_table.c.icn == row.icn,
                decision_table.c.version == row.version,
            )  # fmt: skip
            decided = self.connection.execute(body).scalar_one_or_none()
            decision = msgspec.json.decode(decided, type=Decision) if decided else None
            found[row.icn] = (row, msgspec.json.decode(row.body, type=Claim), decision)
        return found

    # ---- deciding

    def run(self) -> None:
        """Decides every claim in order; each sees what the ones before it used."""
        for row in self.rows:
            claim = self.claims[row.icn]
            if row.original_icn and claim.frequency in ("7", "8"):
                self._replace(row, claim)
            else:
                self._conclude(row, claim, self._decide(row, claim, self._version(row)))

    def _version(self, row: Any) -> int:
        return int(row.version) + 1

    def _decide(self, row: Any, claim: Claim, version: int) -> Decision:
        plan = benefits.choose(self.plans, self.members.get(row.icn), claim.first)
        if plan is None:
            reason = (
                "no plan is on file for the date of service" if self.sponsor else "the claim names no sponsor we know"
            )
            return Decision(icn=row.icn, version=version, outcome="pended", charge_cents=claim.charge_cents,
                            pend=Pend(queue="PRC" if self.sponsor else "MBR", reason=reason))  # fmt: skip
        if plan.member_not_found == "reject":  # the door has answered: who is unknown now waits, or is denied
            plan = msgspec.structs.replace(plan, member_not_found="pend")
        people, npis = row.person_id, _npis(claim)
        case = Case(
            icn=row.icn, version=version, claim=claim, received=date.fromisoformat(row.received_on),
            member=self.members.get(row.icn), match=row.match, candidates=row.candidates, plan=plan,
            cleared=tuple(row.cleared.split()),
            providers=tuple(p for npi in npis for p in self.providers.get(npi, ())),
            fees=tuple(f for f in self.fees if f.npi == claim.billing.npi),
            authorisations=charged(self.authorisations.get(people, ()), self.authorised.get(people, ())),
            accidents=tuple(self.accidents.get(people, ())),
            history=tuple(prior for ord_, prior in self.history.get(people, ()) if ord_ < row.ord),
            totals=self.totals[row.family_root],
        )  # fmt: skip
        return decide(case, self.today)

    def _replace(self, row: Any, claim: Claim) -> None:
        """A replacement or void: the decision in force is taken back first, unless the new claim has to wait."""
        original_row, original, earlier = self.originals[row.original_icn]
        other_patient = bool(row.person_id) and row.person_id != original_row.person_id
        if other_patient or original.billing.npi != claim.billing.npi:
            reason = "the claim replaces one of another patient or provider"
            pend = Pend(queue="MBR", reason=reason)
            self._conclude(row, claim, Decision(icn=row.icn, version=self._version(row), outcome="pended",
                                                charge_cents=claim.charge_cents, pend=pend))  # fmt: skip
            return
        before, taken = self.totals[original_row.family_root], self.authorised[original_row.person_id]
        reversal = None
        if earlier is not None and earlier.outcome in ("paid", "denied"):
            reversal = reverse(earlier, original_row.version + 1, REPLACED_BY_PROVIDER)
            self.totals[original_row.family_root] = accumulators.apply(before, reversal.entries)
            self.authorised[original_row.person_id] = [*taken, reversal]
        decision = None if claim.frequency == VOID else self._decide(row, claim, self._version(row))
        if decision is not None and decision.outcome == "pended":
            self.totals[original_row.family_root] = before
            self.authorised[original_row.person_id] = taken
            self._conclude(row, claim, decision)
            return
        if reversal is not None:
            self.decisions.append((original_row, original, reversal))
            self.caused[reversal.icn, reversal.version] = row.ord
        state = "voided" if claim.frequency == VOID else "replaced"
        self.updates.append({**_unpaid(original_row, reversal), "state": state})
        if decision is None:
            self.updates.append({**_unpaid(row, None), "state": "void"})
        else:
            linked = msgspec.structs.replace(decision, original_icn=row.original_icn if reversal else "")
            self._conclude(row, claim, linked)

    def _conclude(self, row: Any, claim: Claim, decision: Decision) -> None:
        self.decisions.append((row, claim, decision))
        self.authorised[row.person_id].append(decision)
        self.totals[row.family_root] = accumulators.apply(self.totals[row.family_root], decision.entries)
        if decision.outcome != "denied" and row.person_id:
            prior = PriorClaim(icn=row.icn, claim=claim)
            self.history.setdefault(row.person_id, []).append((row.ord, prior))
        state = "pended" if decision.outcome == "pended" else "decided"
        self.updates.append(
            {
                "of": row.icn, "state": state, "version": decision.version,
                "status": "" if decision.outcome == "pended" else decision.status,
                "denied": int(decision.outcome == "denied"), "paid_cents": decision.paid_cents,
                "patient_cents": decision.patient_cents,
            }
        )  # fmt: skip

    # ---- writing

    def write(self, connection: Connection) -> None:
        """Decisions, entries, journals, facts and what they cause, in the step's transaction."""
        now_us = self.context.now_us
        if not self.updates:
            return
        if self.decisions:  # a void of a claim that was never decided brings none
            connection.execute(insert(decision_table), [self._decision_row(*d, now_us) for d in self.decisions])
        entries = [row for d in self.decisions for row in self._entry_rows(d[2])]
        if entries:
            connection.execute(insert(entry), entries)
        mine = claim_table.c.sponsor_id == self.sponsor_id
        connection.execute(update(claim_table).where(mine, claim_table.c.icn == bindparam("of")), self.updates)
        books.post(connection, now_us, self.sponsor_id, (j for d in self.decisions for j in self._journals(*d)))
        for row, claim, decision in self.decisions:
            if decision.pend is not None:
                reason = f"{decision.pend.queue}: {decision.pend.reason}"
                holds.open_(connection, now_us, "pend", self.sponsor_id, f"claim {row.icn}", reason, icn=row.icn,
                            people=PEOPLE.get(decision.pend.queue, 1))  # fmt: skip
                if row.match in WAITS and decision.pend.queue == "MBR":
                    self._look_again(connection, row, claim)
        self._write_facts(connection, now_us)

    def _look_again(self, connection: Connection, row: Any, claim: Claim) -> None:
        """When the plan's patience with an unknown member ends, the claim is decided again by itself."""
        plan = benefits.choose(self.plans, None, claim.first)
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
            "body": msgspec.json.encode(decision).decode(),
        }  # fmt: skip

    def _entry_rows(self, decision: Decision) -> list[dict[str, Any]]:
        key = {"sponsor_id": self.sponsor_id, "icn": decision.icn, "version": decision.version}
        return [{**key, "n": n, **msgspec.structs.asdict(each)} for n, each in enumerate(decision.entries)]

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
                "diagnoses": msgspec.json.encode(claim.diagnoses).decode(), "seen": 0,
            }
            for row, claim, d in self.decisions
            if d.outcome != "pended" and row.person_id
        ]  # fmt: skip
        if facts:
            connection.execute(insert(fact), facts)
            queue.enqueue(connection, now_us, "notify", lane=f"N/{self.sponsor_id}", sponsor_id=self.sponsor_id,
                          partner=f"sponsor/{self.sponsor_id}", ord=facts[-1]["ord"])  # fmt: skip


def _npis(claim: Claim) -> tuple[str, ...]:
    rendering = [claim.rendering, *(line.rendering for line in claim.lines)]
    return tuple(dict.fromkeys([claim.billing.npi, *(r.npi for r in rendering if r is not None and r.npi)]))


def _unpaid(row: Any, reversal: Decision | None) -> dict[str, Any]:
    """What becomes of a claim that was taken back: its present version pays nothing."""
    version = reversal.version if reversal is not None else row.version
    return {"of": row.icn, "version": version, "status": "22", "denied": 0, "paid_cents": 0, "patient_cents": 0}
