"""The front door of claims: what a 277CA rejects without looking at members, money or the past (SNIP types 3 to 7).

EDITS is the table: a name, a question of the claim, and the status when the answer is yes. Eligibility, coverage,
duplicates and timely filing are not here: they are denials, with appeal rights.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from stdnum import luhn

from mappings.records import Claim, ClaimStatus, OtherCoverage, Provider, ServiceLine

NPI_PREFIX = "80840"
"""The ISO card prefix the NPI check digit is computed over."""


class Edit(NamedTuple):
    """One row of the table; fails says whether the claim has the fault on a business date."""

    name: str
    fails: Callable[[Claim, date], bool]
    category: str
    status: str
    entity: str = ""


def reject_reasons(claim: Claim, today: date) -> tuple[ClaimStatus, ...]:
    """Every status the claim is rejected for, in the table's order, each once; empty when the door is open."""
    found = (
        ClaimStatus(category=edit.category, status=edit.status, entity=edit.entity)
        for edit in EDITS
        if edit.fails(claim, today)
    )
    return tuple(dict.fromkeys(found))


# ---- balancing (SNIP 3) ----------------------------------------------------------------------------------------------


def _lines_differ(claim: Claim, today: date) -> bool:
    return sum(line.charge_cents for line in claim.lines) != claim.charge_cents


def _other_payer_line_differs(claim: Claim, today: date) -> bool:
    """A line's charge is SVD02 plus CAS of each payer; unbundled lines add their SVDs first (2430)."""
    return any(not _line_balances(line, payer) for line in claim.lines for payer in _payers(line))


def _payers(line: ServiceLine) -> set[str]:
    return {payment.payer_id for payment in line.payments}


def _line_balances(line: ServiceLine, payer: str) -> bool:
    return _told_on(line, payer) == line.charge_cents


def _told_on(line: ServiceLine, payer: str) -> int:
    payments = [payment for payment in line.payments if payment.payer_id == payer]
    return sum(payment.paid_cents + sum(each.cents for each in payment.adjustments) for payment in payments)


def _other_payer_claim_differs(claim: Claim, today: date) -> bool:
    """CLM02 is AMT*D plus every CAS of the payer, of claim and lines (2320, 2430)."""
    return any(_claim_told(claim, other) not in (None, claim.charge_cents) for other in claim.other)


def _claim_told(claim: Claim, other: OtherCoverage) -> int | None:
    """What a payer tells of the claim; None when it tells no payment or no adjustment at all."""
    payments = [payment for line in claim.lines for payment in line.payments if payment.payer_id == other.payer_id]
    adjustments = [*other.adjustments, *(each for payment in payments for each in payment.adjustments)]
    if other.paid_cents is None or not (adjustments or payments):
        return None
    return other.paid_cents + sum(each.cents for each in adjustments)


# ---- providers -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=20_000)  # more NPIs than one administrator's claims name
def valid_npi(npi: str) -> bool:
    """Ten digits beginning with 1 or 2 whose last is the Luhn check digit over 80840 and the rest."""
    return len(npi) == 10 and npi.isascii() and npi.isdigit() and npi[0] in "12" and luhn.is_valid(NPI_PREFIX + npi)


def _bad_npi(provider: Provider | None) -> bool:
    return provider is not None and bool(provider.npi) and not valid_npi(provider.npi)


def _no_billing_npi(claim: Claim, today: date) -> bool:
    return not claim.billing.npi


def _bad_billing(claim: Claim, today: date) -> bool:
    return _bad_npi(claim.billing)


def _bad_rendering(claim: Claim, today: date) -> bool:
    return _bad_npi(claim.rendering) or any(_bad_npi(line.rendering) for line in claim.lines)


def _bad_referring(claim: Claim, today: date) -> bool:
    return _bad_npi(claim.referring)


def _bad_facility(claim: Claim, today: date) -> bool:
    return _bad_npi(claim.facility)


# ---- dates, people ---------------------------------------------------------------------------------------------------


def _future(claim: Claim, today: date) -> bool:
    return claim.last > today


def _backwards(claim: Claim, today: date) -> bool:
    return any(line.last < line.first for line in claim.lines)


def _unborn(claim: Claim, today: date) -> bool:
    return claim.patient.birth is not None and claim.patient.birth > min(claim.first, today)


def _no_member_id(claim: Claim, today: date) -> bool:
    return not claim.subscriber.id


