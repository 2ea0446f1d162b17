"""What a plan promises: one frozen record per version of a plan document, and the look-ups adjudication asks of it.

Words: a tier is `in` or `out` (of network); a benefit is a category of services with its own cost share; the member's
share of a price is copay, deductible and coinsurance; their sum is capped by the out-of-pocket maximum.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Literal

from msgspec import field

from gateway.plan.claims.contradictions import contradictions
from gateway.plan.claims.document import Cents, Rate, read, refuse
from gateway.plan.records import Member, Span
from mappings.records import Claim, Record, ServiceLine

TierName = Literal["in", "out"]


class Limit(Record, frozen=True, kw_only=True):
    """A deductible or an out-of-pocket maximum for one benefit year.

    embedded: each person stops at the individual amount, the family amount collects all. aggregate: with dependants
    only the family amount exists; person_cap_cents then still protects one person (the ACA self-only maximum).
    """

    individual_cents: Cents = field(name="individual")
    family_cents: Cents = field(name="family")
    kind: Literal["embedded", "aggregate"] = "embedded"
    person_cap_cents: Cents | None = field(name="person_cap", default=None)


class Tier(Record, frozen=True, kw_only=True):
    """The cost share of one tier. coinsurance: the member's part of what is left after copay and deductible."""

    deductible: Limit
    out_of_pocket: Limit
    coinsurance: Rate


class Benefit(Record, frozen=True, kw_only=True):
    """A category of services; an empty condition is always true, the first benefit of the document that fits decides.

    codes: procedure codes or ranges ("99202-99215"). diagnoses: beginnings of ICD-10 codes. ages: first and last age
    in whole years. tiers: where it applies. coinsurance: None takes the tier's. copay: once per claim and day.
    preventive: the plan pays all and nothing accumulates. max_units: per line. as_in_network: cost share as in network
    wherever it is rendered. emergency: only lines marked as one (SV109 Y).
    """

    name: str
    codes: tuple[str, ...] = ()
    pos: tuple[str, ...] = ()
    diagnoses: tuple[str, ...] = ()
    modifiers: tuple[str, ...] = ()
    ages: tuple[int, int] | None = None
    tiers: tuple[TierName, ...] = ("in", "out")
    copay_cents: Cents | None = field(name="copay", default=None)
    coinsurance: Rate | None = None
    deductible_waived: bool = False
    preventive: bool = False
    excluded: bool = False
    auth_required: bool = False
    max_units: int | None = None
    as_in_network: bool = False
    emergency: bool = False


class Plan(Record, frozen=True, kw_only=True):
    """One version of a plan document, for dates of service first..last.

    plan_ids: HD04 codes that buy it. lines: HD03 codes, for spans without HD04. year_start: MM-DD the benefit year
    begins. networks: names a provider row must carry one of. cross: what out-of-network amounts also count to.
    lesser_of: never allow more than the charge. out_of_network_allowed: percent of charge when no fee row exists.
    member_not_found: pend for member_not_found_days business days, or reject at the door. high_dollar: paid amount
    above which a claim waits for a second pair of eyes. accident_diagnoses: beginnings of ICD-10 codes
    that need the member's accident answers. annual_maximum: plan-paid amount per person and benefit year.
    cob_missing: what a secondary claim without the primary's payment gets.
    repricers: organisations (HCP04) whose repriced amounts set the price before any fee row does.
    filing_code: CLP06.
    """

    id: str
    version: str
    title: str = ""
    sponsor: str = ""
    plan_ids: tuple[str, ...]
    lines: tuple[str, ...] = ("PPO", "HLT")
    first: date
    last: date | None = None
    year_start: str = "01-01"
    networks: tuple[str, ...]
    in_network: Tier
    out_of_network: Tier | None = None
    cross: Literal["none", "out_counts_to_in", "shared"] = "none"
    benefits: tuple[Benefit, ...] = ()
    lesser_of: bool = True
    out_of_network_allowed: Rate | None = None
    repricers: tuple[str, ...] = ()
    cob_method: Literal["standard", "maintenance", "non_duplication"] = "standard"
    cob_missing: Literal["deny", "pend"] = "deny"
    timely_filing_days: int = 365
    member_not_found: Literal["pend", "reject"] = "pend"
    member_not_found_days: int = 5
    high_dollar_cents: Cents = field(name="high_dollar", default=25_000_00)
    annual_maximum_cents: Cents | None = field(name="annual_maximum", default=None)
    accident_diagnoses: tuple[str, ...] = ("S", "T0", "T1", "T2", "T3", "T4", "T5", "T6", "T7")
    filing_code: str = "12"

    def tier(self, name: TierName) -> Tier:
        """The cost share of a tier; in network when the plan has no other."""
        return self.in_network if name == "in" or self.out_of_network is None else self.out_of_network

    def provision(self, section: str) -> str:
        """How an explanation cites a section of this document."""
        return f"{self.id} v{self.version} {section}"


