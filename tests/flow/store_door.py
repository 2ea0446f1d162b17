"""A door on a fresh store, two partners, and what clients and tests need of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import paramiko
from sqlalchemy import Row, Table, select

import sftp_drop
from gateway.flow import partner_keys
from gateway.flow.allowance import Allowance
from gateway.flow.context import Context
from gateway.flow.parties import Partner
from gateway.flow.partner_keys import fingerprint
from gateway.store import documents, outbox
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import audit
from sftp_drop import client
from sftp_drop.hostkey import make_host_key

PATIENCE_S = 30.0
PARTNERS = ("clearpath", "bluebonnet")
FIRST = date(2026, 1, 1)
TODAY = "2026-01-05"


class StoreDoor:
    """A running door. context: the same store, seen from here."""

    def __init__(self, folder: Path, url: str, master: Path, **plan: Any) -> None:
        self.folder, self.context = folder, Context(Store(url), Keys(master), "T")
        for name in ("host", "next", *PARTNERS, "stranger"):
            if not (folder / name).exists():
                (folder / f"{name}.pub").write_text(make_host_key(folder / name) + "\n")
        self.host_line = (folder / "host.pub").read_text().strip()
        self.host_sha256 = fingerprint(self.host_line).removeprefix("SHA256:")
        with self.context.store.write("test") as connection:
            for partner in PARTNERS:
                line = (folder / f"{partner}.pub").read_text()
                partner_keys.add(connection, 0, partner, line, "test")
        self.allow(**plan.pop("allowance", {}))
        plan = {"url": url, "keys": str(master), "host_keys": [str(folder / "host")]} | plan
        program = Path(__file__).with_name("store_door_process.py")
        where = os.environ | {"PYTHONPATH": str(Path(sftp_drop.__file__).parents[1])}
        self.log_path = folder / "log"
        with self.log_path.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, program, json.dumps(plan)], stdout=subprocess.PIPE, stderr=log, text=True, env=where
            )
        self.port: int = self._said()["port"]

    def _said(self) -> dict[str, int]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, self.log_path.read_text()
        return dict(json.loads(line))

    def allow(self, **allowance: Any) -> None:
        """The partners' allowance is another one from now on."""
        with self.context.store.write("test") as connection:
            for partner in PARTNERS:
                record = Partner(id=partner, name=partner, isa_id=partner.upper(), allowance=Allowance(**allowance))
                documents.put(connection, time.time_ns() // 1000, "partner", partner, FIRST, None, record)

    def holds(self) -> dict[str, int]:
        """How many connections there are, and the most memory the process had."""
        self.process.send_signal(signal.SIGUSR1)
        return self._said()

    def stop_syncing(self) -> bool:
        """Its disk fails to sync from now on; whether that could be had."""
        self.process.send_signal(signal.SIGUSR2)
        return bool(self._said()["failing"])

    def sftp(self, partner: str = "clearpath") -> AbstractContextManager[paramiko.SFTPClient]:
        """A session of a partner."""
        return client.connect("127.0.0.1", self.port, partner, self.folder / partner, self.host_line)

    def known_hosts(self) -> Path:
        """The file by which OpenSSH's client knows this door."""
        known = self.folder / f"known_hosts_{self.port}"
        if not known.exists():
            known.write_text(f"[127.0.0.1]:{self.port} {self.host_line}\n")
        return known

    def ssh_options(self, partner: str = "clearpath") -> list[str]:
        """Options of ssh and sftp."""
        settings = {
            "UserKnownHostsFile": self.known_hosts(), "GlobalKnownHostsFile": "/dev/null", "BatchMode": "yes",
            "StrictHostKeyChecking": "yes", "IdentityFile": self.folder / partner, "IdentitiesOnly": "yes",
            "IdentityAgent": "none", "User": partner, "Port": self.port,
        }  # fmt: skip
        return ["-F", "/dev/null", *(part for name, value in settings.items() for part in ("-o", f"{name}={value}"))]

    def batch(self, script: str, *options: str) -> subprocess.CompletedProcess[str]:
        """What OpenSSH's sftp makes of a script; a line that fails ends it unless it begins with `-`."""
        command = ["sftp", *self.ssh_options(), *options, "-b", "-", "127.0.0.1"]
        return self.run(command, script)

    def lftp(self, script: str, partner: str = "clearpath") -> subprocess.CompletedProcess[str]:
        """What lftp makes of a script."""
        ssh = " ".join(["ssh", "-a", "-x", *map(str, self.ssh_options(partner))])
        begin = f"set sftp:connect-program '{ssh}'; set net:max-retries 1; set net:timeout 10; set cmd:fail-exit yes\n"
        return self.run(["lftp", "--norc"], f"{begin}open sftp://{partner}:@127.0.0.1:{self.port}\n{script}\nexit\n")

    def run(self, command: Sequence[Any], script: str = "") -> subprocess.CompletedProcess[str]:
        """A program, in the folder of the files."""
        return subprocess.run(
            [str(word) for word in command], input=script, capture_output=True, text=True, cwd=self.folder,
            timeout=60, check=False, env=os.environ | {"HOME": str(self.folder)},
        )  # fmt: skip

    def deliver(self, name: str, body: bytes, folder: str = "outbound") -> None:
        """A file for clearpath to fetch."""
        with self.context.store.write("test") as connection:
            now_us, parcel = (
                self.context.now_us,
                outbox.Parcel(partner="clearpath", kind="999", name=name, body=body, folder=folder),
            )
            outbox_id = outbox.post(connection, self.context.keys, now_us, TODAY, parcel)
            outbox.mark_visible(connection, outbox_id, now_us, TODAY)

    def rows(self, table: Table, *where: Any) -> Sequence[Row[Any]]:
        """Rows of a table in the order of its key."""
        with self.context.store.read() as connection:
            return connection.execute(select(table).where(*where).order_by(*table.primary_key.columns)).all()

    def audited(self, action: str, many: int = 1) -> list[Row[Any]]:
        """The audit rows of an action, waiting until there are so many."""
        end_s = time.monotonic() + PATIENCE_S
        while len(found := list(self.rows(audit, audit.c.action == action))) < many:
            assert time.monotonic() < end_s, (action, [(row.action, row.entity) for row in self.rows(audit)])
            time.sleep(0.1)
        return found

    def log(self) -> list[dict[str, Any]]:
        """What the door logged so far."""
        return [json.loads(line) for line in self.log_path.read_text().splitlines()]

    def stop(self) -> None:
        """Ends the process in order."""
        self.process.terminate()
        assert self.process.wait(PATIENCE_S) == 0
        if self.process.stdout:
            self.process.stdout.close()
        self.context.store.close()


@contextmanager
def store_door(folder: Path, template: Path, master: Path, **plan: Any) -> Iterator[StoreDoor]:
    """A door on a copy of a migrated installation."""
    state = folder / f"state{len(list(folder.glob('state*')))}"
    state.mkdir(parents=True)
    for file in template.iterdir():
        (state / file.name).write_bytes(file.read_bytes())
    door = StoreDoor(folder, f"sqlite:///{state}/state.db", master, **plan)
    try:
        yield door
    finally:
        door.stop()
