"""The findings of one set, gathered, bounded, and each told which claim it belongs to."""

from __future__ import annotations

from msgspec import structs

from parsers import mends
from parsers.diagnose import MESSAGES, Fault
from parsers.findings import Finding, Level, Mend, Place
from parsers.limits import Limits
from parsers.maps import Segment
from parsers.snip import HEAVIEST, Snip, Weight, snip_type

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

UNKNOWN_ID = "1"
"""IK304 of an id no segment of the guide has: it could be anything, and no message repeats it."""

ENVELOPE = {
    "ST": (Segment("ST", "Transaction Set Header", True, 1, 1, ()), 3),
    "SE": (Segment("SE", "Transaction Set Trailer", True, 1, 1, ()), 2),
}
"""What is around a set, which no table of a guide has, and how many elements it has."""

ID_CHARS = 3  # IK301 holds at most three
UNKNOWN = "\N{REPLACEMENT CHARACTER}"
"""What a byte outside the agreed character set is read as."""


class Report:
    """Findings of one set, weighed. Args: room: how many findings may be kept.

    Attributes: findings: the first of them; errors: how many there were; warnings: how many weighed no more than that.
    """

    def __init__(self, limits: Limits, snip: Snip, room: int) -> None:
        self.findings: list[Finding] = []
        self.errors = self.warnings = 0
        self._limits, self._snip = limits, snip
        self._room = min(room, limits.findings_per_set)
        self._claim = ""
        self._unit_errors = 0
        self._unit_findings = 0

    @property
    def full(self) -> bool:
        """No more findings are kept."""
        return len(self.findings) >= self._room

    @property
    def settled(self) -> bool:
        """The set is refused, and nobody will be told of more."""
        return self.errors > 0 and self.full

    def segment(
        self, code: str, position: int, loop: str, name: str, mend: Mend, title: str = "", *, lost: bool = False
    ) -> None:
        """One IK3. title: the guide's name for the segment. lost: a unit would be lost, which no weight excuses."""
        shown = name[:ID_CHARS]
        said = f"{shown} ({title})" if title else shown if code != UNKNOWN_ID else "sent"
        message = SEGMENT_MESSAGES[code].format(id=said, loop=loop)
        snip = snip_type("segment", code)
        weight: Weight = "error" if lost else self._snip.weight(snip)
        self._add("segment", code, snip, weight, message, self._at(position, loop, shown), mend)

    def early(self, index: int, name: str, mend: Mend) -> None:
        """The segment that a finding misses has come now: the one told instead was out of order. It weighs the same."""
        place = structs.replace(self.findings[index].place, segment=name)
        message = SEGMENT_MESSAGES["7"].format(id=name, loop=place.loop)
        self.findings[index] = structs.replace(self.findings[index], code="7", message=message, place=place, mend=mend)

    def elements(self, position: int, loop: str, segment: Segment, faults: list[Fault], *, lost: bool = False) -> None:
        """One IK3 with code 8 and its IK4s; it weighs what the heaviest of them does. lost: as for `segment`."""
        snips = [snip_type("element", fault.code) for fault in faults]
        weights: list[Weight] = [
            "error" if lost or _unreadable(fault) else self._snip.weight(snip)
            for fault, snip in zip(faults, snips, strict=True)
        ]
        heaviest = min(range(len(faults)), key=lambda index: HEAVIEST.index(weights[index]))
        message = SEGMENT_MESSAGES["8"].format(id=f"{segment.id} ({segment.name})")
        place = self._at(position, loop, segment.id)
        self._add("segment", "8", snips[heaviest], weights[heaviest], message, place, mends.ELEMENTS)
        for fault, snip, weight in zip(faults, snips, weights, strict=True):
            mend = mends.ELEMENTS if self.full or weight == "off" else mends.element(segment, fault)
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
            message = f"{said}{f' ({fault.name})' if fault.name else ''} {fault.says or MESSAGES[fault.code]}."
            value = fault.value[: self._limits.value_chars].replace(UNKNOWN, "?")
            trigger = self._trigger(fault, segment, place) if fault.trigger else None
            self._add("element", fault.code, snip, weight, message, place, mend, value, trigger)

    def envelope(self, position: int, parts: list[str]) -> None:
        """An ST or SE that says more than it has elements for; separators alone say nothing."""
        own, most = ENVELOPE[parts[0]]
        if any(parts[most + 1 :]):
            self.elements(position, "", own, [Fault("3", most + 1, value=parts[most + 1])])

    def _at(self, position: int, loop: str, name: str) -> Place:
        return Place(position=position, loop=loop, segment=name.replace(UNKNOWN, "?"), claim=self._claim)

    def _trigger(self, fault: Fault, segment: Segment, place: Place) -> Place:
        """The other element of the segment that made this one required or forbidden."""
        reference = segment.elements[fault.trigger - 1].reference
        return structs.replace(place, element=fault.trigger, component=0, repetition=0, reference=reference)

    def _add(
        self, level: Level, code: str, snip: int, weight: Weight, message: str, place: Place, mend: Mend,
        value: str = "", trigger: Place | None = None,
    ) -> None:  # fmt: skip
        if weight == "off":
            return
        self.errors += weight == "error"
        self.warnings += weight == "warning"
        if not self.full:
            self.findings.append(
                Finding(
                    level=level, code=code, severity=weight, snip=snip, message=message, place=place, value=value,
                    mend=mend, trigger=trigger,
                )
            )  # fmt: skip

    def excess(self, position: int, loop: str, name: str, most: int) -> None:
        """A unit of more segments than one may have here. No guide counts them, so no weight excuses it either."""
        message = f"More than {most} segments belong to this {name}: the rest was not read."
        mend = Mend(text=f"Send it in parts of at most {most} segments.")
        self._add("segment", "4", 1, "error", message, self._at(position, loop, name), mend)

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


def _unreadable(fault: Fault) -> bool:
    """A byte of no agreed character set, or a control character: nobody knows what it means, no weight excuses it."""
    return fault.code == "6" and (UNKNOWN in fault.value or not fault.value.isprintable())
