"""The daemon killed before and after every kind of commit it makes."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from tests.crash import dying
from tests.crash.causes import DAEMON
from tests.crash.dying import Death
from tests.crash.effects import differences
from tests.crash.shelf import Shelf
from tests.crash.world import World, died, worker_codes


@pytest.mark.parametrize(("cause", "chapter", "witness"), DAEMON)
def test_daemon_dies_at(
    cause: str, chapter: str, witness: str, world_of: Callable[..., World], shelf: Shelf
) -> None:  # fmt: skip
    """A daemon killed before a commit, and another after it, leave no worker and what an undisturbed run leaves."""
    world = world_of(chapter)
    dying.plan(world.deaths, [Death(cause, witness, "before"), Death(cause, witness, "after")])
    world.start()
    world.play(chapter)
    world.wait_deaths(2)
    world.stop()
    assert [(m.death.moment, m.committed) for m in died(world)] == [("before", False), ("after", True)]
    assert world.ended == [-signal.SIGKILL] * 2
    assert differences(world.effects(), shelf.ends[chapter]) == {}


def test_daemon_dies_giving_back(world_of: Callable[..., World], shelf: Shelf) -> None:
    """A worker dies, then the daemon that gives back its claim, then the next that does: the result is the same."""
    world = world_of("claims")
    held = "select id from work where owner is not null"
    lost = Death("adjudicate", "select count(*) from decision", "before")
    dying.plan(world.deaths, [lost, Death("release", held, "before"), Death("release", held, "after")])
    world.start()
    world.play("claims")
    world.wait_deaths(3)
    world.stop()
    markers = died(world)
    causes = [(m.death.cause, m.committed) for m in markers]
    assert causes == [("adjudicate", False), ("release", False), ("release", True)]
    assert world.ended == [-signal.SIGKILL] * 2
    assert worker_codes(world)[markers[0].who] == -signal.SIGKILL
    assert differences(world.effects(), shelf.ends["claims"]) == {}
