"""Decides claims: a pure function of a Case and the business date.

A line is judged, then priced and settled; the next line sees what it used. If any line waits for a person, the whole
claim does. A denial is a decision like any other. Voids and replacements are the caller's: it reverses the decision
in force, gives the accumulators back, and has the new claim decided as of now.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import msgspec

from gateway.plan import accumulators, coordination, pricing
from gateway.plan.benefits import Plan, year_of
from gateway.plan.edits import judge
from gateway.plan.eligibility import unmatched
from gateway.plan.look import Denial, Look, look
from gateway.plan.records import Case, Decision, Entry, LineDecision, Member, Pend, Step
from gateway.plan.reversal import reverse
from gateway.plan.rounding import dollars
from gateway.plan.settle import denied, settle
from mappings.records import ClaimStatus

__all__ = ["adjudicate", "deny", "reverse"]

NOT_ON_FILE = ClaimStatus(category="A7", status="164", entity="IL")
"""277CA of a plan that rejects unknown members at the door."""

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


def adjudicate(case: Case, today: date) -> Decision:
    """Decide one claim version. today: the business date, which only the patience with unknown members asks.

    Raises ValueError if the case holds no Plan or the claim is a void (frequency 8), which is reversed, not decided.
    """
    plan = _plan(case)
    if case.claim.frequency == "8":
        raise ValueError("a void is reversed, not adjudicated")
    if case.member is None:
        return _without_member(case, plan, today)
    running = _decide_lines(case, plan, case.member)
    return _conclude(case, plan, case.member, running)


def deny(case: Case, group: str, reason: str, text: str, remarks: tuple[str, ...] = ()) -> Decision:
    """A person's denial of every line of a pended claim."""
    denial = Denial(rule="denied by a person", group=group, reason=reason, text=text, remarks=remarks)
    return _all_denied(case, _plan(case), denial)


# ---- lines -----------------------------------------------------------------------------------------------------------


def _decide_lines(case: Case, plan: Plan, member: Member) -> _Running:
    running = _Running(dict(case.totals))
    prior = coordination.prior_of(case.claim) if coordination.is_secondary(case.claim) else {}
    for line in case.claim.lines:
        seen = look(case, plan, member, line, prior, running.taken)
        priced = judge(seen) or _price(seen)
        if isinstance(priced, Pend):
            running.pends.append(priced)
        elif isinstance(priced, Denial):
            running.denials.append(priced)
            running.lines.append(denied(line, priced))
        else:
            _settle(seen, priced, running)
    return running


def _price(seen: Look) -> pricing.Price | Denial | Pend:
    """Edit: something sets a price. A price of nothing: the service is part of another (CO-97, never all CO-45)."""
    held = seen.tier != seen.network
    price = pricing.price(seen.plan, seen.line, seen.claim.billing.npi, seen.case.fees, seen.network, held)
    if price is None:
        reason = f"No price for {seen.line.procedure.code} on {seen.line.first}."
        return Pend(queue="PRC", reason=reason, needed="A fee row for the provider, the code and the date.")
    if price.allowed_cents == 0 and seen.line.charge_cents:
        text = "The price of this service is contained in another one's."
        return Denial(rule="price", group="CO", reason="97", text=text, provision=price.source)
    return price


def _settle(seen: Look, price: pricing.Price, running: _Running) -> None:
    visit = (seen.benefit.name, seen.line.first)
    decision, entries = settle(seen, price, running.totals, copay_due=visit not in running.copays)
    if seen.benefit.copay_cents is not None:
        running.copays.add(visit)
    if decision.authorisation:
        key = (decision.authorisation, seen.line.procedure.code)
        running.taken[key] = running.taken.get(key, Decimal(0)) + seen.line.units
    running.lines.append(decision)
    running.entries += entries
    running.totals = accumulators.apply(running.totals, entries)


# ---- claims ----------------------------------------------------------------------------------------------------------


def _conclude(case: Case, plan: Plan, member: Member, running: _Running) -> Decision:
    paid = sum(line.paid_cents for line in running.lines)
    most = plan.high_dollar_cents
    if not running.pends and most is not None and paid > most and "AUD" not in case.cleared:
        reason = f"Pays {dollars(paid)}, more than {dollars(most)}."
        running.pends.append(Pend(queue="AUD", reason=reason, needed="The release of a second person."))
    if running.pends:
        return _pended(case, plan, running.pends)
    return msgspec.structs.replace(
        _bare(case, plan),
        outcome="denied" if all(line.denied for line in running.lines) else "paid",
        paid_cents=paid,
        patient_cents=_patient_cents(running.lines),
        lines=tuple(running.lines),
        entries=tuple(running.entries),
        coverage_end=next((each.coverage_end for each in running.denials if each.coverage_end), None),
    )


def _pended(case: Case, plan: Plan, pends: list[Pend]) -> Decision:
    """The first pend names the queue; the others are notes, so that one look settles all."""
    also = tuple(Step(rule=f"pend {each.queue}", text=each.reason) for each in dict.fromkeys(pends[1:]))
    return msgspec.structs.replace(_bare(case, plan), outcome="pended", pend=pends[0], notes=also)


def _without_member(case: Case, plan: Plan, today: date) -> Decision:
    verdict = unmatched(case, plan, today)
    unknown = case.match not in ("several", "newborn")
    if plan.member_not_found == "reject" and unknown and case.candidates <= 1:
        return msgspec.structs.replace(_bare(case, plan), outcome="rejected", rejected=NOT_ON_FILE)
    if isinstance(verdict, Pend):
        return _pended(case, plan, [verdict])
    return _all_denied(case, plan, verdict)


def _all_denied(case: Case, plan: Plan, denial: Denial) -> Decision:
    lines = tuple(denied(line, denial) for line in case.claim.lines)
    bare = _bare(case, plan)
    status = NOT_RECOGNISED if denial.reason == "31" else bare.status
    return msgspec.structs.replace(
        bare, outcome="denied", status=status, lines=lines, patient_cents=_patient_cents(lines)
    )


def _bare(case: Case, plan: Plan) -> Decision:
    """What is known of a decision before any line is."""
    claim, member = case.claim, case.member
    return Decision(
        icn=case.icn,
        version=case.version,
        outcome="pended",
        status=coordination.STATUS.get(claim.responsibility, "1"),
        charge_cents=claim.charge_cents,
        person_id=member.person_id if member else "",
        family_root=member.family_root if member else "",
        year=year_of(plan, claim.first),
        plan_id=plan.id,
        plan_version=plan.version,
        original_icn=claim.original_icn,
    )


def _patient_cents(lines: list[LineDecision] | tuple[LineDecision, ...]) -> int:
    """CLP05: everything of group PR."""
    return sum(each.cents for line in lines for each in line.adjustments if each.group == "PR")


def _plan(case: Case) -> Plan:
    if not isinstance(case.plan, Plan):
        raise ValueError("a case is decided by a plan document")
    return case.plan
