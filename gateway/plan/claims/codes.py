"""The claim adjustment codes this plan office uses, as dated data: which group may carry one, and whether it needs a
remark. Meanings are in our own words. Code lists change three times a year: add a row, end a row, never edit one.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from mappings.records import Adjustment

BEGINNING = date(1995, 1, 1)
"""First day of the X12 lists."""


class Reason(NamedTuple):
    """A CARC in force first..last. groups: group codes it may stand under. remark: it must come with a RARC."""

    code: str
    groups: str
    meaning: str
    remark: bool = False
    first: date = BEGINNING
    last: date | None = None


REASONS: tuple[Reason, ...] = (
    Reason("1", "PR", "deductible"),
    Reason("2", "PR", "coinsurance"),
    Reason("3", "PR", "copayment"),
    Reason("18", "OA", "exact duplicate"),
    Reason("19", "PR", "work-related injury"),
    Reason("20", "PR", "a liability carrier is responsible"),
    Reason("21", "PR", "a no-fault carrier is responsible"),
    Reason("22", "OA PR", "another plan pays first"),
    Reason("23", "OA", "effect of prior payers' decisions"),
    Reason("24", "CO", "reported under an agreement that pays otherwise"),
    Reason("26", "PR", "before coverage began"),
    Reason("27", "PR", "after coverage ended"),
    Reason("29", "CO PR", "filed too late"),
    Reason("31", "PR", "patient not recognised as covered"),
    Reason("32", "PR", "dependant not eligible"),
    Reason("45", "CO PR", "charge above the contracted or permitted amount"),
    Reason("94", "OA", "price above the charge"),
    Reason("96", "CO PR", "service not covered", remark=True),
    Reason("97", "CO", "contained in the price of another service"),
    Reason("109", "OA", "another payer is responsible; send the claim there"),
    Reason("119", "PR CO", "benefit maximum of the period reached"),
    Reason("140", "PR", "number and name of the patient do not agree"),
    Reason("177", "PR", "eligibility requirements not met"),
    Reason("185", "CO", "rendering provider not eligible for the service"),
    Reason("197", "CO", "not authorised before"),
    Reason("198", "CO", "authorisation exceeded"),
    Reason("200", "PR", "in a gap of coverage"),
    Reason("222", "CO", "more units than agreed"),
    Reason("238", "PR", "part of the claim outside coverage"),
    Reason("239", "OA", "days with and without coverage; bill apart"),
    Reason("242", "PR CO", "provider not in the network"),
    Reason("275", "PR", "prior payer's patient share not covered"),
    Reason("B7", "CO", "provider not eligible on the date"),
)
"""CARCs; the group restrictions of 18, 23, 238, 239, 275 and 1-3 are the lists' own, others are this office's usage."""


def reason_on(code: str, on: date) -> Reason | None:
    """The row of a code in force on a day."""
    for row in REASONS:
        if row.code == code and row.first <= on and (row.last is None or on <= row.last):
            return row
    return None


def faults(adjustments: tuple[Adjustment, ...], remarks: tuple[str, ...], on: date) -> list[str]:
    """What is wrong with a line's codes on a day, as sentences; empty when nothing is."""
    found = []
    for each in adjustments:
        row = reason_on(each.reason, on)
        if row is None:
            found.append(f"reason {each.reason} is not in force")
        elif each.group not in row.groups.split():
            found.append(f"reason {each.reason} may not stand under {each.group}")
        elif row.remark and not remarks:
            found.append(f"reason {each.reason} needs a remark")
    return found
