"""What is wrong with what a partner sent, and where: the one vocabulary of every acknowledgement and report."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Severity = Literal["error", "warning", "note"]
Level = Literal["file", "interchange", "group", "set", "segment", "element", "business"]


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where in a transaction set a finding lies.

    position: segments counted from ST = 1 (IK302). loop: full loop id, as `2310B` (IK303 sends only its digits).
    segment: segment id (IK301). element, component, repetition: 1-based, 0 = the whole segment (IK401).
    reference: X12 data element number (IK402), "" when the guide gives none. claim: CLM01 or REF*0F of the
    business unit the place belongs to (CTX), "" outside one: PHI-adjacent, never logged.
    """

    position: int = 0
    loop: str = ""
    segment: str = ""
    element: int = 0
    component: int = 0
    repetition: int = 0
    reference: str = ""
    claim: str = ""


Action = Literal["replace", "insert", "remove", "move", "clear", "shorten", "trim", "see", "ask"]


class Mend(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a finding can be mended. text: a sentence for the sender, free of values from the file.

    action: `replace` the element or component at the place by `value` (element 0: the segment id); `insert` the segment
    `value` before the position of the place; `remove` the segment at the place; `move` it before the position `value`;
    `clear` the element; `shorten` the element to `size` characters; `trim` elements, components or repetitions from
    the place to the end; `see`: the findings beside it mend it; `ask`: only the sender knows.
    value: from the guide, counted, or a control number of the header (a permitted code, a right total, a segment as the
    guide prints it), "" if none. choices: the codes the guide permits, when a `replace` leaves the sender to choose; at
    most `CHOICES` of them.
    """

    text: str
    action: Action = "ask"
    value: str = ""
    size: int = 0
    choices: tuple[str, ...] = ()


CHOICES = 12  # codes a mend lists: a line of text; the guide has the rest

LISTS: dict[Level, str] = {
    "interchange": "TA105", "group": "AK905", "set": "IK502", "segment": "IK304", "element": "IK403",
}  # fmt: skip
"""The code list of a level, by the element that carries it."""


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing wrong.

    level says which code list `code` is from: interchange = TA105, group = AK905, set = IK502, segment = IK304,
    element = IK403, business = a claim-status category and code as `A8:400` or our own report code,
    file = our own word (`not-x12`, `junk`, `incomplete`).
    snip: 1-7, 0 for envelope matters. message: a sentence for people, free of values from the file.
    rule: the name of the edit that found it (SNIP 3-7), "" where level and code say it all: read `law`.
    mend: how to mend it. trigger: the element that made this one required or forbidden, None where the guide does
    without (CTX `SITUATIONAL TRIGGER`).
    value: the copy of bad data for IK404, at most 99 characters, may be PHI: never logged, never in a message.
    """

    level: Level
    code: str
    severity: Severity = "error"
    snip: int = 1
    message: str = ""
    place: Place = Place()
    rule: str = ""
    mend: Mend | None = None
    value: str = ""
    trigger: Place | None = None

    @property
    def law(self) -> str:
        """The rule that was broken, by its name: `IK403 7`, `TA105 021`, or the edit's own."""
        return self.rule or f"{LISTS.get(self.level, self.level)} {self.code}".rstrip()


def told(finding: Finding) -> dict[str, Any]:
    """A finding under the keys by which every report and `gateway check --json` tell it, free of values from the file.

    position: of the segment, ST = 1; element, component: counted from 1, 0 = the whole. mend: its sentence, "" if none.
    """
    place = finding.place
    return {
        "snip": finding.snip, "severity": finding.severity, "loop": place.loop, "segment": place.segment,
        "position": place.position, "element": place.element, "component": place.component, "code": finding.code,
        "rule": finding.law, "message": finding.message, "mend": finding.mend.text if finding.mend else "",
    }  # fmt: skip
