"""The supervisor of one node: starts workers, wakes them, gives back what dead workers and dead nodes held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import structlog
from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList, succeed
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from gateway.flow import parked
from gateway.flow.context import Context
from gateway.flow.threads import RunBlocking
from gateway.store import queue
from gateway.store.engine import Store
from gateway.store.ids import ulid

log = structlog.get_logger()

BEAT_S = 1.0
"""How often a node says that it lives."""

DEAD_AFTER_S = 5.0
"""How long another node may be silent before its work is given back: five beats, so that a pause is no death."""

BACK_OFF_S = (0.1, 30.0)
"""First and longest wait before a dead worker is started again; doubled at each death."""

SOON_S = 0.01
"""How soon idle workers hear of a file that came: half of what its first step takes."""

LIVED_S = 10.0
"""A worker that lived this long starts the back-off anew."""


class Supervisor(Service):
    """argv: (worker's name) -> command line. node: this node's name, the same at each start of the installation."""

    def __init__(
        self, reactor: Any, context: Context, run_blocking: RunBlocking, node: str, workers: int,
        argv: Callable[[str], Sequence[str]],
    ) -> None:  # fmt: skip
        self._reactor, self._context, self._run = reactor, context, run_blocking
        self._node, self._boot, self._argv = node, ulid(context.now_us), argv
        self._slots = [_Slot(self, n) for n in range(workers)]
        self._beat = LoopingCall(self._on_beat)
        self._beat.clock = reactor
        self._heard: dict[str, tuple[int, float]] = {}
        self._dead: set[str] = set()
        self._waking = False
        self.on_change: Callable[[], None] = lambda: None
        """Called whenever a worker has started: process ids changed."""

    @property
    def pids(self) -> list[int]:
        """Process ids of the living workers."""
        return [slot.pid for slot in self._slots if slot.pid]

    def startService(self) -> None:
        """Gives back what this node's earlier start held, then starts the workers."""
        super().startService()
        self._begin()
        self._beat.start(BEAT_S)

    def stopService(self) -> Any:
        """Closes the workers' stdin: they leave after the step they are in; what one was cut off from is given back."""
        super().stopService()
        if self._beat.running:
            self._beat.stop()
        ended = DeferredList([slot.stop() for slot in self._slots])
        return ended.addCallback(lambda _: self._run(_leave, self._context, self._node))

    def wake(self, but: object = None) -> None:
        """Something became due: idle workers look."""
        for slot in self._slots:
            if slot is not but:
                slot.wake()

    def wake_soon(self) -> None:
        """The same within SOON_S, once for all that comes meanwhile: who brings file after file waits for none."""
        if not self._waking:
            self._waking = True
            self._reactor.callLater(SOON_S, self._wake_now)

    def _wake_now(self) -> None:
        self._waking = False
        self.wake()

    def owner(self, slot: int, generation: int) -> str:
        """A name that no other process start ever has, or a zombie could pass its successor's fence.

        The generation has a fixed width: what a name holds is given back by prefix, and no name is another's prefix.
        """
        return f"{self._node}:{self._boot}:{slot}:{generation:09d}"

    def command(self, owner: str) -> Sequence[str]:
        """The command line of a worker."""
        return self._argv(owner)

    def died(self, slot: _Slot, owner: str) -> None:
        """A worker is gone: its claims are given back at once, and it is started again after a wait."""
        self._dead.add(owner)
        self._give_back(owner)
        if self.running:
            self._reactor.callLater(slot.back_off(), lambda: slot.start() if self.running else None)

    def spawn(self, slot: _Slot, command: Sequence[str]) -> Any:
        """Starts a worker process with pipes on stdin and stdout."""
        return self._reactor.spawnProcess(slot, command[0], command, env=None, childFDs={0: "w", 1: "r", 2: 2})

    def started(self) -> None:
        """A worker runs."""
        self.on_change()

    @property
    def now_s(self) -> float:
        """The reactor's time."""
        return float(self._reactor.seconds())

    def _begin(self) -> None:
        """Workers start once what this node's earlier start held is given back; tried until the database answers."""
        if self.running:
            released = self._run(parked.release_owner, self._context, f"{self._node}:")
            released.addCallbacks(self._start_workers, self._begin_later)

    def _start_workers(self, _: Any) -> None:
        if self.running:
            for slot in self._slots:
                slot.start()

    def _begin_later(self, failure: Failure) -> None:
        self._trouble(failure)
        self._reactor.callLater(BEAT_S, self._begin)

    def _give_back(self, owner: str) -> None:
        """A dead worker's claims; it stays on the list until the database has answered, and each beat tries again."""
        released = self._run(parked.release_owner, self._context, owner)
        released.addCallback(lambda _: self._dead.discard(owner))
        released.addCallback(lambda _: self.wake())
        released.addErrback(self._trouble)

    def _on_beat(self) -> Any:
        for owner in sorted(self._dead):
            self._give_back(owner)
        beaten = self._run(_beat, self._context.store, self._node)
        beaten.addCallback(self._look_at_nodes)
        return beaten.addErrback(self._trouble)

    def _look_at_nodes(self, seen: dict[str, int]) -> None:
        """A node whose beat has not changed for DEAD_AFTER_S by our own time is dead: no clocks are compared."""
        now = self.now_s
        self._heard = {
            n: self._heard.get(n, (s, now)) if self._heard.get(n, (s,))[0] == s else (s, now) for n, s in seen.items()
        }
        for node, (_, since) in list(self._heard.items()):
            if node != self._node and now - since > DEAD_AFTER_S:
                del self._heard[node]
                buried = self._run(_bury, self._context, node)
                buried.addCallback(lambda _: self.wake())
                buried.addErrback(self._trouble)

    def _trouble(self, failure: Failure) -> None:
        """The database does not answer: said once per beat, tried again at the next."""
        log.error("supervisor", error=failure.type.__name__ if failure.type else "")


class _Slot(ProcessProtocol):
    """The place of one worker: the process in it changes, the place stays."""

    transport: Any

    def __init__(self, supervisor: Supervisor, number: int) -> None:
        self._supervisor, self._number = supervisor, number
        self._generation, self._deaths, self._born = 0, 0, 0.0
        self._owner = ""
        self._gone: Deferred[None] = Deferred()
        self.pid = 0

    def start(self) -> None:
        """Starts the next worker of this place, under a new name."""
        self._generation += 1
        self._born = self._supervisor.now_s
        self._owner = self._supervisor.owner(self._number, self._generation)
        self._gone = Deferred()
        self.pid = self._supervisor.spawn(self, self._supervisor.command(self._owner)).pid or 0
        self._supervisor.started()

    def stop(self) -> Deferred[None]:
        """The end of stdin asks the worker to leave; fires when it is gone."""
        if not self.pid or self.transport is None:
            return succeed(None)
        self.transport.closeStdin()
        return self._gone

    def wake(self) -> None:
        """A byte on stdin."""
        if self.pid and self.transport is not None:
            self.transport.write(b"w")

    def back_off(self) -> float:
        """How long to wait before the next start."""
        self._deaths = 0 if self._supervisor.now_s - self._born > LIVED_S else self._deaths + 1
        shortest, longest = BACK_OFF_S
        doublings = min(max(self._deaths - 1, 0), 16)
        return min(longest, shortest * float(1 << doublings))

    def outReceived(self, data: bytes) -> None:
        """The worker finished something: the others look for what that made."""
        self._supervisor.wake(but=self)

    def processEnded(self, reason: Failure) -> None:
        """The worker is gone, whatever the reason."""
        log.info("worker gone", worker=self._owner, code=_code(reason.value))
        self.pid = 0
        self._supervisor.died(self, self._owner)
        self._gone.callback(None)


def _code(ended: Any) -> int:
    """The exit code of a process that ended; minus the signal's number when one killed it."""
    return -int(ended.signal) if ended.signal is not None else int(ended.exitCode or 0)


def _beat(store: Store, node: str) -> dict[str, int]:
    with store.write("beat") as connection:
        queue.beat(connection, node, store.clock())
        return queue.nodes(connection)


def _leave(context: Context, node: str) -> None:
    """Only a node that holds nothing may go: nobody asks after one that is not listed."""
    parked.release_owner(context, f"{node}:")
    with context.store.write("beat") as connection:
        queue.leave(connection, node)


def _bury(context: Context, node: str) -> None:
    log.info("node silent", node=node)
    _leave(context, node)
