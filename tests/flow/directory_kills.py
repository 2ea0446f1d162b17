"""SIGKILL for whoever writes into a watched folder and for whoever receives from it, over and over.

`python -m tests.flow.directory_kills --loops 1000` prints the figures as JSON; the test run plays some thirty loops.
Acknowledged is what its writer closed and renamed or left: it must be under one receipt, byte for byte. What a writer
died over may be there as far as it came, once, and never as more than one receipt.
"""

from __future__ import annotations

import hashlib
import itertools
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

from gateway.flow.context import Context
from gateway.flow.directory import StoreKeeper
from gateway.store import installation, migrate, sealed
from gateway.store.engine import Store
from gateway.store.ids import ulid
from gateway.store.keys import Keys, create_master
from gateway.store.schema import blob, receipt, small, upload
from sftp_drop.directory.inbox import Inbox
from sftp_drop.directory.sights import Waits
from sftp_drop.directory.tree import Tree
from tests.flow.loops import campaign

PARTNER = "clear"
FILE_BYTES = 3 * sealed.ROW // 2
FILES_A_LOOP = 4
PATIENCE_S = 60.0

_processes = multiprocessing.get_context("fork")


def run(folder: Path, loops: int, seed: int) -> dict[str, int]:
    """Plays the loops; returns what came of them. None is lost, doubled, changed or orphaned."""
    dice = random.Random(seed)
    for name in ("inbound", "outbound", "reports"):
        (folder / "root" / PARTNER / name).mkdir(parents=True)
    _create(folder)
    sure: dict[str, str] = {}
    begun: dict[str, bytes] = {}
    receivers = writers = 0
    for loop in range(loops):
        receiving = [_start(_receive, folder) for _ in range(dice.choice((1, 2)))]
        for number in range(FILES_A_LOOP):
            name, body = f"{loop:05}-{number}.837", dice.randbytes(dice.randrange(FILE_BYTES))
            writer = _start(_write, folder, name, body, dice.random() < 0.5)
            if dice.random() < 0.3:
                time.sleep(dice.random() * 0.01)
                os.kill(writer.pid or 0, signal.SIGKILL)
            writer.join(PATIENCE_S)
            if writer.exitcode == 0:
                sure[name] = hashlib.sha256(body).hexdigest()
            else:
                begun[name] = body
                writers += 1
        time.sleep(dice.random() * 0.1)
        for process in receiving:
            process.kill()
            process.join(PATIENCE_S)
            receivers += process.exitcode == -signal.SIGKILL
    _drain(folder)
    found = _found(folder)
    counts = Counter(name for name, _, _ in found)
    bodies = {name: body for name, _, body in found}
    return {
        "loops": loops, "receivers_killed": receivers, "writers_killed": writers, "acknowledged": len(sure),
        "lost": sum(name not in counts for name in sure),
        "doubled": sum(count - 1 for count in counts.values()),
        "changed": sum(hashlib.sha256(bodies[name]).hexdigest() != sha for name, sha in sure.items() if name in bodies),
        "not_a_prefix": sum(not body.startswith(bodies[name]) for name, body in begun.items() if name in bodies),
        "orphans": _orphans(folder),
    }  # fmt: skip


def _create(folder: Path) -> None:
    create_master(folder / "keys")
    store = Store(f"sqlite:///{folder}/state.db")
    migrate.upgrade(store)
    with store.write("facts") as connection:
        installation.put(connection, "business_date", "2026-01-05")
    store.close()


def _context(folder: Path) -> Context:
    store = Store(f"sqlite:///{folder}/state.db")
    return Context(store, Keys(folder / "keys"), "T", directory=Tree(folder / "root"))


def _start(target: object, *args: object) -> multiprocessing.context.ForkProcess:
    process = _processes.Process(target=target, args=args)  # type: ignore[arg-type]
    process.start()
    return process


def _write(folder: Path, name: str, body: bytes, renames: bool) -> None:
    """A client: in pieces, under its final name or renamed to it; ends well when the file is closed."""
    inbound = folder / "root" / PARTNER / "inbound"
    path = inbound / (f"{name}.part" if renames else name)
    with path.open("wb") as file:
        for at in range(0, len(body), 65536):
            file.write(body[at : at + 65536])
            file.flush()
            time.sleep(0.0003)
    if renames:
        path.rename(inbound / name)


def _inbox(context: Context) -> Inbox:
    assert context.directory is not None
    keeper = StoreKeeper(context, context.directory, lambda: None)
    waits = Waits(settle_s=0.0, stable_s=0.0)
    return Inbox(
        context.directory, PARTNER, keeper, waits, lambda: ulid(context.now_us), time.monotonic, lambda: False
    )  # fmt: skip


def _receive(folder: Path) -> None:
    """A daemon's thread, until it is killed."""
    inbox = _inbox(_context(folder))
    for number in itertools.count():
        inbox.round({}, number % 10 == 0)
        time.sleep(0.005)


def _drain(folder: Path) -> None:
    """The last daemon, undisturbed."""
    context = _context(folder)
    inbox = _inbox(context)
    until_s = time.monotonic() + PATIENCE_S
    home = folder / "root" / PARTNER
    while any(home.glob(".work/*")) or any(not name.endswith(".part") for name in os.listdir(home / "inbound")):
        assert time.monotonic() < until_s, "files are left"
        inbox.round({}, True)
    context.store.close()


def _found(folder: Path) -> list[tuple[str, str, bytes]]:
    """Name, upload and bytes of every receipt."""
    context = _context(folder)
    with context.store.read() as connection:
        both = receipt.join(upload, upload.c.id == receipt.c.upload_id)
        rows = connection.execute(both.select()).all()
    found = []
    for row in rows:
        pieces = sealed.stream(context.store, row.upload_id, context.keys.unwrap(row.key), row.size)
        found.append((row.name, row.upload_id, b"".join(pieces)))
    context.store.close()
    return found


def _orphans(folder: Path) -> int:
    """Sealed rows of uploads that nobody would ever sweep."""
    context = _context(folder)
    with context.store.read() as connection, context.store.read_blob() as blobs:
        known = set(connection.execute(upload.select().with_only_columns(upload.c.id)).scalars())
        lying = set(blobs.execute(blob.select().with_only_columns(blob.c.upload_id)).scalars())
        lying |= set(connection.execute(small.select().with_only_columns(small.c.upload_id)).scalars())
    context.store.close()
    return len(lying - known)


if __name__ == "__main__":
    campaign(__doc__, run)
