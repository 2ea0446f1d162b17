"""Kills at random, of workers and daemons, all through the golden scenario. CRASH_KILLS=1000 makes it a campaign."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable

from sqlalchemy import select
from tests.crash.conftest import Shelf
from tests.crash.effects import differences
from tests.crash.scenario import CHAPTERS, Release
from tests.crash.test_crash_poison import without_holds
from tests.crash.world import World, alive

from gateway.store.schema import hold

KILLS = int(os.environ.get("CRASH_KILLS", "10"))
SEED = int(os.environ.get("CRASH_SEED", "7"))
BETWEEN_S = (0.1, 1.5)
"""Shortest and longest time between two kills: a worker starts in about a second, so many die early, some late."""


class Killer(threading.Thread):
    """Kills one process of a world every now and then, a daemon one time in four, until it is told to stop."""

    def __init__(self, world: World, dice: random.Random) -> None:
        super().__init__(daemon=True)
        self._world, self._dice, self._over = world, dice, threading.Event()
        self.killed: list[str] = []

    def run(self) -> None:
        """Kills until stopped."""
        while not self._over.wait(self._dice.uniform(*BETWEEN_S)):
            try:
                said = json.loads((self._world.folder / "run.json").read_text())
            except OSError:
                continue
            pids = [said["pid"]] if self._dice.random() < 0.25 else said["worker_pids"]
            pid = self._dice.choice(pids) if pids else 0
            if pid and alive(pid):
                os.kill(pid, signal.SIGKILL)
                self.killed.append("daemon" if pid == said["pid"] else "worker")

    def stop(self) -> None:
        """Ends the killing."""
        self._over.set()
        self.join()


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
    dice, kills = random.Random(SEED), 0
    while kills < KILLS:
        world = world_of(next(iter(CHAPTERS)), workers="2")
        world.start()
        killer = Killer(world, dice)
        killer.start()
        started = time.monotonic()
        try:
            play_on(world)
        finally:
            killer.stop()
        world.settle()
        world.stop()
        kills += len(killer.killed)
        print(f"{len(killer.killed)} kills in {time.monotonic() - started:.1f} s, seed {SEED}: {killer.killed}")  # noqa: T201
        assert differences(without_holds(world.effects()), shelf.ends[list(CHAPTERS)[-1]]) == {}
