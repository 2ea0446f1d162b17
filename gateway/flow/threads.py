"""Blocking calls beside the reactor: one bounded pool per purpose, contextvars carried along."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

RunBlocking = Callable[..., Deferred[Any]]
"""A function and its arguments -> its result, later: called beside the reactor; in a simulation at once."""

_Call = tuple[Deferred[Any], Callable[..., Any], tuple[Any, ...]]


class Pool(Service):
    """At most `size` blocking calls at a time; `run` is the `run_blocking` that rooms ask for.

    Twisted's own pool counts, starts and ends its threads as calls come, which takes twice as long as handing one over.
    """

    def __init__(self, reactor: Any, size: int, name: str) -> None:
        self._reactor, self._size, self._name = reactor, size, name
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def stopService(self) -> None:
        """Waits for the calls that were asked for."""
        super().stopService()
        for _ in self._threads:
            self._calls.put(None)
        for thread in self._threads:
            thread.join()

    def run(self, function: Callable[..., Any], *args: Any) -> Deferred[Any]:
        """Calls the function in a thread; contextvars do not follow a thread by themselves."""
        if len(self._threads) < self._size:  # none before it is needed: threads would keep a start that failed alive
            self._threads.append(threading.Thread(target=self._work, name=self._name))
            self._threads[-1].start()
        done: Deferred[Any] = Deferred()
        self._calls.put((done, contextvars.copy_context().run, (function, *args)))
        return done

    def _work(self) -> None:
        while self._answer(self._calls.get()):
            pass

    def _answer(self, call: _Call | None) -> bool:
        """Whether there will be more."""
        if call is None:
            return False
        done, function, args = call
        try:
            result = function(*args)
        except BaseException as error:
            self._reactor.callFromThread(done.errback, Failure(error))
        else:
            self._reactor.callFromThread(done.callback, result)
        return True
