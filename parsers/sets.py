"""One ST..SE: walks its segments through the guide, hands out units, and notes what is wrong.

The happy path is one look-up, one expression and one count for each segment (`SetReader.read`); all else is elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from msgspec import structs

from parsers import astray, mends
from parsers.diagnose import Fault, faults
from parsers.events import Delimiters, Event, Row, Unit
from parsers.findings import Finding, Mend
from parsers.guides import Guide
from parsers.limits import Limits
from parsers.report import Report
from parsers.snip import Snip
from parsers.walk import Choice, Need, Place, State, Step

CONTROL = frozenset(("ISA", "IEA", "GS", "GE", "ST", "SE", "TA1"))
"""Segments of the envelope: the first of them ends what a set reader reads."""

HL_DIGITS = 12  # element 628
LOOK_BACK = 200  # segments of one loop looked at again for one that is wrong: more than a loop of any guide has

Pair = tuple[str, str]
"""A segment in the interchange's own delimiters, and the same in the standard ones (one string, if those are used)."""

NOT_COUNTED, NOT_ABOVE = "does not count on from the one before", "is not the number of the level above"
"""What is wrong with HL01 and LX01, and with HL02, which IK403 7 calls an invalid code."""


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
        self._hl_count, self._hl_next = 0, ""
        self._rows: list[Row] = []
        self._kind, self._begun, self._ordinal = "header", 2, 0
        self._excess = False
        self._units: list[Event] = []
        self._passed: dict[int, list[str]] = {}  # segments in this unit that no loop took, by position
        self._supposed: dict[int, tuple[int, str]] = {}  # loop -> the finding that misses its start, what came instead

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
                    self._too_many(position, step)
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

    def envelope(self, parts: list[str]) -> None:
        """The ST before, or the SE behind the segments read."""
        self.report.envelope(self.position, parts)

    def _enter(self, step: Step, parts: list[str]) -> None:
        """A step that opens loops, closes some with something missing, or is looked at more closely.

        Args: parts: the segment, empty where it is only supposed to have come.
        """
        frames = self._frames
        if step.needs:
            self._demand(step.needs)
        for loop in step.enters:
            if loop.cut:
                self._cut(loop.cut, self.position)
            counts, key = frames[loop.above], loop.key
            count = counts[key] = counts.get(key, 0) + 1
            if count > loop.most and not self._was_early(loop.key):
                title = step.state.guide.name
                self.report.segment("4", self.position, loop.id, step.state.id, mends.loop_again(loop), title)
            frames[key] = {}
        if step.counted:
            counts, key = frames[step.frame], step.key
            counts[key] = counts.get(key, 0) + 1
        if step.again or (step.counted and counts[key] > step.most):
            self._too_many(self.position, step)
        if step.state.hook and parts:
            _HOOKS[step.state.hook](self, step, parts)

    def _was_early(self, key: int) -> bool:
        """Whether a loop that was only supposed to be open opens now: no loop too many, a segment too early."""
        index, name = self._supposed.pop(key, (-1, ""))
        if index >= 0:
            self.report.early(index, name, mends.misplaced(name, self.position + 1))
        return bool(name)

    def _too_many(self, position: int, step: Step) -> None:
        guide = step.state.guide
        self.report.segment("5", position, step.loop, guide.id, mends.again(guide), guide.name)

    def _demand(self, needs: tuple[Need, ...]) -> None:
        for need in needs:
            frame, key, state = need
            if self.unmet(need):
                self._frames[frame][key] = 0  # said once, however often it is asked for
                self._missing(state)

    def unmet(self, need: Need) -> bool:
        """Whether it was never seen, nor missed before."""
        return need[1] not in self._frames.get(need[0], {})

    def _missing(self, state: State, known: Mapping[int, str] | None = None, *, lost: bool = False) -> None:
        mend = mends.missing(state.guide, known or self._numbers(state))
        self.report.segment("3", self.position, state.parent.id, state.id, mend, state.guide.name, lost=lost)

    def _cut(self, kind: str, position: int) -> None:
        """Hands out the unit read so far and begins the next."""
        self._bound()
        if self._excess:
            self.report.excess(self._begun, self._kind, self._rows[0][1][0], self._unit_segments)
            self._excess = False
        clean = self.report.end_unit()
        if self._rows:
            component, repetition = self._delimiters.component, self._delimiters.repetition
            begun, strays = self._begun, tuple(self._passed.items())
            self._units.append(Unit(self._kind, self._rows, begun, self._ordinal, clean, component, repetition, strays))
            self._ordinal += 1
            self._passed = {}
        self._rows, self._kind, self._begun = [], kind, position
        self._supposed = {}

    def _refused(self, step: Step | None, raw: str) -> State:
        """A segment that is wrong somehow, or seems so. Returns: the state it leads to, often the one we are in."""
        parts = raw.split(self._delimiters.element)
        return self._lost(parts) if step is None else self._take(step, parts)

    def _take(self, step: Step, parts: list[str]) -> State:
        found = faults(step.state.guide, parts, self._delimiters)
        if found and step.other and not faults(step.other.state.guide, parts, self._delimiters):
            step, found = step.other, []
        return self._faulty(step, parts, found)

    def _faulty(self, step: Step, parts: list[str], found: list[Fault], lost: bool = False) -> State:
        step.state.prepare()
        self._enter(step, parts)  # before its faults are told: they belong to the unit it begins
        if found:
            self.report.elements(self.position, step.loop, step.state.guide, found, lost=lost)
        self._rows.append((step.loop, parts))
        return step.state

    def _lost(self, parts: list[str]) -> State:
        """No step leads on: say why, and read on where the segments to come are at home (`parsers.astray`)."""
        state, own, name = self._state, self._delimiters, parts[0]
        if self.report.settled:
            return self._pass_over("2" if name in self.guide.ids else "1", parts, mends.SURPLUS)
        if name not in self.guide.ids:
            return self._unknown(parts)
        late = astray.late(state, parts, own)
        if late and not self._stands(late):
            return self._pass_over("7", parts, mends.misplaced(name, self._place_of(late)), late.guide.name)
        left_out = astray.left_out(state, parts, own, self)
        if left_out:
            self._suppose(left_out.opener, name)
            return self._take(left_out.then, parts)
        choice = state.table.get(name)
        if isinstance(choice, Choice):
            return self._requalified(choice, parts)
        loops = list(dict.fromkeys(astray.loops_with(self.guide.start.parent, name)))
        return self._pass_over("2", parts, mends.unexpected(name, loops))

    def _pass_over(self, code: str, parts: list[str], mend: Mend, title: str = "") -> State:
        lost = parts[0] in self.guide.openers
        self.report.segment(code, self.position, self._state.parent.id, parts[0], mend, title, lost=lost)
        self._pass(parts)
        return self._state

    def _unknown(self, parts: list[str]) -> State:
        """An id the guide does not have; read on if only its case is wrong."""
        name = parts[0].strip().upper()
        if name not in self.guide.ids:
            return self._pass_over("1", parts, mends.SURPLUS if name else mends.EMPTY)
        self.report.segment("1", self.position, self._state.parent.id, parts[0], mends.respelled(name))
        spelled = [name, *parts[1:]]
        step = astray.step_of(self._state, spelled, self._delimiters)
        return self._take(step, spelled) if step else self._lost(spelled)

    def _requalified(self, choice: Choice, parts: list[str]) -> State:
        """A qualifier unknown here; read on as what the segment was most likely meant to be."""
        meant = astray.meant(choice, parts, self._delimiters, self)
        mend = mends.qualified(parts[0], meant.fault, meant.codes or tuple(choice.steps))
        fault = structs.replace(meant.fault, mend=mend)
        lost = parts[0] in self.guide.openers  # what begins a unit is never guessed, at any weight
        if meant.step:
            return self._faulty(meant.step, parts, [fault], lost)
        guide = next(iter(choice.steps.values())).state.guide
        self.report.elements(self.position, self._state.parent.id, guide, [fault], lost=lost)
        self._pass(parts)
        return self._state

    def _pass(self, parts: list[str]) -> None:
        if len(self._passed) < LOOK_BACK:
            self._passed[self.position] = parts

    def wanted(self, step: Step) -> bool:
        """Whether the guide requires what the step leads to, and it has not come."""
        state = step.state
        if step.enters:
            return step.enters[-1].required and self.unmet((step.enters[-1].above, step.enters[-1].key, state))
        return state.required and state is not self._state and self.unmet((step.frame, step.key, state))

    def room(self, loop: Place) -> bool:
        """Whether the guide allows the loop once more where it stands."""
        return self._frames.get(loop.above, {}).get(loop.key, 0) < loop.most

    def _suppose(self, step: Step, early: str) -> None:
        """Reads on as though the segment that opens a loop, which was left out, had come. Args: early: what came."""
        numbers = self._numbers(step.state)
        self._enter(step, [])
        if step.state.hook == "HL":
            self._hl_count += 1
            self._levels[step.state.parent.key] = numbers[1]
        told = len(self.report.findings)
        self._missing(step.state, numbers, lost=step.state.id in self.guide.openers)
        self._supposed[step.state.parent.key] = (told if len(self.report.findings) > told else -1, early)

    def _numbers(self, state: State) -> dict[int, str]:
        """What can be counted of a segment that would come now."""
        loop = state.parent
        if state.hook == "HL":
            above = self._levels.get(loop.hl_above, "") if loop.hl_above else ""
            counted = above.isascii() and above.isdigit() and len(above) <= HL_DIGITS and int(above) <= self._hl_count
            return {1: str(self._hl_count + 1), 2: above if counted else ""}  # what no level counts would be data
        if state.hook == "LX":
            return {1: str(self._frames.get(loop.above, {}).get(loop.key, 0) + 1)}
        return {}

    def _of_loop(self) -> Iterator[tuple[int, list[str]]]:
        """(position, segment) of the open loop, last first, as far as no other loop lies between."""
        position, farthest = self.position, self.position - 2 * LOOK_BACK
        for loop, parts in islice(reversed(self._rows), LOOK_BACK):
            position -= 1
            while position in self._passed and position > farthest:
                position -= 1
            if loop != self._state.parent.id:
                return
            yield position, parts

    def _stands(self, late: State) -> bool:
        """Whether the open loop has such a segment already."""
        own = self._delimiters
        return any(parts[0] == late.id and not faults(late.guide, parts, own) for _, parts in self._of_loop())

    def _place_of(self, late: State) -> int:
        """The position a segment should have stood before; 0 where too much was passed over to tell."""
        if len(self._passed) >= LOOK_BACK:
            return 0
        behind = {child.id for child in late.parent.children if child.position > late.position}
        return min((position for position, parts in self._of_loop() if parts[0] in behind), default=self.position)

    def _hierarchy(self, step: Step, parts: list[str]) -> None:
        """HL01 counts from 1 in the set; HL02 is the HL01 of the level above that is open."""
        self._hl_count += 1
        loop = step.state.parent
        number, right = parts[1] if len(parts) > 1 else "", str(self._hl_count)
        self._levels[loop.key] = number
        wrong, goes_on, self._hl_next = [], number == self._hl_next, _next(number)
        if number != right and not goes_on:  # a level too few or too many is told once: those behind it count on
            mend = mends.counted("HL01", right)
            wrong.append(Fault("7", 1, reference="628", value=number, mend=mend, says=NOT_COUNTED))
        above = self._levels.get(loop.hl_above, "") if loop.hl_above else ""
        if loop.hl_above and len(parts) > 2 and parts[2] != above and parts[2]:
            wrong.append(Fault("7", 2, reference="734", value=parts[2], mend=mends.level_above(above), says=NOT_ABOVE))
        if wrong:
            self.report.elements(self.position, loop.id, step.state.guide, wrong)

    def _line_number(self, step: Step, parts: list[str]) -> None:
        """LX01 counts the lines of a claim from 1."""
        loop = step.state.parent
        number, right = parts[1] if len(parts) > 1 else "", str(self._frames[loop.above][loop.key])
        if number != right:
            wrong = Fault("7", 1, reference="554", value=number, mend=mends.counted("LX01", right), says=NOT_COUNTED)
            self.report.elements(self.position, loop.id, step.state.guide, [wrong])

    def _name_claim(self, step: Step, parts: list[str]) -> None:
        element = self.guide.form.claim[2]
        self.report.claim(parts[element] if element < len(parts) else "")


_HOOKS = {"HL": SetReader._hierarchy, "LX": SetReader._line_number, "claim": SetReader._name_claim}


def _next(number: str) -> str:
    """The HL01 behind one; "" where it is none."""
    return str(int(number) + 1) if number.isascii() and number.isdigit() and len(number) <= HL_DIGITS else ""
