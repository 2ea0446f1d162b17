"""The golden files, read whole, in pieces, cut short, and in other clothes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from x12_material import (
    GOLDEN_NAMES,
    accepted,
    golden,
    in_other_delimiters,
    read,
    read_in_pieces,
    segments,
    summary,
    units,
)

from parsers.events import Delimiters, InterchangeClosed, SetClosed, SetOpened

UNIT_KINDS = {
    "in.834": {"header", "2000"},
    "in.837p": {"header", "2000A", "2000B", "2000C", "2300"},
    "out.277ca": {"header", "2000A", "2000B", "2000C", "2000D"},
    "out.835": {"header", "2100", "trailer"},
}


@pytest.mark.parametrize("name", GOLDEN_NAMES)
def test_golden_files_are_accepted_without_a_finding(name: str) -> None:
    """What the guides allow is accepted, and nothing is said about it."""
    events = read(golden(name))
    assert accepted(events)
    assert not [one for event in events if isinstance(event, SetClosed) for one in event.verdict.findings]


@pytest.mark.parametrize("name", GOLDEN_NAMES)
def test_units_hold_every_segment_between_st_and_se_once(name: str) -> None:
    """Units, laid end to end, are the set's body in order; their positions count from ST = 1."""
    events = read(golden(name))
    rows = ["*".join(row) for unit in units(events) for _, row in unit.rows]
    body = [part for part in segments(name) if part[:3] not in ("ISA", "GS*", "ST*", "SE*", "GE*", "IEA")]
    assert rows == body
    assert {unit.kind for unit in units(events)} == UNIT_KINDS[name]
    assert all(unit.clean for unit in units(events))


def test_positions_and_ordinals_of_units_follow_the_set() -> None:
    """A unit's position is that of its first segment; ordinals count from 0 in every set."""
    for event_list in (read(golden(name)) for name in GOLDEN_NAMES):
        at, ordinal = 2, 0
        for event in event_list:
            if isinstance(event, SetOpened):
                at, ordinal = 2, 0
            for unit in units([event]):
                assert (unit.position, unit.ordinal) == (at, ordinal)
                at, ordinal = at + len(unit.rows), ordinal + 1


def test_rows_carry_the_loop_ids_of_the_guide() -> None:
    """A mapping finds a segment by its full loop id."""
    loops = {loop for unit in units(read(golden("in.837p"))) for loop, _ in unit.rows}
    assert {"1000A", "2000A", "2010AA", "2010BB", "2300", "2320", "2330A", "2400", "2410", "2430"} <= loops


@pytest.mark.parametrize("name", GOLDEN_NAMES)
@pytest.mark.parametrize("size", [1, 7, 105, 106, 107, 1000])
def test_the_size_of_the_pieces_fed_changes_nothing(name: str, size: int) -> None:
    """However the bytes arrive, the same events come out."""
    data = golden(name)
    assert read_in_pieces(data, size) == read(data)


@pytest.mark.parametrize("name", GOLDEN_NAMES)
def test_no_prefix_is_ever_accepted(name: str) -> None:
    """A file cut anywhere is never mistaken for a whole one."""
    data = golden(name)
    cuts = {at for at, byte in enumerate(data) if byte == ord("~")} | {at + 1 for at in range(0, len(data), 41)}
    assert not any(accepted(read(data[:cut])) for cut in cuts if cut < len(data) - 1)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r", b"\n\n   ", b"\t\n"])
def test_line_ends_and_indents_after_terminators_are_padding(line_end: bytes) -> None:
    """Line ends and indents after a terminator change neither verdict nor rows nor the digest of a set."""
    data = golden("in.837p")
    plain, padded = read(data), read(data.replace(b"~", b"~" + line_end))
    assert accepted(padded)
    assert units(plain) == units(padded)
    assert [e.body_sha256 for e in plain if isinstance(e, SetClosed)] == [
        e.body_sha256 for e in padded if isinstance(e, SetClosed)
    ]


@pytest.mark.parametrize(
    "own",
    [
        Delimiters("|", ">", "^", "~"),
        Delimiters("\x1d", "\x1f", "\x1c", "\x1e"),
        Delimiters("*", ":", "!", "\n"),
        Delimiters(":", "*", "~", "^"),
    ],
)
def test_any_legal_delimiters_give_the_same_verdict_and_rows(own: Delimiters) -> None:
    """The delimiters are the sender's choice; elements come out split, composites still joined with its own."""
    for name in GOLDEN_NAMES:
        plain = read(golden(name))
        other = read(in_other_delimiters(golden(name), own))
        assert accepted(other)
        rows = [[(loop, [v.replace(":", own.component) for v in row]) for loop, row in u.rows] for u in units(plain)]
        assert [unit.rows for unit in units(other)] == rows
        assert {unit.component for unit in units(other)} == {own.component}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(GOLDEN_NAMES), st.data())
def test_delimiters_and_pieces_give_the_same_findings_for_damaged_files(name: str, draw: st.DataObject) -> None:
    """What is wrong is said in the same words, whatever the delimiters and however the bytes arrive."""
    parts = segments(name)
    at = draw.draw(st.integers(3, len(parts) - 4))
    elements = parts[at].split("*")
    place = draw.draw(st.integers(0, len(elements) - 1))
    elements[place] = draw.draw(st.sampled_from(["", "ZZZ", "20260230", "A" * 300, "1", "X Y"]))
    data = "~".join([*parts[:at], "*".join(elements), *parts[at + 1 :], ""]).encode()
    expected = read(data)
    assert read_in_pieces(data, draw.draw(st.integers(1, 400))) == expected
    assert summary(read(in_other_delimiters(data, Delimiters("|", ">", "!", "\n")))) == summary(expected)


def test_several_interchanges_groups_and_sets_are_read_one_after_the_other() -> None:
    """A file may hold many interchanges; each is judged by itself and begins where the last one ended."""
    first, second = golden("in.834"), golden("in.837p")
    closed = [e for e in read(first + b"\r\n" + second) if isinstance(e, InterchangeClosed)]
    assert [one.verdict.header.isa13 for one in closed] == ["000000101", "000000202"]
    assert [one.sha256 for one in closed] == [
        e.sha256 for data in (first, second) for e in read(data) if isinstance(e, InterchangeClosed)
    ]


def test_the_same_interchange_twice_in_a_file_is_refused_the_second_time() -> None:
    """A control number is used once; a rejected interchange may be sent again under its number."""
    data = golden("in.834")
    broken = data.replace(b"IEA*1", b"IEA*2")
    assert summary(read(data + data)).endswith("TA1:A TA1:R*025")
    assert [e.verdict.verdict for e in read(broken + data) if isinstance(e, InterchangeClosed)] == ["R", "A"]
