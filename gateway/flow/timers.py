"""The daemon's timers only wake: what they cause is a work row like any other."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from twisted.application.service import Service
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from gateway.flow import day, deliver, watches
from gateway.flow.context import Context
from gateway.store import audit, installation, queue

log = structlog.get_logger()

TICK_S = 1.0
"""How often audit rows are chained and the calendar is looked at."""

LOOK_TICKS = 60
"""Ticks between two looks for what is late: times are in minutes, and a look reads every partner."""


class Timers(Service):
    """Each second: chains the audit, and in production moves the business date to the administrator's local date."""

    def __init__(
        self, reactor: Any, context: Context, run_blocking: Callable[..., Any], wake: Callable[[], None]
    ) -> None:
        self._context, self._run, self._wake = context, run_blocking, wake
        self._ticks = itertools.count()
        self._loop = LoopingCall(self._tick)
        self._loop.clock = reactor

    def startService(self) -> None:
        """Starts ticking."""
        super().startService()
        self._loop.start(TICK_S)

    def stopService(self) -> None:
        """Stops ticking."""
        super().stopService()
        if self._loop.running:
            self._loop.stop()

    def _tick(self) -> Any:
        done = self._run(_tick, self._context, next(self._ticks) % LOOK_TICKS == 0)
        done.addCallback(lambda made: self._wake() if made else None)
        return done.addErrback(self._trouble)

    def _trouble(self, failure: Failure) -> None:
        log.error("timer", error=failure.type.__name__ if failure.type else "")


def _tick(context: Context, look: bool) -> bool:
    """True when a step was made. look: it is time to see what is late."""
    local = datetime.fromtimestamp(context.now_us / 1_000_000).astimezone().date()
    with context.store.read() as connection:
        unchained = audit.unchained(connection)
        stale = deliver.has_unbound(connection, context.now_us)
        late = look and watches.has_news(connection, context.now_us)
        behind = context.usage == "P" and installation.business_date(connection) < local
    if not (unchained or behind or stale or late):
        return False
    with context.store.write("timer") as connection:
        if unchained:
            queue.enqueue(connection, context.now_us, "chain", lane="chain", key="chain")
        if stale:
            queue.enqueue(connection, context.now_us, "tidy", lane="tidy", key="tidy")
        if late:
            today = installation.business_date(connection)
            watches.enqueue(connection, context.now_us, today, watches.minute_of(context.now_us))
        if behind:
            day.enqueue(connection, context, local, key=f"day/{local}")
    return True
