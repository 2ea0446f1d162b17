"""The sponsor's money lane and the states of a run that waits in it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from gateway.flow.context import Context
from gateway.store import counters, queue
from gateway.store.order import ord_of

WAITING = ("awaiting-approval", "awaiting-funds", "awaiting-date")
"""States of a run that still has to be issued; which one says what it waits for first."""


def enqueue(connection: Connection, context: Context, kind: str, sponsor_id: str, run_no: int = 0, **more: Any) -> None:
    """A step of the sponsor's money lane, behind those that wait there."""
    number = counters.take(connection, f"pay-step/{sponsor_id}")
    body = {"run_no": run_no, **more.pop("body", {})}
    queue.enqueue(connection, context.now_us, kind, lane=f"P/{sponsor_id}", partner=f"sponsor/{sponsor_id}",
                  sponsor_id=sponsor_id, ord=ord_of(0, ordinal=number), body=body, **more)  # fmt: skip


def try_again(connection: Connection, context: Context, sponsor_id: str) -> None:
    """Money, an approval or a date has come, or a run was closed: whatever run waits then looks again."""
    enqueue(connection, context, "issue", sponsor_id)
