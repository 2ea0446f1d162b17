"""Whatever comes, a reader answers and never fails: spoilt golden files, and real files of others (not kept here)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from x12_files import events, golden

from mappings import dental, institutional
from mappings.claim_ack import AcknowledgementReader
from mappings.enrolment import MemberReader
from mappings.implementation_ack import AckReader
from mappings.professional import ClaimReader
from mappings.remittance import RemittanceReader
from parsers.events import SetClosed, SetOpened, Unit

READERS: dict[str, Any] = {
    "005010X222A1": ClaimReader,
    institutional.GUIDE: institutional.ClaimReader,
    dental.GUIDE: dental.ClaimReader,
    "005010X220A1": MemberReader,
    "005010X221A1": RemittanceReader,
    "005010X214": AcknowledgementReader,
    "005010X231A1": AckReader,
}
corpus = Path(os.environ.get("X12_CORPUS", "nowhere"))


def read(data: bytes) -> list[tuple[Any, str, int]]:
    """Reader, verdict and number of units of each set of a known guide."""
    found: list[tuple[Any, str, int]] = []
    reader: Any = None
    taken = 0
    for event in events(data):
        if isinstance(event, SetOpened):
            reader, taken = READERS.get(event.guide, lambda: None)(), 0
        elif isinstance(event, Unit) and reader is not None:
            reader.take(event)
            taken += 1
        elif isinstance(event, SetClosed) and reader is not None:
            found.append((reader, event.verdict.verdict, taken))
            if hasattr(reader, "close"):
                reader.close()
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(("in.837p", "in.834", "out.277ca", "out.835")),
    st.integers(2, 200),
    st.integers(1, 9),
    st.sampled_from(("cut", "", "X", "99999999", "1.005", ":::", "-", "20260230")),
)
def test_readers_survive_spoilt_segments(name: str, segment: int, element: int, spoilt: str) -> None:
    """Any element cut off or replaced gives findings or other records, never an exception."""
    rows = golden(name).decode().replace("\n", "").split("~")[:-1]
    place = segment % (len(rows) - 6) + 3  # between ST and SE: what stands outside is in no unit
    values = rows[place].split("*")
    at = min(element, len(values) - 1)
    values = values[:at] if spoilt == "cut" else [*values[:at], spoilt, *values[at + 1 :]]
    rows[place] = "*".join(values)
    assert read("".join(f"{row}~" for row in rows).encode())


@pytest.mark.skipif(not corpus.is_dir(), reason="X12_CORPUS names no folder")
def test_readers_survive_whatever_comes() -> None:
    """Sets of every verdict go through their reader without an exception; accepted ones without a refused value."""
    units = 0
    for path in sorted(one for one in corpus.rglob("*") if one.is_file() and one.stat().st_size < 2_000_000):
        for reader, verdict, taken in read(path.read_bytes()):
            units += taken
            assert verdict != "A" or not getattr(reader, "findings", []), path.name
    assert units > 0
