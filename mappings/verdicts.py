"""Verdicts where a set came to another end than the reader said: a record of it could not be made."""

from __future__ import annotations

from msgspec import structs

from parsers.events import GroupVerdict, SetVerdict
from parsers.findings import Finding

PARTLY, REJECTED = "P", "R"
"""AK901 and IK501."""

SEGMENTS_WRONG = "5"
"""IK502: one or more segments in error."""


def unreadable(verdict: SetVerdict, findings: list[Finding]) -> SetVerdict:
    """The set rejected, because some of its claims or members cannot be read although the guide check passed."""
    return structs.replace(verdict, verdict=REJECTED, codes=(SEGMENTS_WRONG,), findings=(*verdict.findings, *findings))


def recounted(verdict: GroupVerdict, sets: tuple[SetVerdict, ...]) -> GroupVerdict:
    """The group's verdict with its sets as they are, those beyond the kept ones counted, too.

    A group that is rejected for its own sake stays so.
    """
    kept = sets[: len(verdict.sets)]
    accepted = sum(one.verdict != REJECTED for one in sets)
    if verdict.findings or verdict.codes or accepted == verdict.accepted:
        return structs.replace(verdict, sets=kept)
    return structs.replace(verdict, sets=kept, accepted=accepted, verdict=PARTLY if accepted else REJECTED)