EVERYTHING_ELSE = Benefit(name="other services")
"""The benefit of a line that no category of the document names: deductible, then the tier's coinsurance."""


def parse(text: str) -> Plan:
    """A plan from its document. Raises BadData naming every problem found."""
    plan, problems = read(text, Plan)
    if plan is not None:
        problems += contradictions(plan)
    refuse(problems)
    assert plan is not None
    return plan


# ---- questions ---------------------------------------------------------------------------------------------------


def benefit_of(plan: Plan, claim: Claim, line: ServiceLine, tier: TierName, age: int | None) -> Benefit:
    """The first benefit of the document that fits the line."""
    for benefit in plan.benefits:
        if _fits(benefit, claim, line, tier, age):
            return benefit
    return EVERYTHING_ELSE


def _fits(benefit: Benefit, claim: Claim, line: ServiceLine, tier: TierName, age: int | None) -> bool:
    return (
        tier in benefit.tiers
        and (not benefit.codes or _listed(benefit.codes, line.procedure.code))
        and (not benefit.pos or (line.pos or claim.pos) in benefit.pos)
        and (not benefit.modifiers or any(each in benefit.modifiers for each in line.procedure.modifiers))
        and (not benefit.diagnoses or any(each.startswith(benefit.diagnoses) for each in pointed(claim, line)))
        and (not benefit.emergency or line.emergency == "Y")
        and (benefit.ages is None or (age is not None and benefit.ages[0] <= age <= benefit.ages[1]))
    )


@lru_cache(maxsize=50_000)  # a year's documents times the few thousand codes in daily use
def _listed(codes: tuple[str, ...], code: str) -> bool:
    for each in codes:
        low, _, high = each.partition("-")
        if code == low or (high and len(code) == len(low) and low <= code <= high):
            return True
    return False


def pointed(claim: Claim, line: ServiceLine) -> list[str]:
    """The diagnoses a line points to; all of the claim's when it points to none."""
    found = [claim.diagnoses[at - 1] for at in line.pointers if 0 < at <= len(claim.diagnoses)]
    return found or list(claim.diagnoses)


def year_of(plan: Plan, on: date) -> int:
    """The benefit year of a date of service, named by the calendar year it begins in."""
    month, day = int(plan.year_start[:2]), int(plan.year_start[3:])
    return on.year if (on.month, on.day) >= (month, day) else on.year - 1


def buys(plan: Plan, span: Span) -> bool:
    """Whether a coverage span is of this plan: by HD04, or by HD03 when the sponsor sends no HD04."""
    return span.plan_id in plan.plan_ids if span.plan_id else span.line in plan.lines


def choose(plans: Sequence[Plan], member: Member | None, on: date) -> Plan | None:
    """The plan version that decides a date of service: the member's span on that day, else the nearest before it,
    else any of the member's; without a member the sponsor's first plan in force. None when no document is in force,
    or none of the plan the member has on that day.
    """
    for span in member.spans if member else ():  # nearly every claim ends here, without a list
        if span.first <= on and (span.last is None or on <= span.last):
            for plan in plans:
                if buys(plan, span) and plan.first <= on and (plan.last is None or on <= plan.last):
                    return plan
    dated = [plan for plan in plans if plan.first <= on and (plan.last is None or on <= plan.last)]
    known = [span for span in _nearest(member.spans if member else (), on) if any(buys(plan, span) for plan in plans)]
    had = [span for span in known if span.first <= on and (span.last is None or on <= span.last)]
    if had:  # of a plan without a document for that day
        return None
    for span in known:
        for plan in dated:
            if buys(plan, span):
                return plan
    return min(dated, key=lambda plan: (plan.id, plan.version), default=None)


def _nearest(spans: Sequence[Span], on: date) -> list[Span]:
    def distance(span: Span) -> tuple[int, int]:
        if span.first > on:
            return 2, (span.first - on).days
        return (0, 0) if span.last is None or on <= span.last else (1, (on - span.last).days)

    return sorted(spans, key=distance)
