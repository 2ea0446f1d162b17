"""An operator's command killed before and after its commit, and typed again."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from tests.crash import dying
from tests.crash.causes import COMMAND
from tests.crash.dying import Death
from tests.crash.effects import differences
from tests.crash.shelf import Shelf
from tests.crash.world import World, died


@pytest.mark.parametrize(("cause", "chapter", "witness"), COMMAND)
def test_command_dies_at(
    cause: str, chapter: str, witness: str, world_of: Callable[..., World], shelf: Shelf
) -> None:  # fmt: skip
    """A command killed before its commit, killed after it and typed a third time does its work once."""
    world = world_of(chapter)
    dying.plan(world.deaths, [Death(cause, witness, "before"), Death(cause, witness, "after")])
    world.start()
    world.play(chapter)
    world.stop()
    assert [(m.death.moment, m.committed) for m in died(world)] == [("before", False), ("after", True)]
    assert world.ended == [-signal.SIGKILL] * 2
    assert differences(world.effects(), shelf.ends[chapter]) == {}
