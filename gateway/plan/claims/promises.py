"""A plan document as sentences an employer can sign, and the difference of two documents in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gateway.plan.claims import limits
from gateway.plan.claims.benefits import (
    ESTIMATE_DAYS,
    EVERYTHING_ELSE,
    Benefit,
    Exclusion,
    Limit,
    NetworkTier,
    Penalty,
    Plan,
    Tier,
    TierName,
)
from gateway.plan.rounding import dollars

TIER_NAMES: dict[TierName, str] = {
    "in": "In network", "tier2": "In tier 2", "tier3": "In tier 3", "out": "Out of network"
}  # fmt: skip

CROSS = {
    "none": "Amounts of one tier count to no other.",
    "out_counts_to_in": "Amounts of a worse tier also count to the better ones; not the other way round.",
    "shared": "Amounts of all tiers count together.",
}

METHODS = {
    "standard": "After another payer the plan pays what is left, at most what it would have paid alone.",
    "maintenance": "After another payer the plan's cost share is taken of what that payer left.",
    "non_duplication": "After another payer the plan pays only what it would have paid alone, less what was paid.",
}

MISSING = {
    "deny": "A claim that does not tell what an earlier payer paid is denied.",
    "pend": "A claim that does not tell what an earlier payer paid waits for it.",
}

EXCLUDED: dict[Exclusion, str] = {
    "not_covered": "not covered",
    "not_in_plan": "not part of the plan",
    "experimental": "not covered, as experimental",
    "medical": "not covered here; the medical plan's",
    "under_medical": "not covered here; considered under the medical plan",
    "other_payer": "not covered here; another payer's",
}
"""An exclusion as a person reads it, by its reason."""

DRUGS = {
    "deductible": "the deductible", "out_of_pocket": "the out-of-pocket maximum", "maximum": "the plan's maximums"
}  # fmt: skip
"""Sums that drug claims share, as a person reads them."""

COPAYS = {"visit": "a visit", "day": "a day", "admission": "an admission"}


class Promise(NamedTuple):
    """One section of a document and the sentence it comes to."""

    section: str
    text: str


class Difference(NamedTuple):
    """What a section said and says; "" where it does not stand in a document."""

    section: str
    was: str
    now: str


def promises(plan: Plan) -> list[Promise]:
    """Every section of a document that decides money, as a sentence, in the order of the document."""
    return [*_frame(plan), *_cost_shares(plan), *_terms(plan), *_benefits(plan)]


def differences(before: Plan, after: Plan) -> list[Difference]:
    """The sections whose sentences are not the same, in the order of the later document, gone ones last."""
    was = {each.section: each.text for each in promises(before)}
    now = {each.section: each.text for each in promises(after)}
    order = [*now, *(section for section in was if section not in now)]
    return [
        Difference(section, was.get(section, ""), now.get(section, ""))
        for section in order
        if was.get(section) != now.get(section)
    ]


# ---- the plan --------------------------------------------------------------------------------------------------------


def _frame(plan: Plan) -> Iterator[Promise]:
    until = f"to {plan.last}" if plan.last else "until further notice"
    yield Promise("plan", f"{plan.title or plan.id} ({plan.id}, version {plan.version}), {plan.first} {until}.")
    yield Promise("plan_ids", f"It is bought as {_or(plan.plan_ids)} in the employer's enrolment file.")
    if plan.claims:
        yield Promise("claims", f"It decides {_or(plan.claims)} claims.")
    if plan.account:
        yield Promise("account", f"Its sums are kept apart from those of other plans, as {plan.account}.")
    yield Promise("year_start", f"The benefit year begins on {plan.year_start} (month-day).")
    if plan.inpatient_year == "admission":
        yield Promise("inpatient_year", "A stay counts to the benefit year of its admission.")
    yield Promise("networks", f"In network are the providers of {_or(plan.networks)}.")


def _cost_shares(plan: Plan) -> Iterator[Promise]:
    for name, tier in plan.tiers().items():
        yield Promise(f"tier {name}", _tier(name, tier))
    if plan.out_of_network is None:
        yield Promise("tier out", "Out of network nothing is covered, but what is said to be as in network.")
    if len(plan.tiers()) > 1:
        yield Promise("cross", CROSS[plan.cross])
    if plan.carry_over_months:
        said = f"Deductibles of the last {plan.carry_over_months} months of a year count to the next year's, too."
        yield Promise("carry_over_months", said)
    if plan.drugs_count_to:
        sums = " and ".join(DRUGS[word] for word in plan.drugs_count_to)
        yield Promise("drugs_count_to", f"What the drug manager pays or leaves to the patient counts to {sums}, too.")
    if plan.hsa_qualified:
        yield Promise("hsa_qualified", "The plan keeps the rules of health savings accounts.")


def _tier(name: TierName, tier: Tier) -> str:
    of = f" ({tier.title or ', '.join(tier.networks)})" if isinstance(tier, NetworkTier) else ""
    return (
        f"{TIER_NAMES[name]}{of} the member pays the deductible of {_limit(tier.deductible)}, then "
        f"{_percent(tier.coinsurance)} of the price, in a year at most {_limit(tier.out_of_pocket)}."
    )


def _limit(limit: Limit) -> str:
    one, family = f"${dollars(limit.individual_cents)}", f"${dollars(limit.family_cents)}"
    if limit.kind == "embedded":
        return f"{one} a person and {family} a family"
    cap = f", of which one person at most ${dollars(limit.person_cap_cents)}" if limit.person_cap_cents else ""
    return f"{one} when alone, or {family} of the family together{cap}"


def _terms(plan: Plan) -> Iterator[Promise]:
    most = "never more than" if plan.lesser_of else "even if it is more than"
    yield Promise("lesser_of", f"The price of the contract is allowed, {most} the charge.")
    if plan.out_of_network_allowed is not None:
        of = f"schedule {plan.out_of_network_schedule}" if plan.out_of_network_schedule else "the charge"
        said = f"Out of network {_percent(plan.out_of_network_allowed)} of {of} is allowed where no fee is on file."
        yield Promise("out_of_network_allowed", said)
    if plan.repricers:
        yield Promise("repricers", f"Prices set by {_or(plan.repricers)} in the claim come first.")
    yield Promise("cob_method", METHODS[plan.cob_method])
    yield Promise("cob_missing", MISSING[plan.cob_missing])
    for word, cents, when in (
        ("annual_maximum", plan.annual_maximum_cents, "in a benefit year"),
        ("lifetime_maximum", plan.lifetime_maximum_cents, "in all"),
    ):
        if cents is not None:
            yield Promise(word, f"The plan pays at most ${dollars(cents)} for one person {when}.")
    yield Promise("timely_filing_days", f"A claim must come within {plan.timely_filing_days} days of the service.")
    yield Promise(
        "high_dollar", f"A claim that pays more than ${dollars(plan.high_dollar_cents)} waits for two people."
    )
    yield from _dealings(plan)


def _dealings(plan: Plan) -> Iterator[Promise]:
    """How claims are dealt with, where a document says other than what is usual."""
    if plan.payer_ids:
        yield Promise("payer_ids", f"A claim must name payer {_or(plan.payer_ids)}.")
    if plan.provider_not_found == "deny":
        yield Promise("provider_not_found", "A claim of a provider nobody has loaded is denied.")
    if plan.cobra_unpaid == "pend":
        yield Promise("cobra_unpaid", "Services that COBRA may still continue wait for its payment.")
    if plan.auth_late_days:
        said = f"An authorisation may be asked for up to {plan.auth_late_days} days after the service."
        yield Promise("auth_late_days", said)
    if plan.medical_review_cents is not None:
        said = f"A line that charges more than ${dollars(plan.medical_review_cents)} is looked at by a clinician."
        yield Promise("medical_review", said)
    if plan.hospital_acquired:
        said = f"Diagnoses that begin with {_or(plan.hospital_acquired)} are looked at where a hospital caused them."
        yield Promise("hospital_acquired", said)
    if plan.predetermination_days != ESTIMATE_DAYS:
        yield Promise("predetermination_days", f"An estimate holds for {plan.predetermination_days} days.")


# ---- benefits --------------------------------------------------------------------------------------------------------


def _benefits(plan: Plan) -> Iterator[Promise]:
    for benefit in plan.benefits:
        yield Promise(f"benefit {benefit.name}", f"{benefit.name.capitalize()}{_scope(benefit)}: {_cover(benefit)}.")
    other = f"{EVERYTHING_ELSE.name.capitalize()}: deductible, then coinsurance."
    yield Promise(f"benefit {EVERYTHING_ELSE.name}", other)


def _scope(benefit: Benefit) -> str:
    told = (
        (f"{_or(benefit.claims)} claims", benefit.claims),
        (f"codes {', '.join(benefit.codes)}", benefit.codes),
        (f"revenue codes {', '.join(benefit.revenue)}", benefit.revenue),
        (f"claims with revenue codes {', '.join(benefit.claim_revenue)}", benefit.claim_revenue),
        (f"bills that begin with {_or(benefit.bill_types)}", benefit.bill_types),
        (f"place of service {_or(benefit.pos)}", benefit.pos),
        (f"diagnoses that begin with {_or(benefit.diagnoses)}", benefit.diagnoses),
        (f"modifier {_or(benefit.modifiers)}", benefit.modifiers),
        (f"providers whose taxonomy begins with {_or(benefit.taxonomies)}", benefit.taxonomies),
        ("", None) if benefit.ages is None else (f"ages {benefit.ages[0]} to {benefit.ages[1]}", benefit.ages),
        ({"F": "women", "M": "men", "": ""}[benefit.sex], benefit.sex),
        ("marked as an emergency", benefit.emergency),
        (f"only {_or(tuple(TIER_NAMES[each].lower() for each in benefit.tiers))}", benefit.tiers),
    )
    said = [words for words, holds in told if holds]
    return f" ({'; '.join(said)})" if said else ""


def _cover(benefit: Benefit) -> str:
    if benefit.excluded:
        return EXCLUDED[benefit.excluded_as]
    waits = [
        f"{count} {word}"
        for count, word in ((benefit.waiting_months, "months"), (benefit.waiting_days, "days"))
        if count
    ]
    said = [
        _share(benefit),
        "as in network wherever it is rendered" if benefit.as_in_network else "",
        f"after {' and '.join(waits)} of coverage" if waits else "",
        _authorised(benefit),
        f"at most {benefit.max_units} units on a line" if benefit.max_units is not None else "",
        *(f"{limits.words(each)}{f', together with all {each.name}' if each.name else ''}" for each in benefit.limits),
        *(f"{code} is covered as {instead}" for code, instead in benefit.alternates.items()),
        _instalments(benefit),
        "teeth taken out are remembered" if benefit.tooth == "extracts" else "",
        "only of teeth lost while covered" if benefit.missing_tooth_clause else "",
    ]
    return "; ".join(each for each in said if each)


def _share(benefit: Benefit) -> str:
    if benefit.preventive:
        return "paid in full"
    copay = f"copay ${dollars(benefit.copay_cents)} {COPAYS[benefit.copay_per]}" if benefit.copay_cents else ""
    deductible = "no deductible" if benefit.deductible_waived else "deductible"
    steps = [deductible, copay] if benefit.copay_after_deductible else [copay, deductible]
    rate = "coinsurance" if benefit.coinsurance is None else f"{_percent(benefit.coinsurance)} coinsurance"
    return ", ".join(each for each in (*steps, f"then {rate}") if each)


def _instalments(benefit: Benefit) -> str:
    rule = benefit.instalments
    if rule is None:
        return ""
    months = f"{rule.months} months" if rule.months else "the months of the treatment"
    return f"{_percent(rule.initial)} of the price falls due at once, the rest over {months} while covered"


def _authorised(benefit: Benefit) -> str:
    if not benefit.auth_required:
        return ""
    return "not paid unless authorised before" if benefit.penalty is None else _penalty(benefit.penalty)


def _penalty(penalty: Penalty) -> str:
    if penalty.dollars_cents is None:
        less = f"{_percent(penalty.percent or 0)} of its payment"
    else:
        less = f"${dollars(penalty.dollars_cents)}"
    most = f", at most ${dollars(penalty.most_cents)} a claim" if penalty.most_cents is not None else ""
    return f"unless authorised before, the plan pays {less} less{most}"


def _percent(rate: int) -> str:
    return f"{rate / 100:g}%"


def _or(words: tuple[str, ...]) -> str:
    return " or ".join(words)
