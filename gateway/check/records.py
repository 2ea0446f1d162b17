"""What a check says of a file: the records `gateway check --json` prints, key by key."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gateway.check.masking import mask, printable
from parsers import findings
from parsers.findings import Finding, Level, Mend, Severity


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One finding. position: of the segment, ST = 1; element, component, repetition count from 1, 0 = the whole.

    level, code, mend: as `parsers.findings.Finding` has them; rule: the law that was broken, by its name. claim: CLM01
    or REF*0F of the claim or member, value: what stands in the file; both masked unless a person asked to see them.
    """

    snip: int
    severity: Severity
    loop: str
    segment: str
    position: int
    element: int
    code: str
    message: str
    level: Level
    component: int = 0
    repetition: int = 0
    reference: str = ""
    rule: str = ""
    mend: Mend | None = None
    claim: str = ""
    value: str = ""


class SetResult(msgspec.Struct, frozen=True, kw_only=True):
    """One ST..SE. verdict: IK501 of our 999. codes: IK502 to IK506.

    units: claims, members or payments in it, of the kind `counted` says. amount_cents: their charges or payments, None
    where the guide has none. more: findings there were beyond those kept.
    """

    st02: str
    type: str
    verdict: str
    findings: tuple[Told, ...] = ()
    guide: str = ""
    codes: tuple[str, ...] = ()
    segments: int = 0
    counted: str = ""
    units: int = 0
    amount_cents: int | None = None
    more: bool = False


class GroupResult(msgspec.Struct, frozen=True, kw_only=True):
    """One GS..GE. version: GS08. verdict: AK901 of our 999. codes: AK905 to AK909; findings: the same in words."""

    version: str
    verdict: str
    sets: tuple[SetResult, ...] = ()
    type: str = ""
    control: str = ""
    codes: tuple[str, ...] = ()
    findings: tuple[Told, ...] = ()


class InterchangeResult(msgspec.Struct, frozen=True, kw_only=True):
    """One ISA..IEA. ta1: TA104 of our TA1. codes: TA105, none where accepted; findings: the same in words."""

    ta1: str
    groups: tuple[GroupResult, ...] = ()
    isa13: str = ""
    usage: str = ""
    codes: tuple[str, ...] = ()
    findings: tuple[Told, ...] = ()


class FileResult(msgspec.Struct, frozen=True, kw_only=True):
    """One file. accepted: every interchange, group and set is, and no finding is an error.

    reason: why a file, or its end, could not be read, "" where it could. off: code sets nobody loaded, so that nothing
    was checked against them. left_out: interchanges, groups and sets beyond those kept.
    """

    file: str
    accepted: bool
    interchanges: tuple[InterchangeResult, ...] = ()
    reason: str = ""
    mend: str = ""
    off: tuple[str, ...] = ()
    left_out: int = 0


def told(finding: Finding, show_values: bool = False) -> Told:
    """A finding as it is told, its values masked unless they are to be shown."""
    place, said = finding.place, printable if show_values else mask
    more = {
        "level": finding.level, "repetition": place.repetition, "reference": place.reference, "mend": finding.mend,
        "claim": said(place.claim), "value": said(finding.value),
    }  # fmt: skip
    return Told(**(findings.told(finding) | more))


def every_set(result: FileResult) -> list[SetResult]:
    """The sets of a file, in order."""
    return [one for interchange in result.interchanges for group in interchange.groups for one in group.sets]


def every_finding(result: FileResult) -> list[Told]:
    """All that is told of a file."""
    found: list[Told] = []
    for interchange in result.interchanges:
        for group in interchange.groups:
            for one in group.sets:
                found += one.findings
            found += group.findings
        found += interchange.findings
    return found


def for_people(findings: Iterable[Told]) -> list[Told]:
    """Findings as people read them: that a segment has element errors is not said beside those errors (IK304 8)."""
    every = list(findings)
    elements = {one.position for one in every if one.level == "element"}
    return [one for one in every if (one.level, one.code) != ("segment", "8") or one.position not in elements]
