"""Decides claims: a pure function of a Case and the business date.

A line is judged by the plan document of its date, then priced and settled; the next line sees what it used. If any
line waits for a person, the whole claim does. A denial is a decision like any other. Voids and replacements
(`replacing`) are reversed by the caller first, which gives the accumulators back; the new claim is then decided as of
now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

import msgspec

from gateway.plan.claims import accumulators, codes, coordination, drugs, rulings
from gateway.plan.claims.accumulators import Key
from gateway.plan.claims.benefits import Plan, accrual_year, choose, deciding
from gateway.plan.claims.case import Case
from gateway.plan.claims.dental import ESTIMATED, estimate, how_long
from gateway.plan.claims.edits import judge
from gateway.plan.claims.eligibility import uncovered, unmatched
from gateway.plan.claims.look import Denial, Look, look
from gateway.plan.claims.orthodontics import not_due
from gateway.plan.claims.pricing import Alternate, Price
from gateway.plan.claims.pricing.claims import Prices, covered_instead, prices
from gateway.plan.claims.pricing.draft import Outcome
from gateway.plan.claims.primacy import order_notes
from gateway.plan.claims.replacing import VOID
from gateway.plan.claims.reversal import reverse
from gateway.plan.claims.settle import denied, settle
from gateway.plan.records import Decision, Entry, LineDecision, Member, Pend, Refusal, Step
from gateway.plan.rounding import dollars
from mappings import drugs as drug_files
from mappings.records import ServiceLine

__all__ = ["adjudicate", "pended", "refused", "reverse"]

NO_SPONSOR = Pend(
    queue="MBR",
    reason="The claim names no sponsor we know.",
    needed="Load the sponsor with its group numbers and plans, then release the claim.",
)

NOT_RECOGNISED = "4"
"""CLP02 when the patient is not recognised at all (PR-31), and only then."""


def no_plan(on: date) -> Pend:
    """What a line or claim waits for that no plan document is on file for."""
    needed = f"Load the plan document in force on {on}, then release the claim."
    return Pend(queue="PRC", reason="No plan is on file for the date of service.", needed=needed)


@dataclass(slots=True)
class _Running:
    """What the lines decided so far have done to the next one."""

    totals: dict[Key, int]
    today: date
    copays: set[tuple[str, date]] = field(default_factory=set)
    penalties: Counter[str] = field(default_factory=Counter)
    taken: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    lines: list[LineDecision] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    pends: list[Pend] = field(default_factory=list)
    denials: list[Denial] = field(default_factory=list)
    notes: list[Step] = field(default_factory=list)

    def take(self, line: ServiceLine, objections: Sequence[Denial | Pend]) -> None:
        """A line that is not settled: its first objection decides whether it waits or its charge is taken off.

        The others are notes; what a waiting line also waits for is told with it, so that one look settles all.
        """
        first, *others = objections
        if isinstance(first, Pend):
            self.pends += (each for each in objections if isinstance(each, Pend))
            others = [each for each in others if isinstance(each, Denial)]
        else:
            self.denials.append(first)
            self.lines.append(denied(line, first))
        self.notes += (_also(line, each) for each in others)


def _also(line: ServiceLine, objection: Denial | Pend) -> Step:
    """An objection that decided nothing, because an earlier one did."""
    if isinstance(objection, Pend):
        return Step(rule="also", text=f"Line {line.number} would wait in {objection.queue}: {objection.reason}")
    code = f"{objection.group}-{objection.reason}"
    text = f"Line {line.number} would be {code}: {objection.text}"
    return Step(rule="also", text=text, provision=objection.provision)


def adjudicate(case: Case, today: date) -> Decision:
    """Decide one claim version. today: the business date, which the patience with unknown members and instalments ask.

    Raises ValueError if the claim is a void (frequency 8), which is reversed, not decided.
    """
    if case.claim.frequency == VOID:
        raise ValueError("a void is reversed, not adjudicated")
    case = msgspec.structs.replace(case, plans=deciding(case.plans, case.claim))
    if case.rulings.refusal is not None:
        return refused(case, case.rulings.refusal)
    if case.claim.kind == drug_files.KIND:
        return _of_drug_manager(case)
    if case.member is None:
        return _without_member(case, today)
    return _conclude(case, _decide_lines(case, case.member, today))


def pended(case: Case, *pends: Pend, notes: Sequence[Step] = ()) -> Decision:
    """The claim waits. The first pend names the queue; the others are notes, so that one look settles all."""
    first, *others = dict.fromkeys(pends)
    also = tuple(Step(rule=f"pend {each.queue}", text=each.reason) for each in others)
    bare = _bare(case)
    return msgspec.structs.replace(bare, outcome="pended", pend=first, notes=(*bare.notes, *also, *notes))


def refused(case: Case, refusal: Refusal) -> Decision:
    """The claim as people denied it: every line's whole charge under their codes."""
    return _all_denied(case, rulings.denial(refusal))


