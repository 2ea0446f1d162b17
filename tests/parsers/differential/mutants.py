"""Single mutants of a file: one thing wrong, somewhere, reproducible by its number."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from parsers import guides, maps
from parsers.forms import FORMS

BASES = {
    "837P": ("837p", "005010X222A1"), "837I": ("837i", "005010X223A2"), "837D": ("837d", "005010X224A2"),
    "834": ("834", "005010X220A1"), "835": ("835", "005010X221A1"), "820": ("820", "005010X218"),
    "999": ("999", "005010X231A1"), "277CA": ("277ca", "005010X214"),
}  # fmt: skip
"""Guide -> its base file, its GS08."""

VALUES = (
    "X", "1", "0", "18", "IL", "85", "ZZZ", "N", "Y", "AB", "-1", "1.5", "-12.345", "1E5", "A B", "a", "123456789",
    "12345678901234567890", "D8", "RD8", "TM", "20260401", "1130",
)  # fmt: skip
DATES = (
    "20260230", "20261301", "20260100", "00000000", "19000229", "20000229", "17991231", "2026040", "202604011",
    "260401", "20260401-20260430", "20260430-20260401", "20260401-", "2026O401", "2460", "1130", "2400",
)  # fmt: skip
STRANGERS = (
    "ZZZ*1", "MEA*OG*R1*10", "K3*DATA", "NTE*ADD*TEXT", "CR1*LB*1", "PAT*19", "LUI*LE*ENG", "CAS*CO*45*1", "X*1",
)  # fmt: skip
"""Segments that stand in some guides, not in others, and some in none."""

LEVELS = ("", "1", "2", "3", "4", "5", "6", "7", "9", "0", "01", "x", "19", "20", "21", "22", "23", "PT")
"""What HL01 to HL04, LX01 and ENT01 are changed to."""

ENVELOPE_BEFORE, ENVELOPE_AFTER = 3, 3  # ISA GS ST, SE GE IEA


class Mutant(NamedTuple):
    """One changed file. kind: what was done. at: the index of the segment it was done to. was, now: that segment before

    and after. element: counted from 1, 0 if the whole segment was changed. parts: all segments of the changed file.
    """

    guide: str
    number: int
    kind: str
    at: int
    element: int
    was: str
    now: str
    parts: tuple[str, ...]

    @property
    def position(self) -> int:
        """Where it was done, ST = 1."""
        return self.at - ENVELOPE_BEFORE + 2

    @property
    def data(self) -> bytes:
        """The file."""
        return "".join(f"{part}~" for part in self.parts).encode("latin-1")

    def __str__(self) -> str:
        return f"{self.guide} #{self.number} {self.kind} at {self.position}: {self.was} -> {self.now}"


@cache
def base(guide: str) -> tuple[str, ...]:
    """The segments of a guide's base file."""
    path = Path(__file__).parent.parent / "bases" / f"{BASES[guide][0]}.x12"
    return tuple(path.read_text().replace("\n", "").split("~")[:-1])


@cache
def qualifiers(guide: str) -> dict[str, tuple[str, ...]]:
    """Segment id -> every first-element code it has anywhere in the guide."""
    compiled = guides.load(BASES[guide][1])
    assert compiled is not None
    found: dict[str, set[str]] = {}

    def walk(loop: maps.Loop) -> None:
        for child in loop.children:
            if isinstance(child, maps.Loop):
                walk(child)
            elif child.elements:
                first = child.elements[0]
                found.setdefault(child.id, set()).update(first.parts[0].codes if first.parts else first.codes)

    walk(compiled.table.tree)
    return {name: tuple(sorted(codes)) for name, codes in found.items()}


