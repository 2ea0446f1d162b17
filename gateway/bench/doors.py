"""Two servers to bring files to: our own daemon, and the machine's own sshd beside it; and what OpenSSH's client needs.

`python -m gateway.bench.doors SETTINGS idle|working` is the measured daemon: its workers read nothing when idle.
"""

from __future__ import annotations

import getpass
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from gateway.bench.installation import LEAVE_S, LOOK_S, Installation
from gateway.errors import Unavailable

START_S = 60
"""How long a server may take to listen: a slow machine needs 3 s."""

BATCH_S = 600
"""How long one batch of transfers may take; 200 MB at 1 MB/s."""

IDLE = "import sys; sys.stdin.buffer.read()"
"""A worker that takes nothing and leaves when its stdin ends."""


class Place(NamedTuple):
    """A server as its client sees it. folder: where files go, as the server names it. pid: of the process measured.

    known: a known_hosts file with its host key, host_line.
    """

    port: int
    user: str
    key: Path
    host_line: str
    known: Path
    folder: str
    pid: int


@contextmanager
def door(made: Installation, partner: str, *, working: bool) -> Iterator[Place]:
    """Our daemon of an installation; the place is a partner's inbound folder."""
    said = made.folder / "state" / "run.json"
    argv = [sys.executable, "-m", "gateway.bench.doors", str(made.config), "working" if working else "idle"]
    key = made.partner_key(partner)
    with (made.folder / "daemon.log").open("wb") as log:
        child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=log, stderr=log)
    try:
        _until(child, said.exists)
        run: dict[str, Any] = json.loads(said.read_text())
        host_line = (made.folder / "state" / "host_ed25519.pub").read_text().strip()
        known = _known(made.folder, run["sftp_port"], host_line)
        yield Place(run["sftp_port"], partner, key, host_line, known, "/inbound", run["pid"])
    finally:
        assert child.stdin is not None
        child.stdin.close()
        child.wait(LEAVE_S)


@contextmanager
def sshd(folder: Path) -> Iterator[Place]:
    """The machine's sshd with its internal SFTP server, for the user who runs this. Raises Unavailable without one."""
    from gateway.flow.beginning import key_pair

    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise Unavailable("sshd is not installed (Debian: openssh-server); there is nothing to compare with")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where Debian's sshd puts its unprivileged part
    files = folder / "files"
    files.mkdir(parents=True)
    host_line, user_line = key_pair(folder / "host"), key_pair(folder / "user")
    (folder / "authorized_keys").write_text(user_line + "\n")
    port = _free_port()
    settings = {
        "Port": port, "ListenAddress": "127.0.0.1", "HostKey": folder / "host", "PidFile": "none", "UsePAM": "no",
        "AuthorizedKeysFile": folder / "authorized_keys", "StrictModes": "no", "Subsystem": "sftp internal-sftp",
        "MaxStartups": "100",
    }  # fmt: skip
    config = folder / "sshd_config"
    config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    with (folder / "sshd.log").open("wb") as log:
        child = subprocess.Popen([program, "-D", "-e", "-f", str(config)], stdout=log, stderr=log)
    try:
        _until(child, lambda: _listens(port))
        known = _known(folder, port, host_line)
        yield Place(port, getpass.getuser(), folder / "user", host_line, known, str(files), child.pid)
    finally:
        child.terminate()
        child.wait(LEAVE_S)


def batch(place: Place, folder: Path, script: str) -> subprocess.Popen[str]:
    """OpenSSH's client, started on a batch of commands in a folder of ours; a command that fails ends it."""
    options = {
        "UserKnownHostsFile": place.known, "GlobalKnownHostsFile": "/dev/null", "StrictHostKeyChecking": "yes",
        "IdentityFile": place.key, "IdentitiesOnly": "yes", "IdentityAgent": "none", "User": place.user,
        "Port": place.port,
    }  # fmt: skip
    flags = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
    child = subprocess.Popen(
        ["sftp", "-q", "-F", "/dev/null", *flags, "-b", "-", "127.0.0.1"], stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=folder,
    )  # fmt: skip
    assert child.stdin is not None
    child.stdin.write(f"cd {place.folder}\n{script}")
    child.stdin.close()
    child.stdin = None
    return child


def finish(child: subprocess.Popen[str]) -> None:
    """Waits for a batch. Raises AssertionError when a command of it failed."""
    _, said = child.communicate(timeout=BATCH_S)
    if child.returncode:
        raise AssertionError(f"sftp failed: {said.strip()}")


def _known(folder: Path, port: int, host_line: str) -> Path:
    path = folder / "known_hosts"
    path.write_text(f"[127.0.0.1]:{port} {host_line}\n")
    return path


def _until(child: subprocess.Popen[Any], ready: Any) -> None:
    until = time.monotonic() + START_S
    while not ready():
        if child.poll() is not None or time.monotonic() > until:
            raise Unavailable("a server to be measured did not start")
        time.sleep(LOOK_S)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def main(config: Path, kind: str) -> None:
    """The measured daemon: runs until stdin ends."""
    from gateway import daemon, logs, settings

    logs.configure()
    argv = daemon.worker_argv(config) if kind == "working" else lambda owner: [sys.executable, "-c", IDLE]
    daemon.run(settings.load(config), config, attached=True, argv=argv)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
