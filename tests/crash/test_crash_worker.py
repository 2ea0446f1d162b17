"""Workers killed before and after every kind of commit they make."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from tests.crash import dying
from tests.crash.causes import WORKER
from tests.crash.dying import Death
from tests.crash.effects import differences
from tests.crash.shelf import Shelf
from tests.crash.world import World, died, worker_codes


@pytest.mark.parametrize(("cause", "chapter", "witness"), WORKER)
def test_worker_dies_at(
    cause: str, chapter: str, witness: str, world_of: Callable[..., World], shelf: Shelf
) -> None:  # fmt: skip
    """A worker killed before a commit, and another after it, leave what an undisturbed run leaves."""
    world = world_of(chapter)
    dying.plan(world.deaths, [Death(cause, witness, "before"), Death(cause, witness, "after")])
    world.start()
    world.play(chapter)
    world.wait_deaths(2)
    world.stop()
    markers = died(world)
    assert [(m.death.moment, m.committed) for m in markers] == [("before", False), ("after", True)]
    assert [worker_codes(world)[m.who] for m in markers] == [-signal.SIGKILL] * 2
    assert differences(world.effects(), shelf.ends[chapter]) == {}
