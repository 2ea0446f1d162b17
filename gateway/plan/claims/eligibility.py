"""Whether a person is covered on the dates of a line, from the coverage spans known, and what to say if not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from gateway.plan.calendar import add_business_days
from gateway.plan.claims.benefits import Plan, buys
from gateway.plan.claims.case import Case
from gateway.plan.claims.look import Denial, Look, Verdict
from gateway.plan.records import Member, Pend, Span
from mappings.records import ServiceLine

_DAY = timedelta(days=1)

NEWBORN_DAYS = 31
"""A child is covered through its parent for its first 31 days while the enrolment is under way."""

EMPLOYEE_ONLY = ("EMP", "IND")
"""HD05 tiers with nobody but the subscriber in them."""


def unmatched(case: Case, plan: Plan, today: date) -> Denial | Pend:
    """What becomes of a claim for which no person was found (Case.match says why)."""
    if case.match == "several" or case.candidates > 1:
        return Pend(queue="MBR", reason="More than one person fits the patient.", needed="Choose the person.")
    if case.match == "newborn":
        needed = "Enrolment of the child within 30 days."
        return Pend(queue="NEWBORN", reason="The patient is a newborn of a covered family.", needed=needed)
    if today < add_business_days(case.received, plan.member_not_found_days):
        needed = "An enrolment file that names the patient, or a claim with the right number."
        return Pend(queue="MBR", reason="The patient is not on file.", needed=needed)
    reason, text = UNMATCHED.get(case.match, UNMATCHED["none"])
    return Denial(rule="member", group="PR", reason=reason, text=text, provision=plan.provision("member_not_found"))


UNMATCHED = {
    "none": ("31", "The patient cannot be identified as covered by this plan."),
    "dependent": ("32", "The patient is not an enrolled dependant of this subscriber."),
    "mismatch": ("140", "The patient's name or birth date does not agree with the member number."),
}
"""CARC and sentence by the reason of the match."""


def periods(plans: Sequence[Plan], member: Member) -> list[tuple[date, date]]:
    """Covered periods of the sponsor's plans in order, inclusive, touching spans joined: a change of tier or from one
    plan to another is no gap."""
    mine = [span for span in member.spans if _bought(plans, span)]
    joined: list[tuple[date, date]] = []
    for span in sorted(mine, key=lambda span: span.first):
        last = span.last or date.max
        if last < span.first:
            continue
        if joined and (joined[-1][1] == date.max or span.first <= joined[-1][1] + _DAY):
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((span.first, last))
    return joined


def _within_one_span(plans: Sequence[Plan], member: Member, line: ServiceLine) -> bool:
    """What `periods` and `line_cover` say of nearly every line, without joining spans."""
    return any(
        span.first <= line.first and (span.last is None or line.last <= span.last) and _bought(plans, span)
        for span in member.spans
    )


def _bought(plans: Sequence[Plan], span: Span) -> bool:
    return any(buys(plan, span) for plan in plans)


def line_cover(periods: Sequence[tuple[date, date]], line: ServiceLine) -> str:
    """`all`, `part` or `none` of a line's days are covered."""
    if any(first <= line.first and line.last <= last for first, last in periods):
        return "all"
    return "part" if any(first <= line.last and line.first <= last for first, last in periods) else "none"


def alone(plan: Plan, member: Member, on: date) -> bool:
    """Whether the subscriber is the only one covered on a day."""
    span = _span_on(plan, member, on)
    return member.subscriber and span is not None and span.tier in EMPLOYEE_ONLY


def _span_on(plan: Plan, member: Member, on: date) -> Span | None:
    for span in member.spans:
        if buys(plan, span) and span.first <= on and (span.last is None or on <= span.last):
            return span
    return None


def eligibility(seen: Look) -> Verdict:
    """Edit: every day of the line lies in known coverage, or in the time in which COBRA may still continue it."""
    denial = uncovered(seen.case, seen.member, seen.line)
    return denial and (_unpaid(seen.case, seen.plan, seen.line) or denial)


def continuation(seen: Look) -> Verdict:
    """Edit: who is covered by COBRA (INS05 C) has paid for the day, or the claim waits until it is (domain 2.6)."""
    return _unpaid(seen.case, seen.plan, seen.line) if seen.member.status == "C" else None


def _unpaid(case: Case, plan: Plan, line: ServiceLine) -> Pend | None:
    """What a line of a day that COBRA continues waits for, while the premium of that day has not come."""
    if "COB" in case.cleared:
        return None
    for each in case.cobra:
        inside = each.coverage_from <= line.first <= each.coverage_until
        begun = each.state == "elected" and each.paid_through is not None
        may_come = each.state in ("event", "noticed", "elected") and plan.cobra_unpaid == "pend"
        paid = each.paid_through is not None and line.last <= each.paid_through
        if inside and not paid and (begun or may_come):
            reason = "COBRA continues the coverage of that day and is not paid yet."
            return Pend(queue="COB", reason=reason, needed="The premium; else the end of coverage, and a release.")
    return None


def uncovered(case: Case, member: Member, line: ServiceLine) -> Denial | None:
    """What denies a line for want of coverage, whether or not a plan document is on file for its date."""
    if _within_one_span(case.plans, member, line):
        return None
    known = periods(case.plans, member)
    cover = line_cover(known, line)
    if cover == "all":
        return None
    if cover == "part":
        text = "The line covers days with and without coverage; bill them apart."
        return Denial(rule="eligibility", group="OA", reason="239", text=text)
    if any(line_cover(known, other) == "all" for other in case.claim.lines):
        text = "Part of this claim lies outside coverage."
        return Denial(
            rule="eligibility", group="PR", reason="238", text=text, coverage_end=_end_before(known, line.first)
        )
    return _outside(known, line.first)


def _outside(known: Sequence[tuple[date, date]], on: date) -> Denial:
    """Before the first day, after the last, or in a gap."""
    end = _end_before(known, on)
    if not known:
        reason, text = "177", "The patient has no coverage under these plans."
    elif end is None:
        reason, text = "26", f"Service before coverage began on {known[0][0]}."
    elif on > known[-1][1]:
        reason, text = "27", f"Service after coverage ended on {end}."
    else:
        return Denial(rule="eligibility", group="PR", reason="200", text=f"Service in a gap after {end}.")
    return Denial(rule="eligibility", group="PR", reason=reason, text=text, coverage_end=end)


def _end_before(known: Sequence[tuple[date, date]], on: date) -> date | None:
    return max((last for _, last in known if last < on), default=None)
