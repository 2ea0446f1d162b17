"""An installation with one partner that has a server of its own, the machine's sshd; its steps run one by one."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Row, Table, select

from gateway.flow import pull, push, worker
from gateway.flow.context import Context
from gateway.flow.parties import Partner
from gateway.flow.partner_server import Remote, schedule
from gateway.store import documents, installation, outbox, queue, sealed
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import hold, receipt, upload
from sftp_drop.remote.server import Deadlines
from tests.flow.world import Clock
from tests.sftp_drop.remote_servers import Sshd

BRIEF = Deadlines(connect_s=2, login_s=3, request_s=3, file_s=5)


class Place:
    """An installation with one partner, whose server is `sshd`, with folders of its own in it."""

    def __init__(self, store: Store, keys: Keys, sshd: Sshd, folder: Path) -> None:
        self.context, self.clock, self._runs = Context(store, keys, "T"), Clock(), itertools.count()
        store.clock = self.clock
        self.chance: Callable[[], float] = lambda: 1.0
        self.sshd, self.out, self.inn, self.moved = sshd, folder / "out", folder / "in", folder / "moved"
        for each in (self.out, self.inn, self.moved):
            each.mkdir(parents=True)
        self.remote = Remote(
            host="127.0.0.1", port=sshd.port, user=sshd.server().user, host_keys=(sshd.pin,),
            key_file=str(sshd.folder / "ours"), fetch=str(self.out), send=str(self.inn),
        )  # fmt: skip
        self.say()

    def say(self, **changes: object) -> None:
        """Other settings from now on."""
        self.remote = msgspec.structs.replace(self.remote, **changes)
        partner = Partner(id="p1", name="P", isa_id="P1", remote=self.remote)
        with self.context.store.write("load") as connection:
            today = installation.business_date(connection)
            documents.put(connection, self.clock.now_us, "partner", "p1", today, None, partner)
            schedule(connection, self.clock.now_us, "p1")

    def post(self, name: str, body: bytes) -> str:
        """Something that leaves."""
        with self.context.store.write("post") as connection:
            parcel = outbox.Parcel(partner="p1", kind="999", name=name, body=body)
            return outbox.post(connection, self.context.keys, self.clock(), "2026-01-05", parcel)

    def step(self) -> bool:
        """One step that is due, but no intake: what is received here is no X12."""
        steps = {"push": self.push, "pull": self.pull, "deliver": worker.STEPS["deliver"]}
        with self.context.store.write("claim") as connection:
            work = queue.claim(connection, f"t:{next(self._runs)}", self.clock.now_us)
        if work is not None:
            steps.get(work.kind, lambda context, work: None)(self.context, work)
        return work is not None

    def pull(self, context: Context, work: queue.Work) -> None:
        pull.pull(context, work, deadlines=BRIEF, chance=self.chance)

    def push(self, context: Context, work: queue.Work) -> None:
        push.push(context, work, deadlines=BRIEF, chance=self.chance)

    def run(self, wait_us: int = 0) -> None:
        """Time passes, then all that is due is done."""
        self.clock.now_us += wait_us
        for _ in range(100):
            if not self.step():
                return
        raise AssertionError("it does not end")

    def receipts(self) -> list[tuple[str, bytes]]:
        """(name, bytes) of every receipt, in order."""
        with self.context.store.read() as connection:
            rows = connection.execute(
                select(receipt.c.name, receipt.c.size, upload.c.id, upload.c.key)
                .join(upload, upload.c.id == receipt.c.upload_id).order_by(receipt.c.receipt_no)
            ).all()  # fmt: skip
        return [
            (row.name, b"".join(sealed.stream(self.context.store, row.id, self.context.keys.unwrap(row.key), row.size)))
            for row in rows
        ]

    def rows(self, table: Table) -> Sequence[Row[Any]]:
        with self.context.store.read() as connection:
            return connection.execute(select(table).order_by(*table.primary_key.columns)).all()

    def holds(self) -> list[Row[Any]]:
        return [row for row in self.rows(hold) if row.state == "open"]

    def there(self, folder: Path) -> dict[str, bytes]:
        """What lies in a folder of the partner's."""
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@contextmanager
def place_on_sqlite(template: Path, keys: Keys, sshd: Sshd, folder: Path) -> Iterator[Place]:
    """An installation on SQLite, copied from a migrated one, and its partner's server."""
    shutil.copytree(template, folder / "state")
    store = Store(f"sqlite:///{folder}/state/state.db")
    yield Place(store, keys, sshd, folder / "partner")
    store.close()
