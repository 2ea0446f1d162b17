"""What exactly is wrong with a segment its expression refused: every element, with its IK403 code.

This is the same law as `parsers.patterns`, said slowly and with reasons; when it finds nothing, the segment is good
(an expression may refuse data that holds one of the standard delimiters where a partner uses others).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

import msgspec

from parsers import patterns
from parsers.events import Delimiters
from parsers.findings import Mend
from parsers.maps import COMPOSITE, MONEY, Element, Note, Segment
from parsers.patterns import PERIOD, formats_before


class Fault(msgspec.Struct, frozen=True):
    """One IK4: code is IK403; element, component, repetition count from 1, 0 = the whole.

    trigger: the element that made this one required or forbidden, 0 if none. size: the value is good up to this length
    (blanks follow), 0 if it is not. mend: where it is not the guide's element that says how; says: nor what is wrong.
    """

    code: str
    element: int
    component: int = 0
    repetition: int = 0
    reference: str = ""
    value: str = ""
    name: str = ""
    trigger: int = 0
    size: int = 0
    mend: Mend | None = None
    says: str = ""


MESSAGES = {
    "1": "is required but missing",
    "2": "is required because of another element of the segment",
    "3": "is one too many: the segment has no such element",
    "4": "is too short",
    "5": "is too long",
    "6": "holds a character it may not hold",
    "7": "is not one of the codes the guide allows",
    "8": "is not a valid date",
    "9": "is not a valid time",
    "10": "may not stand beside another element of the segment",
    "12": "is repeated too often",
    "13": "has too many components",
    "I10": "is not used in this guide",
    "I12": "does not have the form the guide asks for",
}
"""IK403, as the end of a sentence."""

_BARE = Mend(text="Leave the element empty: component separators alone say nothing.", action="trim")

_LEGAL = re.compile(r"""[A-Za-z0-9!"&'()*+,\-./:;?= %~@\[\]_{}\\|<>^`#$]*""", re.ASCII)
_LETTERS = "LM"  # Unicode categories: letters, and the marks that may follow them
_DIGITS = re.compile("[-.]")


def faults(segment: Segment, elements: Sequence[str], delimiters: Delimiters) -> list[Fault]:
    """All that is wrong in a segment given as [id, element 1, ...], in the interchange's own delimiters."""
    found: list[Fault] = []
    sent = elements[1:]
    if len(sent) > len(segment.elements):
        extra = len(segment.elements)
        found.append(Fault("3", extra + 1, value=sent[extra]))
    for place, element in enumerate(segment.elements, 1):
        value = sent[place - 1] if place <= len(sent) else ""
        found += _element(element, place, value, (segment.elements, sent), delimiters)
    missing = {fault.element for fault in found if fault.code == "1"}
    for note in segment.notes:
        found += [fault for fault in _note(note, segment, sent) if fault.element not in missing]
    return found if found or any(sent) else _empty(segment)


def _empty(segment: Segment) -> list[Fault]:
    """A segment without any element is none (X12.6), even where the guide requires none of them."""
    used = (place for place, element in enumerate(segment.elements, 1) if element.usage != "N")
    place = next(used, 1)
    return [Fault("1", place, reference=segment.elements[place - 1].reference, name=segment.elements[place - 1].name)]


_Around = tuple[Sequence[Element], Sequence[str]]


def _element(element: Element, place: int, value: str, around: _Around, own: Delimiters) -> Iterator[Fault]:
    """An element with all its repetitions."""
    if not value.strip(own.component) if element.kind == COMPOSITE else not value:
        if element.usage == "R":
            yield Fault("1", place, reference=element.reference, name=element.name)
        elif value and element.usage == "S":
            yield Fault("1", place, 1, reference=element.reference, name=element.name, mend=_BARE)
        elif value:
            yield Fault("I10", place, reference=element.reference, value=value, name=element.name)
        return
    if element.usage == "N":
        yield Fault("I10", place, reference=element.reference, value=value, name=element.name)
        return
    repeats = value.split(own.repetition, element.repeat + 1) if element.repeat > 1 else [value]
    if len(repeats) > element.repeat:
        yield Fault("12", place, 0, element.repeat + 1, element.reference, value, element.name)
    for count, one in enumerate(repeats[: element.repeat], 1):
        repetition = count if element.repeat > 1 else 0
        if element.kind == COMPOSITE:
            yield from _composite(element, place, repetition, one, own)
        else:
            yield from _simple(element, (place, 0, repetition), one, around, own)


