"""Questions about a claim that are more than a place and a code: what the rows of `situations` ask for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from parsers.edits.balancing import CHARGES, TOTAL_LINE, cents
from parsers.edits.conditions import day, days, has, service
from parsers.edits.paths import path
from parsers.edits.table import Test
from parsers.edits.view import Found, Spot, View

DIAGNOSES = frozenset(("ABK", "BK", "ABF", "BF", "ABJ", "BJ", "APR", "PR", "ABN", "BN"))
"""Qualifiers of HI that hold a diagnosis; those beginning with A are ICD-10-CM."""

POINTED_AT = frozenset(("ABK", "BK", "ABF", "BF"))
"""Diagnoses that SV107 and SV311 count."""

ICD_10 = date(2015, 10, 1)
"""The first day of service coded in ICD-10."""

FREQUENCIES = frozenset("178")
"""CLM05-3 of professional and dental claims: original, replacement, void."""

# ---- diagnoses -------------------------------------------------------------------------------------------------------


def diagnoses(claim: View) -> list[tuple[Found, int, str, str]]:
    """Row, element, qualifier and code of every diagnosis of a claim."""
    return claim.once(_diagnoses)


def _diagnoses(claim: View) -> list[tuple[Found, int, str, str]]:
    found = []
    for row in claim.all("2300/HI"):
        for element in range(1, len(row.values)):
            qualifier, code, *_ = [*row.parts(element), "", ""]
            if qualifier in DIAGNOSES and code:
                found.append((row, element, qualifier, code))
    return found


def wrong_version(claim: View) -> Iterator[Spot]:
    """ICD-10 before its first day, ICD-9 from that day on; so a claim cannot mix them either."""
    span = service(claim)
    for row, element, qualifier, _ in diagnoses(claim):
        if span and (qualifier[0] == "A") != (span[1] >= ICD_10):
            yield row.spot(element, 1)


def told_twice(claim: View) -> Iterator[Spot]:
    """A diagnosis that stands among the principal and other diagnoses a second time."""
    seen: set[str] = set()
    for row, element, qualifier, code in diagnoses(claim):
        if qualifier in POINTED_AT:
            if code in seen:
                yield row.spot(element, 2)
            seen.add(code)


def external_cause(claim: View) -> Iterator[Spot]:
    """V00-Y99 as the principal diagnosis."""
    for row, element, qualifier, code in diagnoses(claim):
        if qualifier == "ABK" and code[0] in "VWXY":
            yield row.spot(element, 2)


def pointers(claim: View) -> Iterator[Spot]:
    """SV107, SV311 beyond the list of diagnoses."""
    most = sum(qualifier in POINTED_AT for _, _, qualifier, _ in diagnoses(claim))
    for row, element in [*((row, 7) for row in claim.all("2400/SV1")), *((row, 11) for row in claim.all("2400/SV3"))]:
        for component, text in enumerate(row.parts(element), 1):
            if text and not (text.isdigit() and 0 < int(text) <= most):
                yield row.spot(element, component)


# ---- dates -----------------------------------------------------------------------------------------------------------


def _dates(claim: View) -> list[Found]:
    return claim.all("2400/DTP*472") + claim.all("2300/DTP*472|434")


def future(claim: View) -> Iterator[Spot]:
    """A service after the business date."""
    for row in _dates(claim):
        span = days(row)
        if span and span[1] > claim.terms.today:
            yield row.spot(3)


def backwards(claim: View) -> Iterator[Spot]:
    """A range whose end comes first."""
    for row in _dates(claim):
        span = days(row)
        if span and span[1] < span[0]:
            yield row.spot(3)


def unborn(claim: View) -> Iterator[Spot]:
    """DMG02 of the patient after the first day of service or the business date."""
    row = claim.one("2010CA/DMG" if claim.one("2000C/HL") else "2010BA/DMG")
    born, span = day(row[2]) if row else None, service(claim)
    if row and born and born > min(span[0] if span else claim.terms.today, claim.terms.today):
        yield row.spot(2)


def outside_statement(claim: View) -> Iterator[Spot]:
    """A line's day before or after the statement (434)."""
    statement = days(claim.one("2300/DTP*434"))
    for row in claim.all("2400/DTP*472"):
        span = days(row)
        if statement and span and not statement[0] <= span[0] <= span[1] <= statement[1]:
            yield row.spot(3)


def admitted_late(claim: View) -> Iterator[Spot]:
    """Admission (435) after the statement's end."""
    row, statement = claim.one("2300/DTP*435"), days(claim.one("2300/DTP*434"))
    span = days(row)
    if row and span and statement and span[0] > statement[1]:
        yield row.spot(3)


