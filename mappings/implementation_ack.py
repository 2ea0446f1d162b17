"""999 (005010X231A1): the answer to one group, written from a verdict and read from a partner.

    AK1 { AK2 { IK3 [CTX trigger] [CTX business unit] { IK4 [CTX trigger] } } IK5 } AK9

Every set is answered with its own AK2, accepted ones too. Bad data is copied to IK404 as the guide wants it: such a
file holds PHI.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from msgspec import structs

from mappings.records import Trace
from mappings.table import Message, Segment, trimmed
from parsers import forms
from parsers.events import Delimiters, GroupVerdict, SetVerdict, Unit
from parsers.findings import Finding, Place
from parsers.limits import IK404_CHARS
from parsers.writer import choose_delimiters

GUIDE = forms.IMPLEMENTATION_ACK
MAX_CODES = 5  # IK502-IK506, AK905-AK909
MAX_FINDINGS = 1_000  # of one set: about 100 bytes each, so an answer stays below 100 kB for a set of any size
MAX_NUMBER = 999_999  # AK902-AK904 are N0 1/6
MAX_WIDTH = 9  # elements of the longest segment read, AK9
ELEMENT_ERRORS = "8"  # IK304: the segment has element errors
TRIGGER = "SITUATIONAL TRIGGER"  # CTX01-1 of the element that made what is missing required, or what is sent forbidden
UNITS = {"837": "CLM01", "834": "SUBSCRIBER NUMBER REF02"}
"""CTX01-1 by transaction set: the element that names the business unit."""


# ---- writing ---------------------------------------------------------------------------------------------------------


def write(verdict: GroupVerdict, control: str = "0001", delimiters: Delimiters | None = None) -> list[Segment]:
    """One 999 set from ST up to but not including SE; delimiters: those it will travel in, kept out of copied data.

    Preconditions: `verdict.answerable`; the delimiters are in none of its `identifiers`.
    """
    header = verdict.header
    clean = _Cleaner(delimiters or Delimiters())
    rows: list[Segment] = [
        ["ST", "999", control, GUIDE],
        trimmed(["AK1", clean.fit(header.gs01, 2, 2), clean.fit(header.gs06, 1, 9), clean.fit(header.gs08, 0, 12)]),
    ]
    for one in verdict.sets:
        rows.extend(_set(one, clean))
    counts = [str(min(number, MAX_NUMBER)) for number in (verdict.claimed, verdict.received, verdict.accepted)]
    rows.append(["AK9", verdict.verdict, *counts, *verdict.codes[:MAX_CODES]])
    return rows


def message(verdicts: Sequence[GroupVerdict], wanted: Delimiters | None = None) -> Message:
    """The 999s that answer some groups, one set each, to go in one group. wanted: delimiters, used where they are in
    none of the identifiers. Precondition: every verdict is `answerable`.
    """
    names = tuple(name for verdict in verdicts for name in identifiers(verdict))
    delimiters = choose_delimiters(names, wanted or Delimiters())
    return Message(GUIDE, [write(one, f"{n:04d}", delimiters) for n, one in enumerate(verdicts, 1)], names)


def identifiers(verdict: GroupVerdict) -> Iterator[str]:
    """The values no writer may alter to fit delimiters: the names of the claims and members with findings."""
    for one in verdict.sets:
        yield from {_name(finding.place.claim) for finding in one.findings}


def _name(claim: str) -> str:
    """CTX01-2: what a partner calls a claim or a member, as far as that is legal; at most 35 characters."""
    return "".join(one for one in claim if " " <= one <= "\x7e")[:35].strip()


def _set(verdict: SetVerdict, clean: _Cleaner) -> Iterator[Segment]:
    st03 = clean.fit(verdict.st03, 0, 35)
    yield trimmed(["AK2", clean.fit(verdict.st01, 3, 3), clean.fit(verdict.st02, 4, 9), st03])
    if verdict.verdict != "A":
        yield from _findings(verdict, clean)
    yield ["IK5", verdict.verdict, *verdict.codes[:MAX_CODES]]


def _findings(verdict: SetVerdict, clean: _Cleaner) -> Iterator[Segment]:
    told = [one for one in verdict.findings if one.level in ("segment", "element") and one.severity != "note"]
    told.sort(key=lambda one: one.place.position)  # stable: the reader's order within a segment
    for (place, code), group in groupby(told[:MAX_FINDINGS], key=_segment_error):
        found = list(group)
        yield trimmed(
            ["IK3", clean.segment_id(place.segment), str(place.position), clean.loop(place.loop), code],
        )
        yield from (_trigger(one.trigger, clean) for one in found if one.level == "segment" and one.trigger)
        unit = UNITS.get(verdict.st01)
        if unit and (name := _name(place.claim)):
            yield ["CTX", (unit, name)]
        for one in found:
            if one.level == "element" and one.place.element:
                yield _element(one, clean)
                if one.trigger:
                    yield _trigger(one.trigger, clean)


def _segment_error(finding: Finding) -> tuple[Place, str]:
    """What findings of one IK3 have in common: the segment, and its code."""
    place = finding.place
    segment = Place(position=place.position, loop=place.loop, segment=place.segment, claim=place.claim)
    return segment, ELEMENT_ERRORS if finding.level == "element" else finding.code


def _element(finding: Finding, clean: _Cleaner) -> Segment:
    place = finding.place
    return trimmed(["IK4", _in_segment(place), _number(place), finding.code, clean.fit(finding.value, 0, IK404_CHARS)])


def _trigger(place: Place, clean: _Cleaner) -> Segment:
    """The CTX that names an element by its segment, its position, and its own place and number in it."""
    where = [clean.segment_id(place.segment), str(place.position), clean.loop(place.loop)]
    return trimmed(["CTX", (TRIGGER,), *where, _in_segment(place), _number(place)])


def _number(place: Place) -> str:
    """IK402 and CTX06 are numbers of one to four digits: a composite's own, as C023, has no room there."""
    return place.reference if place.reference.isdigit() else ""


