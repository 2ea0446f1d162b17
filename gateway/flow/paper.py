"""Paper: documents leave for employers and carriers, as data and as a page. Never in the way of money."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from gateway import paper as papers
from gateway.flow import holds
from gateway.flow.context import Context
from gateway.flow.parties import Parties
from gateway.store import counters, installation, outbox, queue
from gateway.store.outbox import Parcel
from gateway.store.queue import Work
from gateway.store.schema import funding_request


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A document and its PDF twin. kind: of outbox rows; name: of both files, without suffix; cause: what led to it."""

    kind: str
    name: str
    document: dict[str, Any]
    pdf: bytes
    cause: str


def paper(context: Context, work: Work) -> None:
    """The step: a funding request leaves for the employer."""
    with context.store.read() as connection:
        today = installation.business_date(connection)
        parties = Parties(connection, today)
        sponsor = parties.sponsor(work.sponsor_id)
        mine = select(funding_request.c.body).where(
            funding_request.c.sponsor_id == sponsor.id, funding_request.c.number == work.body["number"]
        )
        document = msgspec.json.decode(connection.execute(mine).scalar_one())
    document["deposit"]["account"] = context.keys.reveal(document["deposit"]["account"])
    number = work.body["number"]
    made = Paper(kind="funding-request", name=f"{sponsor.id}-{number}", document=document,
                 pdf=papers.funding_request(document), cause=f"request {number}")  # fmt: skip
    with context.store.write("paper") as connection:
        queue.finish(connection, work)
        leave(connection, context, parties, sponsor.partner, sponsor.id, made, today)


def leave(
    connection: Connection, context: Context, parties: Parties, partner: str, sponsor_id: str, made: Paper, today: date
) -> None:  # fmt: skip
    """Both files into the partner's outbound folder; a partner not on file is a person's matter."""
    if partner not in parties.partners:
        reason = f"nobody is on file to receive {made.kind} documents"
        holds.open_(connection, context.now_us, "undelivered", sponsor_id, made.name, reason)
        return
    body = msgspec.json.format(msgspec.json.encode(made.document), indent=1)
    for suffix, content in (("json", body), ("pdf", made.pdf)):
        parcel = Parcel(partner=partner, kind=made.kind, name=f"{made.name}.{suffix}", body=content,
                        sponsor_id=sponsor_id, cause=made.cause)  # fmt: skip
        outbox.post(connection, context.keys, context.now_us, today.isoformat(), parcel)


def take_numbers(connection: Connection, scope: str, first: int, count: int) -> None:
    """Takes the numbers that documents carry already. The sponsor's lane is the series' only user."""
    if count and counters.take(connection, scope, count) != first:
        raise queue.Fenced
