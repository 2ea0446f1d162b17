"""999 (005010X231A1): the answer to one group, written from a verdict and read from a partner.

    AK1 { AK2 { IK3 [CTX] { IK4 } } IK5 } AK9

Every set is answered with its own AK2, accepted ones too. Bad data is copied to IK404 as the guide wants it: such a
file holds PHI.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from msgspec import structs

from mappings.records import Trace
from mappings.table import Segment, trimmed
from parsers.events import Delimiters, GroupVerdict, SetVerdict, Unit
from parsers.findings import Finding, Place

GUIDE = "005010X231A1"
MAX_CODES = 5  # IK502-IK506, AK905-AK909
MAX_FINDINGS = 1_000  # of one set: about 100 bytes each, so an answer stays below 100 kB for a set of any size
MAX_NUMBER = 999_999  # AK902-AK904 are N0 1/6
ELEMENT_ERRORS = "8"  # IK304: the segment has element errors
UNITS = {"837": "CLM01", "834": "SUBSCRIBER NUMBER REF02"}
"""CTX01-1 by transaction set: the element that names the business unit."""


# ---- writing ---------------------------------------------------------------------------------------------------------


def write(verdict: GroupVerdict, control: str = "0001", delimiters: Delimiters | None = None) -> list[Segment]:
    """One 999 set from ST up to but not including SE; delimiters: those it will travel in, kept out of copied data.

    Precondition: `verdict.answerable`.
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
        yield trimmed(
            ["IK3", clean.segment_id(place.segment), str(place.position), clean.loop(place.loop), code],
        )
        unit = UNITS.get(verdict.st01)
        if unit and place.claim:
            yield ["CTX", (unit, clean.fit(place.claim, 1, 35))]
        yield from (_element(one, clean) for one in group if one.level == "element" and one.place.element)


def _segment_error(finding: Finding) -> tuple[Place, str]:
    """What findings of one IK3 have in common: the segment, and its code."""
    place = finding.place
    segment = Place(position=place.position, loop=place.loop, segment=place.segment, claim=place.claim)
    return segment, ELEMENT_ERRORS if finding.level == "element" else finding.code


def _element(finding: Finding, clean: _Cleaner) -> Segment:
    place = finding.place
    numbers = [str(place.element), str(place.component or ""), str(place.repetition or "")]
    while not numbers[-1]:
        numbers.pop()
    return trimmed(["IK4", tuple(numbers), place.reference, finding.code, clean.fit(finding.value, 0, 99)])


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


class TraceReader:
    """Gathers the units of one received 999 set.

    traces: first the group (control: our GS06, verdict: AK901), then every set it answers (control: our ST02, verdict:
    IK501). A group or set whose verdict never came has verdict "".
    """

    def __init__(self) -> None:
        self.traces: list[Trace] = []

    def take(self, unit: Unit) -> None:
        """Read the AK1, AK2, IK5 and AK9 of a unit; the findings between them are for people, in the file itself."""
        for _, values in unit.rows:
            step = _STEPS.get(values[0])
            if step:
                step(self.traces, [*values, *[""] * 10])


def _begin(traces: list[Trace], values: list[str]) -> None:
    traces.append(Trace(functional_id=values[1], control=values[2], version=values[3], verdict=""))


def _set_verdict(traces: list[Trace], values: list[str]) -> None:
    if len(traces) > 1:
        traces[-1] = structs.replace(traces[-1], verdict=values[1], codes=_codes(values[2:7]))


def _group_verdict(traces: list[Trace], values: list[str]) -> None:
    if traces:
        traces[0] = structs.replace(traces[0], verdict=values[1], codes=_codes(values[5:10]))


def _codes(values: list[str]) -> tuple[str, ...]:
    return tuple([one for one in values if one])


_STEPS = {"AK1": _begin, "AK2": _begin, "IK5": _set_verdict, "AK9": _group_verdict}
