"""Nodes that come and go: nothing a node held stays behind."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import ProcessDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from gateway.cli import cli
from gateway.daemon import alone
from gateway.errors import AlreadyRuns
from gateway.flow import beginning
from gateway.flow.context import Context
from gateway.flow.supervisor import SOON_S, Supervisor
from gateway.store import queue
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import node, work

PATIENCE_S = 30
"""For an end that takes a second on an idle machine."""


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
            woken = 0

            def closeStdin(self) -> None:
                """Asked to leave."""

            def write(self, _: bytes) -> None:
                """Woken."""
                self.woken += 1

        process = Process()
        self.workers.append(protocol)
        protocol.makeConnection(process)
        return process


def test_files_one_upon_another_wake_the_idle_once(store: Store, keys: Keys) -> None:
    """Workers hear within SOON_S that files came, once for all of them, and anew of the next."""
    machine = Machine()
    supervisor = Supervisor(machine, Context(store, keys, "T"), maybeDeferred, "A", 2, lambda owner: [owner])
    supervisor.startService()
    for rounds in (1, 2):
        for _ in range(10):
            supervisor.wake_soon()
        machine.clock.advance(SOON_S)
        assert [worker.transport.woken for worker in machine.workers] == [rounds, rounds]


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


def test_a_node_ends_although_the_database_takes_nothing(tmp_path: Path) -> None:
    """A daemon that cannot write down that it leaves (disk full, database away) says so and ends all the same."""
    assert CliRunner().invoke(cli, ["config", "init", str(tmp_path / "site")]).exit_code == 0
    config = tmp_path / "site" / "gateway.toml"
    beginning.change(config, **{"sftp.port": "0", "http.port": "0", "workers": "1"})
    assert CliRunner().invoke(cli, ["migrate", "--config", str(config)]).exit_code == 0
    command = [sys.executable, "-m", "gateway", "run", "--attached", "--config", str(config)]
    daemon = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert daemon.stderr is not None and daemon.stdin is not None
        assert any("worker started" in line for line in daemon.stderr)
        with closing(sqlite3.connect(tmp_path / "site" / "state.db")) as database:
            database.execute("alter table node rename to away")
        _, said = daemon.communicate(timeout=PATIENCE_S)
        assert daemon.returncode == 0 and "not stopped cleanly" in said
    finally:
        daemon.kill()
        daemon.wait()


def test_one_of_a_kind(tmp_path: Any) -> None:
    """A second process of an installation is refused while the first one runs, and not after it."""
    with alone(tmp_path / "daemon.lock"), pytest.raises(AlreadyRuns), alone(tmp_path / "daemon.lock"):
        raise AssertionError("two at once")
    with alone(tmp_path / "daemon.lock"):
        pass
