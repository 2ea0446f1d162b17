"""What a plan document may not say although every word of it can be read."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from gateway.plan.rounding import WHOLE

if TYPE_CHECKING:
    from gateway.plan.claims.benefits import Benefit, Plan, Tier


def contradictions(plan: Plan) -> list[str]:
    """Every sentence of the document that another one, or sense, forbids."""
    problems = []
    if plan.last is not None and plan.last < plan.first:
        problems.append("last: before first")
    if not _is_month_day(plan.year_start):
        problems.append("year_start: not MM-DD")
    if not plan.plan_ids:
        problems.append("plan_ids: empty, so nobody can have this plan")
    for name, tier in (("in_network", plan.in_network), ("out_of_network", plan.out_of_network)):
        problems += _tier_contradictions(name, tier) if tier is not None else []
    for at, benefit in enumerate(plan.benefits, 1):
        problems += [f"benefits[{at}] {each}" for each in _benefit_contradictions(benefit)]
    return problems


def _tier_contradictions(name: str, tier: Tier) -> list[str]:
    problems = []
    for word, limit in (("deductible", tier.deductible), ("out_of_pocket", tier.out_of_pocket)):
        if limit.family_cents < limit.individual_cents:
            problems.append(f"{name}.{word}: the family amount is below the individual amount")
    if tier.deductible.individual_cents > tier.out_of_pocket.individual_cents:
        problems.append(f"{name}: the deductible is above the out-of-pocket maximum")
    if tier.coinsurance > WHOLE:
        problems.append(f"{name}.coinsurance: above 100 percent")
    return problems


def _benefit_contradictions(benefit: Benefit) -> list[str]:
    problems = []
    if (benefit.coinsurance or 0) > WHOLE:
        problems.append("coinsurance: above 100 percent")
    if benefit.preventive and benefit.copay_cents:
        problems.append("copay: a preventive benefit has none")
    if benefit.excluded_as != "not_covered" and not benefit.excluded:
        problems.append("excluded_as: says why, but the benefit is not excluded")
    if benefit.ages is not None and benefit.ages[0] > benefit.ages[1]:
        problems.append("ages: last before first")
    for code in benefit.codes:
        low, _, high = code.partition("-")
        if high and (len(low) != len(high) or high < low):
            problems.append(f"codes: {code} is not a range")
    return problems


def _is_month_day(text: str) -> bool:
    try:
        date.fromisoformat(f"2001-{text}")
    except ValueError:
        return False
    return True