# ---- amounts and codes -----------------------------------------------------------------------------------------------

DIAGNOSIS = re.compile(r"[A-Z]\d[0-9A-Z]([0-9A-Z]{1,4})?", re.ASCII)
"""ICD-10-CM without its point: a letter, a digit, one more, and up to four."""

PROCEDURES = {
    "HC": re.compile(r"\d{4}[0-9A-Z]|[A-Z]\d{4}", re.ASCII),
    "AD": re.compile(r"D\d{4}", re.ASCII),
}
"""Shapes by SV101-1: CPT or HCPCS, CDT. Other qualifiers are not judged."""

MODIFIER = re.compile(r"[0-9A-Z]{2}", re.ASCII)

PLACE = re.compile(r"\d\d", re.ASCII)

FREQUENCIES = ("1", "7", "8")
"""CLM05-3 of professional and dental claims: original, replacement, void."""


def _negative(claim: Claim, today: date) -> bool:
    return claim.charge_cents < 0 or any(line.charge_cents < 0 for line in claim.lines)


def _no_units(claim: Claim, today: date) -> bool:
    return any(line.units <= 0 for line in claim.lines)


def _no_diagnosis(claim: Claim, today: date) -> bool:
    return claim.kind == "P" and not claim.diagnoses


def _bad_diagnosis(claim: Claim, today: date) -> bool:
    return not all(map(DIAGNOSIS.fullmatch, claim.diagnoses))


def _bad_pointer(claim: Claim, today: date) -> bool:
    pointers = {at for line in claim.lines for at in line.pointers}
    return any(not 0 < at <= len(claim.diagnoses) for at in pointers)


def _bad_procedure(claim: Claim, today: date) -> bool:
    return any(_misshapen(line) for line in claim.lines)


def _misshapen(line: ServiceLine) -> bool:
    shape = PROCEDURES.get(line.procedure.qualifier)
    return shape is not None and not shape.fullmatch(line.procedure.code)


def _bad_modifier(claim: Claim, today: date) -> bool:
    return any(not MODIFIER.fullmatch(each) for line in claim.lines for each in line.procedure.modifiers)


def _bad_place(claim: Claim, today: date) -> bool:
    places: Iterator[str] = (line.pos or claim.pos for line in claim.lines)
    return claim.kind != "I" and not all(map(PLACE.fullmatch, places))


def _bad_frequency(claim: Claim, today: date) -> bool:
    return claim.kind != "I" and claim.frequency not in FREQUENCIES


def _no_original(claim: Claim, today: date) -> bool:
    return claim.frequency in ("7", "8") and not claim.original_icn


EDITS: tuple[Edit, ...] = (
    Edit("lines do not add up to CLM02", _lines_differ, "A8", "400"),
    Edit("another payer's line does not balance", _other_payer_line_differs, "A8", "400"),
    Edit("another payer's claim does not balance", _other_payer_claim_differs, "A8", "400"),
    Edit("no billing NPI", _no_billing_npi, "A6", "562", "85"),
    Edit("billing NPI check digit", _bad_billing, "A7", "562", "85"),
    Edit("rendering NPI check digit", _bad_rendering, "A7", "562", "82"),
    Edit("referring NPI check digit", _bad_referring, "A7", "562", "DN"),
    Edit("service facility NPI check digit", _bad_facility, "A7", "562", "77"),
    Edit("no member id", _no_member_id, "A6", "164", "IL"),
    Edit("service in the future", _future, "A7", "187"),
    Edit("service ends before it begins", _backwards, "A7", "187"),
    Edit("patient born after the service", _unborn, "A7", "158", "QC"),
    Edit("negative charge", _negative, "A7", "178"),
    Edit("units not above 0", _no_units, "A7", "476"),
    Edit("no diagnosis", _no_diagnosis, "A6", "255"),
    Edit("diagnosis shape", _bad_diagnosis, "A7", "255"),
    Edit("pointer to no diagnosis", _bad_pointer, "A7", "477"),
    Edit("procedure shape", _bad_procedure, "A7", "454"),
    Edit("modifier shape", _bad_modifier, "A7", "453"),
    Edit("place of service shape", _bad_place, "A7", "249"),
    Edit("frequency code", _bad_frequency, "A7", "535"),
    Edit("correction without the number of its original", _no_original, "A6", "464"),
)
"""Claim status categories and codes of the X12 lists; entity by NM101."""
