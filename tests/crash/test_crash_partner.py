"""What a partner sees when the daemon dies under its upload."""

from __future__ import annotations

from collections.abc import Callable

import paramiko
import pytest
from sqlalchemy import select
from tests.crash import dying
from tests.crash.conftest import Shelf
from tests.crash.dying import Death
from tests.crash.scenario import CHAPTERS, Drop
from tests.crash.world import World

from gateway.store.schema import outbox, receipt


def test_a_blind_repetition_is_answered_as_one(world_of: Callable[..., World], shelf: Shelf) -> None:
    """A partner that sends a received file again under another name gets TA1 025: no claim, payment or notice twice."""
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
        assert len(connection.execute(select(outbox.c.id).where(outbox.c.kind == "TA1")).all()) == 1


def test_an_upload_goes_on_where_it_was_lost(world_of: Callable[..., World], shelf: Shelf) -> None:
    """A connection lost in the middle, then a daemon killed: the partner appends the rest, and the file is one receipt."""
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
        with pytest.raises((OSError, EOFError, paramiko.SSHException)):
            file.close()
    world.wait_deaths(1)
    with world.sftp(act.partner) as sftp, sftp.open(f"/inbound/{act.name}", "ab") as file:
        kept = sftp.stat(f"/inbound/{act.name}").st_size
        assert kept == 1000
        file.write(act.body[kept:])
    world.settle()
    world.stop()
    with world.context.store.read() as connection:
        assert connection.execute(select(receipt.c.size).where(receipt.c.name == act.name)).scalars().all() == [len(act.body)]
    found = world.effects()
    assert found["files"] == shelf.ends["enrol"]["files"]
