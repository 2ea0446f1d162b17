"""The machine's own sshd, on a free port of the loopback, as whoever runs the test."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sftp_drop.hostkey import make_host_key
from tests.patience import PATIENCE_S, wait

SSHD = shutil.which("sshd") or "sshd"

SETTINGS = """
ListenAddress 127.0.0.1
PidFile none
StrictModes no
UsePAM no
UseDNS no
PasswordAuthentication yes
PermitRootLogin yes
MaxStartups 100
Subsystem sftp internal-sftp
"""
"""What every test's has: keys lie in folders others may read, and the tests may be root's."""


class Keys:
    """Of a folder: `host` is the server's, `ours` the client's. The lines are public."""

    def __init__(self, folder: Path) -> None:
        self.host, self.ours, self.authorized = folder / "host", folder / "ours", folder / "authorized"
        self.host_line, self.our_line = make_host_key(self.host), make_host_key(self.ours)
        self.authorized.write_text(self.our_line + "\n")


@contextlib.contextmanager
def sshd(folder: Path, port: int, keys: Keys, *more: str) -> Iterator[None]:
    """Runs while the block does. more: lines of its settings; a Match block comes last."""
    config, log = folder / "sshd_config", folder / "sshd.log"
    config.write_text("\n".join([f"Port {port}", f"HostKey {keys.host}", SETTINGS, *more, ""]))
    with log.open("wb") as said:
        process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(config)], stderr=said, stdout=said)
    try:
        wait(lambda: _answers(port) or process.poll() is not None, "sshd")
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def free_port() -> int:
    """A port nobody listens at just now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