def _composite(element: Element, place: int, repetition: int, value: str, own: Delimiters) -> Iterator[Fault]:
    parts = value.split(own.component)
    if len(parts) > len(element.parts):
        extra = len(element.parts)
        yield Fault("13", place, extra + 1, repetition, element.reference, parts[extra], element.name)
    for index, part in enumerate(element.parts):
        one = parts[index] if index < len(parts) else ""
        where = (place, index + 1, repetition)
        if not one:
            if part.usage == "R":
                yield Fault("1", *where, part.reference, "", part.name)
        elif part.usage == "N":
            yield Fault("I10", *where, part.reference, one, part.name)
        else:
            yield from _simple(part, where, one, (element.parts, parts), own)


def _simple(
    element: Element, where: tuple[int, int, int], value: str, around: _Around, own: Delimiters
) -> Iterator[Fault]:
    """One value: the characters first, since nothing else can be said of a value with wrong ones."""
    if not where[1] and own.component in value:
        yield Fault("13", where[0], 2, where[2], element.reference, value, element.name)
        return
    codes = list(_codes(element, value, around))
    bare = value.rstrip(" ")
    size = len(bare) if codes and bare != value and not any(_codes(element, bare, around)) else 0
    for code in codes:
        yield Fault(code, *where, element.reference, value, element.name, size=size if bare else 0)


def _codes(element: Element, value: str, around: _Around) -> Iterator[str]:
    if not _LEGAL.fullmatch(_plain(value) if element.kind == "AN" else value):
        yield "6"
        return
    if element.reference == PERIOD and (form := _format(element, around)):
        if not _matches(patterns.FORMATS[form], value):
            yield "9" if form == "TM" else "8"
        return
    if element.codes:
        if value not in element.codes:
            yield "7"
        return
    wrong_length = _length(element, value)
    yield from wrong_length
    if not wrong_length and (reason := _kind(element, value)):
        yield reason
    if element.pattern and not re.fullmatch(element.pattern, value, re.ASCII):
        yield "I12"


def _plain(value: str) -> str:
    """The value without letters beyond ASCII: they come out of the reader only where they were agreed on."""
    if value.isascii():
        return value
    return "".join([one for one in value if one.isascii() or unicodedata.category(one)[0] not in _LETTERS])


def _format(period: Element, around: _Around) -> str:
    """The format a 1251 must have by the 1250 sent before it, "" if that one says nothing known."""
    guide, sent = around
    index, codes = formats_before(guide, period)
    if index < 0:
        return ""
    said = codes[0] if len(codes) == 1 else (sent[index] if index < len(sent) else "")
    return said if said in codes and said in patterns.FORMATS else ""


def _length(element: Element, value: str) -> list[str]:
    """Signs and points of a number do not count."""
    length = len(value) if element.kind in ("AN", "ID", "DT", "TM") else len(_DIGITS.sub("", value))
    if length < element.least:
        return ["4"]
    return ["5"] if length > element.most else []


_KIND_CODES = {"DT": "8", "TM": "9"}
_NUMBER = {"R": r"-?[0-9]*(?:\.[0-9]+)?", "DT": patterns.DATE, "TM": patterns.TIME, MONEY: patterns.AMOUNT}


def _kind(element: Element, value: str) -> str:
    if element.kind in ("AN", "ID"):
        return "6" if value.endswith(" ") and (len(value) > element.least or value.startswith(" ")) else ""
    expression = _NUMBER.get(element.kind, "-?[0-9]+")
    return "" if _matches(expression, value) else _KIND_CODES.get(element.kind, "6")


def _matches(expression: str, value: str) -> bool:
    return re.fullmatch(expression, value, re.ASCII) is not None


def _note(note: Note, segment: Segment, sent: Sequence[str]) -> Iterator[Fault]:
    """A syntax note: names the elements that would have to be there, or may not."""
    there = {place for place in note.elements if place <= len(sent) and sent[place - 1]}
    first, rest = note.elements[0], note.elements[1:]
    absent = [place for place in note.elements if place not in there]
    missing: Sequence[int] = ()
    if note.letter == "P" and there:
        missing = absent
    elif note.letter == "R" and not there:
        missing = (first,)
    elif note.letter == "C" and first in there:
        missing = absent
    elif note.letter == "L" and first in there and not there - {first}:
        missing = rest[:1]
    excess = sorted(there)[1:] if note.letter == "E" else []
    trigger = min(there, default=0) if note.letter in ("P", "E") else first if first in there else 0
    for code, place in [("2", place) for place in missing] + [("10", place) for place in excess]:
        element = segment.elements[place - 1]
        yield Fault(code, place, reference=element.reference, name=element.name, trigger=trigger)