def _in_segment(place: Place) -> tuple[str, ...]:
    """Element, component and repetition as IK401 and CTX05 count them; () for the whole segment."""
    numbers = [str(one or "") for one in (place.element, place.component, place.repetition)]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


class _Cleaner:
    """Makes copies of what a partner sent legal in our own answer."""

    def __init__(self, delimiters: Delimiters) -> None:
        used = {delimiters.element, delimiters.component, delimiters.repetition, delimiters.segment}
        self._dropped = used | set("*:^~")

    def fit(self, text: str, low: int, high: int) -> str:
        """The text without delimiters, control characters and non-ASCII, cut or padded with zeros to fit."""
        kept = "".join(one for one in text if " " <= one <= "\x7e" and one not in self._dropped)
        return kept[:high].strip().rjust(low, "0")

    def segment_id(self, text: str) -> str:
        """IK301: two or three letters or digits."""
        return "".join(one for one in text.upper() if one.isascii() and one.isalnum())[:3].ljust(2, "X")

    def loop(self, text: str) -> str:
        """IK303: at most four characters, so the digits of the loop id (2310 for 2310B)."""
        return "".join(one for one in text if one in "0123456789")[:4]


# ---- reading ---------------------------------------------------------------------------------------------------------


class AckReader:
    """Turns the units of received 999 sets into traces, one for each group answered; it serves any number of sets."""

    def __init__(self) -> None:
        self._group = Trace(control="", verdict="")
        self._sets: list[Trace] = []

    def take(self, unit: Unit) -> Trace | None:
        """The group's trace when its AK9 comes (control: our GS06, verdict: AK901), None before.

        `sets` holds what it says of our sets (control: our ST02, verdict: IK501, "" if none came); it may be empty.
        The segment and element errors between them are for people, who read them in the file.
        """
        done = None
        for _, values in unit.rows:
            padded = [*values, *[""] * MAX_WIDTH]
            if values[0] == "AK1":
                self._group, self._sets = _trace(padded), []
            elif values[0] == "AK2":
                self._sets.append(_trace(padded))
            elif values[0] == "IK5" and self._sets:
                self._sets[-1] = structs.replace(self._sets[-1], verdict=padded[1], codes=_codes(padded[2:7]))
            elif values[0] == "AK9":
                done = structs.replace(
                    self._group, verdict=padded[1], codes=_codes(padded[5:10]), sets=tuple(self._sets)
                )
        return done


def _trace(values: list[str]) -> Trace:
    return Trace(functional_id=values[1], control=values[2], version=values[3], verdict="")


def _codes(values: list[str]) -> tuple[str, ...]:
    return tuple([one for one in values if one])
