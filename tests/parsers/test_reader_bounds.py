"""What a hostile file can cost: memory and time stay in proportion, whatever it holds."""

from __future__ import annotations

import tracemalloc
from itertools import islice
from time import process_time

import pytest
from big_files import KINDS, pieces
from x12_material import read, segments, summary

from parsers import guides
from parsers.envelope import EnvelopePolicy
from parsers.events import InterchangeClosed, SetClosed
from parsers.limits import Limits
from parsers.reader import Reader

MIB = 1024 * 1024


def _peak_bytes(pieces: list[bytes]) -> int:
    """The most memory held while `pieces` are fed, events dropped as they come."""
    read(("~".join(segments("in.834")) + "~").encode())  # the guide is there, and is not counted
    reader = Reader(guides.load, EnvelopePolicy())
    tracemalloc.start()
    try:
        for piece in pieces:
            reader.feed(piece)
        reader.close()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


TIGHT = Limits(
    segment_bytes=2 * 1024, unit_segments=300, findings_per_set=50, findings_per_group=100, sets_per_group=100,
    groups_per_interchange=100, duplicates_held=100, ta1_held=10,
)  # fmt: skip
"""Limits that little data reaches, so that what is not bounded by them shows."""


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_goes_on_for_ever_is_held(kind: str) -> None:
    """Four times as much of any kind costs no more memory, be it a million members or a single element."""
    reader, peaks, cpu = Reader(guides.load, EnvelopePolicy(), TIGHT), [], []
    for event in reader.events(b"".join(pieces(kind, 1))):
        assert event  # guides are loaded and expressions compiled before anything is measured
    reader = Reader(guides.load, EnvelopePolicy(), TIGHT)
    feed = pieces(kind, 10)
    for count in (2, 8):
        tracemalloc.start()
        held, begun = tracemalloc.get_traced_memory()[0], process_time()
        for piece in islice(feed, count):
            for _ in reader.events(piece):
                pass
        peaks.append(tracemalloc.get_traced_memory()[1] - held)
        cpu.append((process_time() - begun) / count)
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + MIB / 20
    assert peaks[0] < 3 * MIB
    assert cpu[1] < 4 * cpu[0] + 0.05


EACH_BYTES = {"unknown segments": 1_000, "sets of another group": 1_300, "interchanges": 700, "lines of one claim": 700}
"""Kind -> what the arithmetic of its limit allows each finding, set verdict, control number or segment."""


@pytest.mark.parametrize("kind", EACH_BYTES)
def test_what_is_held_costs_what_its_limit_says(kind: str) -> None:
    """The arithmetic beside a limit is measured: so many of so many bytes."""
    head, more = KINDS[kind]
    reader = Reader(guides.load, EnvelopePolicy())
    read((head + more(1)).encode())
    list(reader.events(head.encode()))
    body = "".join(more(number) for number in range(1, 901)).encode()
    tracemalloc.start()
    for _ in reader.events(body):
        pass
    each = tracemalloc.get_traced_memory()[0] / (900 * more(1).count("~") if kind == "lines of one claim" else 900)
    tracemalloc.stop()
    assert each < EACH_BYTES[kind]


def test_an_element_without_end_is_not_kept() -> None:
    """Twenty megabytes of one element cost little more than the piece being read."""
    head = "~".join(segments("in.834")[:10]) + "~NM1*IL*1*"
    reader = Reader(guides.load, EnvelopePolicy())
    reader.feed(head.encode())
    tracemalloc.start()
    for _ in range(20):
        reader.feed(b"A" * MIB)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * MIB
    assert summary(reader.close()).endswith("TA1:R*023")


def test_a_segment_too_long_is_told_the_same_however_it_arrives() -> None:
    """What is cut is cut alike, in one piece or in many, and what follows is read as usual."""
    parts = segments("in.834")
    at = next(index for index, part in enumerate(parts) if part.startswith("NM1"))
    data = "~".join([*parts[:at], f"NM1*IL*1*{'A' * 300_000}", *parts[at + 1 :], ""]).encode()
    whole = read(data)
    reader = Reader(guides.load, EnvelopePolicy())
    pieces = [event for start in range(0, len(data), 4096) for event in reader.feed(data[start : start + 4096])]
    assert pieces + reader.close() == whole
    found = [one for event in whole if isinstance(event, SetClosed) for one in event.verdict.findings]
    assert [(one.place.element, one.code) for one in found if one.level == "element"][:1] == [(3, "5")]


def test_memory_does_not_grow_with_the_number_of_claims() -> None:
    """A set ten times longer holds no more memory while it is read."""
    parts = segments("in.834")
    start = next(index for index, part in enumerate(parts) if part.startswith("INS"))
    head = ("~".join(parts[:start]) + "~").encode()
    members = (("~".join(parts[start:-3]) + "~") * 40).encode()
    assert _peak_bytes([head, *[members] * 10]) < 1.5 * _peak_bytes([head, members]) + MIB / 4


def test_a_refused_interchange_is_skipped_to_its_end() -> None:
    """Nothing inside a refused interchange is read, and the next one is."""
    parts = segments("in.834")
    bad = [parts[0].replace("*T*", "*Q*"), *parts[1:]]
    events = read(("~".join([*bad, *parts]) + "~").encode())
    assert summary(events) == "TA1:R*020 IK5:A AK9:A TA1:A"


def test_an_interchange_cut_off_does_not_swallow_the_next() -> None:
    """An ISA inside an interchange ends it; what was cut off is refused, what is whole is read."""
    parts = segments("in.834")
    again = [parts[0].replace("000000101", "000000102"), *parts[1:-1], "IEA*1*000000102"]
    events = read(("~".join([*parts[:40], *again]) + "~").encode())
    closed = [event for event in events if isinstance(event, InterchangeClosed)]
    assert [(one.verdict.verdict, one.verdict.complete) for one in closed] == [("R", False), ("A", True)]


def test_large_data_may_be_taken_piece_by_piece() -> None:
    """`events` gives what `feed` gives, in the same order."""
    parts = segments("in.834")
    data = b"".join(
        ("~".join([parts[0].replace("000000101", f"{n:09}"), *parts[1:-1], f"IEA*1*{n:09}"]) + "~").encode()
        for n in range(100, 140)
    )
    reader = Reader(guides.load, EnvelopePolicy())
    assert [*reader.events(data), *reader.close()] == read(data)


def test_many_small_interchanges_are_read_in_proportion() -> None:
    """Five thousand interchanges in one feed are five thousand answers, not a quadratic wait."""
    isa = segments("in.834")[0]
    data = "".join(f"{isa.replace('000000101', f'{n:09}')}~IEA*0*{n:09}~" for n in range(1, 5001))
    closed = [event for event in read(data.encode()) if isinstance(event, InterchangeClosed)]
    assert [one.verdict.verdict for one in closed] == ["A"] * 5000
