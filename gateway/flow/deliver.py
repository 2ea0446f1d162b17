"""Deliver: what the outbox holds becomes visible to its partner. Doing it twice changes nothing."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, delete, select, update

from gateway.clock import SECOND_US
from gateway.flow import placing
from gateway.flow.context import Context
from gateway.store import audit, installation, outbox, queue, sealed
from gateway.store.queue import Work
from gateway.store.schema import upload

UNBOUND_US = 24 * 3600 * SECOND_US
"""How long an upload that never became a receipt is kept for its resume, from its last sign of life."""

UPLOADS_A_STEP = 100
"""Uploads one tidy step removes; the next one goes on."""


def deliver(context: Context, work: Work) -> None:
    """The step: one outbox row into the partner's view, and into its folder where it has one."""
    placed = placing.write(context, work.body["outbox_id"])
    with context.store.write("deliver") as connection:
        queue.finish(connection, work)
        today = installation.business_date(connection).isoformat()
        outbox.mark_visible(connection, work.body["outbox_id"], context.now_us, today)
        audit.note(connection, context.now_us, "gateway", "deliver", f"outbox {work.body['outbox_id']}")
        if placed is not None:
            placing.note(connection, placed)
    if placed is not None:
        placing.show(context, placed)


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
    for upload_id in ids:
        sealed.drop(context.store, upload_id)
    with context.store.write("tidy") as connection:
        queue.finish(connection, work)
        connection.execute(delete(upload).where(upload.c.id.in_(ids)))


def chain(context: Context, work: Work) -> None:
    """The step: gives committed audit rows their place in the hash chain."""
    with context.store.write("chain") as connection:
        queue.finish(connection, work)
        audit.chain(connection)
