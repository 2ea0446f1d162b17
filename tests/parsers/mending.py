"""Applies the mends of findings to a file, and nothing else: bytes and findings in, bytes out. It counts nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from x12_material import read

from parsers.edits import Editor, Terms
from parsers.events import (
    Delimiters,
    Event,
    GroupClosed,
    InterchangeClosed,
    InterchangeOpened,
    Junk,
    SetClosed,
    SetOpened,
    Unit,
)
from parsers.findings import Finding, Mend

TODAY = date(2026, 4, 10)
PASSIVE = ("ask", "see")


class Told(NamedTuple):
    """A finding, and which interchange, group or set of the file it is about (counted from 0, over the whole file)."""

    finding: Finding
    number: int


def told(data: bytes) -> list[Told]:
    """All that is found in a file: SNIP 1 and 2 by the reader, 3 to 7 by the edits."""
    return list(_told(read(data)))


def _told(events: Iterable[Event]) -> Iterator[Told]:
    sets = groups = interchanges = 0
    editor: Editor | None = None
    for event in events:
        if isinstance(event, SetOpened):
            editor = Editor(event.guide, Terms(today=TODAY)) if event.guide else None
        elif isinstance(event, Unit) and editor:
            yield from (Told(one, sets) for one in editor.take(event))
        elif isinstance(event, SetClosed):
            yield from (Told(one, sets) for one in (*event.verdict.findings, *(editor.close() if editor else ())))
            sets += 1
        elif isinstance(event, GroupClosed):
            yield from (Told(one, groups) for one in event.verdict.findings)
            groups += 1
        elif isinstance(event, InterchangeClosed):
            yield from (Told(one, interchanges) for one in event.verdict.findings)
            interchanges += 1
        elif isinstance(event, Junk):
            yield Told(event.finding, 0)


class Mended(NamedTuple):
    """data: the file after one round. choices: codes the sender would have had to choose; the first was taken."""

    data: bytes
    choices: int


def mended(data: bytes, found: Iterable[Told]) -> Mended:
    """One round: every mend that is not passive, from the end of the file to its beginning."""
    own = next((e.header.delimiters for e in read(data) if isinstance(e, InterchangeOpened)), None)
    if own is None:
        return Mended(data, 0)
    lines = [one.strip() if at else one for at, one in enumerate(data.decode("latin-1").split(own.segment))][:-1]
    todo = {(_line(one, lines, own), one.finding.mend, one.finding) for one in found if _active(one.finding)}
    choices = 0
    for at, mend, finding in sorted(todo, key=_backwards):
        choices += bool(mend.choices)
        _apply(lines, at, mend, finding, own)
    return Mended("".join(one + own.segment for one in lines).encode("latin-1"), choices)


def _active(finding: Finding) -> bool:
    return finding.mend is not None and finding.mend.action not in PASSIVE and finding.severity == "error"


_LAST = ("insert", "remove", "move")


def _backwards(edit: tuple[int, Mend, Finding]) -> tuple[int, int, int, int]:
    """Later segments first; in one segment its elements from the last, then what moves the segment itself."""
    at, mend, finding = edit
    whole = _LAST.index(mend.action) + 1 if mend.action in _LAST else 0
    return -at, whole, -finding.place.element, -finding.place.component


def _line(one: Told, lines: list[str], own: Delimiters) -> int:
    """The index of the segment a finding is about; for a missing trailer of the segment it belongs before."""
    finding, place = one.finding, one.finding.place
    ids = [line.partition(own.element)[0] for line in lines]
    header, trailer, beyond = {
        "interchange": ("ISA", "IEA", ("ISA",)),
        "group": ("GS", "GE", ("GS", "IEA", "ISA")),
    }.get(finding.level, ("ST", "SE", ()))
    start = [at for at, name in enumerate(ids) if name == header][one.number]
    if place.position:
        return start + place.position - 1
    if place.segment == header:
        return start
    ends = beyond if finding.mend and finding.mend.action == "insert" else (trailer,)
    return next((at for at in range(start + 1, len(ids)) if ids[at] in ends), len(ids))


def _apply(lines: list[str], at: int, mend: Mend, finding: Finding, own: Delimiters) -> None:
    value = mend.choices[0] if mend.choices else mend.value
    if mend.action == "insert":  # printed as the guide prints it
        printed = {ord("*"): own.element, ord(":"): own.component, ord("^"): own.repetition}
        lines.insert(at, value.translate(printed))
    elif mend.action == "remove":
        del lines[at]
    elif mend.action == "move":
        lines.insert(at + int(mend.value) - finding.place.position, lines.pop(at))
    else:
        lines[at] = _element(lines[at], mend, finding, value, own)


def _element(line: str, mend: Mend, finding: Finding, value: str, own: Delimiters) -> str:
    place = finding.place
    parts = line.split(own.element)
    parts += [""] * (place.element + 1 - len(parts))
    if mend.action == "trim" and not place.component and not place.repetition:
        return own.element.join(parts[: place.element])
    repeats = parts[place.element].split(own.repetition) if place.repetition else [parts[place.element]]
    if mend.action == "trim" and not place.component:
        parts[place.element] = own.repetition.join(repeats[: place.repetition - 1])
        return own.element.join(parts)
    which = max(place.repetition, 1) - 1
    inner = repeats[which].split(own.component) if place.component else [repeats[which]]
    index = max(place.component, 1) - 1
    inner += [""] * (index + 1 - len(inner))
    if mend.action == "trim":
        del inner[index:]
    else:
        inner[index] = {"replace": value, "clear": "", "shorten": inner[index][: mend.size]}[mend.action]
    repeats[which] = own.component.join(inner)
    parts[place.element] = own.repetition.join(repeats)
    return own.element.join(parts)
