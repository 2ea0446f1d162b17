"""What a plan document may not say although every word of it can be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from gateway.plan.claims.federal import YEARS, Year
from gateway.plan.claims.ranges import is_range, within
from gateway.plan.rounding import WHOLE, dollars

if TYPE_CHECKING:
    from gateway.plan.claims.benefits import Benefit, Plan, Tier

SECTIONS = {"in": "in_network", "tier2": "tier2", "tier3": "tier3", "out": "out_of_network"}
"""The table of a document that holds a tier."""

CONDITIONS = (
    "tiers", "claims", "codes", "revenue", "claim_revenue", "bill_types", "pos", "diagnoses", "modifiers",
    "taxonomies", "ages", "sex", "emergency",
)  # fmt: skip
"""What decides whether a benefit fits a line."""

RANGES = ("codes", "revenue", "claim_revenue")
"""Conditions of codes and ranges of codes."""

BEGINNINGS = ("bill_types", "diagnoses", "taxonomies")
"""Conditions that name beginnings of codes."""

YEAR_MONTHS = 12

FILING = (
    "12", "13", "14", "15", "16", "17", "AM", "CH", "DS", "HM", "LM", "MA", "MB", "MC", "OF", "TV", "VA", "WC", "ZZ"
)  # fmt: skip
"""Claim filing codes an 835 may carry (CLP06)."""


def contradictions(plan: Plan) -> list[str]:
    """Every sentence of the document that another one, the law, or sense forbids."""
    return [*_document(plan), *_tiers(plan), *_benefits(plan), *_law(plan)]


def _document(plan: Plan) -> Iterator[str]:
    if plan.last is not None and plan.last < plan.first:
        yield "last: before first"
    if not _is_month_day(plan.year_start):
        yield "year_start: not MM-DD"
    if not plan.plan_ids:
        yield "plan_ids: empty, so nobody can have this plan"
    if not 0 <= plan.carry_over_months <= YEAR_MONTHS:
        yield "carry_over_months: not from 0 to 12"
    if plan.filing_code not in FILING:
        yield f"filing_code: {plan.filing_code} may not stand in an 835 (CLP06)"
    if plan.predetermination_days < 1:
        yield "predetermination_days: below 1"
    if plan.cross != "none" and len(plan.tiers()) == 1:
        yield f"cross: {plan.cross}, and there is no other tier"


# ---- tiers -----------------------------------------------------------------------------------------------------------


def _tiers(plan: Plan) -> Iterator[str]:
    for name, tier in plan.tiers().items():
        yield from _tier_contradictions(SECTIONS[name], tier)
    networks = plan.networks_by_tier()
    for name, known in networks.items():
        if not known:
            where = "networks" if name == "in" else f"{name}.networks"
            yield f"{where}: empty, so no provider is in it"
    for each, times in Counter(each for known in networks.values() for each in set(known)).items():
        if times > 1:
            yield f"networks: {each} stands in two tiers"


def _tier_contradictions(name: str, tier: Tier) -> Iterator[str]:
    for word, limit in (("deductible", tier.deductible), ("out_of_pocket", tier.out_of_pocket)):
        if limit.family_cents < limit.individual_cents:
            yield f"{name}.{word}: the family amount is below the individual amount"
        if limit.person_cap_cents is not None and limit.kind == "embedded":
            yield f"{name}.{word}: person_cap is for aggregate limits; an embedded one has the individual amount"
    for who in ("individual", "family"):
        if getattr(tier.deductible, f"{who}_cents") > getattr(tier.out_of_pocket, f"{who}_cents"):
            yield f"{name}: the deductible is above the out-of-pocket maximum ({who})"
    if tier.coinsurance > WHOLE:
        yield f"{name}.coinsurance: above 100 percent"


# ---- benefits --------------------------------------------------------------------------------------------------------


def _benefits(plan: Plan) -> Iterator[str]:
    for at, benefit in enumerate(plan.benefits, 1):
        yield from (f"benefits[{at}] {each}" for each in _benefit_contradictions(plan, benefit))
        for earlier_at, earlier in enumerate(plan.benefits[: at - 1], 1):
            if all(_holds(name, getattr(earlier, name), getattr(benefit, name)) for name in CONDITIONS):
                said = f"benefits[{earlier_at}] ({earlier.name})"
                yield f"benefits[{at}] {benefit.name}: never reached, {said} fits all of it before"
                break
    for name, times in Counter(benefit.name for benefit in plan.benefits).items():
        if times > 1:
            yield f"benefits: {times} of them are called {name}"
    yield from _pools(plan)


def _benefit_contradictions(plan: Plan, benefit: Benefit) -> Iterator[str]:
    shares = bool(benefit.copay_cents) or benefit.coinsurance is not None
    faults = (
        ((benefit.coinsurance or 0) > WHOLE, "coinsurance: above 100 percent"),
        (benefit.preventive and bool(benefit.copay_cents), "copay: a preventive benefit has none"),
        (benefit.preventive and bool(benefit.coinsurance), "coinsurance: a preventive benefit has none"),
        (benefit.preventive and benefit.excluded, "excluded: a preventive benefit is paid in full"),
        (benefit.excluded and (shares or bool(benefit.limits)), "excluded: what is not covered has no share or limit"),
        (
            benefit.excluded_as != "not_covered" and not benefit.excluded,
            "excluded_as: says why, but the benefit is not excluded",
        ),
        (benefit.ages is not None and benefit.ages[0] > benefit.ages[1], "ages: last before first"),
        (benefit.penalty is not None and not benefit.auth_required, "penalty: no authorisation is asked"),
        (benefit.penalty is not None and (benefit.penalty.percent or 0) > WHOLE, "penalty: above 100 percent"),
        (benefit.copay_per != "visit" and not benefit.copay_cents, "copay_per: there is no copay"),
        (benefit.copay_after_deductible and benefit.deductible_waived, "copay_after_deductible: it is waived"),
        (
            benefit.instalments is not None and (benefit.instalments.initial > WHOLE or benefit.instalments.months < 0),
            "instalments: above 100 percent at once, or months below nothing",
        ),
        (benefit.missing_tooth_clause and benefit.tooth != "replaces", "missing_tooth_clause: no tooth is replaced"),
        (min(benefit.waiting_days, benefit.waiting_months) < 0, "waiting: below nothing"),
    )
    yield from (said for applies, said in faults if applies)
    for name in benefit.tiers:
        if name not in plan.tiers() and name != "out":
            yield f"tiers: the plan has no {SECTIONS[name]}"
    for word in RANGES:
        for code in getattr(benefit, word):
            if not is_range(code):
                yield f"{word}: {code} is not a range"
    for code, instead in benefit.alternates.items():
        if instead in benefit.alternates:
            yield f"alternates: {code} -> {instead} -> {benefit.alternates[instead]}; say the last at once"


def _pools(plan: Plan) -> Iterator[str]:
    """Allowances that share what is used must count it alike."""
    counted: dict[tuple[str, str], set[str]] = {}
    for benefit in plan.benefits:
        for each in benefit.limits:
            counted.setdefault((benefit.pool(each), each.kind), set()).add(each.each)
    for (name, kind), ways in counted.items():
        if len(ways) > 1:
            yield f"limits: {kind} of {name} are counted per {' and per '.join(sorted(ways))}; give each a name"


def _holds(word: str, earlier: object, later: object) -> bool:
    """Whether a condition holds wherever a later one does."""
    if not earlier or earlier == later:
        return True
    if not later or not isinstance(earlier, tuple) or not isinstance(later, tuple):
        return False
    if word == "ages":
        return bool(earlier[0] <= later[0] and later[1] <= earlier[1])
    if word in RANGES:
        return all(within(earlier, each) for each in later)
    if word in BEGINNINGS:
        return all(str(each).startswith(earlier) for each in later)
    return set(later) <= set(earlier)


# ---- the law ---------------------------------------------------------------------------------------------------------


def _law(plan: Plan) -> Iterator[str]:
    """What HSA rules and the ACA forbid a plan year that begins in a year we know (domain 4.4)."""
    year = YEARS.get(plan.first.year)
    if year is not None and not plan.grandfathered:
        yield from _aca(plan, year)
    if plan.hsa_qualified:
        yield from _hsa(plan, year)


def _aca(plan: Plan, year: Year) -> Iterator[str]:
    limit, most = plan.in_network.out_of_pocket, year.aca_maximum
    said = f"(ACA, {plan.first.year}; grandfathered = true if it does not bind)"
    where = "in_network.out_of_pocket"
    if limit.individual_cents > most.single_cents:
        yield f"{where}: one person's is above {dollars(most.single_cents)} {said}"
    if limit.family_cents > most.family_cents:
        yield f"{where}: the family's is above {dollars(most.family_cents)} {said}"
    cap = limit.person_cap_cents
    one = limit.family_cents if cap is None else cap
    if limit.kind == "aggregate" and one > most.single_cents:
        yield f"{where}: one person in a family may owe more than {dollars(most.single_cents)}; say person_cap {said}"


def _hsa(plan: Plan, year: Year | None) -> Iterator[str]:
    for benefit in plan.benefits:
        if benefit.preventive or benefit.excluded:
            continue
        if benefit.deductible_waived:
            yield f"hsa_qualified: {benefit.name} pays before the deductible and is not preventive"
        elif benefit.copay_cents and not benefit.copay_after_deductible:
            yield f"hsa_qualified: the copay of {benefit.name} comes before the deductible"
    if year is None:
        return
    tier, least, most = plan.in_network, year.hsa_deductible, year.hsa_maximum
    deductible, maximum = tier.deductible, tier.out_of_pocket
    rows = (
        (deductible.individual_cents < least.single_cents, "deductible", "one person's is below", least.single_cents),
        (deductible.family_cents < least.family_cents, "deductible", "the family's is below", least.family_cents),
        (
            deductible.kind == "embedded" and deductible.individual_cents < least.family_cents,
            "deductible", "embedded, one person's is below the family's least of", least.family_cents,
        ),
        (maximum.individual_cents > most.single_cents, "out_of_pocket", "one person's is above", most.single_cents),
        (maximum.family_cents > most.family_cents, "out_of_pocket", "the family's is above", most.family_cents),
    )  # fmt: skip
    for applies, word, said, cents in rows:
        if applies:
            yield f"in_network.{word}: {said} {dollars(cents)} (hsa_qualified, {plan.first.year})"


def _is_month_day(text: str) -> bool:
    try:
        date.fromisoformat(f"2001-{text}")
    except ValueError:
        return False
    return True
