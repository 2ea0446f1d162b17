"""The faults a claim can bring to the door, one question each: is it there on this business date?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from stdnum import luhn

from gateway.plan.claims.replacing import CORRECTIONS, FREQUENCIES
from mappings.records import Claim, OtherCoverage, Provider, ServiceLine

NPI_PREFIX = "80840"
"""The ISO card prefix the NPI check digit is computed over."""

TOTAL = "0001"
"""The revenue code of a total line, which an 837I should not have (domain 3.2)."""

# ---- balancing (SNIP 3) ----------------------------------------------------------------------------------------------


def lines_differ(claim: Claim, today: date) -> bool:
    """CLM02 is the sum of the lines; an institution's total line is none of them."""
    return sum(line.charge_cents for line in claim.lines if line.revenue != TOTAL) != claim.charge_cents


def other_payer_line_differs(claim: Claim, today: date) -> bool:
    """A line's charge is SVD02 plus CAS of each payer; unbundled lines add their SVDs first (2430)."""
    return any(not _line_balances(line, payer) for line in claim.lines for payer in _payers(line))


def _payers(line: ServiceLine) -> set[str]:
    return {payment.payer_id for payment in line.payments}


def _line_balances(line: ServiceLine, payer: str) -> bool:
    return _told_on(line, payer) == line.charge_cents


def _told_on(line: ServiceLine, payer: str) -> int:
    payments = [payment for payment in line.payments if payment.payer_id == payer]
    return sum(payment.paid_cents + sum(each.cents for each in payment.adjustments) for payment in payments)


def other_payer_claim_differs(claim: Claim, today: date) -> bool:
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


def no_billing_npi(claim: Claim, today: date) -> bool:
    """2010AA NM109."""
    return not claim.billing.npi


def bad_billing(claim: Claim, today: date) -> bool:
    """2010AA."""
    return _bad_npi(claim.billing)


def bad_rendering(claim: Claim, today: date) -> bool:
    """2310B, or 2420A of any line."""
    return _bad_npi(claim.rendering) or any(_bad_npi(line.rendering) for line in claim.lines)


def bad_referring(claim: Claim, today: date) -> bool:
    """2310A."""
    return _bad_npi(claim.referring)


def bad_facility(claim: Claim, today: date) -> bool:
    """2310C."""
    return _bad_npi(claim.facility)


# ---- dates, people ---------------------------------------------------------------------------------------------------


def future(claim: Claim, today: date) -> bool:
    """A service after the business date."""
    return claim.last > today


def backwards(claim: Claim, today: date) -> bool:
    """DTP*472 RD8 whose end comes first."""
    return any(line.last < line.first for line in claim.lines)


def unborn(claim: Claim, today: date) -> bool:
    """DMG02 after the service or today."""
    return claim.patient.birth is not None and claim.patient.birth > min(claim.first, today)


def no_member_id(claim: Claim, today: date) -> bool:
    """2010BA NM109."""
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


def negative(claim: Claim, today: date) -> bool:
    """CLM02 or SV102 below 0; 0 is legal (bundled)."""
    return claim.charge_cents < 0 or any(line.charge_cents < 0 for line in claim.lines)


def no_units(claim: Claim, today: date) -> bool:
    """SV104 of 0 or less."""
    return any(line.units <= 0 for line in claim.lines)


def no_diagnosis(claim: Claim, today: date) -> bool:
    """HI is required in a professional claim."""
    return claim.kind == "P" and not claim.diagnoses


def bad_diagnosis(claim: Claim, today: date) -> bool:
    """HI*ABK, ABF."""
    return not all(map(DIAGNOSIS.fullmatch, claim.diagnoses))


def bad_pointer(claim: Claim, today: date) -> bool:
    """SV107 beyond the list of HI."""
    pointers = {at for line in claim.lines for at in line.pointers}
    return any(not 0 < at <= len(claim.diagnoses) for at in pointers)


def bad_procedure(claim: Claim, today: date) -> bool:
    """SV101-2, SV202-2, SV301-2 by its qualifier; an institutional line may have none."""
    return any(_misshapen(line) for line in claim.lines)


def _misshapen(line: ServiceLine) -> bool:
    shape = PROCEDURES.get(line.procedure.qualifier)
    return shape is not None and line.procedure.code != "" and not shape.fullmatch(line.procedure.code)


def bad_modifier(claim: Claim, today: date) -> bool:
    """SV101-3 to 6."""
    return any(not MODIFIER.fullmatch(each) for line in claim.lines for each in line.procedure.modifiers)


def bad_place(claim: Claim, today: date) -> bool:
    """SV105, else CLM05-1."""
    places: Iterator[str] = (line.pos or claim.pos for line in claim.lines)
    return claim.kind != "I" and not all(map(PLACE.fullmatch, places))


def bad_frequency(claim: Claim, today: date) -> bool:
    """CLM05-3."""
    return claim.kind != "I" and claim.frequency not in FREQUENCIES


def no_original(claim: Claim, today: date) -> bool:
    """REF*F8 of a replacement or void."""
    return claim.frequency in CORRECTIONS and not claim.original_icn
