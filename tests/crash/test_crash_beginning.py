"""The making of an installation killed before and after each of its commits, and done again."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.crash import dying, processes
from tests.crash.causes import BEGINNING
from tests.crash.dying import Death
from tests.crash.effects import differences
from tests.crash.shelf import Shelf
from tests.crash.world import died
from tests.patience import PATIENCE_S


@pytest.mark.parametrize(("cause", "witness"), BEGINNING)
def test_beginning_dies_at(cause: str, witness: str, shelf: Shelf, tmp_path: Path) -> None:
    """An installation whose making was killed twice and done again is the one that was made at once."""
    world = shelf.blank(tmp_path)
    dying.plan(world.deaths, [Death(cause, witness, "before"), Death(cause, witness, "after")])
    codes = []
    for _ in range(3):
        process = processes.start_beginning(world.config, world.deaths, world.log)
        process.join(PATIENCE_S)
        codes.append(process.exitcode)
    assert codes == [-signal.SIGKILL, -signal.SIGKILL, 0], world.log.read_text()
    assert [(m.death.moment, m.committed) for m in died(world)] == [("before", False), ("after", True)]
    assert differences(world.effects(), shelf.start) == {}
    shelf.drop(world)
