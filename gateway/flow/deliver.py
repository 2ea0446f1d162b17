"""Deliver: what the outbox holds becomes visible to its partner. Doing it twice changes nothing."""

from __future__ import annotations

from gateway.flow.context import Context
from gateway.store import audit, outbox, queue
from gateway.store.queue import Work


def deliver(context: Context, work: Work) -> None:
    """The step: one outbox row into the partner's view."""
    with context.store.write("deliver") as connection:
        queue.finish(connection, work)
        outbox.mark_visible(connection, work.body["outbox_id"], context.now_us)
        audit.note(connection, context.now_us, "gateway", "deliver", f"outbox {work.body['outbox_id']}")


def chain(context: Context, work: Work) -> None:
    """The step: gives committed audit rows their place in the hash chain."""
    with context.store.write("chain") as connection:
        queue.finish(connection, work)
        audit.chain(connection)
