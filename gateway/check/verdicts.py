"""Verdicts where a set came to another end than the reader said: a record of it could not be made."""

from __future__ import annotations

from msgspec import structs

from parsers.events import GroupVerdict, SetVerdict
from parsers.findings import Finding

ACCEPTED, WITH_ERRORS, PARTLY, REJECTED = "A", "E", "P", "R"
SEGMENTS_WRONG = "5"
"""IK502: one or more segments in error."""


def unreadable(verdict: SetVerdict, findings: list[Finding]) -> SetVerdict:
    """The set rejected, because some of its claims or members cannot be read although the guide check passed."""
    return structs.replace(verdict, verdict=REJECTED, codes=(SEGMENTS_WRONG,), findings=(*verdict.findings, *findings))


def recounted(verdict: GroupVerdict, sets: tuple[SetVerdict, ...]) -> GroupVerdict:
    """The group's verdict with its sets as they are; one that is rejected for its own sake stays so."""
    if len(sets) != len(verdict.sets) or sets == verdict.sets:
        return verdict
    if verdict.findings or verdict.codes:
        return structs.replace(verdict, sets=sets)
    accepted = sum(one.verdict != REJECTED for one in sets)
    return structs.replace(verdict, sets=sets, accepted=accepted, verdict=PARTLY if accepted else REJECTED)
