"""What is left running, and what is said, when processes die or cannot start."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.crash.processes import ROOT
from tests.crash.world import World, alive
from tests.patience import wait

SOON_S = 10.0
"""A start takes about a second on an idle machine."""


def gateway(*argv: str, **options: Any) -> subprocess.Popen[bytes]:
    """Starts `gateway ARGV...` as a user does."""
    return subprocess.Popen([sys.executable, "-m", "gateway", *argv], cwd=ROOT, stderr=subprocess.PIPE, **options)


def said(folder: Path) -> dict[str, Any]:
    """The daemon's run.json, {} before its workers run."""
    path = folder / "run.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found if found.get("worker_pids") else {}


def test_a_killed_worker_is_replaced(world_of: Callable[..., World]) -> None:
    """A worker killed while idle is replaced promptly, and the work goes on."""
    world = world_of("enrol")
    world.start()
    first = wait(lambda: said(world.folder), "workers")["worker_pids"]
    killed_at = time.monotonic()
    os.kill(first[0], signal.SIGKILL)
    wait(lambda: said(world.folder).get("worker_pids", first) != first, "another worker")
    assert time.monotonic() - killed_at < SOON_S
    world.play("enrol")


def test_a_killed_daemon_leaves_no_worker(world_of: Callable[..., World]) -> None:
    """Workers leave when the daemon is killed: nobody else would tell them to."""
    world = world_of("enrol", workers="2")
    world.start()
    pids = wait(lambda: said(world.folder), "workers")["worker_pids"]
    world.kill()
    wait(lambda: not any(alive(pid) for pid in pids), "the end of the workers")


def refusal(world: World) -> tuple[int, list[str]]:
    """How `gateway run` refuses: its exit code, and what it says besides its log."""
    process = gateway("run", "--config", str(world.config))
    _, error = process.communicate(timeout=60)
    return process.returncode, [line for line in error.decode().splitlines() if not line.startswith("{")]


@pytest.mark.parametrize("door", ["sftp.port", "http.port"])
def test_a_taken_port(door: str, world_of: Callable[..., World]) -> None:
    """A port that another program has ends the start with code 69 and one sentence, before any worker runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        world = world_of("enrol", **{door: str(port)})
        code, lines = refusal(world)
    assert (code, len(lines)) == (69, 1)
    assert str(port) in lines[0]
    assert not (world.folder / "run.json").exists()


def test_a_newer_state(world_of: Callable[..., World]) -> None:
    """A state of a newer version is left alone: code 78 and one sentence."""
    world = world_of("enrol")
    with world.context.store.write("newer") as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    code, lines = refusal(world)
    assert (code, len(lines)) == (78, 1)
    assert "newer version" in lines[0]


def test_a_killed_demo_leaves_nothing(tmp_path: Path) -> None:
    """A demo killed in the middle leaves neither its daemon nor a worker behind."""
    folder = tmp_path / "demo"
    demo = gateway("demo", "--scenario", "golden", "--state", str(folder), "--port", "0", "--http-port", "0")
    running = wait(lambda: said(folder), "the demo's daemon")
    demo.kill()
    demo.communicate()
    wait(lambda: not any(alive(pid) for pid in (running["pid"], *running["worker_pids"])), "the end of its processes")
