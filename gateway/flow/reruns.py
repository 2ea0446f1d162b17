"""A pended claim is decided again: after a person's act, or when a timer rings."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, select

from gateway.flow import holds, pends, route
from gateway.flow.context import Context
from gateway.plan.records import Decision
from gateway.store import counters, queue
from gateway.store.order import ord_of
from gateway.store.queue import Work
from gateway.store.schema import claim as claim_table
from gateway.store.schema import decision as decision_table
from gateway.store.schema import hold


def enqueue(
    connection: Connection, context: Context, sponsor_id: str, icn: str, *, answered: bool, rung: bool = False
) -> None:
    """answered: a person has looked at what the claim waits for. rung: nobody has, and a timer rang."""
    event = counters.take(connection, "receipt")
    queue.enqueue(connection, context.now_us, "rerun", lane=f"S/{sponsor_id}", sponsor_id=sponsor_id,
                  partner=f"sponsor/{sponsor_id}", ord=ord_of(event), gate=event,
                  body={"icn": icn, "event": event, "answered": answered, "rung": rung})  # fmt: skip


def rerun(context: Context, work: Work) -> None:
    """The step: a pended claim takes its new place in the order, finds its member anew, and is decided.

    Without an event it is a timer that rings: it takes its number now and gets in line behind the files before it. A
    claim that a person is releasing meanwhile is that person's: the timer does nothing.
    """
    icn, event = work.body["icn"], work.body.get("event")
    with context.store.write("rerun") as connection:
        queue.finish(connection, work)
        if (event is None or work.body.get("rung")) and not _untouched(connection, work.sponsor_id, icn):
            return
        if event is None:
            enqueue(connection, context, work.sponsor_id, icn, answered=False, rung=True)
            return
        mine = (claim_table.c.sponsor_id == work.sponsor_id, claim_table.c.icn == icn)
        row = connection.execute(select(claim_table).where(*mine)).one()
        if row.state != "pended" or row.replaced_by:  # what takes its place is decided instead
            return
        ord_ = ord_of(event)
        values = routed(connection, work.sponsor_id, row, ord_, answered=work.body["answered"])
        holds.close_about(connection, "pend", work.sponsor_id, f"claim {icn}")
        route.put_anew(connection, context, row, ord_, values)


def routed(connection: Connection, sponsor_id: str, row: Any, ord_: str, *, answered: bool) -> dict[str, Any]:
    """The columns of a pended claim that change as it is decided again at an order key."""
    cleared = _queues(connection, row) if answered else ()
    return {
        **route.find_member(connection, sponsor_id, row, ord_), "ord": ord_, "state": "routed",
        "cleared": " ".join(sorted({*row.cleared.split(), *cleared})),
    }  # fmt: skip


def _untouched(connection: Connection, sponsor_id: str, icn: str) -> bool:
    """Whether the claim waits, nobody has begun to release it, and nobody is asked for information about it."""
    if pends.asked(pends.events(connection, [icn])[icn]):
        return False
    mine = select(hold.c.body).where(
        hold.c.state == "open", hold.c.sponsor_id == sponsor_id, hold.c.kind == "pend", hold.c.subject == f"claim {icn}"
    )
    bodies = [msgspec.json.decode(body) for body in connection.execute(mine).scalars()]
    return bool(bodies) and not any(body.get("given") for body in bodies)


def _queues(connection: Connection, row: Any) -> set[str]:
    """Every queue a pended claim stands in: the pend's, and those its notes name."""
    body = connection.execute(
        select(decision_table.c.body).where(
            decision_table.c.sponsor_id == row.sponsor_id, decision_table.c.icn == row.icn,
            decision_table.c.version == row.version,
        )
    ).scalar_one_or_none()  # fmt: skip
    if body is None:
        return set()
    decision = msgspec.json.decode(body, type=Decision)
    also = {note.rule.removeprefix("pend ") for note in decision.notes if note.rule.startswith("pend ")}
    return also | ({decision.pend.queue} if decision.pend else set())
