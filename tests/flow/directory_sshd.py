"""The machine's own sshd with the shipped block, as the user who runs the tests, on folders of a running gateway."""

from __future__ import annotations

import contextlib
import getpass
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Table

from gateway.demo import Demo
from gateway.settings import shipped
from tests.patience import PATIENCE_S, wait
from tests.sshd import Keys, free_port, sshd

PARTNER = "clearpath"
BLOCK = shipped() / "deploy" / "sshd_gateway.conf"


def derived(home: Path, keys: Path) -> str:
    """The shipped block for one user in place of a group, without what only root may do (the chroot)."""
    text = BLOCK.read_text()
    for old, new in {
        "Match Group edi": f"Match User {getpass.getuser()}",
        "ChrootDirectory /srv/edi/%u": "ChrootDirectory none",
        "ForceCommand internal-sftp ": f"ForceCommand internal-sftp -d {home} ",
        "AuthorizedKeysFile /etc/ssh/edi_keys/%u": f"AuthorizedKeysFile {keys}",
    }.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


class Site:
    """A gateway with folders, and the sshd before them."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.home = folder / "edi" / PARTNER
        self.keys = Keys(folder)
        self.key, self.known_hosts = self.keys.ours, folder / "known_hosts"
        self.known_hosts.write_text(f"[127.0.0.1]:{port} {self.keys.host_line}\n")
        self.context: Any = None

    def options(self) -> list[str]:
        """How OpenSSH's clients reach the site."""
        said = {
            "UserKnownHostsFile": self.known_hosts, "GlobalKnownHostsFile": "/dev/null", "IdentityFile": self.key,
            "IdentitiesOnly": "yes", "IdentityAgent": "none", "Port": self.port, "User": getpass.getuser(),
            "BatchMode": "yes", "ControlPath": "none",
        }  # fmt: skip
        return ["-F", "/dev/null", *(part for name, value in said.items() for part in ("-o", f"{name}={value}"))]

    def sftp(self, script: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Runs a batch of OpenSSH's client."""
        command = ["sftp", *self.options(), *options, "-b", "-", "127.0.0.1"]
        return subprocess.run(
            command, input=script, capture_output=True, text=True, cwd=self.folder, timeout=PATIENCE_S
        )

    def rows(self, table: Table) -> list[Any]:
        """Rows of a table of the running gateway."""
        with self.context.store.read() as connection:
            return list(connection.execute(table.select().order_by(*table.primary_key.columns)))

    def row(self, table: Table, **values: Any) -> Any:
        """The one row of a table with these values, waiting for it."""

        def look() -> list[Any]:
            return [one for one in self.rows(table) if all(getattr(one, k) == v for k, v in values.items())]

        found = wait(look, f"{table.name} {values}")
        assert len(found) == 1
        return found[0]


@contextlib.contextmanager
def site(folder: Path) -> Iterator[Site]:
    """A gateway whose folders an sshd serves; both ended afterwards."""
    made = Site(folder, free_port())
    for name in ("inbound", "outbound", "reports"):
        (made.home / name).mkdir(parents=True)
    demo = Demo(folder / "state", "golden", lambda _: None)
    demo.prepare(fresh=False, resume=False, sftp_port=0, http_port=0)
    settings = (
        demo.config.read_text() + f'\n[directory]\nroot = "{folder / "edi"}"\npartners = ["{PARTNER}"]\nrescan_s = 3\n'
    )
    demo.config.write_text(settings)
    demo.load()
    made.context = demo.context
    block = derived(made.home, made.keys.authorized)
    with sshd(folder, made.port, made.keys, block), demo.running():
        yield made
    demo.context.store.close()
