"""What an edit sees: the rows of a unit by loop and segment, its loops one by one, and what stands above it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from parsers.edits.paths import Key, path
from parsers.edits.terms import Terms
from parsers.events import Unit

INSIDE: dict[str, tuple[str, ...]] = {
    "2400": ("24",),
    "2320": ("232", "233"),
    "2300": ("23",),
}
"""Loops that hold others: the beginnings of the ids of what lies inside. A loop not named here holds none."""


HEADERS = ("HEADER", "1000A", "1000B", "1000C")
"""Loops of what stands above everything in a set."""

OWN: dict[str, tuple[str, ...]] = {"2300": ("23", "24")}
"""Units whose loops are found in nothing above them, by the beginnings of the loops' ids."""


class Spot(NamedTuple):
    """Where an edit fails. number: row of the unit, element and component 1-based, 0 = the whole.

    loop, segment: of a segment that is missing, which belongs before the row. value: what the mend puts there.
    """

    unit: Unit
    number: int
    element: int = 0
    component: int = 0
    value: str = ""
    loop: str = ""
    segment: str = ""


Answer = TypeVar("Answer")


def sent(values: list[str], number: int) -> str:
    """An element of a segment, "" when it is not there: even a required one may be, where type 2 is a warning."""
    return values[number] if number < len(values) else ""


class Found:
    """One segment: its elements by number, "" when absent."""

    __slots__ = ("number", "unit", "values")

    def __init__(self, unit: Unit, number: int) -> None:
        self.unit, self.number, self.values = unit, number, unit.rows[number][1]

    def __getitem__(self, number: int) -> str:
        return sent(self.values, number)

    def part(self, number: int, component: int) -> str:
        """One component of an element; component 1 of an element that has no separators is the whole."""
        values = self.values
        if number >= len(values):
            return ""
        parts = values[number].split(self.unit.component)
        return parts[component - 1] if component <= len(parts) else ""

    def at(self, number: int, component: int) -> str:
        """An element, or a component of it where one is named; of the whole segment (0) its id."""
        if not number:
            return self.values[0]
        return self.part(number, component) if component else self[number]

    def parts(self, number: int) -> list[str]:
        """The components of an element, [] when it is absent."""
        text = self[number]
        return text.split(self.unit.component) if text else []

    def spot(self, number: int = 0, component: int = 0, value: str = "") -> Spot:
        """The place of an element of this segment, or of the whole."""
        return Spot(self.unit, self.number, number, component, value)


class View:
    """A unit, or one loop of it, with what stands above: an edit looks into the view first, then upwards.

    In a part of a unit (`each`) a loop that lies inside it is its own alone: the next line's date is not this line's.
    terms: what the set is edited by. tally: what was counted in the set so far (`balancing`), None where nothing is.
    """

    __slots__ = ("_first", "_index", "_last", "_memo", "_own", "above", "tally", "terms", "unit")

    def __init__(self, unit: Unit, terms: Terms, above: View | None = None, tally: Any = None) -> None:
        self.unit, self.terms, self.above, self.tally = unit, terms, above, tally
        self._first, self._last = 0, len(unit.rows)
        self._index: dict[Key, list[int]] | None = None
        self._memo: dict[Any, Any] = {}
        self._own = OWN.get(unit.kind, ())

    @property
    def index(self) -> dict[Key, list[int]]:
        """Row numbers of the view by loop and segment id."""
        index = self._index
        if index is None:
            index = self._index = {}
            rows = self.unit.rows
            for number in range(self._first, self._last):
                loop, values = rows[number]
                key = (loop, values[0])
                if key in index:
                    index[key].append(number)
                else:
                    index[key] = [number]
        return index

    def segments(self, key: Key) -> list[list[str]]:
        """The elements of the segments of one loop and id in this view alone."""
        rows = self.unit.rows
        return [rows[number][1] for number in self.index.get(key, ())]

    def all(self, text: str) -> list[Found]:
        """The segments at a path, in the nearest view that has any of that loop and id."""
        found: list[Found] | None = self._memo.get(text)
        if found is None:
            found = self._memo[text] = self._look(text)
        return found

    def _look(self, text: str) -> list[Found]:
        key, _, _, codes = path(text)
        numbers = self.index.get(key)
        if numbers:
            found = [Found(self.unit, number) for number in numbers]
            return [one for one in found if one.part(1, 1) in codes] if codes else found
        if self.above is None or (self._own and key[0].startswith(self._own)):
            return []
        return self.above.all(text)

    def once(self, question: Callable[[View], Answer]) -> Answer:
        """What a question that several rows ask is answered with: asked of a view but once."""
        if question not in self._memo:
            self._memo[question] = question(self)
        answer: Answer = self._memo[question]
        return answer

    def one(self, text: str) -> Found | None:
        """The first segment at a path."""
        found = self.all(text)
        return found[0] if found else None

    def value(self, text: str) -> str:
        """The element or component at a path, of the first segment there; "" when absent."""
        found = self.one(text)
        if found is None:
            return ""
        _, number, component, _ = path(text)
        return found.at(number, component)

    def each(self, loop: str) -> tuple[View, ...]:
        """The occurrences of a loop in this view, with all that lies inside them."""
        parts: tuple[View, ...] | None = self._memo.get((loop,))
        if parts is None:
            parts = self._memo[(loop,)] = tuple(self._cut(loop))
        return parts

    def _cut(self, loop: str) -> Iterator[View]:
        rows = self.unit.rows
        inside = INSIDE.get(loop, (loop,))
        begun, opener = -1, ""
        for number in range(self._first, self._last):
            at, values = rows[number]
            if at == loop and values[0] == (opener or values[0]):
                if begun >= 0:
                    yield self._part(begun, number, inside)
                begun, opener = number, values[0]
            elif begun >= 0 and not at.startswith(inside):
                yield self._part(begun, number, inside)
                begun = -1
        if begun >= 0:
            yield self._part(begun, self._last, inside)

    def _part(self, first: int, last: int, inside: tuple[str, ...]) -> View:
        part = View(self.unit, self.terms, self, self.tally)
        part._first, part._last, part._own = first, last, inside
        return part

    def missing(self, text: str, value: str = "") -> Spot:
        """The place where a segment that is not there belongs: behind what the guide prints before it.

        Loop ids sort as they are printed; a segment no `ORDER` knows goes first in its loop.
        """
        (loop, segment), _, _, _ = path(text)
        rows, order = self.unit.rows, ORDER.get(loop, "").split()
        before = order[: order.index(segment) + 1] if segment in order else []
        number = self._first
        for at in range(self._first, self._last):
            there, values = rows[at]
            if there < loop or (there == loop and values[0] in before):
                number = at
        return Spot(self.unit, number + 1, 0, 0, value, loop, segment)


ORDER = {
    "2000": "INS REF DTP",
    "2000B": "HL SBR PAT",
    "2300": "CLM CL1 DN1 DN2 HD DTP PWK CN1 AMT REF IDC K3 NTE CR1 CR2 CRC HI QTY HCP",
    "2320": "SBR CAS AMT OI MIA MOA",
    "2330B": "NM1 N3 N4 DTP REF",
    "2400": "LX SV1 SV2 SV3 TOO SV5 PWK CR1 CR3 CRC DTP QTY MEA CN1 REF AMT K3 NTE PS1 HCP",
    "2430": "SVD CAS DTP AMT",
}
"""The segments of a loop in the order their guides print them, the guides of one loop id together."""
