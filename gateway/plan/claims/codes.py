"""The claim adjustment codes this plan office uses, as dated data: which groups may carry one, which remarks explain
it, and in which of CORE 360's business scenarios it stands. Meanings are in our own words. Code lists change three
times a year: add a row, end a row, never edit one. What is not a list's own rule is this office's usage (verify).
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import NamedTuple

from gateway.plan.records import LineDecision
from mappings.records import Adjustment

BEGINNING = date(1995, 1, 1)
"""First day of the X12 lists."""

SCENARIOS = {
    1: "more documentation is needed",
    2: "the claim's data are missing or invalid",
    3: "the plan does not cover the service",
    4: "the service is not paid separately",
}
"""CORE 360: the situations whose group, CARC and RARC must be one of the published combinations."""


class Reason(NamedTuple):
    """A CARC in force first..last. groups: group codes it may stand under. remark: it must come with a RARC.

    scenario: of CORE 360, 0 outside of them; a RARC beside it must then be of the same scenario.
    """

    code: str
    groups: str
    meaning: str
    remark: bool = False
    scenario: int = 0
    first: date = BEGINNING
    last: date | None = None


class Remark(NamedTuple):
    """A RARC in force first..last. scenarios: of CORE 360 it explains, none given: any; a reason outside of them may
    have any remark. unfit: never sent by a plan."""

    code: str
    meaning: str
    scenarios: tuple[int, ...] = ()
    unfit: bool = False
    first: date = BEGINNING
    last: date | None = None


REASONS: tuple[Reason, ...] = (
    Reason("1", "PR", "deductible"),
    Reason("2", "PR", "coinsurance"),
    Reason("3", "PR", "copayment"),
    Reason("4", "CO", "modifier does not go with the procedure", scenario=2),
    Reason("5", "CO", "place of service does not go with the procedure", scenario=2),
    Reason("6", "CO", "patient's age does not go with the procedure", scenario=2),
    Reason("7", "CO", "patient's sex does not go with the procedure", scenario=2),
    Reason("11", "CO", "diagnosis does not go with the procedure", scenario=2),
    Reason("16", "CO", "information is missing or invalid", remark=True, scenario=2),
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
    Reason("35", "PR", "lifetime maximum reached"),
    Reason("44", "CO", "discount for prompt payment"),
    Reason("45", "CO PR", "charge above the contracted or permitted amount"),
    Reason("50", "CO", "not medically necessary", scenario=3),
    Reason("55", "CO PR", "experimental", scenario=3),
    Reason("94", "OA", "price above the charge"),
    Reason("96", "CO PR", "service not covered", remark=True, scenario=3),
    Reason("97", "CO", "contained in the price of another service", scenario=4),
    Reason("100", "OA", "paid to the member"),
    Reason("101", "OA", "an estimate, nothing is paid"),
    Reason("107", "CO", "the claim it belongs to is not here"),
    Reason("109", "OA", "another payer's service"),
    Reason("119", "PR CO", "benefit maximum of the period reached"),
    Reason("129", "OA CO", "prior processing information is wrong", remark=True),
    Reason("133", "OA", "decided later, by a reversal and correction"),
    Reason("137", "CO PR", "surcharge or assessment"),
    Reason("140", "PR", "number and name of the patient do not agree"),
    Reason("148", "CO", "another provider's information is missing", remark=True),
    Reason("149", "PR", "lifetime maximum of this benefit reached"),
    Reason("168", "OA CO", "considered under the medical plan"),
    Reason("169", "PR", "an alternate benefit was provided"),
    Reason("177", "PR", "eligibility requirements not met"),
    Reason("179", "PR", "waiting requirements not met"),
    Reason("185", "CO", "rendering provider not eligible for the service"),
    Reason("197", "CO", "not authorised before"),
    Reason("198", "CO", "authorisation exceeded"),
    Reason("200", "PR", "in a gap of coverage"),
    Reason("204", "PR", "not part of the patient's present plan", scenario=3),
    Reason("208", "CO", "national provider number not on file"),
    Reason("210", "CO", "authorisation asked for too late"),
    Reason("222", "CO", "more units than agreed"),
    Reason("226", "CO", "provider's information came late or not at all", remark=True, scenario=1),
    Reason("227", "PR", "member's information came late or not at all", remark=True, scenario=1),
    Reason("234", "CO", "not paid separately", remark=True, scenario=4),
    Reason("236", "CO", "not payable beside another code of the day", scenario=4),
    Reason("237", "CO", "regulatory penalty", remark=True),
    Reason("238", "PR", "part of the claim outside coverage"),
    Reason("239", "OA CO", "days with and without coverage; bill apart"),
    Reason("242", "PR CO", "provider not in the network"),
    Reason("251", "CO", "attachment is incomplete", remark=True, scenario=1),
    Reason("252", "CO", "attachment or documentation is needed", remark=True, scenario=1),
    Reason("254", "OA CO", "send it to the patient's medical plan"),
    Reason("273", "CO PR", "coverage guidelines exceeded"),
    Reason("275", "PR", "prior payer's patient share not covered"),
    Reason("A1", "CO PR OA", "denied for the reason the remark gives", remark=True),
    Reason("B7", "CO", "provider not eligible on the date"),
    Reason("B13", "OA", "paid before"),
)
"""CARCs; the group restrictions of 18, 23, 238, 239, 275 and 1-3 are the lists' own."""

