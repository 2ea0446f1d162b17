"""Replies of partners to what we sent: the 999s and TA1s that come, and those that do not (domain 1.6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection

from gateway.flow import holds
from gateway.flow.context import Context
from gateway.flow.inbound import Inbound
from gateway.flow.parties import Parties
from gateway.plan.calendar import add_business_days
from gateway.store import outbox
from gateway.store.schema import outbox as outbox_table
from mappings import interchange_ack
from mappings.records import Trace

REJECTED = frozenset("RMWXP")
"""TA104, AK901 or IK501 by which a partner refused something: R, M, W, X all of it, P some of its sets."""

SENT_AS = {"FA": "999", "HN": "277CA", "HP": "835"}
"""AK101, the GS01 a 999 answers -> kind of what we sent."""


def take(connection: Connection, file: Inbound, traces: list[Trace], ta1: tuple[tuple[str, ...], ...]) -> None:
    """Received 999s and TA1s are noted on what we sent; a person hears of rejections and of answers to nothing."""
    for segment in ta1:
        answer = interchange_ack.read(segment)
        if answer is not None and answer.verdict:
            row = outbox.sent_under(connection, file.partner.id, control=answer.control)
            _note(connection, file, row, answer, {"ta1": answer.verdict})
    for trace in traces:
        kind = SENT_AS.get(trace.functional_id, "")
        row = outbox.sent_under(connection, file.partner.id, grp=trace.control, kind=kind)
        _note(connection, file, row, trace, {"ack": trace.verdict})


def _note(connection: Connection, file: Inbound, row: Any, answer: Trace, verdict: dict[str, str]) -> None:
    now_us = file.context.now_us
    if row is None:
        holds.open_(connection, now_us, "answer", "", file.subject, "an answer to nothing we sent")
        return
    outbox.mark_answered(connection, row.id, now_us, **verdict)
    refused = [one for one in answer.sets if one.verdict in REJECTED]
    if "ack" in verdict or answer.verdict in REJECTED:
        holds.close_about(connection, "silence", row.sponsor_id, _subject(row))
    if refused or answer.verdict in REJECTED:
        which = f"{len(refused)} of {len(answer.sets)} sets of " if refused else ""
        reason = f"a partner rejected what we sent: {which}the {row.kind} of {row.cause} to {row.partner}"
        holds.open_(connection, now_us, "answer", row.sponsor_id, file.subject, reason)


def missed(connection: Connection, context: Context, today: date) -> None:
    """A day begins: one hold for each 835 whose acknowledgement did not come in the days its partner has for it.

    The days count from the fetch, or from the delivery while it was not fetched.
    """
    days = {one.id: one.reply_days for one in Parties(connection, today).partners.values() if one.reply_days}
    for row in outbox.unanswered(connection, list(days)):
        had_on = date.fromisoformat(row.fetched_on or row.delivered_on)
        if add_business_days(had_on, days[row.partner]) < today:
            outbox.mark_silent(connection, row.id)
            how = "fetched" if row.fetched_on else "not fetched"
            reason = f"no 999 came for the 835 of {row.cause} to {row.partner}, which was {how}"
            holds.open_(connection, context.now_us, "silence", row.sponsor_id, _subject(row), reason)


def _subject(row: Any) -> str:
    return f"sent {row.partner}/{row.name}"


def acknowledgement(row: Any) -> str:
    """How an outbox row stands with its partner, in a word; "" for what nobody acknowledges."""
    if row.ta1 == "R" or row.ack in REJECTED:
        return "rejected in part" if row.ack == "P" and row.ta1 != "R" else "rejected"
    if row.ack:
        return "accepted"
    return ("missing" if row.silent else "waited for") if row.kind == "835" else ""


def listing(connection: Connection, which: Sequence[ColumnElement[bool]], *, only_open: bool, most: int) -> list[Any]:
    """The newest of what was sent. only_open: what was rejected, or is not answered though it should be."""
    columns = outbox_table.c
    waits = (columns.kind == "835") & (columns.ack == "")
    rejected = (columns.ta1 == "R") | columns.ack.in_(sorted(REJECTED))
    return outbox.listing(connection, *which, *([waits | rejected] if only_open else []), most=most)