def mutant(guide: str, number: int, seed: int) -> Mutant:
    """The mutant of a number: the same for the same seed, whatever was made before it."""
    dice = random.Random(f"{seed}/{guide}/{number}")
    while True:
        parts = list(base(guide))
        kind = dice.choices(tuple(KINDS), [weight for weight, _ in KINDS.values()])[0]
        at = dice.randrange(ENVELOPE_BEFORE, len(parts) - ENVELOPE_AFTER)
        now, element, parts, at = KINDS[kind][1](dice, guide, parts, at)
        if tuple(parts) != base(guide):
            break
    if len(parts) != len(base(guide)):
        parts = _counted(parts)
    return Mutant(guide, number, kind, at, element, base(guide)[at], now, tuple(parts))


Change = tuple[str, int, list[str], int]
"""(the segment after the change, its element, all segments, the index)."""


def _counted(parts: list[str]) -> list[str]:
    """SE01 right again, so that one thing only is wrong."""
    end = len(parts) - ENVELOPE_AFTER
    number = parts[end].split("*")[2]
    return [*parts[:end], f"SE*{end - ENVELOPE_BEFORE + 2}*{number}", *parts[end + 1 :]]


def _drop(dice: random.Random, guide: str, parts: list[str], at: int) -> Change:
    return "", 0, parts[:at] + parts[at + 1 :], at


def _twice(dice: random.Random, guide: str, parts: list[str], at: int) -> Change:
    return parts[at], 0, [*parts[:at], parts[at], *parts[at:]], at


def _copy(dice: random.Random, guide: str, parts: list[str], at: int) -> Change:
    other = parts[dice.randrange(ENVELOPE_BEFORE, len(parts) - ENVELOPE_AFTER)]
    return other, 0, [*parts[:at], other, *parts[at:]], at


def _insert(dice: random.Random, guide: str, parts: list[str], at: int) -> Change:
    other = dice.choice(STRANGERS)
    return other, 0, [*parts[:at], other, *parts[at:]], at


def _swap(dice: random.Random, guide: str, parts: list[str], at: int) -> Change:
    at = min(at, len(parts) - ENVELOPE_AFTER - 2)
    return parts[at + 1], 0, [*parts[:at], parts[at + 1], parts[at], *parts[at + 2 :]], at


def _segment(change: Callable[[random.Random, str, list[str]], int]) -> Callable[..., Change]:
    """A change of one segment's elements. Args: change: alters [id, element 1, ...], says which element it was."""

    def whole(dice: random.Random, guide: str, parts: list[str], at: int) -> Change:
        elements = parts[at].split("*")
        place = change(dice, guide, elements)
        now = "*".join(elements)
        return now, place, [*parts[:at], now, *parts[at + 1 :]], at

    return whole


def _any(dice: random.Random, elements: list[str]) -> int:
    return dice.randrange(1, len(elements)) if len(elements) > 1 else 0


def _full(dice: random.Random, elements: list[str]) -> int:
    """An element that says something."""
    return dice.choice([place for place, value in enumerate(elements) if value and place] or [0])


def _cut(dice: random.Random, guide: str, elements: list[str]) -> int:
    place = _any(dice, elements)
    del elements[place]
    return place


def _clear(dice: random.Random, guide: str, elements: list[str]) -> int:
    place = _full(dice, elements)
    elements[place] = ""
    while len(elements) > 1 and not elements[-1]:
        elements.pop()
    return place


def _add(dice: random.Random, guide: str, elements: list[str]) -> int:
    place = dice.choice([*range(1, len(elements) + 1), len(elements)])
    elements.insert(place, dice.choice(VALUES))
    return place


def _fill(dice: random.Random, guide: str, elements: list[str]) -> int:
    """An element beyond those sent: often one the guide does not use, or one too many."""
    elements += [""] * dice.randrange(0, 6) + [dice.choice(VALUES)]
    return len(elements) - 1


def _lengthen(dice: random.Random, guide: str, elements: list[str]) -> int:
    place = _full(dice, elements)
    elements[place] += dice.choice(["0", "A", "X" * 30, "9" * 40, "0" * 100, " "])
    return place


def _shorten(dice: random.Random, guide: str, elements: list[str]) -> int:
    place = _full(dice, elements)
    elements[place] = elements[place][: dice.randrange(1, len(elements[place]) + 1)]
    return place


