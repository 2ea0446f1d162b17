"""Segments to bytes: delimiters chosen, envelopes padded and counted. X12 has no escape, so nothing is ever altered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from parsers.envelope import Charset
from parsers.events import Delimiters, GroupHeader, InterchangeHeader
from parsers.isa import WIDTHS

Value = str | tuple[str, ...]
"""An element, or the components of a composite."""

Segment = Sequence[Value]
"""[segment id, element 1, ...]."""

CANDIDATES = "*~:^|>!\\%@`{}[]_;?\x1d\x1c\x1e\x1f"
"""Delimiters to fall back on, best known first: none is a letter, a digit, a space, or part of a number or name."""


def choose_delimiters(identifiers: Iterable[str], preferred: Delimiters) -> Delimiters:
    """Delimiters that occur in none of the identifiers of an interchange, the preferred ones wherever they do not.

    Identifiers (CLM01, REF*6R, D9, F8) may not be altered; names and addresses are blanked by whoever knows them.
    Raises: ValueError when too few characters are left; the claim is then rejected or its answer held.
    """
    used = set().union(*map(set, identifiers))
    wanted = (preferred.element, preferred.component, preferred.repetition, preferred.segment)
    chosen = [character if character not in used else "" for character in wanted]
    free = (character for character in CANDIDATES if character not in used and character not in chosen)
    for role, character in enumerate(chosen):
        if not character:
            chosen[role] = next(free, "")
    if "" in chosen or len(set(chosen)) != len(wanted):
        raise ValueError("no four delimiters are free of every identifier")
    return Delimiters(*chosen)


def write_segment(segment: Segment, delimiters: Delimiters) -> str:
    """One segment with its terminator; empty elements and components at the end are left out.

    Raises: ValueError when a delimiter occurs in an element.
    """
    elements = [_value(value, delimiters) for value in segment]
    while elements and not elements[-1]:
        elements.pop()
    return delimiters.element.join(elements) + delimiters.segment


def _value(value: Value, own: Delimiters) -> str:
    parts = (value,) if isinstance(value, str) else value
    for part in parts:
        if own.element in part or own.component in part or own.segment in part or own.repetition in part:
            raise ValueError("a delimiter of the interchange occurs in an element")
    return own.component.join(parts).rstrip(own.component)


class WrittenSets(NamedTuple):
    """The sets of a group as text, delimiters and all, and how many they are: what is left is the envelope."""

    lines: list[str]
    sets: int


def write_sets(sets: Sequence[Sequence[Segment]], delimiters: Delimiters) -> WrittenSets:
    """Sets, each from ST to the segment before SE, which is added with its count. The long part of an interchange."""
    lines: list[str] = []
    for body in sets:
        lines += [write_segment(segment, delimiters) for segment in body]
        lines.append(write_segment(["SE", str(len(body) + 1), _text(body[0][2])], delimiters))
    return WrittenSets(lines, len(sets))


def wrap(
    header: InterchangeHeader,
    groups: Sequence[tuple[GroupHeader, WrittenSets]],
    delimiters: Delimiters,
    *,
    ta1: Sequence[Segment] = (),
    newline: bool = False,
    charset: Charset = "latin-1",
) -> bytes:
    """The envelope around written sets: ISA, GS, GE and IEA with their numbers and counts."""
    lines = [_isa(header, delimiters)]
    lines += [write_segment(segment, delimiters) for segment in ta1]
    for group, sets in groups:
        values = [getattr(group, f"gs{place:02}") for place in range(1, 9)]
        lines.append(write_segment(["GS", *values], delimiters))
        lines += sets.lines
        lines.append(write_segment(["GE", str(sets.sets), group.gs06], delimiters))
    lines.append(write_segment(["IEA", str(len(groups)), header.isa13], delimiters))
    return ("\n" if newline else "").join([*lines, ""]).encode(charset)


def write_interchange(
    header: InterchangeHeader,
    groups: Sequence[tuple[GroupHeader, Sequence[Sequence[Segment]]]],
    delimiters: Delimiters,
    *,
    ta1: Sequence[Segment] = (),
    newline: bool = False,
    charset: Charset = "latin-1",
) -> bytes:
    """A whole interchange. SE, GE and IEA are added with their counts; ISA11 and ISA16 are the delimiters'.

    Args: groups: (GS01-GS08, its sets, each from ST to the segment before SE); ta1: TA1 segments after the ISA;
    newline: a line end after every segment, for people; charset: what letters beyond ASCII are written in.
    Raises: ValueError when a delimiter occurs in an element, an ISA element is longer than its width, or a letter has
    no byte in the character set.
    """
    written = [(group, write_sets(sets, delimiters)) for group, sets in groups]
    return wrap(header, written, delimiters, ta1=ta1, newline=newline, charset=charset)


def _text(value: Value) -> str:
    return value if isinstance(value, str) else "".join(value)


def _isa(header: InterchangeHeader, own: Delimiters) -> str:
    given = [getattr(header, f"isa{place:02}") for place in range(1, 17)]
    given[10], given[15] = own.repetition, own.component
    for value, width in zip(given, WIDTHS, strict=True):
        if len(value) > width:
            raise ValueError("an ISA element is longer than its width")
    padded = [value.ljust(width) for value, width in zip(given, WIDTHS, strict=True)]
    if any(own.element in value or own.segment in value for value in padded):
        raise ValueError("a delimiter of the interchange occurs in an element")
    return own.element.join(["ISA", *padded]) + own.segment
