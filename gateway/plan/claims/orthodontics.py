"""Orthodontia: the price of a treatment falls due over its months, as long as the person stays covered (domain 3.2).

The claim itself is decided anew when another month is due: taken back, then paid all that is due by then. So whatever
takes the claim back also ends its instalments, and nothing is kept beside it.
"""

from __future__ import annotations

from datetime import date

from gateway.plan.calendar import months_on
from gateway.plan.claims.eligibility import periods
from gateway.plan.claims.look import Look
from gateway.plan.records import Decision
from gateway.plan.rounding import part, spread
from mappings.records import Claim, ServiceLine

NOT_DUE = "133"
"""CARC (OA) of what is decided later; it asks for a reversal and correction when it is."""

PLACED = "452"
"""DTP of the day an appliance was placed, when its months begin."""


def not_due(seen: Look, allowed: int, today: date) -> int:
    """Cents of a treatment's price that are not due yet: the initial part is at once, then a part each month, as the
    benefit or DN101 count them. Nothing of an estimate, or where another payer has decided the whole of it."""
    rule = seen.benefit.instalments
    if rule is None or seen.claim.predetermination or seen.line.number in seen.prior:
        return 0
    told = seen.claim.orthodontics
    months = rule.months or int(told.months or 0 if told else 0)
    if not months:
        return 0
    pieces = spread(allowed - part(allowed, rule.initial), [1] * months)
    return sum(pieces[_passed(seen, months, today) :])


def _passed(seen: Look, months: int, today: date) -> int:
    """Months that have begun since the appliance was placed, until the first one without coverage."""
    start, known = _placed(seen.line), periods(seen.case.plans, seen.member)
    for month in range(1, months + 1):
        on = months_on(start, month)
        if on > today or not any(first <= on <= last for first, last in known):
            return month - 1
    return months


def _placed(line: ServiceLine) -> date:
    return line.dates.get(PLACED, line.first)


def next_due(claim: Claim, decision: Decision, today: date) -> date | None:
    """The day the next instalment of a decided claim falls due, None when none is open."""
    open_ = {line.number for line in decision.lines if any(each.reason == NOT_DUE for each in line.adjustments)}
    days = [_next(_placed(line), today) for line in claim.lines if line.number in open_]
    return min(days) if decision.outcome == "paid" and days else None


def _next(start: date, today: date) -> date:
    months = max(1, (today.year - start.year) * 12 + today.month - start.month)
    on = months_on(start, months)
    return on if on > today else months_on(start, months + 1)


def moves(before: Decision, after: Decision) -> bool:
    """Whether deciding again brings another instalment: not when coverage or a limit has ended, or it has to wait."""
    if after.outcome != "paid" or after.entries == before.entries:
        return False
    return not before.paid_cents or after.paid_cents > before.paid_cents
