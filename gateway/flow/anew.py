"""A step that was set aside is tried again; what orders a file is a new event, behind what was applied meanwhile."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, select, update

from gateway.errors import UsageError
from gateway.flow import acceptance
from gateway.flow.context import Context
from gateway.store import counters, queue
from gateway.store.order import ord_of
from gateway.store.schema import claim as claim_table
from gateway.store.schema import enrolment as enrolment_table
from gateway.store.schema import interchange, progress, receipt, staged


def released(connection: Connection, context: Context, row: Any, body: dict[str, Any]) -> str:
    """A parked step is tried again; one that orders a file is a new event, behind what was applied meanwhile."""
    step = body["body"]
    if body["kind"] == "adjudicate":
        again = update(claim_table).where(
            claim_table.c.sponsor_id == row.sponsor_id, claim_table.c.icn.in_(step["icns"]),
            claim_table.c.state == "pended",
        )  # fmt: skip
        connection.execute(again.values(state="routed"))
    if not queue.unpark(connection, body["work_id"], context.now_us):
        raise UsageError("the step is not parked any more")
    if body["kind"] in _ANEW:
        _ANEW[body["kind"]](connection, body["work_id"], row.sponsor_id, step)
    return "the step is tried again"


def _read_anew(connection: Connection, work_id: str, sponsor_id: str, step: dict[str, Any]) -> None:
    """A file gets a new number and is read from its start; once some of it is decided, only the rest gets the number.

    The receipt number of a file that is half decided stays: its answers, which the partner has, name it.
    """
    old, event = step["receipt_no"], counters.take(connection, "receipt")
    mine = update(receipt).where(receipt.c.receipt_no == old)
    connection.execute(mine.values(state="received", reason=""))
    if connection.execute(select(interchange.c.number).where(interchange.c.receipt_no == old).limit(1)).first():
        step = {**step, "event": event}
    else:
        connection.execute(delete(staged).where(staged.c.receipt_no == old))
        connection.execute(delete(progress).where(progress.c.receipt_no == old))
        connection.execute(mine.values(receipt_no=event))
        step = {**step, "receipt_no": event}
    queue.reorder(connection, work_id, ord_of(event), 0, step)


def _route_anew(connection: Connection, work_id: str, sponsor_id: str, step: dict[str, Any]) -> None:
    if _begun(connection, sponsor_id, step):
        return
    event = counters.take(connection, "receipt")
    ord_ = acceptance.place(step, event)
    queue.reorder(connection, work_id, ord_, event, {**step, "ord": ord_})


def _known_anew(connection: Connection, work_id: str, sponsor_id: str, step: dict[str, Any]) -> None:
    """What was itself a release is known from now on; a timer takes its number when it rings."""
    if "event" in step:
        event = counters.take(connection, "receipt")
        queue.reorder(connection, work_id, ord_of(event), event, {**step, "event": event})


_ANEW = {
    "intake": _read_anew, "route": _route_anew, "end-absent": _known_anew, "rerun": _known_anew,
    "instalment": _known_anew,
}  # fmt: skip
"""Kind of parked step -> what gives it its new place; the others say nothing that others must know in order."""


def _begun(connection: Connection, sponsor_id: str, step: dict[str, Any]) -> bool:
    """Whether some of the set was routed or applied already: the rest must keep its place."""
    applied = (enrolment_table.c.sponsor_id == sponsor_id, enrolment_table.c.ord == step["ord"])
    return "after" in step or connection.execute(select(enrolment_table.c.ord).where(*applied)).first() is not None
