"""Instalments of orthodontia: a decided claim is decided anew on the day another part of its price falls due.

A timer for the next month stands in the queue while one is open. A claim that was taken back meanwhile is let alone:
so its reversal stops the rest.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, select

from gateway.flow import route
from gateway.flow.context import Context
from gateway.store import counters, queue
from gateway.store.order import ord_of
from gateway.store.queue import Work
from gateway.store.schema import claim as claim_table


def enqueue(connection: Connection, context: Context, sponsor_id: str, icn: str, due: date) -> None:
    """Winds the timer of a claim's next instalment."""
    queue.enqueue(connection, context.now_us, "instalment", lane=f"S/{sponsor_id}", sponsor_id=sponsor_id,
                  partner=f"sponsor/{sponsor_id}", due_on=due.isoformat(), key=f"instalment/{sponsor_id}/{icn}/{due}",
                  body={"icn": icn})  # fmt: skip


def instalment(context: Context, work: Work) -> None:
    """The step: the timer rings and takes a number; in its turn the claim is given to be decided anew."""
    icn, event = work.body["icn"], work.body.get("event")
    with context.store.write("instalment") as connection:
        queue.finish(connection, work)
        mine = (claim_table.c.sponsor_id == work.sponsor_id, claim_table.c.icn == icn)
        row = connection.execute(select(claim_table).where(*mine)).one()
        if row.state != "decided" or row.replaced_by:
            return
        if event is None:
            event = counters.take(connection, "receipt")
            queue.enqueue(connection, context.now_us, "instalment", lane=f"S/{work.sponsor_id}",
                          sponsor_id=work.sponsor_id, partner=f"sponsor/{work.sponsor_id}", ord=ord_of(event),
                          gate=event, body={"icn": icn, "event": event})  # fmt: skip
            return
        ord_ = ord_of(event)
        values = {**route.find_member(connection, work.sponsor_id, row, ord_), "ord": ord_, "state": "routed"}
        route.put_anew(connection, context, row, ord_, values)
