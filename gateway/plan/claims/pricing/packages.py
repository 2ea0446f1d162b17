"""The price of a whole claim: a repricer's, a DRG, a case rate, days of a stay; spread over its lines (domain 4.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from gateway.plan.claims.look import Look
from gateway.plan.claims.pricing.contract import Contract, Package, place_of
from gateway.plan.claims.pricing.draft import Draft, Outcome, agreement, declined, draft
from gateway.plan.claims.pricing.fees import Book
from gateway.plan.claims.pricing.lines import missing
from gateway.plan.records import FeeRow, Pend
from gateway.plan.rounding import WHOLE, dollars, half_up, part, spread
from mappings.records import Claim

STILL_PATIENT = "30"
"""CL103 of a patient who has not left: the last day of the statement is a day of the stay."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A price for several lines together. mean_days: tenths of a day, None where no DRG says it."""

    cents: int
    source: str
    mean_days: int | None = None


def together(looks: Sequence[Look], book: Book) -> dict[int, Draft | Outcome]:
    """The lines that are priced together, by number: each its part of the whole, pro rata by charge. Empty when nothing
    prices the claim as a whole. looks: not empty."""
    if not looks[0].case.contracts and looks[0].claim.repricing is None:
        return {}  # nobody prices claims as a whole, which is most claims
    priced = [seen for seen in looks if seen.line.charge_cents > 0]
    if not priced:
        return {}
    told = _repriced(priced)
    if told is not None:
        return _spread(priced, told)
    contract = agreement(priced[0])
    package = next((each for each in contract.packages if each.fits(priced[0].claim)), None) if contract else None
    if contract is None or package is None:
        return {}
    mine = [seen for seen in priced if not package.leaves_out(seen.line)]
    if not mine:
        return {}
    charges = sum(seen.line.charge_cents for seen in mine)
    found = METHODS[package.method](mine[0], contract, package, book, charges)
    if isinstance(found, Pend):
        return {seen.line.number: found for seen in mine}
    return _spread(mine, _with_outlier(package, charges, _with_transfer(package, mine[0].claim, found)))


def _spread(looks: Sequence[Look], whole: Whole | Pend) -> dict[int, Draft | Outcome]:
    if isinstance(whole, Pend):
        return {seen.line.number: whole for seen in looks}
    charges = [seen.line.charge_cents for seen in looks]
    found: dict[int, Draft | Outcome] = {}
    for seen, cents in zip(looks, spread(whole.cents, charges), strict=True):
        made = draft(seen, cents, f"its part of {dollars(whole.cents)} for the claim: {whole.source}")
        made.lesser_of = "never" if made.lesser_of == "never" else "claim"
        found[seen.line.number] = made
    return found


def _repriced(looks: Sequence[Look]) -> Whole | Pend | None:
    """What a repricer the plan trusts says of the claim (HCP of 2300), where it says nothing of its lines."""
    seen = looks[0]
    told = seen.claim.repricing
    trusted = seen.plan.repricers
    if told is None or told.organisation not in trusted:
        return None
    if told.reject_reason:
        return declined(seen, told.organisation, told.reject_reason)
    lines = [each.line.repricing for each in looks]
    if told.allowed_cents is None or any(one is not None and one.organisation in trusted for one in lines):
        return None
    return Whole(told.allowed_cents, f"repriced by {told.organisation}")


# ---- methods ---------------------------------------------------------------------------------------------------------


def _drg(seen: Look, contract: Contract, package: Package, book: Book, charges: int) -> Whole | Pend:
    code = seen.claim.coding.drg
    row = book.of_code(package.schedule, code, seen.line.first, place_of(seen.claim)) if code else None
    if row is None:
        return missing(seen, f", or a row of schedule {package.schedule} for DRG {code or '(none billed)'}")
    cents = _weighed(row, package)
    if cents is None:
        return missing(seen, f", or a base rate in {contract.provision(package.name)}")
    weight = ""
    if row.weight is not None:
        weight = f", weight {Decimal(row.weight) / WHOLE} of {dollars(package.base_cents or 0)}"
    return Whole(cents, f"DRG {code} {dollars(cents)}{weight} by {contract.provision(package.name)}", row.mean_days)


def _weighed(row: FeeRow, package: Package) -> int | None:
    if row.weight is None:
        return row.allowed_cents
    return None if package.base_cents is None else half_up(package.base_cents * row.weight, WHOLE)


def _case(seen: Look, contract: Contract, package: Package, book: Book, charges: int) -> Whole | Pend:
    cents = package.amount_cents or 0
    return Whole(cents, f"case rate {dollars(cents)} by {contract.provision(package.name)}")


def _per_diem(seen: Look, contract: Contract, package: Package, book: Book, charges: int) -> Whole | Pend:
    each, days = package.amount_cents or 0, days_of(seen.claim)
    return Whole(each * days, f"{days} days at {dollars(each)} by {contract.provision(package.name)}")


def _percent_of_charge(seen: Look, contract: Contract, package: Package, book: Book, charges: int) -> Whole | Pend:
    percent = package.percent or 0
    return Whole(part(charges, percent), f"{percent / 100:g}% of the charges by {contract.provision(package.name)}")


METHODS: dict[str, Callable[[Look, Contract, Package, Book, int], Whole | Pend]] = {
    "drg": _drg,
    "case": _case,
    "per_diem": _per_diem,
    "percent_of_charge": _percent_of_charge,
}
"""How a package prices a claim, by the name the document uses."""


def days_of(claim: Claim) -> int:
    """Days of a stay: the day of discharge does not count, unless it is the only one; one day without a stay."""
    if claim.stay is None:
        return 1
    nights = (claim.stay.last - claim.stay.first).days
    return max(1, nights + (claim.stay.patient_status == STILL_PATIENT))


def _with_transfer(package: Package, claim: Claim, whole: Whole) -> Whole:
    rule, status = package.transfer, claim.stay.patient_status if claim.stay else ""
    if rule is None or whole.mean_days is None or status not in rule.statuses:
        return whole
    days = days_of(claim) + rule.extra_days
    cents = half_up(whole.cents * days * 10, whole.mean_days)
    if cents >= whole.cents:
        return whole
    text = f"{whole.source}; transferred (status {status}): {days} of {Decimal(whole.mean_days) / 10} days"
    return Whole(cents, text, whole.mean_days)


def _with_outlier(package: Package, charges: int, whole: Whole) -> Whole:
    rule = package.outlier
    if rule is None:
        return whole
    if rule.charges_above_cents is not None:
        above, word = charges - rule.charges_above_cents, "charges"
    else:
        cost = part(charges, rule.cost_to_charge or 0)
        above, word = cost - whole.cents - (rule.cost_above_cents or 0), "cost"
    if above <= 0:
        return whole
    more = part(above, rule.percent)
    text = f"{whole.source}; outlier {dollars(more)}, {rule.percent / 100:g}% of {dollars(above)} {word} above"
    return Whole(whole.cents + more, text, whole.mean_days)
