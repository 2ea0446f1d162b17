"""The business day: work that is due is finished, the day is closed, the date moves, and the new day's timers ring.

One mechanism for both kinds of installation: a person moves a test installation (`gateway day advance`), the daemon
moves a production one to the administrator's local date. Every passed day runs in order before the next.
"""

from __future__ import annotations

from datetime import date, timedelta

import structlog
from sqlalchemy import Connection, select

from gateway.clock import SECOND_US
from gateway.errors import NotPermitted
from gateway.flow import pay, replies, watches
from gateway.flow.context import Context
from gateway.flow.parties import Parties
from gateway.store import audit, installation, queue
from gateway.store.order import ord_of
from gateway.store.queue import Work
from gateway.store.schema import work as work_table

log = structlog.get_logger()

LOOK_AGAIN_US = SECOND_US // 20
"""How long the day waits before it looks again whether work is left: twenty looks a second cost nothing."""

HOUSEKEEPING = ("day", "chain", "tidy", "deliver")
"""Steps a day does not wait for: they decide nothing."""


def enqueue(connection: Connection, context: Context, target: date, key: str | None = None) -> None:
    """Asks for the business date to become target. key: asks only once."""
    queue.enqueue(connection, context.now_us, "day", lane="day", ord=ord_of(0, ordinal=target.toordinal()), key=key,
                  body={"target": target.isoformat(), "closed": ""})  # fmt: skip


def ask(connection: Connection, context: Context, target: date, user: str) -> None:
    """A person moves a test installation's date; raises NotPermitted in production, and backwards."""
    if context.usage != "T":
        raise NotPermitted("only a test installation's date is moved by hand")
    today = installation.business_date(connection)
    if target < today:
        raise NotPermitted(f"the business date is {today}; it never goes back")
    enqueue(connection, context, target)
    audit.note(connection, context.now_us, user, "day advance", target.isoformat())


def reached(connection: Connection, target: date) -> bool:
    """Whether the date has come and no day step goes on."""
    going = connection.execute(select(work_table.c.id).where(work_table.c.kind == "day", work_table.c.parked == 0))
    return going.first() is None and installation.business_date(connection) >= target


def day(context: Context, work: Work) -> None:
    """The step: closes the present day once nothing is due on it, then moves one day, until the target is reached."""
    with context.store.write("day") as connection:
        today = installation.business_date(connection)
        target = date.fromisoformat(work.body["target"])
        if queue.waiting(connection, context.now_us, but=HOUSEKEEPING):
            queue.later(connection, work, context.now_us + LOOK_AGAIN_US)
        elif today >= target:
            queue.finish(connection, work)
        elif work.body["closed"] != today.isoformat():
            _close(connection, context, today)
            queue.advance(connection, work, {**work.body, "closed": today.isoformat()})
            queue.later(connection, work, context.now_us)
        else:
            tomorrow = today + timedelta(days=1)
            installation.move_business_date(connection, tomorrow)
            replies.missed(connection, context, tomorrow)
            watches.enqueue(connection, context.now_us, tomorrow, 0)
            queue.enqueue(connection, context.now_us, "tidy", lane="tidy", key="tidy")
            audit.note(connection, context.now_us, "gateway", "day", tomorrow.isoformat())
            queue.later(connection, work, context.now_us)
            log.info("business date", date=tomorrow.isoformat())


def _close(connection: Connection, context: Context, today: date) -> None:
    """What ends a day: what was decided for a sponsor and is in no run yet is planned for payment."""
    for sponsor_id in Parties(connection, today).sponsors:
        if pay.has_unplanned(connection, sponsor_id):
            pay.enqueue(connection, context, "plan", sponsor_id)
