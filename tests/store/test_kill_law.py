"""The law of the queue: whatever is killed, every effect happens exactly once and every lane keeps its order."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from multiprocessing.context import ForkServerProcess

import effects_worker
from sqlalchemy import func, select

from gateway.store import queue
from gateway.store.engine import Store
from gateway.store.order import ord_of
from gateway.store.schema import audit, work
from tests.patience import PATIENCE_S, wait

JOBS, LANES, KILLS = 200, 12, 10

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["effects_worker"])


def start(store: Store, name: str) -> ForkServerProcess:
    """A worker process under a name that no other ever had."""
    url = store.url.render_as_string(hide_password=False)
    process = _processes.Process(target=effects_worker.main, args=(url, f"{name}:"), name=name, daemon=True)
    process.start()
    return process


def bury(store: Store, process: ForkServerProcess) -> None:
    """Kill -9, then what a supervisor does: give back what it held; a step parked by bad luck is put back."""
    process.kill()
    process.join(PATIENCE_S)
    with store.write("release") as connection:
        for parked in queue.release(connection, f"{process.name}:"):
            queue.unpark(connection, parked.id, store.clock())


def await_effects(store: Store, count: int) -> None:
    """Waits until so many effects are durable."""

    def so_many() -> bool:
        with store.read() as connection:
            return bool(connection.execute(select(func.count()).select_from(audit)).scalar_one() >= count)

    wait(so_many, f"{count} effects")


def test_killed_workers_lose_and_double_nothing(store: Store) -> None:
    """200 two-chunk steps, 12 lanes, 2 workers, 10 kills at random: 400 effects, each once, each lane in order."""
    with store.write("jobs") as connection:
        for no in range(JOBS):
            queue.enqueue(connection, 1, "step", lane=f"lane{no % LANES}", ord=ord_of(no), body={"no": no})
    dice = random.Random(7)
    workers = [start(store, f"worker{n}") for n in range(2)]
    for kill in range(KILLS):
        await_effects(store, (kill + 1) * JOBS // KILLS)
        time.sleep(dice.random() * 4 * effects_worker.STEP_S)
        victim = dice.randrange(2)
        bury(store, workers[victim])
        workers[victim] = start(store, f"worker{kill + 2}")
    for worker in workers:
        worker.join(PATIENCE_S)
    assert [worker.exitcode for worker in workers] == [0, 0]
    with store.read() as connection:
        effects = connection.execute(
            select(audit.c.actor, audit.c.action, audit.c.entity).order_by(audit.c.at_us)
        ).all()
        assert connection.execute(select(func.count()).select_from(work)).scalar_one() == 0
    expected = [(f"lane{no % LANES}", half, f"{no:06d}") for no in range(JOBS) for half in ("first", "second")]
    assert Counter(map(tuple, effects)) == Counter(expected)
    for lane in {effect.actor for effect in effects}:
        steps = [(effect.entity, effect.action) for effect in effects if effect.actor == lane]
        assert steps == sorted(steps)
