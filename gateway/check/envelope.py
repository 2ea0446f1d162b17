"""Verdicts of sets, groups and interchanges as findings: every code of TA105, AK905 and IK502, with what mends it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from parsers.events import GroupVerdict, InterchangeVerdict, SetVerdict
from parsers.findings import Finding, Level, Mend, Place
from parsers.snip import Snip
from parsers.words import AK905, IK502, TA105

SEGMENTS_WRONG = "5"
"""IK502: one or more segments in error."""

TRAILER_CODES = {"2", "3", "4"}
"""IK502 that are about SE; all others are about ST."""

UNSAID = ("it is not accepted", "Ask us what is wrong with it.")

ACCEPTED, WITH_ERRORS, PARTLY, REJECTED = "A", "E", "P", "R"


def _finding(level: Level, code: str, words: dict[str, tuple[str, str]], subject: str, place: Place) -> Finding:
    wrong, mend = words.get(code, UNSAID)
    snip = 1 if level == "set" else 0
    return Finding(level=level, code=code, snip=snip, message=f"{subject}: {wrong}.", place=place, mend=Mend(text=mend))


def of_interchange(verdict: InterchangeVerdict) -> list[Finding]:
    """TA105, one finding each."""
    return [_finding("interchange", one, TA105, "Interchange", Place(segment="ISA")) for one in verdict.codes]


def of_group(verdict: GroupVerdict) -> list[Finding]:
    """AK905 to AK909; a broken GS that has no code is told as such."""
    found = [_finding("group", one, AK905, "Group", Place(segment="GS")) for one in verdict.codes]
    if verdict.verdict == REJECTED and not found and all(one.verdict != REJECTED for one in verdict.sets):
        mend = Mend(text="Write GS04 as CCYYMMDD, GS05 as HHMM, GS07 as X, and leave no element of GS out.")
        found.append(Finding(level="group", code="", snip=0, place=Place(segment="GS"), mend=mend,
                             message="Group: an element of GS is not valid; the 999 has no code for it."))  # fmt: skip
    return found


def of_set(verdict: SetVerdict) -> Iterator[Finding]:
    """IK502 to IK506, the one that only counts the segments told left out."""
    for code in verdict.codes:
        if code != SEGMENTS_WRONG:
            trailer = code in TRAILER_CODES
            place = Place(position=verdict.segments if trailer else 1, segment="SE" if trailer else "ST")
            yield _finding("set", code, IK502, "Set", place)


def weighed(findings: tuple[Finding, ...], snip: Snip) -> tuple[Finding, ...]:
    """Findings as much as their type weighs: errors, warnings, or left out."""
    kept = []
    for one in findings:
        weight = snip.weight(one.snip)
        if weight == "warning" and one.severity == "error":
            one = structs.replace(one, severity="warning")
        if weight != "off":
            kept.append(one)
    return tuple(kept)


def weighed_set(verdict: SetVerdict, snip: Snip, capped: bool) -> SetVerdict:
    """The verdict when SNIP types 1 and 2 weigh what `snip` says: what is only told makes an accepted set E.

    capped: there were more findings than were kept, so that the set stays rejected.
    """
    kept = weighed(verdict.findings, snip)
    errors = capped or any(one.severity == "error" for one in kept)
    if errors or SEGMENTS_WRONG not in verdict.codes:
        return structs.replace(verdict, findings=kept)
    codes = tuple(one for one in verdict.codes if one != SEGMENTS_WRONG)
    ending = REJECTED if codes else WITH_ERRORS if kept else ACCEPTED
    return structs.replace(verdict, findings=kept, codes=codes, verdict=ending)


def recounted(verdict: GroupVerdict, sets: tuple[SetVerdict, ...]) -> GroupVerdict:
    """The group's verdict where sets of it came to another end than the reader said."""
    if len(sets) != len(verdict.sets) or sets == verdict.sets:
        return verdict
    accepted = sum(one.verdict != REJECTED for one in sets)
    if verdict.codes or (verdict.accepted == 0 and any(one.verdict != REJECTED for one in verdict.sets)):
        return structs.replace(verdict, sets=sets)  # the group itself is rejected
    if accepted == len(sets):
        ending = WITH_ERRORS if any(one.verdict == WITH_ERRORS for one in sets) else ACCEPTED
    else:
        ending = PARTLY if accepted else REJECTED
    return structs.replace(verdict, sets=sets, accepted=accepted, verdict=ending)
