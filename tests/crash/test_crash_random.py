"""Kills at random, of workers, daemons and commands, all through the golden scenario.

CRASH_KILLS=1000 makes it a campaign; CRASH_SEED throws other dice.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from sqlalchemy import select

from gateway.store.schema import hold
from tests.crash import dying
from tests.crash.dying import Chance
from tests.crash.effects import differences, without_parking
from tests.crash.scenario import CHAPTERS, Release
from tests.crash.shelf import Shelf
from tests.crash.world import World, died

KILLS = int(os.environ.get("CRASH_KILLS", "10"))
SEED = int(os.environ.get("CRASH_SEED", "7"))

A_RUN, ONE_IN = 10, 8
"""Kills in one run of the scenario, and how many transactions there are to one: it has about 150."""


def play_on(world: World) -> None:
    """Plays every chapter; a step that three kills met by chance is released by a person."""
    for chapter in CHAPTERS:
        for act in CHAPTERS[chapter]:
            world.act(act)
            world.settle()
            while _is_parked(world):
                world.act(Release("parked"))
                world.settle()


def _is_parked(world: World) -> bool:
    with world.context.store.read() as connection:
        mine = select(hold.c.id).where(hold.c.kind == "parked", hold.c.state == "open")
        return connection.execute(mine).first() is not None


def test_random_kills(world_of: Callable[..., World], shelf: Shelf) -> None:
    """Whatever is killed whenever, the golden scenario comes to the same: no claim, payment, notice or number twice."""
    kills, run = 0, 0
    while kills < KILLS:
        world, run = world_of(next(iter(CHAPTERS))), run + 1
        dying.dice(world.deaths, Chance(most=A_RUN, one_in=ONE_IN, seed=SEED + run))
        world.start()
        play_on(world)
        world.stop()
        causes = [marker.death.cause for marker in died(world)]
        assert len(causes) >= A_RUN // 2, "the dice fell too well"
        kills += len(causes)
        print(f"seed {SEED + run}: {causes}")  # noqa: T201
        found = differences(without_parking(world.effects()), shelf.ends[list(CHAPTERS)[-1]])
        assert found == {}, f"seed {SEED + run}"
