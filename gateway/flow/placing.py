"""What leaves for partners who come by folders: outbox rows as files, until their partner takes them.

A file is written under a hidden name, noted in the transaction that makes its row visible, and named after that. So a
row is put out once whatever dies: a note without a file means that the partner took it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection, Select, delete, select

from gateway.flow.context import Context
from gateway.store import audit, outbox
from gateway.store.engine import upsert
from gateway.store.ids import ulid
from gateway.store.schema import outbox as outbox_table
from gateway.store.schema import placed
from sftp_drop.directory import shelf
from sftp_drop.directory.tree import Places, Unusable

log = structlog.get_logger()

ROWS_A_LOOK = 1_000
"""Files put out in one look; a partner who is to find more finds the rest after the next, half a minute later."""


class Placing(msgspec.Struct, frozen=True):
    """An outbox row whose bytes lie under a hidden name in its partner's folder."""

    outbox_id: str
    partner: str
    folder: str
    name: str
    hidden: str


def write(context: Context, outbox_id: str) -> Placing | None:
    """The bytes of an outbox row under a hidden name, durable; None where its partner has no folder.

    A folder that takes nothing now (full, away) holds nobody up: the daemon's next look puts out what is not there.
    """
    tree = context.directory
    if tree is None:
        return None
    with context.store.read() as connection:
        row = connection.execute(select(outbox_table).where(outbox_table.c.id == outbox_id)).one()
    if not tree.holds(row.partner):
        return None
    placing = Placing(row.id, row.partner, row.folder, row.name, ulid(context.now_us))
    try:
        with tree.opened(row.partner) as places:
            shelf.write(getattr(places, row.folder), placing.hidden, outbox.open_sent(context.keys, row))
    except (OSError, Unusable) as error:
        _not_put_out(row.partner, error)
        return None
    return placing


def note(connection: Connection, placing: Placing) -> None:
    """The row lies in its folder; who noted it first keeps it."""
    values = {"outbox_id": placing.outbox_id, "partner": placing.partner, "hidden": placing.hidden}
    connection.execute(upsert(connection, placed).values(**values).on_conflict_do_nothing())


def show(context: Context, placing: Placing) -> None:
    """Gives a noted file its name; one that another attempt put out is not put out again.

    Where that cannot be done now (the partner made a folder of that name), the daemon's next look tries again.
    """
    with context.store.read() as connection:
        mine = select(placed.c.hidden).where(placed.c.outbox_id == placing.outbox_id)
        noted = connection.execute(mine).scalar_one_or_none() == placing.hidden
    try:
        with _folder(context, placing.partner, placing.folder) as folder:
            if noted:
                shelf.show(folder, placing.hidden, placing.name)
            else:
                shelf.withdraw(folder, placing.hidden)
    except (OSError, Unusable) as error:
        _not_put_out(placing.partner, error)


def _not_put_out(partner: str, error: Exception) -> None:
    log.error("not put out", partner=partner, error=type(error).__name__)


def put_out(context: Context, outbox_id: str) -> None:
    """A row its partner may see, as a file."""
    placing = write(context, outbox_id)
    if placing is not None:
        with context.store.write("place") as connection:
            note(connection, placing)
        show(context, placing)


@contextmanager
def _folder(context: Context, partner: str, name: str) -> Iterator[int]:
    assert context.directory is not None
    with context.directory.opened(partner) as places:
        yield getattr(places, name)


def tend(context: Context, partner: str, places: Places) -> None:
    """Puts out what is not there, notes what was taken, takes away what was taken at our door. Raises OSError."""
    with context.store.read() as connection:
        fresh = connection.execute(_unplaced(partner).limit(ROWS_A_LOOK)).scalars().all()
        lying = connection.execute(_lying(partner)).all()
    for outbox_id in fresh:
        put_out(context, outbox_id)
    for row in lying:
        try:
            _tend(context, getattr(places, row.folder), row)
        except OSError as error:  # what is wrong with one name does not keep the others
            _not_put_out(partner, error)
    for folder in (places.outbound, places.reports):
        shelf.sweep(folder, {row.hidden for row in lying}, time.time())


def _unplaced(partner: str) -> Select[Any]:
    inside = outbox_table.c.folder == outbox.INSIDE  # travels inside another
    mine = (outbox_table.c.partner == partner, outbox_table.c.state == "visible", ~inside)
    lies = select(placed.c.outbox_id).where(placed.c.outbox_id == outbox_table.c.id).exists()
    return select(outbox_table.c.id).where(*mine, ~lies).order_by(outbox_table.c.id)


def _lying(partner: str) -> Select[Any]:
    told = [outbox_table.c[name] for name in ("id", "partner", "folder", "name", "state")]
    both = select(*told, placed.c.hidden).join(placed, placed.c.outbox_id == outbox_table.c.id)
    return both.where(placed.c.partner == partner).order_by(outbox_table.c.id)


def _tend(context: Context, folder: int, row: Any) -> None:
    """One noted file: shown if its rename is missing, removed if it was taken at our door, noted if it was taken."""
    if row.state == "visible":
        shelf.show(folder, row.hidden, row.name)
        if not shelf.is_gone(folder, row.hidden, row.name):
            return
    else:
        shelf.withdraw(folder, row.hidden, row.name)
    with context.store.write("taken") as connection:
        connection.execute(delete(placed).where(placed.c.outbox_id == row.id))
        if outbox.mark_picked_up(connection, row.id, context.now_us):
            audit.note(connection, context.now_us, row.partner, "pick up", f"outbox {row.id}")
