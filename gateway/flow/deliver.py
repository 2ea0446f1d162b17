"""Deliver: what the outbox holds becomes visible to its partner. Doing it twice changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select, update

from gateway.clock import DAY_US
from gateway.flow import holds, placing, push, wraps
from gateway.flow.context import Context
from gateway.flow.parties import Partner
from gateway.store import audit, documents, installation, outbox, queue, sealed
from gateway.store.ids import since
from gateway.store.queue import Work
from gateway.store.schema import outbox as outbox_table
from gateway.store.schema import upload
from sftp_drop import pgp

UNBOUND_US = DAY_US
"""How long an upload that never became a receipt is kept for its resume, from its last sign of life."""

UNTOLD_US = 8 * UNBOUND_US
"""How far back sealed rows are asked after that nothing tells of: a week of days on which nothing was removed."""

UPLOADS_A_STEP = 100
"""Uploads one tidy step removes; the next one goes on."""


def deliver(context: Context, work: Work) -> None:
    """The step: one outbox row, wrapped as agreed, into the partner's view, or on its way to the partner's server."""
    outbox_id = work.body["outbox_id"]
    try:
        row, wrapped = _wrapped(context, outbox_id)
    except pgp.BadKey as error:
        _hold(context, work, str(error))
        return
    if wrapped is not None:
        with context.store.write("deliver") as connection:
            queue.advance(connection, work, work.body)
            outbox.wrap(connection, context.keys, row, *wrapped)
    if _goes_by_push(context, work, row):
        return
    placed = placing.write(context, outbox_id)
    with context.store.write("deliver") as connection:
        queue.finish(connection, work)
        today = installation.business_date(connection).isoformat()
        outbox.mark_visible(connection, outbox_id, context.now_us, today)
        audit.note(connection, context.now_us, "gateway", "deliver", f"outbox {outbox_id}")
        if placed is not None:
            placing.note(connection, placed)
    if placed is not None:
        placing.show(context, placed)


def _goes_by_push(context: Context, work: Work, row: Any) -> bool:
    """Whether the row leaves by its partner's own server: then a step of that lane sends it."""
    with context.store.read() as connection:
        if not push.is_way_of(connection, row):
            return False
    with context.store.write("deliver") as connection:
        queue.finish(connection, work)
        push.enqueue(connection, context, row.partner, row.id)
    return True


def _wrapped(context: Context, outbox_id: str) -> tuple[Any, tuple[bytes, str] | None]:
    """An outbox row, and the bytes and the name it leaves under where they are others; raises BadKey."""
    with context.store.read() as connection:
        row = connection.execute(outbox.told().where(outbox_table.c.id == outbox_id)).one()
        today = installation.business_date(connection)
        partner = documents.at(connection, "partner", row.partner, today, Partner)
        wrap = wraps.leaving(context, partner, row.kind, row.name) if partner else None
        if wrap is None:
            return row, None
        row = connection.execute(select(outbox_table).where(outbox_table.c.id == outbox_id)).one()
    return row, None if row.wrapped is not None else wrap(outbox.open_body(context.keys, row))


def _hold(context: Context, work: Work, why: str) -> None:
    """What cannot be encrypted as agreed never leaves in the clear: a person mends the key and sends it again."""
    with context.store.write("deliver") as connection:
        queue.finish(connection, work)
        outbox.mark_held(connection, work.body["outbox_id"])
        reason = f"it could not be encrypted to the PGP key of {work.partner} ({why}); mend it and resend"
        holds.open_(connection, context.now_us, "undelivered", "", f"sent {work.body['outbox_id']}", reason)


def _unbound(now_us: int) -> ColumnElement[bool]:
    """Those marked by a step that died are as old as they were: the same words find them."""
    return upload.c.state.in_(("open", "closed", "lost", "swept")) & (upload.c.touched_us < now_us - UNBOUND_US)


def has_unbound(connection: Connection, now_us: int) -> bool:
    """Whether `tidy` would find something."""
    return connection.execute(select(upload.c.id).where(_unbound(now_us)).limit(1)).first() is not None


def tidy(context: Context, work: Work) -> None:
    """The step: removes uploads that no receipt bound in a day.

    First they are marked, so that no receipt can bind them any more; then the bytes go; then the row, which finds them
    again after a crash.
    """
    with context.store.write("tidy") as connection:
        queue.advance(connection, work, work.body)
        old = _unbound(context.now_us)
        some = select(upload.c.id).where(old).limit(UPLOADS_A_STEP)
        # asked again: PostgreSQL waits for a session that goes on with one of them, and then looks at the new row
        marked = update(upload).where(upload.c.id.in_(some), old).values(state="swept").returning(upload.c.id)
        ids = list(connection.execute(marked).scalars())
    for upload_id in [*ids, *untold(context)]:
        sealed.drop(context.store, upload_id)
    with context.store.write("tidy") as connection:
        queue.finish(connection, work)
        connection.execute(delete(upload).where(upload.c.id.in_(ids)))


def untold(context: Context) -> list[str]:
    """Uploads with sealed rows that nothing tells of: their process died between the bytes and the receipt.

    Ids tell when an upload was begun: those of the last days are asked after, and none that may be on its way.
    """

    def known(ids: Sequence[str]) -> set[str]:
        with context.store.read() as connection:
            return set(connection.execute(select(upload.c.id).where(upload.c.id.in_(ids))).scalars())

    now_us = context.now_us
    return sealed.strangers(context.store, since(now_us - UNTOLD_US), since(now_us - UNBOUND_US), known)


def chain(context: Context, work: Work) -> None:
    """The step: gives committed audit rows their place in the hash chain."""
    with context.store.write("chain") as connection:
        queue.finish(connection, work)
        audit.chain(connection)
