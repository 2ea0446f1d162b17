"""The business day: work that is due is finished, the day is closed, the date moves, and the new day's timers ring.

One mechanism for both kinds of installation: a person moves a test installation (`gateway day advance`), the daemon
moves a production one to the administrator's local date. Every passed day runs in order before the next.
"""

from __future__ import annotations

from datetime import date, timedelta

import structlog
from sqlalchemy import Connection

from gateway.clock import SECOND_US
from gateway.flow import pay
from gateway.flow.context import Context
from gateway.flow.parties import Parties
from gateway.store import audit, installation, queue
from gateway.store.order import ord_of
from gateway.store.queue import Work

log = structlog.get_logger()

LOOK_AGAIN_US = SECOND_US // 20
"""How long the day waits before it looks again whether work is left: twenty looks a second cost nothing."""


HOUSEKEEPING = ("day", "chain", "tidy", "deliver")
"""Steps a day does not wait for: they decide nothing."""


def enqueue(connection: Connection, context: Context, target: date, key: str | None = None) -> None:
    """Asks for the business date to become target. key: asks only once."""
    queue.enqueue(connection, context.now_us, "day", lane="day", ord=ord_of(0, ordinal=target.toordinal()), key=key,
                  body={"target": target.isoformat(), "closed": ""})  # fmt: skip


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
            audit.note(connection, context.now_us, "gateway", "day", tomorrow.isoformat())
            queue.later(connection, work, context.now_us)
            log.info("business date", date=tomorrow.isoformat())


def _close(connection: Connection, context: Context, today: date) -> None:
    """What ends a day: what was decided for a sponsor and is in no run yet is planned for payment."""
    for sponsor_id in Parties(connection, today).sponsors:
        if pay.has_unplanned(connection, sponsor_id):
            pay.enqueue(connection, context, "plan", sponsor_id)