def accident_late(claim: View) -> Iterator[Spot]:
    """Accident (439) after the last day of service."""
    row, served = claim.one("2300/DTP*439"), service(claim)
    span = days(row)
    if row and span and served and span[0] > served[1]:
        yield row.spot(3)


def left_early(claim: View) -> Iterator[Spot]:
    """A first or continuing interim bill of a stay whose patient status is not 30 (still a patient)."""
    row = claim.one("2300/CL1")
    if row and row[3] not in ("", "30") and claim.value("2300/CLM05-3") in ("2", "3") and inpatient(claim):
        yield row.spot(3)


inpatient = has("2300/CLM05-1", "11", "18", "21", "41")
"""Bill types of a stay: hospital, swing bed, skilled nursing, religious (verify)."""


def spans_days(claim: View) -> bool:
    """The statement is longer than a day."""
    statement = days(claim.one("2300/DTP*434"))
    return statement is not None and statement[0] != statement[1]


# ---- amounts and units -----------------------------------------------------------------------------------------------


def negative(claim: View) -> Iterator[Spot]:
    """CLM02 or a line's charge below 0; 0 is legal (bundled)."""
    for text, element in (("2300/CLM", 2), *((charge[:-2], int(charge[-2:])) for charge in CHARGES)):
        for row in claim.all(text):
            if cents(row[element]) < 0:
                yield row.spot(element)


def no_units(text: str) -> Test:
    """A quantity at a path that is 0 or less."""
    _, element, _, _ = path(text)

    def fails(claim: View) -> Iterator[Spot]:
        for row in claim.all(text):
            if row[element] and cents(row[element]) <= 0:
                yield row.spot(element)

    return fails


def total_line(claim: View) -> Iterator[Spot]:
    """SV201 of 0001."""
    return (row.spot(1) for row in claim.all("2400/SV2") if row[1] == TOTAL_LINE)


def frequency(claim: View) -> Iterator[Spot]:
    """CLM05-3 of a professional or dental claim."""
    return (row.spot(5, 3) for row in claim.all("2300/CLM") if row.part(5, 3) not in FREQUENCIES)


# ---- other payers ----------------------------------------------------------------------------------------------------


def _payers(claim: View) -> Iterator[tuple[View, str]]:
    for other in claim.each("2320"):
        yield other, other.value("2330B/NM109")


def _line_payers(claim: View) -> set[str]:
    return {row[1] for row in claim.all("2430/SVD")}


def undated_payment(claim: View) -> Iterator[Spot]:
    """A payer that decided the claim (AMT*D) and tells no day: neither in 2330B nor with a line (2430)."""
    lines = _line_payers(claim)
    for other, payer in _payers(claim):
        if other.one("2320/AMT*D") and payer not in lines and not other.one("2330B/DTP*573"):
            yield other.missing("2330B/DTP*573")


def dated_twice(claim: View) -> Iterator[Spot]:
    """A payer that tells the day in 2330B although its lines tell it."""
    lines = _line_payers(claim)
    for other, payer in _payers(claim):
        row = other.one("2330B/DTP*573")
        if row and payer in lines:
            yield row.spot()


def unknown_payer(claim: View) -> Iterator[Spot]:
    """SVD01 that is no NM109 of a 2330B."""
    payers = {payer for _, payer in _payers(claim)}
    return (row.spot(1) for row in claim.all("2430/SVD") if row[1] not in payers)


def same_position(claim: View) -> Iterator[Spot]:
    """SBR01 of a payer that another one, or the receiver, has; U (unknown) may come again."""
    seen = {claim.value("2000B/SBR01")}
    for other in claim.each("2320"):
        row = other.one("2320/SBR")
        if row and row[1] != "U":
            if row[1] in seen:
                yield row.spot(1)
            seen.add(row[1])


def paid_more(claim: View) -> Iterator[Spot]:
    """AMT*F5 above CLM02."""
    row = claim.one("2300/AMT*F5")
    if row and cents(row[2]) > cents(claim.value("2300/CLM02")):
        yield row.spot(2)


# ---- people ----------------------------------------------------------------------------------------------------------


def patient_unclear(claim: View) -> Iterator[Spot]:
    """SBR02 is 18 if and only if there is no 2000C."""
    row = claim.one("2000B/SBR")
    if row and (row[2] == "18") is has("2000C/HL")(claim):
        yield row.spot(2)
