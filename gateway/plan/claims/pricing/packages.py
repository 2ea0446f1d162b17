"""The price of a whole claim: a repricer's, a DRG, a case rate, days of a stay; spread over its lines (domain 4.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from gateway.plan.claims.benefits import admitted_on
from gateway.plan.claims.case import PriorClaim
from gateway.plan.claims.look import Look
from gateway.plan.claims.pricing.contract import Contract, Package, place_of
from gateway.plan.claims.pricing.draft import Draft, Outcome, agreement, declined, draft
from gateway.plan.claims.pricing.fees import Book
from gateway.plan.claims.pricing.lines import missing
from gateway.plan.claims.replacing import INTERIM, LATE
from gateway.plan.records import FeeRow, Pend
from gateway.plan.rounding import WHOLE, dollars, half_up, part, spread
from mappings.records import Claim, ServiceLine


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
    before = _episode(mine[0], package)
    waits = next((each for each in before if each.waits), None)
    if waits is not None:
        return _spread(mine, _unknown(waits))
    charges = sum(seen.line.charge_cents for seen in mine)
    charges += sum(line.charge_cents for each in before for line in _together(package, each))
    found = METHODS[package.method](mine[0], contract, package, book, charges)
    if isinstance(found, Pend):
        return _spread(mine, found)
    whole = _with_outlier(package, charges, _with_transfer(package, mine[0].claim, before, found))
    return _spread(mine, _less_before(package, before, whole))


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
    """Days of a stay; one day without a stay."""
    return 1 if claim.stay is None else claim.stay.days


# ---- several bills of one stay ---------------------------------------------------------------------------------------

ONCE: dict[str, tuple[str, ...]] = {"drg": (*INTERIM, LATE), "case": (*INTERIM, LATE), "per_diem": (LATE,)}
"""By method, the bills (CLM05-3) that share one price with the stay's earlier ones: they are paid what it leaves. Days
are paid by each interim bill for itself, a part of the charges by every bill."""


def _episode(seen: Look, package: Package) -> list[PriorClaim]:
    """The earlier bills that have had a part of this bill's price."""
    if seen.claim.frequency not in ONCE.get(package.method, ()):
        return []
    return [each for each in seen.case.history if same_stay(seen.claim, each.claim)]


def same_stay(claim: Claim, other: Claim) -> bool:
    """Whether two bills are of one stay, or of one visit of an outpatient: provider and kind of facility, then the day
    of admission, else days that meet."""
    if (claim.billing.npi, claim.facility_code) != (other.billing.npi, other.facility_code) or other.stay is None:
        return False
    admitted = admitted_on(claim)
    if admitted is not None:
        return admitted == admitted_on(other)
    return claim.first <= other.last and other.first <= claim.last


def _together(package: Package, prior: PriorClaim) -> list[ServiceLine]:
    """The lines of an earlier bill that the package priced."""
    return [line for line in prior.claim.lines if line.number in prior.allowed and not package.leaves_out(line)]


def _unknown(prior: PriorClaim) -> Pend:
    reason = f"Claim {prior.icn}, an earlier bill of the same stay, waits itself."
    return Pend(queue="PRC", reason=reason, needed="A decision on that one; then release this claim.")


def _less_before(package: Package, before: Sequence[PriorClaim], whole: Whole) -> Whole | Pend:
    """What earlier bills leave of a price that is paid once for all of them."""
    had = sum(each.allowed[line.number] for each in before for line in _together(package, each))
    if not had:
        return whole
    if had > whole.cents:
        reason = f"The stay is priced {dollars(whole.cents)}, and its earlier bills were allowed {dollars(had)}."
        return Pend(queue="PRC", reason=reason, needed="A replacement (frequency 7) of an earlier bill, or a denial.")
    return replace(whole, cents=whole.cents - had, source=f"{whole.source}; earlier bills had {dollars(had)}")


# ---- outlier and transfer --------------------------------------------------------------------------------------------


def _with_transfer(package: Package, claim: Claim, before: Sequence[PriorClaim], whole: Whole) -> Whole:
    rule, status = package.transfer, claim.stay.patient_status if claim.stay else ""
    if rule is None or whole.mean_days is None or status not in rule.statuses:
        return whole
    days = days_of(claim) + sum(days_of(one.claim) for one in before if one.claim.frequency != LATE) + rule.extra_days
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
