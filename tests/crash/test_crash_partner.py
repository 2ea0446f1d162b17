"""What a partner sees when the daemon dies under its upload."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable

import paramiko
from sqlalchemy import func, select, update

from gateway.store.schema import blob, interchange, receipt, small, upload
from tests.crash import dying
from tests.crash.dying import Death
from tests.crash.scenario import CHAPTERS, Drop
from tests.crash.shelf import Shelf
from tests.crash.world import World, died, worker_codes


def test_a_blind_repetition_is_answered_as_one(world_of: Callable[..., World], shelf: Shelf) -> None:
    """A received file sent again under another name is refused as a duplicate: no claim, payment or notice twice."""
    world = world_of("claims")
    dying.plan(world.deaths, [Death("receipt", "select count(*) from receipt", "after")])
    world.start()
    world.play("claims")
    sent = CHAPTERS["claims"][0]
    assert isinstance(sent, Drop)
    world.drop(Drop(sent.partner, "again.837", sent.body))
    world.settle()
    world.stop()
    found, once = world.effects(), shelf.ends["claims"]
    for table in ("claim", "decision", "entry", "journal", "fact", "notice", "remittance"):
        assert found[table] == once[table]
    with world.context.store.read() as connection:
        refused = select(interchange.c.codes).where(interchange.c.state == "rejected", interchange.c.receipt_no > 3)
        assert connection.execute(refused).scalars().all() == ['["025"]']


def test_an_upload_goes_on_where_it_was_lost(world_of: Callable[..., World], shelf: Shelf) -> None:
    """A connection lost in the middle, then a killed daemon: the partner appends the rest, the file is one receipt."""
    world = world_of("enrol")
    act = CHAPTERS["enrol"][0]
    assert isinstance(act, Drop)
    dying.plan(world.deaths, [Death("upload", "select id from upload where state = 'lost'", "after")])
    world.start()
    with world.sftp(act.partner) as sftp:
        file = sftp.open(f"/inbound/{act.name}", "wb")
        file.write(act.body[:1000])
        file.flush()
        sftp.get_channel().get_transport().close()  # type: ignore[union-attr]
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            file.close()
    world.wait_deaths(1)
    with world.sftp(act.partner) as sftp, sftp.open(f"/inbound/{act.name}", "ab") as file:
        kept = sftp.stat(f"/inbound/{act.name}").st_size
        assert kept == 1000 - 1, "the last byte is asked for again"
        file.write(act.body[kept:])
    world.settle()
    world.stop()
    with world.context.store.read() as connection:
        sizes = select(receipt.c.size).where(receipt.c.name == act.name)
        assert connection.execute(sizes).scalars().all() == [len(act.body)]
    found = world.effects()
    assert found["files"] == shelf.ends["enrol"]["files"]


def test_worker_dies_tidying(world_of: Callable[..., World]) -> None:
    """A worker killed at each commit of an old part's removal leaves nothing of it; received files keep theirs."""
    world = world_of("plan")
    store = world.context.store
    with store.read() as connection:
        received = connection.execute(select(func.count()).select_from(upload)).scalar_one()
    marked = "select id from upload where state = 'swept'"
    dying.plan(world.deaths, [Death("tidy", marked, moment) for moment in ("before", "after", "before", "after")])
    world.start()
    with world.sftp("clearpath") as sftp, sftp.open("/inbound/old.837.part", "wb") as file:
        file.write(b"ISA")
    with store.write("aging") as connection:
        connection.execute(update(upload).values(touched_us=1))
    world.wait_deaths(4)
    world.stop()
    assert [worker_codes(world)[m.who] for m in died(world)] == [-signal.SIGKILL] * 4
    with store.read() as connection, store.read_blob() as blobs:
        assert set(connection.execute(select(upload.c.state)).scalars()) == {"received"}
        assert connection.execute(select(func.count()).select_from(upload)).scalar_one() == received
        lying = [(blobs, blob), (connection, small)]
        counted = [of.execute(select(func.count()).select_from(table)).scalar_one() for of, table in lying]
        assert sum(counted) == received
