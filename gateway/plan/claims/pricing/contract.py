"""What a network has agreed with its providers: one frozen record per version of a contract document, in TOML.

Words: a term prices lines, a package prices a whole claim (a stay, a case), a schedule is a named set of dated fee rows
(`records.FeeRow.schedule`). The first term and the first package of the document that fit decide; an empty condition
holds always. Amounts are dollars and rates percent in the document, cents and hundredths of a percent here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal

from msgspec import field

from gateway.plan.claims import document
from gateway.plan.claims.document import Cents, Rate
from gateway.plan.claims.ranges import is_range, listed
from gateway.plan.rounding import WHOLE
from mappings.records import Address, Claim, Record, ServiceLine

LesserOf = Literal["line", "claim", "never"]


class Agreed(Record, frozen=True, kw_only=True):
    """What terms and packages share: whom and where they are for, and whose rows price.

    kinds: P, I, D. npis, tins: of the billing provider. bill_types: beginnings (837I CLM05: "11"). localities: ZIP
    beginnings ("787") or states ("TX") of the place of service. schedule: name of fee rows.
    """

    name: str
    kinds: tuple[str, ...] = ()
    npis: tuple[str, ...] = ()
    tins: tuple[str, ...] = ()
    bill_types: tuple[str, ...] = ()
    localities: tuple[str, ...] = ()
    schedule: str = ""

    def binds(self, claim: Claim) -> bool:
        """Whether the term is for a claim as a whole."""
        return (
            (not self.kinds or claim.kind in self.kinds)
            and (not self.npis or claim.billing.npi in self.npis)
            and (not self.tins or claim.billing.tin in self.tins)
            and (not self.bill_types or claim.bill_type.startswith(self.bill_types))
            and (not self.localities or any(nearness(each, place_of(claim)) for each in self.localities))
        )


class Term(Agreed, frozen=True, kw_only=True):
    """How lines are priced. codes, revenues: codes or ranges. method, and what it needs:

    schedule: percent (100) of the row of `schedule`; percent_of_charge: percent; per_diem: amount for each unit (a
    day); flat: amount for the line.
    """

    codes: tuple[str, ...] = ()
    revenues: tuple[str, ...] = ()
    method: Literal["schedule", "percent_of_charge", "per_diem", "flat"]
    percent: Rate | None = None
    amount_cents: Cents | None = field(name="amount", default=None)

    def fits(self, claim: Claim, line: ServiceLine) -> bool:
        """Whether the term prices a line."""
        return self.binds(claim) and concerns(self.codes, self.revenues, line)


class Outlier(Record, frozen=True, kw_only=True):
    """More for a stay that cost far more: percent of what lies above a threshold.

    charges_above: of charges; or cost_above: of cost (charges times cost_to_charge) above the price and that amount.
    """

    percent: Rate
    charges_above_cents: Cents | None = field(name="charges_above", default=None)
    cost_above_cents: Cents | None = field(name="cost_above", default=None)
    cost_to_charge: Rate | None = None


class Transfer(Record, frozen=True, kw_only=True):
    """Less for a patient handed on: the price by the mean length of stay of its DRG, for each day and `extra_days`.

    statuses: CL103. The pay never exceeds the whole price.
    """

    statuses: tuple[str, ...]
    extra_days: int = 1


class Package(Agreed, frozen=True, kw_only=True):
    """How a whole claim is priced. drgs, codes, revenues: one of its DRG or of its lines must be named. except_:
    revenue codes and procedure codes of lines that are priced by terms all the same (implants). method, and what it
    needs:

    drg: the amount of the DRG's row in `schedule`, or base times its weight; case: amount; per_diem: amount for
    each day of the stay; percent_of_charge: percent of the lines' charges.
    """

    drgs: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    revenues: tuple[str, ...] = ()
    except_: tuple[str, ...] = field(name="except", default=())
    method: Literal["drg", "case", "per_diem", "percent_of_charge"]
    base_cents: Cents | None = field(name="base", default=None)
    amount_cents: Cents | None = field(name="amount", default=None)
    percent: Rate | None = None
    outlier: Outlier | None = None
    transfer: Transfer | None = None

    def fits(self, claim: Claim) -> bool:
        """Whether the package prices a claim."""
        return (
            self.binds(claim)
            and (not self.drgs or listed(self.drgs, claim.coding.drg))
            and (not (self.codes or self.revenues)
                 or any(concerns(self.codes, self.revenues, line) for line in claim.lines))
        )  # fmt: skip

    def leaves_out(self, line: ServiceLine) -> bool:
        """Whether a line is priced apart."""
        return bool(self.except_) and any(listed(self.except_, code) for code in codes_of(line))


class Modifier(Record, frozen=True, kw_only=True):
    """A modifier that changes a price taken from fee rows: to so many percent of it."""

    modifier: str
    percent: Rate
    codes: tuple[str, ...] = ()


class Multiple(Record, frozen=True, kw_only=True):
    """Several procedures of one day: the dearest at the first percentage, the next at the second, the last repeats.

    percents: whole percent. exempt: codes that neither count nor are reduced (add-on procedures).
    """

    codes: tuple[str, ...]
    percents: tuple[int, ...] = (100, 50)
    exempt: tuple[str, ...] = ()

    def concerns(self, code: str) -> bool:
        """Whether a procedure counts."""
        return listed(self.codes, code) and not listed(self.exempt, code)


class UnitLimit(Record, frozen=True, kw_only=True):
    """The most units of a code on one line."""

    codes: tuple[str, ...]
    most: int


class CarveOut(Record, frozen=True, kw_only=True):
    """Services this network does not serve. sent_to: who does (the claim goes there); "" nobody of this network, so
    that the provider counts as outside of it for them."""

    codes: tuple[str, ...] = ()
    revenues: tuple[str, ...] = ()
    sent_to: str = ""


class Contract(Record, frozen=True, kw_only=True):
    """One version of a network's contract, for dates of service first..last.

    lesser_of: never allow more than the charge of the line, or of the claim, or never mind; the plan's word when it
    says nothing.
    """

    network: str
    version: str = "1"
    title: str = ""
    first: date
    last: date | None = None
    lesser_of: LesserOf | None = None
    terms: tuple[Term, ...] = ()
    packages: tuple[Package, ...] = ()
    modifiers: tuple[Modifier, ...] = ()
    multiple: tuple[Multiple, ...] = ()
    unit_limits: tuple[UnitLimit, ...] = ()
    carve_outs: tuple[CarveOut, ...] = ()

    def provision(self, section: str) -> str:
        """How an explanation cites a section of this document."""
        return f"{self.network} contract v{self.version} {section}"


def parse(text: str) -> Contract:
    """A contract from its document. Raises BadData naming every problem found."""
    return document.parse(text, Contract, _contradictions, "contract")


# ---- what may not be said --------------------------------------------------------------------------------------------

NEEDS = {
    "schedule": "schedule", "percent_of_charge": "percent", "per_diem": "amount", "flat": "amount",
    "drg": "schedule", "case": "amount",
}  # fmt: skip
"""Method -> the word it cannot do without."""


def _contradictions(contract: Contract) -> Iterator[str]:
    if contract.last is not None and contract.last < contract.first:
        yield "last: before first"
    for at, term in enumerate(contract.terms, 1):
        yield from (f"terms[{at}] {term.name}: {each}" for each in _of_method(term))
    for at, package in enumerate(contract.packages, 1):
        of_package = (*_of_method(package), *_of_package(package))
        yield from (f"packages[{at}] {package.name}: {each}" for each in of_package)
    for at, rule in enumerate(contract.multiple, 1):
        if not rule.percents or any(not 0 <= each <= 100 for each in rule.percents):
            yield f"multiple[{at}] percents: none, or one that is not from 0 to 100"
    for at, limit in enumerate(contract.unit_limits, 1):
        if limit.most < 1:
            yield f"unit_limits[{at}] most: below 1 (a carve-out says what is not priced)"
    for at, out in enumerate(contract.carve_outs, 1):
        if not (out.codes or out.revenues):
            yield f"carve_outs[{at}]: neither codes nor revenues, so nothing would be left"
    for where, codes in _lists_of(contract):
        yield from (f"{where}: {code} is not a range" for code in codes if not is_range(code))


def _of_method(row: Term | Package) -> Iterator[str]:
    said = {"schedule": row.schedule or None, "percent": row.percent, "amount": row.amount_cents}
    if said[NEEDS[row.method]] is None:
        yield f"{NEEDS[row.method]}: missing, {row.method} needs it"
    if row.method == "percent_of_charge" and (row.percent or 0) > WHOLE:
        yield "percent: above 100 percent of the charge"


def _of_package(package: Package) -> Iterator[str]:
    outlier = package.outlier
    if outlier is not None:
        if (outlier.charges_above_cents is None) == (outlier.cost_above_cents is None):
            yield "outlier: either charges_above or cost_above"
        if (outlier.cost_above_cents is None) != (outlier.cost_to_charge is None):
            yield "outlier: cost_above and cost_to_charge go together"
    if package.transfer is not None and package.method != "drg":
        yield "transfer: only a DRG has a mean length of stay"


def _lists_of(contract: Contract) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name in ("terms", "packages", "modifiers", "multiple", "unit_limits", "carve_outs"):
        for at, row in enumerate(getattr(contract, name), 1):
            for word in ("codes", "revenues", "drgs", "except_", "exempt"):
                yield f"{name}[{at}] {word.rstrip('_')}", getattr(row, word, ())


# ---- questions -------------------------------------------------------------------------------------------------------


def contract_on(contracts: Iterable[Contract], network: str, on: date) -> Contract | None:
    """The version of a network's contract in force on a day: the one that began last."""
    mine = (each for each in contracts if each.network == network)
    fitting = (each for each in mine if each.first <= on and (each.last is None or on <= each.last))
    return max(fitting, key=lambda each: each.first, default=None)


def concerns(codes: tuple[str, ...], revenues: tuple[str, ...], line: ServiceLine) -> bool:
    """Whether both lists, where they say something, name a line."""
    return (not codes or listed(codes, line.procedure.code)) and (not revenues or listed(revenues, line.revenue))


def codes_of(line: ServiceLine) -> tuple[str, ...]:
    """What a line may be priced by: its procedure code before its revenue code."""
    return tuple(code for code in (line.procedure.code, line.revenue) if code)


def place_of(claim: Claim) -> Address:
    """Where the services were rendered: the service facility, else the billing provider (2310C, 2010AA)."""
    facility = claim.facility
    return facility.address if facility is not None and (facility.address.zip or facility.address.state) else (
        claim.billing.address)  # fmt: skip


def nearness(locality: str, place: Address) -> int:
    """How closely a locality names a place: 0 not at all, 1 its state, more the longer its ZIP beginning is."""
    if locality[:1].isdigit():
        return 1 + len(locality) if place.zip.startswith(locality) else 0
    return int(locality == place.state)
