# mypy: disallow-untyped-calls=False
"""One after another, in the order asked: what keeps a CLOSE behind its WRITEs when each takes its time.

What needs nobody else is done at once and comes to its value; only what must wait comes to a Deferred, which costs as
much as the request itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.python.failure import Failure

T = TypeVar("T")
U = TypeVar("U")
Job = Callable[[], Coroutine[Deferred[Any], Any, T]]


def begun(job: Job[T]) -> T | Deferred[T]:
    """What a job comes to, or raises: at once if it waits for nobody, else later."""
    coroutine = job()
    try:
        waits = coroutine.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    done: Deferred[T] = Deferred()
    _follow(coroutine, waits, done)
    return done


def _follow(coroutine: Coroutine[Deferred[Any], Any, T], waits: Deferred[Any], done: Deferred[T]) -> None:
    def go_on(how: Callable[[Any], Deferred[Any]], came: Any) -> None:
        try:
            waits = how(came)
        except StopIteration as end:
            done.callback(end.value)
        except BaseException as error:
            done.errback(Failure(error))
        else:
            _follow(coroutine, waits, done)

    waits.addCallbacks(
        lambda value: go_on(coroutine.send, value), lambda failure: go_on(coroutine.throw, failure.value)
    )


def then(outcome: T | Deferred[T], what: Callable[[T], U]) -> U | Deferred[U]:
    """What becomes of an outcome, at once if it is there."""
    return outcome.addCallback(what) if isinstance(outcome, Deferred) else what(outcome)


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

    def add(self, job: Job[T]) -> T | Deferred[T]:
        """What the job comes to, or raises, after every job added before it has come to its end."""
        done: Deferred[T] = Deferred()
        if self._busy or self._waiting:
            self._waiting.append((job, done))
            return done
        self._busy = True
        try:
            outcome = begun(job)
        except BaseException:
            self._free()
            raise
        if isinstance(outcome, Deferred):
            outcome.addBoth(self._ended, done)
            return done
        self._free()
        return outcome

    def _free(self) -> None:
        self._busy = False
        if self._waiting or self._drained:
            self._run()

    def _run(self) -> None:
        if self._looping:
            return
        self._looping = True
        try:
            while self._waiting and not self._busy:
                job, done = self._waiting.popleft()
                self._busy = True
                maybeDeferred(begun, job).addBoth(self._ended, done)
        finally:
            self._looping = False
        if not self._busy:
            drained, self._drained = self._drained, []
            for one in drained:
                one.callback(None)

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
