"""The watched directories as a service: when which folder is looked at. What a look does is `inbox`'s, in a thread."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec
import structlog
from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from sftp_drop.directory.hints import Hints
from sftp_drop.directory.inbox import Inbox, Keeper, Told
from sftp_drop.directory.sights import Waits
from sftp_drop.directory.tree import Tree, file_system, is_network

log = structlog.get_logger("sftp_drop")

ROUND_GAP_S = 0.1
"""Between two looks at one folder: a look at 20,000 names takes about 60 ms, and events may come by the thousand."""

How = Literal["auto", "inotify", "poll"]


class Watching(msgspec.Struct, frozen=True, kw_only=True):
    """How folders are watched. waits: when a file is taken. rescan_s: between full looks where inotify tells, too;
    where it does not, waits.stable_s is. how: "auto" polls what lies on a network file system.
    """

    waits: Waits = Waits()
    rescan_s: float = 30.0
    how: How = "auto"


class DirectoryService(Service):
    """Watches the folders of the keeper's partners. run: calls in a thread. new_id: ids that begin with their time."""

    def __init__(
        self, reactor: Any, tree: Tree, keeper: Keeper, run: Callable[..., Deferred[Any]], watching: Watching,
        new_id: Callable[[], str], clock_s: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._reactor, self._tree, self._keeper, self._run = reactor, tree, keeper, run
        self._watching, self._new_id, self._clock_s = watching, new_id, clock_s
        self._folders: dict[str, _Folder] = {}
        self._hints: Hints | None = None
        self._rescan = LoopingCall(self._look_at_all)
        self._rescan.clock = reactor
        self._leaving = False

    def startService(self) -> None:
        """Looks at everything at once: what came while nobody was here is found by the first look."""
        super().startService()
        if self._watching.how != "poll":
            try:
                self._hints = Hints(self._reactor, self._changed, self._look_again)
            except OSError as error:  # the machine's instances are used up: looks find everything, later
                log.warning("no inotify", error=type(error).__name__)
            else:
                self._hints.startReading()
        self._rescan.start(self._interval_s())

    def stopService(self) -> Deferred[Any]:
        """Fires when the looks that run have ended; each ends behind the file it is at."""
        super().stopService()
        self._leaving = True
        if self._rescan.running:
            self._rescan.stop()
        if self._hints is not None:
            self._hints.loseConnection()
        return DeferredList([folder.stop() for folder in self._folders.values()])

    def _interval_s(self) -> float:
        return self._watching.waits.stable_s if self._hints is None else self._watching.rescan_s

    def _look_at_all(self) -> Any:
        return self._run(self._found).addCallback(self._follow).addErrback(self._trouble)

    def _found(self) -> dict[str, bool]:
        """Partner -> whether its folder lies where other machines may write. Blocks."""
        mounts = Path("/proc/self/mountinfo").read_text()
        partners = [partner for partner in self._keeper.partners() if self._tree.holds(partner)]
        devices = {partner: os.stat(self._tree.inbound(partner)).st_dev for partner in partners}
        return {partner: is_network(file_system(mounts, device)) for partner, device in devices.items()}

    def _follow(self, found: dict[str, bool]) -> None:
        if self._leaving:
            return
        for partner in self._folders.keys() - found.keys():
            self._folders.pop(partner).stop()
        for partner, network in found.items():
            if partner not in self._folders:
                self._folders[partner] = self._folder(partner, network)
            self._folders[partner].wake(full=True)
            if self._hints is not None and (self._watching.how == "inotify" or not network):
                self._hint_at(partner)

    def _folder(self, partner: str, network: bool) -> _Folder:
        inbox = Inbox(
            self._tree, partner, self._keeper, self._watching.waits, self._new_id, self._clock_s,
            lambda: self._leaving,
        )  # fmt: skip
        polled = network and self._watching.how == "auto"
        return _Folder(self._reactor, inbox, self._run, self._watching.waits.stable_s if polled else None)

    def _hint_at(self, partner: str) -> None:
        assert self._hints is not None
        try:
            self._hints.follow(partner, self._tree.inbound(partner))
        except OSError as error:  # of watches there is a limit, too
            log.warning("not watched", partner=partner, error=type(error).__name__)

    def _changed(self, partner: str, told: Told) -> None:
        if partner in self._folders:
            self._folders[partner].wake(told)

    def _look_again(self) -> None:
        """Events are missing, or came in such numbers that some soon may be."""
        log.warning("events lost")
        for folder in self._folders.values():
            folder.wake(full=True)

    def _trouble(self, failure: Failure) -> None:
        log.error("folders not looked at", error=failure.type.__name__ if failure.type else "")


class _Folder:
    """When one partner's folder is looked at: one round at a time, what is told meanwhile makes the next.

    poll_s: between looks where nobody tells of changes, None where inotify does.
    """

    def __init__(self, reactor: Any, inbox: Inbox, run: Callable[..., Deferred[Any]], poll_s: float | None) -> None:
        self._reactor, self._inbox, self._run, self._poll_s = reactor, inbox, run, poll_s
        self._told: dict[str, bool] = {}
        self._full = self._again = False
        self._timer: Any = None
        self._running: Deferred[Any] | None = None
        self._ended = False
        self._rested_s = 0.0

    def wake(self, told: Told | None = None, full: bool = False) -> None:
        """A look is due now, or behind the one that runs."""
        for name, sure in (told or {}).items():
            self._told[name] = self._told.get(name, False) or sure
        self._full = self._full or full
        self._again = True
        if self._running is None:
            self._after(max(0.0, self._rested_s - self._reactor.seconds()))

    def stop(self) -> Deferred[None]:
        """No further look; fires when the one that runs has ended."""
        self._ended = True
        self._cancel()
        stopped: Deferred[None] = Deferred()
        if self._running is None:
            stopped.callback(None)
        else:
            self._running.addBoth(lambda _: stopped.callback(None))
        return stopped

    def _after(self, wait_s: float) -> None:
        self._cancel()
        if not self._ended:
            self._timer = self._reactor.callLater(wait_s, self._look)

    def _cancel(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _look(self) -> None:
        told, full = self._told, self._full
        self._told, self._full, self._again = {}, False, False
        self._running = self._run(self._inbox.round, told, full)
        self._running.addErrback(self._trouble)
        self._running.addCallback(self._looked)

    def _looked(self, next_s: float | None) -> None:
        self._running, self._rested_s = None, self._reactor.seconds() + ROUND_GAP_S
        waits = [wait_s for wait_s in (next_s, self._poll_s, 0.0 if self._again else None) if wait_s is not None]
        if waits:
            self._after(max(ROUND_GAP_S, min(waits)))

    def _trouble(self, failure: Failure) -> None:
        error = failure.type.__name__ if failure.type else ""
        log.error("folder not looked at", partner=self._inbox.partner, error=error)
