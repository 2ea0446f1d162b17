"""Doors as processes, and keys to open them with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import paramiko
import pytest

import sftp_drop
from sftp_drop import client
from sftp_drop.hostkey import make_host_key

PATIENCE_S = 20.0
ANSWER_S = 0.1  # the shared door's login_answer_s


class DoorProcess:
    """A running door. `events` is what its drop told so far, `log` what it logged."""

    def __init__(self, folder: Path, plan: dict[str, Any]) -> None:
        self.user_key, self.host_line = folder / "user", (folder / "host.pub").read_text()
        blob = (folder / "user.pub").read_text().split()[1]
        plan = {"keys": {blob: ["clear", "p1"]}, "host_key": str(folder / "host")} | plan
        program = Path(__file__).with_name("door_process.py")
        command, pipe = [sys.executable, program, json.dumps(plan)], subprocess.PIPE
        where = os.environ | {"PYTHONPATH": str(Path(sftp_drop.__file__).parents[1])}
        self.process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=where)
        self._marks = 0
        self.events: list[dict[str, Any]] = []
        self.log: list[str] = []
        self._told = threading.Condition()
        self._ears = [threading.Thread(target=ear, daemon=True) for ear in (self._hear, self._read_log)]
        for ear in self._ears:
            ear.start()
        self.port: int = self.wait("port")["port"]

    def _hear(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._told:
                self.events.append(json.loads(line))
                self._told.notify_all()

    def _read_log(self) -> None:
        assert self.process.stderr
        self.log.extend(self.process.stderr)

    def wait(self, what: str, name: str | None = None) -> dict[str, Any]:
        """The first such event, waiting for it."""
        end_s = time.monotonic() + PATIENCE_S
        with self._told:
            while True:
                for event in self.events:
                    if event["event"] == what and name in (None, event.get("name")):
                        return event
                if not self._told.wait(end_s - time.monotonic()):
                    raise AssertionError(f"no {what}: {self.events} {self.log}")

    def told(self, what: str) -> list[dict[str, Any]]:
        """All such events up to now: asks the process for a mark, behind which nothing earlier can be on its way."""
        if self.process.poll() is None:
            self._marks += 1
            self.process.send_signal(signal.SIGUSR1)
            self.wait("mark", str(self._marks))
        return [event for event in self.events if event["event"] == what]

    def sftp(self, user: str = "clear") -> AbstractContextManager[paramiko.SFTPClient]:
        return client.connect("127.0.0.1", self.port, user, self.user_key, self.host_line)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        for ear in self._ears:
            ear.join()


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`host`, `user`, `stranger` and their `.pub`s."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("host", "user", "stranger"):
        (folder / f"{name}.pub").write_text(make_host_key(folder / name) + "\n")
    return folder


@pytest.fixture
def start_door(key_folder: Path) -> Iterator[Callable[..., DoorProcess]]:
    """Starts doors: start_door(files={"outbound": {"a": 10}}, delay_s={"commit": 0.2}, settings={...})."""
    doors: list[DoorProcess] = []

    def start(**plan: Any) -> DoorProcess:
        doors.append(DoorProcess(key_folder, plan))
        return doors[-1]

    yield start
    for door in doors:
        door.stop()


@pytest.fixture(scope="session")
def door(key_folder: Path) -> Iterator[DoorProcess]:
    """One door for all tests that need nothing of their own: `a.837` lies in /inbound."""
    shared = DoorProcess(
        key_folder, {"files": {"inbound": {"a.837": 10}}, "settings": {"login_answer_s": ANSWER_S, "ban_score": 0}}
    )
    yield shared
    shared.stop()
