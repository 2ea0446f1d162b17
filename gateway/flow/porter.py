"""The porter: every few seconds writes down what happened at the door, and looks who may not stay, or come, any more.

Keys are revoked, networks changed and bans lifted by commands in other processes; they and the door meet in the
database only. One look for all, whatever the number of sessions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import structlog
from twisted.application.service import Service
from twisted.internet.defer import inlineCallbacks
from twisted.internet.task import LoopingCall

from gateway.clock import SECOND_US
from gateway.flow import deeds, folders
from gateway.flow.context import Context
from gateway.flow.drop import StoreDrop
from gateway.flow.threads import RunBlocking
from gateway.store import bans
from sftp_drop.defender import FORGET_S
from sftp_drop.drop import Ban, Visitor
from sftp_drop.server import Door

log = structlog.get_logger()

LOOK_S = 2.0
"""How long a revoked key's session may live on, and a deed go unwritten: one query a partner inside, each 2 s."""

DEEDS_A_COMMIT = 200
"""Rows written in one transaction: 500 took 66 ms on a machine busy three times over, and 30 ms is what one may."""


class Porter(Service):
    """Started before the door and stopped behind it: what was done last is written, too."""

    def __init__(self, reactor: Any, context: Context, run_blocking: RunBlocking, drop: StoreDrop, door: Door) -> None:
        self._context, self._run, self._deeds, self._door = context, run_blocking, drop.deeds, door
        self._reactor, self._loop = reactor, LoopingCall(self._look)
        self._loop.clock = reactor

    def startService(self) -> None:
        """Starts looking."""
        super().startService()
        self._reactor.callLater(0, self._begin)

    def _begin(self) -> None:
        """Not before every part has started: a thread at work would hold up an end for want of a port."""
        if self.running:
            self._loop.start(LOOK_S)

    @inlineCallbacks
    def stopService(self) -> Any:
        """Writes what is left."""
        Service.stopService(self)
        if self._loop.running:
            self._loop.stop()
        yield self._look()

    @inlineCallbacks
    def _look(self) -> Any:
        taken, made, inside = self._deeds.take(), list(self._deeds.bans.values()), self._door.visitors()
        try:
            held, gone = yield self._run(look, self._context, taken, made, inside)
        except Exception as error:  # the database does not answer: the next look may find it
            log.error("porter", error=type(error).__name__)
            self._deeds.put_back(taken)
            return
        for ban in made:  # one that was made again meanwhile is still to be written
            if self._deeds.bans.get(ban.place) == ban:
                del self._deeds.bans[ban.place]
        self._door.shut_out([*held, *self._deeds.bans.values()])
        self._door.expel(gone)


def look(
    context: Context, taken: list[tuple[deeds.Deed, int, int]], made: list[Ban], inside: Iterable[Visitor]
) -> tuple[list[Ban], list[Visitor]]:
    """Writes deeds and bans; the bans to know of, and who may not stay. Blocks."""
    now_us = context.now_us
    since_us = now_us - int(FORGET_S * SECOND_US)
    for start in range(0, max(len(taken), bool(made)), DEEDS_A_COMMIT):
        with context.store.write("door") as connection:
            deeds.write(connection, now_us, taken[start : start + DEEDS_A_COMMIT], made if not start else [])
            if not start:
                bans.forget(connection, since_us)
    with context.store.read() as connection:
        held = [deeds.loaded(row) for row in bans.remembered(connection, since_us)]
        return held, folders.unwelcome(connection, now_us, inside)
