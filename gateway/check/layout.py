"""A checked file laid out by loop, for a page: the file is read a second time, and each finding put where it belongs.

A small file is laid out whole; of a large one only the claims, members and headers that have findings, so that a page
stays a page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gateway.check.guide_words import GuideWords, Part
from gateway.check.masking import mask, printable
from gateway.check.reading import Desk
from gateway.check.records import FileResult, SetResult, Told, for_people
from parsers.events import Event, GroupOpened, InterchangeOpened, SetClosed, SetOpened, Unit
from parsers.reader import Reader

WHOLE_SEGMENTS = 2_000
"""A file of at most so many segments is laid out whole: some 30 printed pages, 1 MB of page."""

MOST_SEGMENTS = 4_000
"""Segments on a page of a larger file: its findings with what stands around them, at most 2 MB of page."""

ID_CHARS = 12
"""Of what stands where a segment id belongs: three are legal, and a stray terminator puts anything there."""

OPEN_SEGMENTS = 250
"""A set of at most so many segments has all its loops unfolded."""

MISSING = "3"  # IK304: the segment is required but missing


@dataclass
class Line:
    """One segment. position: from ST = 1. wrong: elements with findings; absent: it is missing here."""

    position: int
    id: str
    name: str = ""
    parts: list[Part] = field(default_factory=list)
    findings: list[tuple[int, Told]] = field(default_factory=list)
    wrong: set[int] = field(default_factory=set)
    absent: bool = False
    stray: bool = False


@dataclass
class Loop:
    """One loop as it came: its segments and loops in file order. findings: in it and below."""

    id: str
    name: str
    items: list[Line | Loop] = field(default_factory=list)
    findings: int = 0

    @property
    def is_loop(self) -> bool:
        """For the template, which has no isinstance."""
        return True


@dataclass
class SetPage:
    """One set. unfolded: all its loops are open. skipped: segments left out. rest: findings at ST, SE or nowhere."""

    result: SetResult
    place: str
    root: Loop
    rest: list[tuple[int, Told]] = field(default_factory=list)
    skipped: int = 0
    unfolded: bool = True
    element: str = "*"


def numbered(result: FileResult) -> Iterator[tuple[int, str, Told]]:
    """Every finding with its number on the page and where it belongs, as the page lists them: (number, place, told)."""
    number = 0
    for place, findings in _places(result):
        for one in for_people(findings):
            number += 1
            yield number, place, one


def _places(result: FileResult) -> Iterator[tuple[str, tuple[Told, ...]]]:
    for i, interchange in enumerate(result.interchanges, 1):
        for g, group in enumerate(interchange.groups, 1):
            for s, one in enumerate(group.sets, 1):
                yield f"{i}.{g}.{s}", one.findings
            yield f"{i}.{g}", group.findings
        yield f"{i}", interchange.findings


def lay_out(result: FileResult, pieces: Iterable[bytes], desk: Desk) -> dict[str, SetPage]:
    """The sets of a file by their place (`1.1.2`: interchange, group, set)."""
    made = _Layout(result, desk)
    reader = Reader(desk.guides, desk.weighed, desk.limits)
    for piece in pieces:
        for event in reader.events(piece):
            made.take(event)
    for event in reader.close():
        made.take(event)
    return made.pages


class _Layout:
    """Takes the events of the second reading."""

    def __init__(self, result: FileResult, desk: Desk) -> None:
        self.pages: dict[str, SetPage] = {}
        self._desk = desk
        sets = {
            f"{i}.{g}.{s}": one
            for i, interchange in enumerate(result.interchanges, 1)
            for g, group in enumerate(interchange.groups, 1)
            for s, one in enumerate(group.sets, 1)
        }
        self._results = sets
        self._findings: dict[str, dict[int, list[tuple[int, Told]]]] = defaultdict(lambda: defaultdict(list))
        for number, place, one in numbered(result):
            self._findings[place][one.position].append((number, one))
        self._whole = sum(one.segments for one in sets.values()) <= WHOLE_SEGMENTS
        self._left = MOST_SEGMENTS
        self._interchange = self._group = 0
        self._element = "*"
        self._words: dict[str, GuideWords] = {}
        self._set: _SetLayout | None = None

    def take(self, event: Event) -> None:
        """One event."""
        if isinstance(event, InterchangeOpened):
            self._interchange, self._element = event.number, event.header.delimiters.element
        elif isinstance(event, GroupOpened):
            self._group = event.number
        elif isinstance(event, SetOpened):
            self._opened(event)
        elif isinstance(event, Unit) and self._set is not None:
            self._unit(event, self._set)
        elif isinstance(event, SetClosed) and self._set is not None:
            self._set.close()
            self._set = None

    def _opened(self, event: SetOpened) -> None:
        place = f"{self._interchange}.{self._group}.{event.number}"
        result = self._results.get(place)
        if result is None or (not self._whole and not self._findings[place]):
            return
        guide = self._desk.guides(event.guide) if event.guide else None
        if guide is not None and guide.gs08 not in self._words:
            self._words[guide.gs08] = GuideWords(guide)
        words = self._words[guide.gs08] if guide is not None else None
        page = SetPage(result, place, Loop("", ""), unfolded=result.segments <= OPEN_SEGMENTS, element=self._element)
        self.pages[place] = page
        self._set = _SetLayout(page, words, self._findings[place], self._desk.show_values)

    def _unit(self, unit: Unit, into: _SetLayout) -> None:
        end = unit.position + len(unit.rows) + len(unit.strays)
        touched = any(unit.position <= position < end for position in into.waiting)
        if (self._whole or touched) and self._left > 0:
            self._left -= len(unit.rows) + len(unit.strays)
            into.unit(unit)
        else:
            into.page.skipped += len(unit.rows) + len(unit.strays)
            into.stack = [into.page.root]


class _SetLayout:
    """One set being laid out. waiting: findings by position that no segment has taken yet."""

    def __init__(
        self, page: SetPage, words: GuideWords | None, findings: dict[int, list[tuple[int, Told]]], show_values: bool
    ) -> None:
        self.page, self._words, self._show_values = page, words, show_values
        self.waiting = dict(findings)
        self.stack = [page.root]

    def unit(self, unit: Unit) -> None:
        """A claim, a member or a level above them."""
        rows, strays, position = iter(unit.rows), list(unit.strays), unit.position
        while strays and strays[0][0] < position:
            self._line(*strays.pop(0), unit.component, stray=True)
        for loop, elements in rows:
            while strays and strays[0][0] == position:
                self._line(*strays.pop(0), unit.component, stray=True)
                position += 1
            self._enter(loop, elements[0])
            self._line(position, elements, unit.component)
            position += 1
        for stray in strays:
            self._line(*stray, unit.component, stray=True)

    def _enter(self, loop: str, segment: str) -> None:
        """Goes to the loop a segment stands in: opens it when it begins here."""
        words = self._words
        if words is None or loop not in words.loops:
            return
        known = words.loops[loop]
        inside = [one.id for one in self.stack]
        if loop in inside and segment != known.opener:
            del self.stack[len(inside) - inside[::-1].index(loop) :]
            return
        if loop in inside:
            del self.stack[inside.index(loop) :]
        while len(self.stack) > 1 and self.stack[-1].id not in known.parents:
            self.stack.pop()
        made = Loop(loop, known.name)
        self.stack[-1].items.append(made)
        self.stack.append(made)

    def _line(self, position: int, elements: Sequence[str], component: str, stray: bool = False) -> None:
        for number, one in self.waiting.get(position, []):
            if one.level == "segment" and one.code == MISSING:
                self._put(Line(position, one.segment, absent=True, findings=[(number, one)]))
        mine = [(n, one) for n, one in self.waiting.pop(position, []) if (one.level, one.code) != ("segment", MISSING)]
        loop = self.stack[-1].id
        segment = None
        if self._words is not None and not stray:
            segment = self._words.segment(loop, elements, component)
        parts = [] if self._words is None else list(
            self._words.parts(segment, elements, component, self._show_values)
        )  # fmt: skip
        wrong = {one.element for _, one in mine if one.element}
        parts += [Part(n, "", "") for n in range(len(parts) + 1, max(wrong, default=0) + 1)]
        name = segment.name if segment else ""
        self._put(Line(position, self._id(elements[0]), name, parts, mine, wrong, stray=stray))

    def _id(self, sent: str) -> str:
        """A segment id as it may be shown: one the guide does not have could be anything."""
        known = self._words is not None and self._words.has(sent)
        return printable(sent[:ID_CHARS]) if known or self._show_values else mask(sent[:ID_CHARS])

    def _put(self, line: Line) -> None:
        self.stack[-1].items.append(line)
        for loop in self.stack:
            loop.findings += len(line.findings)

    def close(self) -> None:
        """The set is over: what no segment took is told at its end."""
        for findings in self.waiting.values():
            self.page.rest += findings
