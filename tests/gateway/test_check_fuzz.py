"""Laws of a check that hold for any bytes: an answer comes, it is never an exception, and it is told in full."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from check_material import changed, checked, desk, golden
from hypothesis import given, settings
from hypothesis import strategies as st
from test_check_page import Balance

from gateway.check import page
from gateway.check.answers import Answer, Answers
from gateway.check.records import every_finding

CORPUS = os.environ.get("X12_CORPUS", "")
NOW = datetime(2026, 4, 6, 9, 30, tzinfo=UTC)
BASES = [golden("in.837p"), golden("in.834"), golden("out.835"), golden("out.277ca"),
         changed("in.837p", ("*0*T*", "*1*T*"))]  # fmt: skip
SNIPPETS = [b"", b"~", b"*", b":", b"^", b"~~", b"\x00", b"\xff", b"ISA*", b"IEA*1*000000202~", b"SE*1*0001~",
            b"GE*1*1~", b"HL*9*9*22*0~", b"CLM*X*1~", b"LX*1~", b"\r\n", b"<b>",
            b"ST*837*0001*005010X222A1~"]  # fmt: skip


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """A golden file with stretches of it cut out, doubled, or replaced by what may not stand there."""
    data = draw(st.sampled_from(BASES))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(0, 60)))
        data = data[:at] + draw(st.sampled_from([*SNIPPETS, data[at:end] * 2])) + data[end:]
    return data


def everything(data: bytes) -> None:
    """Checks a file in every way there is; its answers are legal or, where they echo, at least X12."""
    kept: list[Answer] = []
    result = checked(data, listeners=(Answers(kept.append, NOW),))
    assert msgspec.json.decode(msgspec.json.encode(result))["file"] == "in.x12"
    wrong = [one for one in every_finding(result) if one.severity == "error"]
    assert result.accepted == (bool(result.interchanges) and not wrong and not result.reason)
    for one in kept:
        assert checked(one.body).interchanges[0].ta1 == "A"
    balance = Balance()
    balance.feed(page.render(result, [data], desk()))
    assert (balance.open, balance.wrong) == ([], [])


@settings(max_examples=60, deadline=None)
@given(data=spoiled())
def test_any_spoiled_file_has_an_answer(data: bytes) -> None:
    """Whatever befalls a file, it is told, answered and laid out; accepted is what nothing is said against."""
    everything(data)


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_have_an_answer(data: bytes) -> None:
    """Bytes that are no X12 are told so, alone or behind an ISA."""
    everything(data)
    everything(golden("in.834")[:106] + data)


@pytest.mark.corpus
def test_hostile_files_have_an_answer() -> None:
    """Every hostile file is told, answered and laid out, and the controls for 834 and 837 are accepted."""
    if not CORPUS:
        pytest.skip("X12_CORPUS names no folder")
    for file in sorted((Path(CORPUS) / "hostile" / "files").glob("*.x12")):
        everything(file.read_bytes())
