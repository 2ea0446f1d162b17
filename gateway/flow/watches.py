"""What should have happened and did not: a partner's file that is late, and an answer of ours that is.

Looked at once a minute, and at the beginning of each business day for the day that ended, so that a test installation
whose date is moved by hand is told the same. A person hears of each once: a hold, closed by itself when the file or the
answer comes. A file expected on a due day is one of that kind, accepted or held, received after the due day before.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from gateway.clock import SECOND_US
from gateway.flow import holds
from gateway.flow.context import Context
from gateway.flow.parties import Parties
from gateway.flow.schedules import ack_due_us, claim_answer_due_us, last_due
from gateway.store import installation, queue
from gateway.store.queue import Work
from gateway.store.schema import hold, receipt, x12_set

CAME = ("accepted", "held", "released")
"""States of a set by which a file has come: a rejected one has to come again."""


class Alert(NamedTuple):
    """Something late. kind, subject, reason, body: of its hold."""

    kind: str
    subject: str
    reason: str
    body: dict[str, Any]


class News(NamedTuple):
    """What a look came to: files and answers a person has not heard of yet, and open holds of what came meanwhile."""

    late: list[Alert]
    overdue: list[Alert]
    came: list[Any]


def minute_of(now_us: int) -> int:
    """The minute of the administrator's local day."""
    local = datetime.fromtimestamp(now_us / SECOND_US).astimezone()
    return local.hour * 60 + local.minute


def look(connection: Connection, now_us: int, today: date, minute: int) -> News:
    """What is late at a minute of a business date, by the settings in force on it."""
    parties = Parties(connection, today)
    files, answers = list(_files(connection, parties, minute)), list(_answers(connection, parties, now_us))
    told = select(hold).where(hold.c.kind.in_(("late", "overdue")), hold.c.state == "open")
    waiting = {one.subject for one in answers}
    came = [
        row
        for row in connection.execute(told)
        if (row.subject not in waiting if row.kind == "overdue" else _has_come(connection, row.body))
    ]
    late, overdue = ([one for one in each if not _is_told(connection, one)] for each in (files, answers))
    return News(late, overdue, came)


def _files(connection: Connection, parties: Parties, minute: int) -> Iterator[Alert]:
    """Files due today or yesterday: each day is looked at; what was due before is told, or older than its setting."""
    for partner in parties.partners.values():
        for one in partner.expected:
            due, before = last_due(one, parties.on, minute)
            body = {"partner": partner.id, "kind": one.kind, "after": before.isoformat()}
            if due >= parties.on - timedelta(days=1) and not _came(connection, body):
                reason = f"no {one.kind} of {partner.id} came by {due} {one.by}"
                yield Alert("late", f"file {one.kind} of {partner.id} due {due}", reason, body)


def _came(connection: Connection, body: dict[str, Any]) -> bool:
    sets = select(receipt.c.receipt_no).join_from(receipt, x12_set, x12_set.c.receipt_no == receipt.c.receipt_no)
    mine = sets.where(
        receipt.c.partner == body["partner"], receipt.c.received_on > body["after"], x12_set.c.st01 == body["kind"],
        x12_set.c.state.in_(CAME),
    )  # fmt: skip
    return connection.execute(mine.limit(1)).first() is not None


def _has_come(connection: Connection, body: str) -> bool:
    return _came(connection, msgspec.json.decode(body))


def _answers(connection: Connection, parties: Parties, now_us: int) -> Iterator[Alert]:
    """Files without a verdict, and batches of claims without their 277CA."""
    undecided = select(receipt.c.receipt_no, receipt.c.partner, receipt.c.received_us).where(
        receipt.c.state == "received"
    )
    routed = (
        select(receipt.c.receipt_no, receipt.c.partner, receipt.c.received_us)
        .join_from(receipt, x12_set, x12_set.c.receipt_no == receipt.c.receipt_no)
        .where(x12_set.c.st01 == "837", x12_set.c.routes_left > 0)
        .distinct()
    )
    for kind, rows, due_of in (("999", undecided, ack_due_us), ("277CA", routed, claim_answer_due_us)):
        for row in connection.execute(rows.order_by(receipt.c.receipt_no)):
            partner = parties.partners.get(row.partner)
            due_us = due_of(partner.answers, row.received_us) if partner else None
            if due_us is not None and due_us < now_us:
                reason = f"our {kind} to {row.partner} for receipt {row.receipt_no} is late"
                yield Alert("overdue", f"receipt {row.receipt_no} {kind}", reason, {})


def _is_told(connection: Connection, one: Alert) -> bool:
    mine = select(hold.c.id).where(hold.c.kind == one.kind, hold.c.subject == one.subject)
    return connection.execute(mine.limit(1)).first() is not None


def enqueue(connection: Connection, now_us: int, today: date, minute: int) -> bool:
    """Has the alerts made that a look finds; False when there is nothing new."""
    if not any(look(connection, now_us, today, minute)):
        return False
    body = {"on": today.isoformat(), "minute": minute}
    queue.enqueue(connection, now_us, "watch", lane="watch", key=f"watch/{today}/{minute}", body=body)
    return True


def watch(context: Context, work: Work) -> None:
    """The step: looks again and tells a person what is new. One runs at a time, so that nobody hears twice."""
    with context.store.write("watch") as connection:
        queue.finish(connection, work)
        news = look(connection, context.now_us, date.fromisoformat(work.body["on"]), work.body["minute"])
        for one in news.late:
            holds.open_(connection, context.now_us, "late", "", one.subject, one.reason, **one.body)
        for one in news.overdue:
            holds.open_(connection, context.now_us, "overdue", "", one.subject, one.reason)
        for row in news.came:
            holds.close_about(connection, row.kind, row.sponsor_id, row.subject)


def has_news(connection: Connection, now_us: int) -> bool:
    """Whether a look of this minute finds something."""
    return any(look(connection, now_us, installation.business_date(connection), minute_of(now_us)))
