"""Nodes that come and go: nothing a node held stays behind."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import ProcessDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from gateway.daemon import alone
from gateway.errors import AlreadyRuns
from gateway.flow.context import Context
from gateway.flow.supervisor import Supervisor
from gateway.store import queue
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import node, work


class Machine:
    """A reactor that starts workers which do nothing until somebody ends them."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.workers: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.clock, name)

    def spawnProcess(self, protocol: Any, *_: Any, **__: Any) -> Any:
        """A worker whose pipes lead nowhere."""

        class Process:
            pid = 4711

            def closeStdin(self) -> None:
                """Asked to leave."""

            def write(self, _: bytes) -> None:
                """Woken."""

        self.workers.append(protocol)
        protocol.makeConnection(Process())
        return Process()


def test_a_node_leaves_when_its_workers_are_gone(store: Store, keys: Keys) -> None:
    """A node that stops waits for its workers, gives back what one was cut off from, and only then is off the list."""
    machine, context = Machine(), Context(store, keys, "T")
    supervisor = Supervisor(machine, context, maybeDeferred, "A", 1, lambda owner: [owner])
    supervisor.startService()
    with store.write("more") as connection:
        queue.enqueue(connection, 1, "intake", lane="in/p", body={"receipt_no": 1})
        owner = supervisor._slots[0]._owner
        assert queue.claim(connection, owner, store.clock()) is not None
    left: list[Any] = []
    stopped: Deferred[Any] = supervisor.stopService()
    stopped.addCallback(left.append)
    with store.read() as connection:
        assert connection.execute(select(node.c.name)).scalars().all() == ["A"]
    assert left == []
    machine.workers[0].processEnded(Failure(ProcessDone(0)))
    assert len(left) == 1
    with store.read() as connection:
        assert connection.execute(select(node.c.name)).scalars().all() == []
        assert connection.execute(select(work.c.owner)).scalars().all() == [None]


def test_one_of_a_kind(tmp_path: Any) -> None:
    """A second process of an installation is refused while the first one runs, and not after it."""
    with alone(tmp_path / "daemon.lock"), pytest.raises(AlreadyRuns), alone(tmp_path / "daemon.lock"):
        raise AssertionError("two at once")
    with alone(tmp_path / "daemon.lock"):
        pass
