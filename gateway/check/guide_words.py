"""What the guide calls loops, segments and elements, and which values are its own words and nobody's data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gateway.check.masking import mask, printable
from parsers import maps
from parsers.guides import Guide

COUNTING = frozenset(("HL", "LX", "ST", "SE"))
"""Segments that only count and order."""


class Part(NamedTuple):
    """One element as it is shown. name: what the guide calls it."""

    number: int
    text: str
    name: str


class LoopWords(NamedTuple):
    """One loop of the guide. opener: id of the segment it begins with; parents: loops it may stand in."""

    id: str
    name: str
    opener: str
    parents: frozenset[str]


class GuideWords:
    """A guide as people read it. Loops that only wrap loops (Table 1, Table 2) are left out."""

    def __init__(self, guide: Guide) -> None:
        self.loops: dict[str, LoopWords] = {}
        self._ids = guide.ids
        self._segments: dict[tuple[str, str], list[maps.Segment]] = defaultdict(list)
        self._walk(guide.table.tree, "")

    def _walk(self, loop: maps.Loop, parent: str) -> None:
        own = [child for child in loop.children if isinstance(child, maps.Segment)]
        inner = loop.id if own and isinstance(loop.children[0], maps.Segment) else parent
        if inner == loop.id:
            before = self.loops.get(loop.id)
            parents = (before.parents if before else frozenset()) | {parent}
            self.loops[loop.id] = LoopWords(loop.id, loop.name, own[0].id, parents)
        for segment in own:
            self._segments[loop.id, segment.id].append(segment)
        for child in loop.children:
            if isinstance(child, maps.Loop):
                self._walk(child, inner)

    def segment(self, loop: str, elements: Sequence[str], component: str) -> maps.Segment | None:
        """The guide's segment these elements are, best by its qualifiers; None for one the guide does not know."""
        found = self._segments.get((loop, elements[0]), [])
        return max(found, key=lambda one: _agreement(one, elements, component), default=None)

    def has(self, id: str) -> bool:
        """Whether the guide has a segment of this id."""
        return id in self._ids

    def parts(
        self, segment: maps.Segment | None, elements: Sequence[str], component: str, show_values: bool
    ) -> Iterator[Part]:
        """The elements of a segment, every value masked that the guide does not itself print."""
        known = segment.elements if segment else ()
        for number, value in enumerate(elements[1:], 1):
            element = known[number - 1] if number <= len(known) else None
            open_ = show_values or elements[0] in COUNTING
            text = printable(value) if open_ else _masked(element, value, component)
            yield Part(number, text, element.name if element else "")


def _agreement(segment: maps.Segment, elements: Sequence[str], component: str) -> int:
    """How many elements hold a code the guide lists there, less those that hold another."""
    score = 0
    for value, element in zip(elements[1:], segment.elements, strict=False):
        inner = element.parts[0] if element.parts else element
        first = value.partition(component)[0] if element.parts else value
        if inner.codes and first:
            score += 1 if first in inner.codes else -1
    return score


def _masked(element: maps.Element | None, value: str, component: str) -> str:
    if element is None:
        return mask(value)
    if element.parts:
        pieces = value.split(component)
        padded = [*element.parts, *[None] * len(pieces)]
        return component.join(_masked(part, piece, component) for part, piece in zip(padded, pieces, strict=False))
    return printable(value) if value in element.codes else mask(value)
