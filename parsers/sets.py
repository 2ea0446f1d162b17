"""One ST..SE: walks its segments through the guide, hands out units, and notes what is wrong.

The happy path is one look-up, one expression and one count for each segment (`SetReader.read`); all else is elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.diagnose import Fault, faults
from parsers.events import Delimiters, Event, Row, Unit
from parsers.findings import Finding
from parsers.guides import Guide
from parsers.limits import Limits
from parsers.order import qualifier
from parsers.report import Report
from parsers.snip import Snip
from parsers.walk import Choice, Need, Place, State, Step

CONTROL = frozenset(("ISA", "IEA", "GS", "GE", "ST", "SE", "TA1"))
"""Segments of the envelope: the first of them ends what a set reader reads."""

Pair = tuple[str, str]
"""A segment in the interchange's own delimiters, and the same in the standard ones (one string, if those are used)."""


class SetReader:
    """Reads the segments between ST and SE. Attributes: position: of the segment read last, ST = 1; report."""

    def __init__(self, guide: Guide, delimiters: Delimiters, limits: Limits, snip: Snip, room: int) -> None:
        self.guide = guide
        self.position = 1
        self.report = Report(limits, snip, room)
        self._unit_segments = limits.unit_segments
        self._delimiters = delimiters
        self._standard = delimiters == Delimiters()
        self._state: State = guide.start
        top = guide.start.parent  # the counts of wrapping loops exist from the start, others when they are entered
        self._frames: dict[int, dict[int, int]] = {place.key: {} for place in top.children if isinstance(place, Place)}
        self._frames[top.key] = {}
        self._levels: dict[int, str] = {}
        self._hl_count = 0
        self._rows: list[Row] = []
        self._kind, self._begun, self._ordinal = "header", 2, 0
        self._excess = False
        self._units: list[Event] = []

    def read(self, segments: Iterator[Pair]) -> list[str] | None:
        """Reads until a control segment comes. Returns: that segment split, or None when `segments` has no more."""
        state, frames, rows, position = self._state, self._frames, self._rows, self.position
        standard, own = self._standard, self._delimiters.element
        for raw, text in segments:
            parts = text.split("*")
            position += 1
            found = state.table.get(parts[0])
            if isinstance(found, Choice):
                step = found.steps.get(parts[found.element], found.rest) if found.element < len(parts) else found.rest
            else:
                step = found
            if step is None or not step.state.match(text):
                self._state, self.position = state, position
                if step is None and parts[0] in CONTROL:
                    self.position -= 1
                    return raw.split(own)
                state = self._refused(step, raw)
                rows = self._rows
                continue
            row = parts if standard else raw.split(own)
            if step.busy:
                self.position = position
                self._enter(step, row)
                rows = self._rows
            elif step.counted:
                frame, key = frames[step.frame], step.key
                count = frame[key] = frame.get(key, 0) + 1
                if count > step.most:
                    self.report.segment("5", position, step.loop, step.state.id)
            rows.append((step.loop, row))
            state = step.state
        self._state, self.position = state, position
        self._bound()
        return None

    def _bound(self) -> None:
        """Keeps no more of a unit than the limit: called whenever a piece is read, so it costs nothing per segment."""
        if len(self._rows) > self._unit_segments:
            del self._rows[self._unit_segments :]
            self._excess = True

    @property
    def errors(self) -> int:
        """How many errors were found so far."""
        return self.report.errors

    @property
    def warnings(self) -> int:
        """How many findings weighed less than an error."""
        return self.report.warnings

    @property
    def findings(self) -> list[Finding]:
        """The first of them."""
        return self.report.findings

    def units(self) -> list[Event]:
        """The units finished since the last call."""
        units, self._units = self._units, []
        return units

    def finish(self, trailer: bool) -> list[Event]:
        """The set is over. Args: trailer: SE came, so that what is still missing can be said. Returns: last units."""
        if trailer:
            self.position += 1
            self._demand(self._state.closing)
        self._cut("", 0)
        return self.units()

    def _enter(self, step: Step, parts: list[str]) -> None:
        """A step that opens loops, closes some with something missing, or is looked at more closely."""
        frames = self._frames
        if step.needs:
            self._demand(step.needs)
        for loop in step.enters:
            if loop.cut:
                self._cut(loop.cut, self.position)
            counts, key = frames[loop.above], loop.key
            count = counts[key] = counts.get(key, 0) + 1
            if count > loop.most:
                self.report.segment("4", self.position, loop.id, step.state.id)
            frames[key] = {}
        if step.counted:
            counts, key = frames[step.frame], step.key
            counts[key] = counts.get(key, 0) + 1
        if step.again or (step.counted and counts[key] > step.most):
            self.report.segment("5", self.position, step.loop, step.state.id)
        if step.state.hook:
            _HOOKS[step.state.hook](self, step, parts)

    def _demand(self, needs: tuple[Need, ...]) -> None:
        for frame, key, state in needs:
            if not self._frames[frame].get(key):
                self.report.segment("3", self.position, state.parent.id, state.id)

    def _cut(self, kind: str, position: int) -> None:
        """Hands out the unit read so far and begins the next."""
        self._bound()
        if self._excess:
            self.report.excess(self._begun, self._kind, self._rows[0][1][0], self._unit_segments)
            self._excess = False
        clean = self.report.end_unit()
        if self._rows:
            own = self._delimiters
            self._units.append(
                Unit(self._kind, self._rows, self._begun, self._ordinal, clean, own.component, own.repetition)
            )
            self._ordinal += 1
        self._rows, self._kind, self._begun = [], kind, position

    def _refused(self, step: Step | None, raw: str) -> State:
        """A segment that is wrong somehow, or seems so. Returns: the state it leads to, often the one we are in."""
        parts = raw.split(self._delimiters.element)
        if step is None:
            self._lost(parts)
            return self._state
        found = faults(step.state.guide, parts, self._delimiters)
        if found and step.other and not faults(step.other.state.guide, parts, self._delimiters):
            step, found = step.other, []
        step.state.prepare()
        self._enter(step, parts)  # before its faults are told: they belong to the unit it begins
        if found:
            self.report.elements(self.position, step.loop, step.state.id, found)
        self._rows.append((step.loop, parts))
        return step.state

    def _lost(self, parts: list[str]) -> None:
        """No step leads on: a qualifier unknown here, a segment at a wrong place, or one the guide never heard of."""
        name, loop = parts[0], self._state.parent
        lost = name in self.guide.openers
        choice = self._state.table.get(name)
        if isinstance(choice, Choice):
            wrong = [_wrong_qualifier(choice, parts, self._delimiters)]
            self.report.elements(self.position, loop.id, name, wrong, lost=lost)
        elif any(isinstance(child, State) and child.id == name for child in loop.children):
            self.report.segment("7", self.position, loop.id, name, lost=lost)
        else:
            self.report.segment("2" if name in self.guide.ids else "1", self.position, loop.id, name, lost=lost)

    def _hierarchy(self, step: Step, parts: list[str]) -> None:
        """HL01 counts from 1 in the set; HL02 is the HL01 of the level above that is open."""
        self._hl_count += 1
        loop = step.state.parent
        number = parts[1] if len(parts) > 1 else ""
        self._levels[loop.key] = number
        wrong = [Fault("7", 1, reference="628", value=number)] if number != str(self._hl_count) else []
        if loop.hl_above and len(parts) > 2 and parts[2] != self._levels.get(loop.hl_above) and parts[2]:
            wrong.append(Fault("7", 2, reference="734", value=parts[2]))
        if wrong:
            self.report.elements(self.position, loop.id, "HL", wrong)

    def _line_number(self, step: Step, parts: list[str]) -> None:
        """LX01 counts the lines of a claim from 1."""
        loop = step.state.parent
        number = parts[1] if len(parts) > 1 else ""
        if number != str(self._frames[loop.above][loop.key]):
            self.report.elements(self.position, loop.id, "LX", [Fault("7", 1, reference="554", value=number)])

    def _name_claim(self, step: Step, parts: list[str]) -> None:
        element = self.guide.form.claim[2]
        self.report.claim(parts[element] if element < len(parts) else "")


_HOOKS = {"HL": SetReader._hierarchy, "LX": SetReader._line_number, "claim": SetReader._name_claim}


def _wrong_qualifier(choice: Choice, parts: list[str], own: Delimiters) -> Fault:
    """The element that had to say which of several segments this is."""
    guide = next(iter(choice.steps.values())).state.guide
    place, composite, _ = qualifier(guide)
    element = guide.elements[place - 1]
    inner = element.parts[0] if composite else element
    value = (*parts[place : place + 1], "")[0]
    value = value.partition(own.component)[0] if composite else value
    return Fault("7" if value else "1", place, int(composite), 0, inner.reference, value, inner.name)
