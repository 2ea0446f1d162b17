"""One after another, in the order asked: what keeps a CLOSE behind its WRITEs when each takes its time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

T = TypeVar("T")
Job = Callable[[], Coroutine[Deferred[Any], Any, T]]


class Turns:
    """Runs jobs one at a time. A loop, not a chain of callbacks: a hundred quick jobs must not nest a hundred deep."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Job[Any], Deferred[Any]]] = deque()
        self._busy = False
        self._looping = False
        self._drained: list[Deferred[None]] = []

    def drained(self) -> Deferred[None]:
        """Fires when nothing runs or waits any more."""
        done: Deferred[None] = Deferred()
        self._drained.append(done)
        self._run()
        return done

    def add(self, job: Job[T]) -> Deferred[T]:
        """Fires with what the job comes to, after every job added before it has come to its end."""
        done: Deferred[T] = Deferred()
        self._waiting.append((job, done))
        self._run()
        return done

    def _run(self) -> None:
        if self._looping:
            return
        self._looping = True
        try:
            while self._waiting and not self._busy:
                job, ended = self._waiting.popleft()
                self._busy = True
                Deferred.fromCoroutine(job()).addBoth(self._ended, ended)
        finally:
            self._looping = False
        if not self._busy:
            drained, self._drained = self._drained, []
            for done in drained:
                done.callback(None)

    def _ended(self, outcome: Any, done: Deferred[Any]) -> None:
        self._busy = False
        done.callback(outcome)
        self._run()


def behind(done: Deferred[Any]) -> Job[None]:
    """A job that waits for done, whatever comes of it."""
    gate: Deferred[None] = Deferred()

    def passed(outcome: Any) -> Any:
        gate.callback(None)
        return outcome

    async def wait() -> None:
        await gate

    done.addBoth(passed)
    return wait
