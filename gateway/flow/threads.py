"""Blocking calls beside the reactor: one bounded pool per purpose, contextvars carried along."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

RunBlocking = Callable[..., Deferred[Any]]
"""A function and its arguments -> its result, later: called beside the reactor; in a simulation at once."""


class Pool(Service):
    """At most `size` blocking calls at a time; `run` is the `run_blocking` that rooms ask for."""

    def __init__(self, reactor: Any, size: int, name: str) -> None:
        self._reactor = reactor
        self._threads = ThreadPool(0, size, name)

    def startService(self) -> None:
        """Starts the threads."""
        super().startService()
        self._threads.start()

    def stopService(self) -> None:
        """Waits for the calls that run."""
        super().stopService()
        self._threads.stop()

    def run(self, function: Callable[..., Any], *args: Any) -> Deferred[Any]:
        """Calls the function in a thread; contextvars do not follow a thread by themselves."""
        within = contextvars.copy_context()
        return deferToThreadPool(self._reactor, self._threads, within.run, function, *args)
