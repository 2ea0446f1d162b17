"""TA1: the answer to one interchange, written from a verdict and read from a partner."""

from __future__ import annotations

from collections.abc import Sequence

from mappings import implementation_ack
from mappings.records import Trace
from mappings.table import Segment
from parsers.events import GroupVerdict, InterchangeVerdict
from parsers.forms import FORMS

NO_ERROR = "000"
ACKNOWLEDGEMENTS = FORMS[implementation_ack.GUIDE].gs01
ASKED, UNCLEAR = "1", "019"
"""ISA14 that asks for a TA1; TA105 of one that is none, which is read as asking."""


def asked(verdict: InterchangeVerdict, groups: Sequence[GroupVerdict], ta1: Sequence[tuple[str, ...]]) -> bool:
    """Whether a TA1 is sent: its sender asked, and did not send acknowledgements only (domain 0, trap 4)."""
    only_answers = bool(groups or ta1) and all(one.header.gs01 == ACKNOWLEDGEMENTS for one in groups)
    return (verdict.header.isa14 == ASKED or UNCLEAR in verdict.codes) and not only_answers


def write(verdict: InterchangeVerdict) -> list[Segment]:
    """The TA1 segments, one for every error code and all with the same verdict; they stand between ISA and IEA.

    ISA13, ISA09 and ISA10 are echoed; one that is not legal there is sent as its digits, cut or padded with zeros.
    """
    header = verdict.header
    echo: list[str] = [_digits(header.isa13, 9), _digits(header.isa09, 6), _digits(header.isa10, 4)]
    return [["TA1", *echo, verdict.verdict, code] for code in verdict.codes or (NO_ERROR,)]


def read(segment: tuple[str, ...]) -> Trace | None:
    """What a received TA1 says: control is our ISA13; None for a segment too short to say anything."""
    if len(segment) < 6 or segment[0] != "TA1":
        return None
    codes = () if segment[5] == NO_ERROR else (segment[5],)
    return Trace(control=segment[1], verdict=segment[4], codes=codes)


def _digits(text: str, size: int) -> str:
    digits = "".join(one for one in text if one in "0123456789")
    return digits[:size].rjust(size, "0")
