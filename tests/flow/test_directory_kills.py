"""Whoever dies: acknowledged is present, once, byte for byte."""

from __future__ import annotations

from pathlib import Path

from tests.flow import directory_kills

LOOPS = 30


def test_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    """Thirty loops of one or two receivers and four writers, killed at random: nothing is lost or doubled."""
    figures = directory_kills.run(tmp_path, LOOPS, seed=20260105)
    assert figures["receivers_killed"] >= LOOPS
    assert figures["writers_killed"] >= LOOPS // 2
    assert figures["acknowledged"] >= LOOPS
    broken = {name: figures[name] for name in ("lost", "doubled", "changed", "not_a_prefix", "orphans")}
    assert set(broken.values()) == {0}, broken