# ---- lines -----------------------------------------------------------------------------------------------------------


def _decide_lines(case: Case, member: Member, today: date) -> _Running:
    """Every line, in order. Where prices depend on each other they are of the lines that are paid: those denied the
    first time are left out of them the second."""
    looks = _looks(case, member)
    priced = prices(looks.values())
    running = _decide_each(case, member, looks, priced, today)
    unpaid = {line.number for line in running.lines if line.denied}
    if priced.entwined and unpaid and not running.pends:
        again = prices(seen for number, seen in looks.items() if number not in unpaid)
        running = _decide_each(case, member, looks, Prices({**priced.by_line, **again.by_line}), today)
    return running


def _looks(case: Case, member: Member) -> dict[int, Look]:
    """By line number, what its edits may see; none of a line without a plan document."""
    prior = coordination.prior_of(case.claim) if coordination.is_secondary(case.claim) else {}
    planned = ((line, choose(case.plans, member, line.first)) for line in case.claim.lines)
    return {line.number: look(case, plan, member, line, prior) for line, plan in planned if plan is not None}


def _decide_each(case: Case, member: Member, looks: Mapping[int, Look], priced: Prices, today: date) -> _Running:
    running = _Running(dict(case.totals), today)
    for line in case.claim.lines:
        first = looks.get(line.number)
        if first is None:
            running.take(line, [uncovered(case, member, line) or no_plan(line.first)])
            continue
        seen = replace(first, taken=running.taken, totals=running.totals)
        running.notes += order_notes(seen)
        if objections := judge(seen):
            running.take(line, objections)
            continue
        price = _fair(seen, priced.by_line[line.number])
        alternate = _alternate(seen, price) if isinstance(price, Price) else None
        if not isinstance(price, Price):
            running.take(line, [price])
        elif isinstance(alternate, Denial | Pend):
            running.take(line, [alternate])
        else:
            _settle(seen, price, alternate, running)
    return running


def _fair(seen: Look, price: Outcome) -> Outcome:
    """Edit: a price of nothing: the service is part of another (CO-97, never all CO-45)."""
    if isinstance(price, Price) and not price.allowed_cents and seen.line.charge_cents:
        text = "The price of this service is contained in another one's."
        return Denial(rule="price", group="CO", reason="97", text=text, provision=price.source)
    return price


def _alternate(seen: Look, price: Price) -> Alternate | Denial | Pend | None:
    """The cheaper service the benefit covers in place of the one billed, where it is cheaper."""
    found = covered_instead(seen)
    if found is None:
        return None
    procedure, outcome = found
    other = _fair(seen, outcome)
    if not isinstance(other, Price):
        return other
    if other.allowed_cents >= price.allowed_cents:
        return None
    return Alternate(procedure=procedure, allowed_cents=other.allowed_cents, source=other.source)


def _settle(seen: Look, price: Price, alternate: Alternate | None, running: _Running) -> None:
    visit, name = (seen.benefit.name, seen.line.first), seen.benefit.name
    due = visit not in running.copays
    later = not_due(seen, price.allowed_cents, running.today)
    decision, entries, penalty = settle(seen, price, due, running.penalties[name], alternate, later)
    running.penalties[name] += penalty
    if seen.benefit.copay_cents is not None and price.allowed_cents:  # a line that costs nothing takes no copay
        running.copays.add(visit)
    if decision.authorisation:
        key = (decision.authorisation, seen.line.billed_code)
        running.taken[key] = running.taken.get(key, Decimal(0)) + seen.line.units
    running.lines.append(decision)
    running.entries += entries
    running.totals = accumulators.apply(running.totals, entries)


# ---- claims ----------------------------------------------------------------------------------------------------------


