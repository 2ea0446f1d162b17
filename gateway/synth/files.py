"""Synthetic interchanges: segments to a file of one group, in chunks, with the delimiters everybody uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain, islice
from typing import TypedDict

from mappings.table import Segment
from parsers.events import Delimiters, InterchangeHeader
from parsers.writer import write_interchange, write_segment

CHUNK_ROWS = 500  # segments joined at a time: about 15 kB
STANDARD = Delimiters()


class Envelope(TypedDict, total=False):
    """Who sends to whom: ISA06 and GS02, ISA08 and GS03; control: ISA13 and GS06; usage: ISA15."""

    sender: str
    receiver: str
    control: int
    usage: str


def interchange(
    functional_id: str,
    guide: str,
    sets: Iterable[Iterable[Segment]],
    on: date,
    *,
    sender: str = "CLEARPATH",
    receiver: str = "SUMMITTPA",
    control: int = 1,
    usage: str = "T",
) -> Iterator[bytes]:
    """One interchange of one group, with delimiters that nothing made here contains; the sets come without their SE."""
    isa = InterchangeHeader(
        isa01="00", isa02="", isa03="00", isa04="", isa05="ZZ", isa06=sender, isa07="ZZ", isa08=receiver,
        isa09=f"{on:%y%m%d}", isa10="0900", isa11="", isa12="00501", isa13=f"{control:09}", isa14="0", isa15=usage,
        isa16="",
    )  # fmt: skip
    gs: Segment = ["GS", functional_id, sender, receiver, f"{on:%Y%m%d}", "0900", str(control), "X", guide]
    rows: Iterator[Segment] = chain([gs], _sets(sets, control), [["IEA", "1", isa.isa13]])
    yield write_interchange(isa, (), STANDARD, newline=True).splitlines(keepends=True)[0]
    while chunk := "\n".join([write_segment(row, STANDARD) for row in islice(rows, CHUNK_ROWS)]):
        yield f"{chunk}\n".encode("ascii")


def _sets(sets: Iterable[Iterable[Segment]], control: int) -> Iterator[Segment]:
    """The sets with their SE, then GE."""
    number = 0
    for number, body in enumerate(sets, 1):
        size = 1
        for row in body:
            size += 1
            yield row
        yield ["SE", str(size), f"{number:04}"]
    yield ["GE", str(number), str(control)]