def _value(values: tuple[str, ...]) -> Callable[[random.Random, str, list[str]], int]:
    def change(dice: random.Random, guide: str, elements: list[str]) -> int:
        place = _any(dice, elements)
        elements[place] = dice.choice(values)
        return place

    return change


def _date(dice: random.Random, guide: str, elements: list[str]) -> int:
    dates = [place for place, value in enumerate(elements) if place and len(value) >= 4 and value[:2] in ("20", "19")]
    place = dice.choice(dates) if dates else _any(dice, elements)
    elements[place] = dice.choice(DATES)
    return place


def _qualifier(dice: random.Random, guide: str, elements: list[str]) -> int:
    """The first element is another of the same segment's, or none at all."""
    known = qualifiers(guide).get(elements[0], ())
    code = dice.choice([*known, "ZZZ", "Q"] if known else ["ZZZ"])
    _, colon, tail = elements[1].partition(":") if len(elements) > 1 else ("", "", "")
    elements[1:2] = [code + colon + tail]
    return 1


def _component(dice: random.Random, guide: str, elements: list[str]) -> int:
    place = _any(dice, elements)
    parts = elements[place].split(":")
    how = dice.choice(["more", "many", "less", "value", "empty"])
    if how == "more":
        parts.insert(dice.randrange(len(parts) + 1), dice.choice(VALUES))
    elif how == "many":
        parts += [""] * dice.randrange(8) + ["X"]
    elif how == "less":
        del parts[dice.randrange(len(parts))]
    else:
        parts[dice.randrange(len(parts))] = "" if how == "empty" else dice.choice(VALUES)
    elements[place] = ":".join(parts).rstrip(":")
    return place


def _repetition(dice: random.Random, guide: str, elements: list[str]) -> int:
    place = _full(dice, elements)
    elements[place] += "^" + dice.choice([elements[place], *VALUES])
    return place


def _hierarchy(dice: random.Random, guide: str, parts: list[str], at: int) -> Change:
    """HL01, HL02, HL03 or HL04 wrong; LX01 where a guide has no hierarchy."""
    places = [place for place, part in enumerate(parts) if part.startswith(("HL*", "LX*", "ENT*"))]
    at = dice.choice(places or [at])
    return _segment(_value(LEVELS))(dice, guide, parts, at)


def _trailer(which: tuple[str, ...], element: int) -> Callable[..., Change]:
    """A count or a control number of a header or trailer that does not agree."""

    def change(dice: random.Random, guide: str, parts: list[str], at: int) -> Change:
        name = dice.choice(which)
        at = next(place for place, part in enumerate(parts) if part.startswith(f"{name}*"))
        elements = parts[at].split("*")
        wrong = dice.choice(["", "0", "2", "7", "999", "x", "-1", "0002", "000000999", elements[element] + "1"])
        elements[element] = wrong
        now = "*".join(elements)
        return now, element, [*parts[:at], now, *parts[at + 1 :]], at

    return change


KINDS: dict[str, tuple[int, Callable[..., Change]]] = {
    "drop": (8, _drop),
    "twice": (6, _twice),
    "copy": (8, _copy),
    "insert": (3, _insert),
    "swap": (8, _swap),
    "cut": (6, _segment(_cut)),
    "clear": (10, _segment(_clear)),
    "add": (8, _segment(_add)),
    "fill": (4, _segment(_fill)),
    "lengthen": (7, _segment(_lengthen)),
    "shorten": (7, _segment(_shorten)),
    "code": (10, _segment(_value(VALUES))),
    "date": (6, _segment(_date)),
    "qualifier": (8, _segment(_qualifier)),
    "component": (6, _segment(_component)),
    "repetition": (3, _segment(_repetition)),
    "level": (4, _hierarchy),
    "count": (2, _trailer(("SE", "GE", "IEA"), 1)),
    "number": (2, _trailer(("SE", "GE", "IEA"), 2)),
}
"""How a mutant is made -> (its weight, who makes it)."""

assert {gs08 for _, gs08 in BASES.values()} == set(FORMS)
