"""Segments to a file and back through the real writer and reader, and through pyx12 as a second opinion."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import pyx12.params
import pyx12.x12n_document

from mappings.table import Segment
from parsers import guides
from parsers.envelope import EnvelopePolicy
from parsers.events import Delimiters, Event, GroupClosed, GroupHeader, InterchangeHeader, SetClosed, SetVerdict, Unit
from parsers.reader import Reader
from parsers.writer import write_interchange

GOLDEN = Path(__file__).parents[1] / "golden"
_guide = lru_cache(guides.load)
_CODES = {
    "005010X222A1": "HC",
    "005010X223A2": "HC",
    "005010X224A2": "HC",
    "005010X220A1": "BE",
    "005010X221A1": "HP",
    "005010X214": "HN",
    "005010X231A1": "FA",
}


def events(data: bytes) -> list[Event]:
    """What the reader makes of a file."""
    reader = Reader(_guide, EnvelopePolicy())
    return reader.feed(data) + reader.close()


def sets(data: bytes) -> list[list[Unit]]:
    """The units of each set of a file."""
    found: list[list[Unit]] = [[]]
    for event in events(data):
        if isinstance(event, Unit):
            found[-1].append(event)
        elif isinstance(event, SetClosed):
            found.append([])
    return found[:-1]


def verdicts(data: bytes) -> list[SetVerdict]:
    """The reader's answer to each set of a file."""
    return [event.verdict for event in events(data) if isinstance(event, SetClosed)]


def group_verdicts(data: bytes) -> list[GroupClosed]:
    """The reader's answer to each group of a file."""
    return [event for event in events(data) if isinstance(event, GroupClosed)]


def golden(name: str) -> bytes:
    """A file of the golden scenario."""
    return (GOLDEN / name).read_bytes()


def golden_segments(name: str) -> list[list[str]]:
    """Every set of a golden file from ST to the segment before SE, as one list per set, elements as sent."""
    found: list[list[list[str]]] = []
    for text in golden(name).decode().replace("\n", "").split("~"):
        values = text.split("*")
        if values[0] == "ST":
            found.append([])
        if values[0] not in ("ISA", "GS", "SE", "GE", "IEA", "") and found:
            found[-1].append(values)
    return found  # type: ignore[return-value]


def sent(segments: Sequence[Segment], component: str = ":") -> list[list[str]]:
    """Segments with their composites joined."""
    return [[one if isinstance(one, str) else component.join(one) for one in row] for row in segments]


def file_of(segments: Sequence[Segment], guide: str, delimiters: Delimiters | None = None) -> bytes:
    """One interchange of one group of one set."""
    own = delimiters or Delimiters()
    header = InterchangeHeader(
        isa01="00", isa02="", isa03="00", isa04="", isa05="ZZ", isa06="SENDER", isa07="ZZ", isa08="RECEIVER",
        isa09="260406", isa10="0900", isa11="", isa12="00501", isa13="000000001", isa14="0", isa15="T", isa16="",
        delimiters=own,
    )  # fmt: skip
    group = GroupHeader(_CODES[guide], "SENDER", "RECEIVER", "20260406", "0900", "1", "X", guide)
    return write_interchange(header, [(group, [segments])], own, newline=True)


def pyx12_answer(data: bytes) -> list[str]:
    """What pyx12's own 999 complains of, empty when it accepts the file."""
    logging.disable(logging.CRITICAL)
    try:
        text, answer = io.StringIO(data.decode()), io.StringIO()
        good = pyx12.x12n_document.x12n_document(pyx12.params.params(), text, answer, None, None)
    finally:
        logging.disable(logging.NOTSET)
    complaints = [row for row in answer.getvalue().split("\n") if row.startswith(("IK3", "IK4"))]
    return [] if good else complaints or [answer.getvalue()]
