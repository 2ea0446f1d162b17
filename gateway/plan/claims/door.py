"""The front door of claims: what a 277CA rejects without looking at money or the past (SNIP types 3 to 7).

What a claim says of itself is edited while it is read (`parsers.edits`); here its findings become claim statuses, and
the plan adds what only it knows. Eligibility, coverage, duplicates and timely filing are not here: they are denials,
with appeal rights.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

import msgspec

from gateway.plan.claims.benefits import Plan, choose, deciding
from gateway.plan.claims.matching import UNKNOWN
from mappings.records import Claim, ClaimStatus, LineAnswer, Procedure, Record
from parsers.edits import begin_of_lines
from parsers.events import Unit
from parsers.findings import Finding

# ---- findings --------------------------------------------------------------------------------------------------------


class Objection(Record, frozen=True, kw_only=True):
    """What an edit says of a claim or member. finding: without data of the file. line: which line, 0 the whole."""

    finding: Finding
    line: int = 0


def objections(unit: Unit, found: Sequence[Finding]) -> tuple[Objection, ...]:
    """The findings of a unit, each told its line, none with a value or a claim's name."""
    if not found:
        return ()
    told = tuple(found)
    begins = begin_of_lines(unit) if told else []  # of every claim there is: most have no finding
    return tuple(Objection(finding=bare(one), line=bisect_right(begins, _row(unit, one))) for one in told)


def bare(finding: Finding) -> Finding:
    """A finding without a value or a claim's name."""
    place = msgspec.structs.replace(finding.place, claim="")
    return msgspec.structs.replace(finding, place=place, value="")


def _row(unit: Unit, finding: Finding) -> int:
    """The position a finding belongs to: of a missing segment, the one it would stand behind."""
    place = finding.place
    at = place.position - unit.position - sum(unit.position <= stray < place.position for stray, _ in unit.strays)
    there = 0 <= at < len(unit.rows) and (unit.rows[at][0], unit.rows[at][1][0]) == (place.loop, place.segment)
    return place.position if there else place.position - 1


def reasons(found: Iterable[Objection]) -> tuple[ClaimStatus, ...]:
    """Every status the claim is rejected for, in the tables' order, each once; a warning rejects nothing."""
    errors = (one.finding.code for one in found if one.finding.severity == "error")
    return tuple(dict.fromkeys(_status(code) for code in errors))


def _status(code: str) -> ClaimStatus:
    category, status, entity = [*code.split(":"), ""][:3]
    return ClaimStatus(category=category, status=status, entity=entity)


def line_answers(claim: Claim, found: Sequence[Objection]) -> tuple[LineAnswer, ...]:
    """The lines that made the claim be rejected, with their reasons (277CA 2220D, domain 1.4)."""
    answers = []
    for at, line in enumerate(claim.lines, 1):
        if why := reasons(one for one in found if one.line == at):
            alone = not line.procedure.code  # SVC01 is then the revenue code
            answers.append(
                LineAnswer(
                    procedure=Procedure(qualifier="NU", code=line.revenue) if alone else line.procedure,
                    revenue="" if alone else line.revenue, charge_cents=line.charge_cents, units=line.units,
                    number=line.number, control=line.control, reasons=why, first=line.first, last=line.last,
                )
            )  # fmt: skip
    return tuple(answers)


# ---- what the plan knows ---------------------------------------------------------------------------------------------

NOT_ON_FILE = ClaimStatus(category="A7", status="164", entity="IL")
"""The patient is unknown, where the plan waits for no enrolment file."""

UNKNOWN_ORIGINAL = ClaimStatus(category="A7", status="464")
"""REF*F8 of a replacement or void is not one of ours, or another claim has taken its place."""

REPEATED = ClaimStatus(category="A3", status="54")
"""A drug manager's claim that is on file to the cent: the same file, or a later one, brings it once more."""


def turns_away(plans: Sequence[Plan], claim: Claim, reason: str) -> bool:
    """Whether the plan answers a patient nobody knows (`matching.Match.reason`) by 277CA instead of waiting."""
    plan = choose(deciding(plans, claim), None, claim.first)
    return reason in UNKNOWN and plan is not None and plan.member_not_found == "reject"


BILLING = "85"
"""NM101 of the billing provider."""


def provider_reasons(claims: Iterable[tuple[ClaimStatus, ...]]) -> tuple[ClaimStatus, ...]:
    """Why a billing provider's claims are all rejected for its own sake (277CA 2200C U, domain 1.4); empty if not.

    claims: the reasons of each of its claims, none for one that is accepted.
    """
    first, *others = [[one for one in reasons if one.entity == BILLING] for reasons in claims]
    return tuple(one for one in first if all(one in reasons for reasons in others))
