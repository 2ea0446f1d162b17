"""The findings of one set, gathered, bounded, and each told which claim it belongs to."""

from __future__ import annotations

import msgspec

from parsers.diagnose import MESSAGES, Fault
from parsers.findings import Finding, Level, Place
from parsers.limits import Limits

SEGMENT_MESSAGES = {
    "1": "The segment id {id} is not known in this guide.",
    "2": "The segment {id} is not expected here.",
    "3": "The segment {id} is required but missing.",
    "4": "The loop {loop} occurs more often than the guide allows.",
    "5": "The segment {id} occurs more often than the guide allows.",
    "7": "The segment {id} is out of order in its loop.",
    "8": "The segment {id} has element errors.",
}
"""IK304, as a sentence."""

ID_CHARS = 3  # IK301 holds at most three


class Report:
    """Findings of one set. Attributes: findings: the first `limits.findings_per_set`; errors: how many there were."""

    def __init__(self, limits: Limits) -> None:
        self.findings: list[Finding] = []
        self.errors = 0
        self._limits = limits
        self._claim = ""
        self._unit_errors = 0
        self._unit_findings = 0

    @property
    def told(self) -> bool:
        """Whether the next finding is still kept."""
        return len(self.findings) < self._limits.findings_per_set

    def segment(self, code: str, position: int, loop: str, name: str) -> None:
        """One IK3."""
        shown = name[:ID_CHARS]
        message = SEGMENT_MESSAGES[code].format(id=shown if shown.isascii() and shown.isalnum() else "sent", loop=loop)
        self._add("segment", code, message, Place(position=position, loop=loop, segment=shown, claim=self._claim))

    def elements(self, position: int, loop: str, name: str, faults: list[Fault]) -> None:
        """One IK3 with code 8 and its IK4s."""
        self.segment("8", position, loop, name)
        for fault in faults:
            place = Place(
                position=position,
                loop=loop,
                segment=name[:ID_CHARS],
                element=fault.element,
                component=fault.component,
                repetition=fault.repetition,
                reference=fault.reference,
                claim=self._claim,
            )
            said = f"{name[:ID_CHARS]}{fault.element:02}" + (f" ({fault.name})" if fault.name else "")
            message = f"{said} {MESSAGES[fault.code]}."
            self._add("element", fault.code, message, place, fault.value[: self._limits.value_chars])

    def _add(self, level: Level, code: str, message: str, place: Place, value: str = "") -> None:
        self.errors += 1
        if self.told:
            snip = 1 if level == "segment" and code in ("1", "2", "7") else 2
            finding = Finding(level=level, code=code, snip=snip, message=message, place=place, value=value)
            self.findings.append(finding)

    def claim(self, name: str) -> None:
        """The unit being read has said its name; it holds for what was found in it before, too."""
        self._claim = name
        if self._unit_findings == len(self.findings):
            return
        for index in range(self._unit_findings, len(self.findings)):
            finding = self.findings[index]
            place = msgspec.structs.replace(finding.place, claim=name)
            self.findings[index] = msgspec.structs.replace(finding, place=place)

    def end_unit(self) -> bool:
        """A unit ended. Returns: whether it was clean."""
        clean = self.errors == self._unit_errors
        self._claim, self._unit_errors, self._unit_findings = "", self.errors, len(self.findings)
        return clean
