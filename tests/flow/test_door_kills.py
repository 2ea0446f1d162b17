"""Whoever dies at the embedded door: what a client was told is there once, byte for byte, and nothing in part."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flow import door_kills

LOOPS = 12


@pytest.mark.program("sftp")
def test_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    """Twelve kills of the door or of a client at random: nothing is lost, doubled, cut or changed, nobody is stuck."""
    figures = door_kills.run(tmp_path, LOOPS, seed=20261124)
    assert figures["loops"] == LOOPS
    assert min(figures["door_killed"], figures["client_killed"]) >= 2
    assert figures["acknowledged"] >= LOOPS // 2 and figures["gone_on"] >= 2
    broken = {name: figures[name] for name in door_kills.NEVER}
    assert set(broken.values()) == {0}, broken
