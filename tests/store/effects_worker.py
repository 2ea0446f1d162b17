"""A worker that can be killed anywhere: each step writes one audit row per chunk, the second together with its end."""

from __future__ import annotations

import time

from sqlalchemy.exc import IntegrityError

from gateway.store import audit, queue
from gateway.store.engine import Store
from gateway.store.queue import Work

STEP_S = 0.002
"""How long a transaction computes: a kill falls into it more often than not."""


def main(url: str, me: str) -> None:
    """Works until nothing waits. Crash-only: any trouble but a lost race for a lane ends the process."""
    store = Store(url)
    while True:
        try:
            with store.write("claim") as connection:
                step = queue.claim(connection, me, store.clock())
        except IntegrityError:
            continue
        if step is not None:
            _do(store, step)
            continue
        with store.read() as connection:
            if queue.waiting(connection, store.clock()) == 0:
                return
        time.sleep(0.01)


def _do(store: Store, step: Work) -> None:
    if not step.body.get("half"):
        with store.write("first half") as connection:
            _effect(store, connection, step, "first")
            queue.advance(connection, step, step.body | {"half": True})
    with store.write("second half") as connection:
        _effect(store, connection, step, "second")
        queue.finish(connection, step)


def _effect(store: Store, connection: object, step: Work, half: str) -> None:
    audit.note(connection, store.clock(), step.lane, half, f"{step.body['no']:06d}")  # type: ignore[arg-type]
    time.sleep(STEP_S)
