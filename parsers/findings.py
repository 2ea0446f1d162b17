"""What is wrong with what a partner sent, and where: the one vocabulary of every acknowledgement and report."""

from __future__ import annotations

from typing import Literal

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


class Mend(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a finding can be mended. text: a sentence for the sender, free of values from the file.

    action: `replace` the element or component at the place by `value`; `insert` the segment `value` before the position
    of the place; `remove` the segment at the place; `clear` the element; `shorten` the element to `size` characters;
    `trim` elements or components from the place to the end; `ask`: only the sender knows.
    value: from the guide or counted (a permitted code, a right total, a segment as the guide prints it), "" if none.
    """

    text: str
    action: Literal["replace", "insert", "remove", "clear", "shorten", "trim", "ask"] = "ask"
    value: str = ""
    size: int = 0


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing wrong.

    level says which code list `code` is from: interchange = TA105, group = AK905, set = IK502, segment = IK304,
    element = IK403, business = a claim-status category and code as `A8:400` or our own report code,
    file = our own word (`not-x12`, `junk`, `incomplete`).
    snip: 1-7, 0 for envelope matters. message: a sentence for people, free of values from the file.
    rule: the name of the edit that found it (SNIP 3-7), "" where level and code say it all. mend: how to mend it.
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
