"""The findings of one set, gathered, bounded, and each told which claim it belongs to."""

from __future__ import annotations

from msgspec import structs

from parsers import mends
from parsers.diagnose import MESSAGES, Fault
from parsers.findings import Finding, Level, Mend, Place
from parsers.limits import Limits
from parsers.maps import Segment

SEGMENT_MESSAGES = {
    "1": "The segment id {id} is not known in this guide.",
    "2": "The segment {id} is not expected here.",
    "3": "The segment {id} is required but missing.",
    "4": "The loop {loop} occurs more often than the guide allows.",
    "5": "The segment {id} occurs more often than the guide allows.",
    "6": "The segment {id} belongs to other transaction sets.",
    "7": "The segment {id} is out of order in its loop.",
    "8": "The segment {id} has element errors.",
    "I4": "The segment {id} is not used in this guide.",
}
"""IK304, as a sentence."""

ID_CHARS = 3  # IK301 holds at most three
_INTEGRITY = frozenset(("1", "2", "6", "7"))  # IK304 that are matters of the standard (SNIP 1), not of the guide


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
    def full(self) -> bool:
        """No more findings are kept: why another segment is wrong need not be found out."""
        return len(self.findings) >= self._limits.findings_per_set

    @property
    def of_unit(self) -> list[Finding]:
        """The findings of the unit being read."""
        return self.findings[self._unit_findings :]

    def segment(self, code: str, position: int, loop: str, name: str, mend: Mend, title: str = "") -> None:
        """One IK3. Args: title: the guide's name for the segment."""
        shown = name[:ID_CHARS]
        said = f"{shown} ({title})" if title else shown if shown.isascii() and shown.isalnum() else "sent"
        message = SEGMENT_MESSAGES[code].format(id=said, loop=loop)
        place = Place(position=position, loop=loop, segment=shown, claim=self._claim)
        self._add("segment", code, message, place, mend=mend)

    def elements(self, position: int, loop: str, segment: Segment, faults: list[Fault]) -> None:
        """One IK3 with code 8 and its IK4s."""
        self.segment("8", position, loop, segment.id, mends.ELEMENTS, segment.name)
        for fault in faults:
            if self.full:
                self.errors += 1
                continue
            place = Place(
                position=position,
                loop=loop,
                segment=segment.id,
                element=fault.element,
                component=fault.component,
                repetition=fault.repetition,
                reference=fault.reference,
                claim=self._claim,
            )
            said = f"{segment.id}{fault.element:02}" + (f"-{fault.component}" if fault.component else "")
            message = (
                f"{said} ({fault.name}) {MESSAGES[fault.code]}." if fault.name else f"{said} {MESSAGES[fault.code]}."
            )
            trigger = self._trigger(fault, segment, place) if fault.trigger else None
            value = fault.value[: self._limits.value_chars]
            self._add("element", fault.code, message, place, value, mends.element(segment, fault), trigger)

    def _trigger(self, fault: Fault, segment: Segment, place: Place) -> Place:
        """The other element of the segment that made this one required or forbidden."""
        reference = segment.elements[fault.trigger - 1].reference
        return structs.replace(place, element=fault.trigger, component=0, repetition=0, reference=reference)

    def _add(
        self, level: Level, code: str, message: str, place: Place, value: str = "", mend: Mend | None = None,
        trigger: Place | None = None,
    ) -> None:  # fmt: skip
        self.errors += 1
        if not self.full:
            snip = 1 if level == "segment" and code in _INTEGRITY else 2
            finding = Finding(
                level=level, code=code, snip=snip, message=message, place=place, value=value, mend=mend, trigger=trigger
            )
            self.findings.append(finding)

    def claim(self, name: str) -> None:
        """The unit being read has said its name; it holds for what was found in it before, too."""
        self._claim = name
        if self._unit_findings == len(self.findings):
            return
        for index in range(self._unit_findings, len(self.findings)):
            finding = self.findings[index]
            place = structs.replace(finding.place, claim=name)
            self.findings[index] = structs.replace(finding, place=place)

    def end_unit(self) -> bool:
        """A unit ended. Returns: whether it was clean."""
        clean = self.errors == self._unit_errors
        self._claim, self._unit_errors, self._unit_findings = "", self.errors, len(self.findings)
        return clean
