"""Decides claims: a pure function of a Case and the business date.

A line is judged by the plan document of its date, then priced and settled; the next line sees what it used. If any
line waits for a person, the whole claim does. A denial is a decision like any other. Voids and replacements
(`replacing`) are reversed by the caller first, which gives the accumulators back; the new claim is then decided as of
now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import msgspec

from gateway.plan.claims import accumulators, coordination
from gateway.plan.claims.benefits import Plan, choose, year_of
from gateway.plan.claims.case import Case
from gateway.plan.claims.edits import judge
from gateway.plan.claims.eligibility import uncovered, unmatched
from gateway.plan.claims.look import Denial, Look, look
from gateway.plan.claims.pricing import Price
from gateway.plan.claims.pricing.claims import Prices, prices, unpriced
from gateway.plan.claims.replacing import VOID
from gateway.plan.claims.reversal import reverse
from gateway.plan.claims.settle import denied, settle
from gateway.plan.records import Decision, Entry, LineDecision, Member, Pend, Step
from gateway.plan.rounding import dollars
from mappings.records import ServiceLine

__all__ = ["adjudicate", "pended", "reverse"]

NO_PLAN = Pend(queue="PRC", reason="No plan is on file for the date of service.", needed="The plan document.")
NO_SPONSOR = Pend(queue="MBR", reason="The claim names no sponsor we know.", needed="The sponsor, with its plans.")

NOT_RECOGNISED = "4"
"""CLP02 when the patient is not recognised at all (PR-31), and only then."""


@dataclass(slots=True)
class _Running:
    """What the lines decided so far have done to the next one."""

    totals: dict[tuple[str, int, str, str], int]
    copays: set[tuple[str, date]] = field(default_factory=set)
    taken: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    lines: list[LineDecision] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    pends: list[Pend] = field(default_factory=list)
    denials: list[Denial] = field(default_factory=list)

    def take(self, line: ServiceLine, objection: Denial | Pend) -> None:
        """A line that is not settled: it waits, or its whole charge is taken off."""
        if isinstance(objection, Pend):
            self.pends.append(objection)
        else:
            self.denials.append(objection)
            self.lines.append(denied(line, objection))


def adjudicate(case: Case, today: date) -> Decision:
    """Decide one claim version. today: the business date, which only the patience with unknown members asks.

    Raises ValueError if the claim is a void (frequency 8), which is reversed, not decided.
    """
    if case.claim.frequency == VOID:
        raise ValueError("a void is reversed, not adjudicated")
    if case.plans and (waits := unpriced(case.claim)):
        return pended(case, waits)
    if case.member is None:
        return _without_member(case, today)
    return _conclude(case, _decide_lines(case, case.member))


def pended(case: Case, *pends: Pend) -> Decision:
    """The claim waits. The first pend names the queue; the others are notes, so that one look settles all."""
    also = tuple(Step(rule=f"pend {each.queue}", text=each.reason) for each in dict.fromkeys(pends[1:]))
    return msgspec.structs.replace(_bare(case), outcome="pended", pend=pends[0], notes=also)


# ---- lines -----------------------------------------------------------------------------------------------------------


def _decide_lines(case: Case, member: Member) -> _Running:
    """Every line, in order. Where prices depend on each other they are of the lines that are paid: those denied the
    first time are left out of them the second."""
    running = _Running(dict(case.totals))
    looks = _looks(case, member, running)
    priced = prices(looks.values())
    _decide_each(case, member, looks, priced, running)
    unpaid = {line.number for line in running.lines if line.denied}
    if priced.entwined and unpaid and not running.pends:
        running = _Running(dict(case.totals))
        looks = _looks(case, member, running)
        again = prices(seen for number, seen in looks.items() if number not in unpaid)
        _decide_each(case, member, looks, Prices({**priced.by_line, **again.by_line}), running)
    return running


def _decide_each(case: Case, member: Member, looks: Mapping[int, Look], priced: Prices, running: _Running) -> None:
    for line in case.claim.lines:
        seen = looks.get(line.number)
        if seen is None:
            running.take(line, uncovered(case, member, line) or NO_PLAN)
            continue
        found = judge(seen) or _price(seen, priced)
        if isinstance(found, Price):
            _settle(seen, found, running)
        else:
            running.take(line, found)


def _looks(case: Case, member: Member, running: _Running) -> dict[int, Look]:
    """By line number, what its edits may see; none of a line without a plan document."""
    prior = coordination.prior_of(case.claim) if coordination.is_secondary(case.claim) else {}
    planned = ((line, choose(case.plans, member, line.first)) for line in case.claim.lines)
    return {
        line.number: look(case, plan, member, line, prior, running.taken) for line, plan in planned if plan is not None
    }


def _price(seen: Look, priced: Prices) -> Price | Denial | Pend:
    """Edit: something sets a price. A price of nothing: the service is part of another (CO-97, never all CO-45)."""
    price = priced.by_line[seen.line.number]
    if isinstance(price, Price) and not price.allowed_cents and seen.line.charge_cents:
        text = "The price of this service is contained in another one's."
        return Denial(rule="price", group="CO", reason="97", text=text, provision=price.source)
    return price


def _settle(seen: Look, price: Price, running: _Running) -> None:
    visit = (seen.benefit.name, seen.line.first)
    decision, entries = settle(seen, price, running.totals, copay_due=visit not in running.copays)
    if seen.benefit.copay_cents is not None and price.allowed_cents:  # a line that costs nothing takes no copay
        running.copays.add(visit)
    if decision.authorisation:
        key = (decision.authorisation, seen.line.procedure.code)
        running.taken[key] = running.taken.get(key, Decimal(0)) + seen.line.units
    running.lines.append(decision)
    running.entries += entries
    running.totals = accumulators.apply(running.totals, entries)


# ---- claims ----------------------------------------------------------------------------------------------------------


def _conclude(case: Case, running: _Running) -> Decision:
    paid = sum(line.paid_cents for line in running.lines)
    if not running.pends and "AUD" not in case.cleared:
        running.pends += _audit(case, paid)
    if running.pends:
        return pended(case, *running.pends)
    return msgspec.structs.replace(
        _bare(case),
        outcome="denied" if all(line.denied for line in running.lines) else "paid",
        paid_cents=paid,
        patient_cents=_patient_cents(running.lines),
        lines=tuple(running.lines),
        entries=tuple(running.entries),
        coverage_end=next((each.coverage_end for each in running.denials if each.coverage_end), None),
    )


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
        return pended(case, NO_PLAN if case.plans else NO_SPONSOR)
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
        year=year_of(plan, claim.first) if plan else 0,
        plan_id=plan.id if plan else "",
        plan_version=plan.version if plan else "",
        original_icn=claim.original_icn,
    )


def _patient_cents(lines: list[LineDecision] | tuple[LineDecision, ...]) -> int:
    """CLP05: everything of group PR."""
    return sum(each.cents for line in lines for each in line.adjustments if each.group == "PR")


def _plan(case: Case) -> Plan | None:
    """The document of the claim's first day, which speaks for the claim as a whole."""
    return choose(case.plans, case.member, case.claim.first)
