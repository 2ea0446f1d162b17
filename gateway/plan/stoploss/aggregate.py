"""The aggregate cover: what the whole group's claims may cost before the carrier pays, month by month.

attachment = sum over months of lives by tier x factor; a year's is never below the minimum (a percentage of twelve
times the first month).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from gateway.plan.enrolment.spans import benefit, until
from gateway.plan.records import Member
from gateway.plan.rounding import WHOLE, half_up, part
from gateway.plan.stoploss.policy import AggregateTerms
from mappings.records import Record

MONTHS = 12


class Month(Record, frozen=True, kw_only=True):
    """Employees covered by tier on a month's first day."""

    first: date
    lives: dict[str, int]


class AggregateReport(Record, frozen=True, kw_only=True):
    """The year so far. attachments_cents: one per month. percent: eligible of attachment, hundredths of a percent.

    minimum_cents: the annual minimum. eligible_cents: paid less what the specific cover takes. accommodation_cents:
    what the carrier should have advanced by now.
    """

    attachments_cents: tuple[int, ...]
    attachment_cents: int
    minimum_cents: int
    paid_cents: int
    over_specific_cents: int
    eligible_cents: int
    percent: int
    accommodation_cents: int


def lives(members: Iterable[Member], day: date) -> dict[str, int]:
    """Subscribers with medical coverage on a day, by tier. The members' spans are those known when it is asked."""
    covered = (
        next((s.tier for s in m.spans if s.first <= day <= until(s) and benefit(s.line) == "medical"), None)
        for m in members
        if m.subscriber
    )
    return dict(sorted(Counter(tier for tier in covered if tier is not None).items()))


def attachment_cents(terms: AggregateTerms, lives: Mapping[str, int]) -> int:
    """One month's attachment; a tier without a factor counts nothing."""
    return sum(factor.amount_cents * lives.get(factor.tier, 0) for factor in terms.factors)


def minimum_cents(terms: AggregateTerms, months: Sequence[Month]) -> int:
    """The least a year's attachment can be."""
    return part(attachment_cents(terms, months[0].lives) * MONTHS, terms.minimum) if months else 0


def report(
    terms: AggregateTerms, months: Sequence[Month], paid_cents: int, over_specific_cents: int
) -> AggregateReport:
    """The monthly report. months: from the policy's first, in order. paid_cents: paid in the year so far."""
    each = tuple(attachment_cents(terms, month.lives) for month in months)
    total, least = sum(each), minimum_cents(terms, months)
    eligible = paid_cents - over_specific_cents
    bar = max(total, half_up(least * len(months), MONTHS)) if terms.ytd_minimum else total
    return AggregateReport(
        attachments_cents=each,
        attachment_cents=total,
        minimum_cents=least,
        paid_cents=paid_cents,
        over_specific_cents=over_specific_cents,
        eligible_cents=eligible,
        percent=half_up(eligible * WHOLE, total) if total else 0,
        accommodation_cents=max(0, eligible - bar) if terms.accommodation else 0,
    )


def settlement_cents(terms: AggregateTerms, months: Sequence[Month], paid_cents: int, over_specific_cents: int) -> int:
    """What the carrier owes for the whole year, before what it has advanced."""
    year = report(terms, months, paid_cents, over_specific_cents)
    owed = max(0, year.eligible_cents - max(year.attachment_cents, year.minimum_cents))
    return owed if terms.annual_max_cents is None else min(owed, terms.annual_max_cents)