REMARKS: tuple[Remark, ...] = (
    Remark("M76", "diagnosis missing or invalid", (2,)),
    Remark("M119", "drug code (NDC) missing or invalid", (2,)),
    Remark("MA04", "prior payer's payment information is needed"),
    Remark("MA120", "laboratory certificate (CLIA) missing or invalid", (2,)),
    Remark("MA130", "unprocessable, no appeal rights", unfit=True),
    Remark("N37", "tooth missing or invalid", (2,)),
    Remark("N39", "tooth does not go with the service", (2,)),
    Remark("N75", "tooth surface missing or invalid", (2,)),
    Remark("N130", "see the plan document for what is covered", (3,)),
    Remark("N286", "referring provider missing or invalid", (2,)),
    Remark("N290", "rendering provider missing or invalid", (2,)),
    Remark("N305", "accident date missing or invalid", (2,)),
    Remark("N346", "oral cavity missing or invalid", (2,)),
    Remark("N362", "more days or units than are accepted"),
    Remark("N434", "present-on-admission indicator missing or invalid", (2,)),
    Remark("N822", "modifier missing", (2,)),
    Remark("N859", "the No Surprises Act applied to payment and share (verify)"),
    Remark("N862", "the patient's share under it is of the lesser of charge and qualifying amount (verify)"),
)
"""RARCs whose meaning binds them; one that is not here may explain any reason."""


@lru_cache(maxsize=1)
def _by_code() -> dict[str, list[Reason]]:
    found: dict[str, list[Reason]] = {}
    for row in REASONS:
        found.setdefault(row.code, []).append(row)
    return found


def reason_on(code: str, on: date) -> Reason | None:
    """The row of a code in force on a day."""
    for row in _by_code().get(code, ()):
        if row.first <= on and (row.last is None or on <= row.last):
            return row
    return None


def faults(adjustments: tuple[Adjustment, ...], remarks: tuple[str, ...], on: date) -> list[str]:
    """What is wrong with a line's codes on a day, as sentences; empty when nothing is."""
    rows = [(each, reason_on(each.reason, on)) for each in adjustments]
    found = []
    for each, row in rows:
        if row is None:
            found.append(f"reason {each.reason} is not in force")
        elif each.group not in row.groups.split():
            found.append(f"reason {each.reason} may not stand under {each.group}")
        elif row.remark and not remarks:
            found.append(f"reason {each.reason} needs a remark")
    if remarks:
        found += _remark_faults([row for _, row in rows if row is not None], remarks, on)
    return found


def _remark_faults(rows: list[Reason], remarks: tuple[str, ...], on: date) -> list[str]:
    """Remarks a plan never sends, that are not in force, or that stand beside reasons of another scenario only."""
    found, told = [], {row.scenario for row in rows} - {0}
    for row in (each for each in REMARKS if each.code in remarks):
        if row.unfit:
            found.append(f"remark {row.code} is not for a plan's decision")
        elif row.first > on or (row.last is not None and row.last < on):
            found.append(f"remark {row.code} is not in force")
        elif told and row.scenarios and not told & set(row.scenarios):
            found.append(f"remark {row.code} says that {SCENARIOS[row.scenarios[0]]}, and no reason of the line does")
    return found


def line_faults(line: LineDecision) -> list[str]:
    """What is wrong with a decided line's codes on its day, amounts among them (domain 4.2).

    CARC 45 never takes the whole charge, nor again what prior payers took (OA-23).
    """
    found = faults(line.adjustments, line.remarks, line.first)
    contract = sum(each.cents for each in line.adjustments if each.reason == "45")
    prior = sum(each.cents for each in line.adjustments if each.reason == "23")
    if contract > 0 and contract >= line.charge_cents:
        found.append("reason 45 takes the whole charge")
    elif contract > 0 and contract + prior > line.charge_cents:
        found.append("reason 45 repeats what prior payers took")
    return found