def _of_drug_manager(case: Case) -> Decision:
    """A claim that its drug manager has decided: booked as it is told, or it waits; never denied by a rule of ours."""
    plan = _plan(case)
    waits = drugs.waits(case, plan) if case.plans else NO_SPONSOR
    if waits is not None or plan is None or case.member is None:
        return pended(case, waits or NO_SPONSOR)
    line = drugs.line(case, plan, case.member)
    return msgspec.structs.replace(
        _bare(case), outcome="paid", paid_cents=line.paid_cents, patient_cents=_patient_cents([line]), lines=(line,),
        entries=drugs.entries(case, plan, case.member),
    )  # fmt: skip


def _conclude(case: Case, running: _Running) -> Decision:
    bare, plan = _bare(case), _plan(case)
    if case.claim.predetermination and plan is not None:
        running.lines, running.entries = [estimate(line) for line in running.lines], []
        running.notes.append(how_long(plan, case.received))
        bare = msgspec.structs.replace(bare, status=ESTIMATED)
    paid = sum(line.paid_cents for line in running.lines)
    if not running.pends and "AUD" not in case.cleared:
        running.pends += _audit(case, paid)
    if not running.pends and "COD" not in case.cleared:
        running.pends += _unfit(running.lines)
    notes = tuple(dict.fromkeys(running.notes))
    if running.pends:
        return pended(case, *running.pends, notes=notes)
    return msgspec.structs.replace(
        bare,
        outcome="denied" if all(line.denied for line in running.lines) else "paid",
        paid_cents=paid,
        patient_cents=_patient_cents(running.lines),
        lines=tuple(running.lines),
        entries=tuple(running.entries),
        coverage_end=next((each.coverage_end for each in running.denials if each.coverage_end), None),
        notes=(*bare.notes, *notes),
    )


def _unfit(lines: list[LineDecision]) -> list[Pend]:
    """Codes that may not leave on their line's day, for instance after a list has ended one, wait for a person."""
    found = [f"Line {line.number}: {fault}." for line in lines for fault in codes.line_faults(line)]
    needed = "A release of the gateway with the current code lists; or a denial by hand."
    return [Pend(queue="COD", reason=" ".join(found), needed=needed)] if found else []


def _audit(case: Case, paid: int) -> list[Pend]:
    """A high-dollar claim waits for two people."""
    plan = _plan(case)
    if plan is None or paid <= plan.high_dollar_cents:
        return []
    reason = f"Pays {dollars(paid)}, more than {dollars(plan.high_dollar_cents)}."
    return [Pend(queue="AUD", reason=reason, needed="The release of a second person.", people=2)]


def _without_member(case: Case, today: date) -> Decision:
    plan = _plan(case)
    if plan is None:
        return pended(case, no_plan(case.claim.first) if case.plans else NO_SPONSOR)
    verdict = unmatched(case, plan, today)
    return pended(case, verdict) if isinstance(verdict, Pend) else _all_denied(case, verdict)


def _all_denied(case: Case, denial: Denial) -> Decision:
    lines = tuple(denied(line, denial) for line in case.claim.lines)
    bare = _bare(case)
    status = NOT_RECOGNISED if denial.reason == "31" else bare.status
    return msgspec.structs.replace(
        bare, outcome="denied", status=status, lines=lines, patient_cents=_patient_cents(lines)
    )


def _bare(case: Case) -> Decision:
    """What is known of a decision before any line is."""
    claim, member, plan = case.claim, case.member, _plan(case)
    return Decision(
        icn=case.icn,
        version=case.version,
        outcome="pended",
        status=coordination.STATUS.get(claim.responsibility, "1"),
        charge_cents=claim.charge_cents,
        person_id=member.person_id if member else "",
        family_root=member.family_root if member else "",
        year=accrual_year(plan, claim, claim.first) if plan else 0,
        plan_id=plan.id if plan else "",
        plan_version=plan.version if plan else "",
        original_icn=claim.original_icn,
        notes=rulings.notes(case.rulings),
    )


def _patient_cents(lines: list[LineDecision] | tuple[LineDecision, ...]) -> int:
    """CLP05: everything of group PR."""
    return sum(each.cents for line in lines for each in line.adjustments if each.group == "PR")


def _plan(case: Case) -> Plan | None:
    """The document of the claim's first day, which speaks for the claim as a whole."""
    return choose(case.plans, case.member, case.claim.first)
