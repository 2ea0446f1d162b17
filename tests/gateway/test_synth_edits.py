"""Synthetic files and the golden ones keep every row of the tables of edits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from gateway import synth
from parsers import check, guides
from parsers.edits import Editor, Terms
from parsers.envelope import EnvelopePolicy
from parsers.events import SetClosed, SetOpened, Unit
from parsers.findings import Finding

DAY = date(2026, 4, 6)
GOLDEN = Path(__file__).parent.parent / "golden"
FILES: dict[str, Callable[[], bytes]] = {
    "837P": lambda: synth.write_837p(60, 40, 1, 0, DAY), "837I": lambda: synth.write_837i(60, 40, 1, 0, DAY),
    "837D": lambda: synth.write_837d(60, 40, 1, 0, DAY), "834": lambda: synth.write_834(60, 1, DAY),
    "835": lambda: synth.write_835(40, 1, DAY), "820": lambda: synth.write_820(60, 1, DAY),
    **{name: (GOLDEN / name).read_bytes for name in ("in.837p", "in.834", "out.835")},
}  # fmt: skip


def edited(data: bytes) -> tuple[int, list[Finding]]:
    """How many sets a file has, and what the edits find in them."""
    sets, found, editor = 0, list[Finding](), Editor("", Terms(today=DAY))
    for event in check(data, guides.load, EnvelopePolicy()):
        if isinstance(event, SetOpened):
            sets, editor = sets + 1, Editor(event.guide, Terms(today=DAY))
        elif isinstance(event, Unit):
            found += editor.take(event)
        elif isinstance(event, SetClosed):
            found += editor.close()
    return sets, found


@pytest.mark.parametrize("name", FILES)
def test_a_good_file_has_no_finding(name: str) -> None:
    """What is right by the guide and the scenario passes SNIP 3 to 7 without a warning, whatever its guide."""
    sets, found = edited(FILES[name]())
    assert sets
    assert [(one.rule, one.place) for one in found] == []
