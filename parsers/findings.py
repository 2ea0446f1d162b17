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


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing wrong.

    level says which code list `code` is from: interchange = TA105, group = AK905, set = IK502, segment = IK304,
    element = IK403, business = a claim-status category and code as `A8:400` or our own report code,
    file = our own word (`not-x12`, `junk`, `incomplete`).
    snip: 1-7, 0 for envelope matters. message: a sentence for people, free of values from the file.
    value: the copy of bad data for IK404, at most 99 characters, may be PHI: never logged, never in a message.
    """

    level: Level
    code: str
    severity: Severity = "error"
    snip: int = 1
    message: str = ""
    place: Place = Place()
    value: str = ""
