"""Bad files in any number: always an answer, always the same however the bytes come, never an accepted piece."""

from __future__ import annotations

import msgspec
import pytest
from damage import bad_files, in_order, wrapped
from hypothesis import given, settings
from hypothesis import strategies as st
from x12_material import (
    GOLDEN_NAMES,
    accepted,
    golden,
    in_other_delimiters,
    joined,
    read,
    read_in_pieces,
    segments,
    summary,
    units,
)

from parsers import check, guides
from parsers.envelope import Charset, EnvelopePolicy
from parsers.events import Delimiters, InterchangeClosed, Junk, SetClosed
from parsers.limits import Limits
from parsers.reader import Reader
from parsers.snip import Snip, Weight

TIGHT = Limits(
    segment_bytes=200, unit_segments=10, findings_per_set=5, findings_per_group=8, sets_per_group=2,
    groups_per_interchange=2, duplicates_held=3, ta1_held=1, value_chars=9,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(bad_files())
def test_every_file_has_an_answer(data: bytes) -> None:
    """No bytes make the reader fail, and its events keep their order to the end."""
    assert in_order(read(data))


@settings(max_examples=60, deadline=None)
@given(bad_files(), st.sampled_from(["ascii", "latin-1", "utf-8"]), st.sampled_from(["error", "warning", "off"]))
def test_every_file_has_an_answer_under_every_policy(data: bytes, charset: Charset, weight: Weight) -> None:
    """Weights, character sets and tight limits change the answer, not that there is one; it can be kept as JSON."""
    policy = EnvelopePolicy(charset=charset, snip=Snip(snip1=weight, snip2=weight))
    events = check(data, guides.load, policy, TIGHT)
    assert in_order(events)
    assert msgspec.json.encode(events)


@settings(max_examples=60, deadline=None)
@given(bad_files(), st.lists(st.integers(0, 6_000), max_size=12), st.sampled_from([Limits(), TIGHT]))
def test_the_pieces_a_file_comes_in_change_nothing(data: bytes, cuts: list[int], limits: Limits) -> None:
    """Cut anywhere, the same events come out as at once."""
    reader, at, events = Reader(guides.load, EnvelopePolicy(), limits), 0, []
    for cut in [*sorted(cuts), len(data)]:
        events += reader.feed(data[at:cut])
        at = max(at, min(cut, len(data)))
    assert events + reader.close() == check(data, guides.load, EnvelopePolicy(), limits)


@settings(max_examples=12, deadline=None)
@given(bad_files().filter(lambda data: len(data) < 4_000))
def test_byte_by_byte_is_like_at_once(data: bytes) -> None:
    """The smallest pieces there are."""
    assert read_in_pieces(data, 1) == read(data)


@settings(max_examples=60, deadline=None)
@given(bad_files())
def test_messages_say_nothing_of_what_was_in_the_file(data: bytes) -> None:
    """Whatever was sent, a message is printable ASCII; only a finding's value copies data, and not much of it."""
    findings = [
        one
        for event in read(data)
        for one in (
            event.verdict.findings
            if isinstance(event, SetClosed)
            else [event.finding]
            if isinstance(event, Junk)
            else []
        )
    ]
    assert all(one.message.isascii() and one.message.isprintable() for one in findings)
    assert all(len(one.value) <= Limits().value_chars for one in findings)


WIDTHS = (72, 79, 80, 96, 104)


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_wrapped_files_are_read_as_if_they_were_not(columns: int, line_end: bytes) -> None:
    """Line ends at a column, in the ISA and anywhere, say nothing: verdicts, rows and digests of sets are the same."""
    for name in GOLDEN_NAMES:
        plain, other = read(golden(name)), read(wrapped(golden(name), columns).replace(b"\n", line_end))
        assert summary(other) == summary(plain)
        assert units(other) == units(plain)
        assert [e.body_sha256 for e in other if isinstance(e, SetClosed)] == [
            e.body_sha256 for e in plain if isinstance(e, SetClosed)
        ]


@pytest.mark.parametrize("columns", WIDTHS)
def test_interchanges_that_follow_each_other_in_a_wrapped_file_are_all_read(columns: int) -> None:
    """The next ISA begins in the middle of a line, perhaps in the middle of its name."""
    data = wrapped(b"".join(golden(name) for name in GOLDEN_NAMES), columns)
    assert summary(read(data)) == summary(read(b"".join(golden(name) for name in GOLDEN_NAMES)))
    assert read_in_pieces(data, 7) == read(data)


def test_a_line_end_in_a_file_that_is_not_wrapped_stays_an_error() -> None:
    """Only an ISA that is whole without its line ends says that they mean nothing."""
    data = golden("in.834").replace(b"NM1*IL*1*", b"NM1*IL*1*A\nB", 1)
    assert "IK4:3*6" in summary(read(data))


CUTS = {
    "in.834": Delimiters(),
    "in.837p": Delimiters("|", ">", "!", "\n"),
    "out.835": Delimiters("\x1d", "\x1f", "\x1c", "\x1e"),
    "out.277ca": Delimiters(":", "*", "~", "^"),
}
"""File -> the delimiters it is cut in."""


def short(name: str) -> bytes:
    """The golden file with its first set, and of an 837 with its first subscriber alone."""
    parts = segments(name)
    ends = next(at for at, part in enumerate(parts) if part.startswith(("SE*", "HL*3*1*22*")))
    ge = next(part for part in parts if part.startswith("GE*"))
    return joined([*parts[:ends], "SE*0*0001", f"GE*1*{ge.rpartition('*')[2]}", parts[-1]])


@pytest.mark.parametrize("name", CUTS)
def test_no_interchange_cut_before_the_end_of_its_iea_is_ever_accepted(name: str) -> None:
    """At every byte, in odd pieces: what was cut off is refused with 023, or nothing was opened at all."""
    data = in_other_delimiters(short(name) if name != "out.277ca" else golden(name), CUTS[name])
    assert accepted(read(data))
    for at in range(len(data)):
        refused_or_nothing(data[:at])


def refused_or_nothing(data: bytes) -> None:
    """A piece of one interchange: its only verdict is R with 023, or it has none."""
    events = read_in_pieces(data, 509) if data else read(data)
    closed = [event.verdict for event in events if isinstance(event, InterchangeClosed)]
    assert in_order(events)
    assert all(one.verdict == "R" and "023" in one.codes and not one.complete for one in closed)
    assert closed or isinstance(events[0], Junk)
