"""How long bytes are kept, by class, and legal holds, under which nothing is removed.

What is removed are bytes: the sealed rows of a received file with its data key, the body of something that left with
its own. The facts stay: receipt, verdicts, names, sums, who and when; so duplicates are still known, and an audit still
finds what there was. Free pages of a database file may hold ciphertext and a wrapped key for a while, which opens with
the master key only. Audit rows are never removed: their chain begins at the first. Uploads never finished go after a
day by themselves (`deliver.tidy`), staged rows with the decision of their set (`acceptance.sweep`).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, exists, func, insert, not_, or_, select, true, update

from gateway.clock import SECOND_US
from gateway.errors import UsageError
from gateway.flow.context import Context
from gateway.flow.deliver import UNBOUND_US
from gateway.settings import Retention
from gateway.store import audit as audit_rows
from gateway.store import documents, installation, sealed
from gateway.store.ids import ulid
from gateway.store.schema import audit, legal_hold, outbox, receipt, staged, upload
from gateway.store.schema import installation as facts
from mappings.records import Record

FILES_A_CHUNK = 100
"""Files marked in one transaction: an update and an audit row each, about 10 ms."""

SCOPES = ("all", "partner", "sponsor", "receipt", "delivery")
"""What a legal hold can be about: everything, or what a partner, a sponsor, a receipt or an outbox id names."""

DAY_US = 24 * 3600 * SECOND_US


class Kept(Record, frozen=True, kw_only=True):
    """How a class of data stands. days: kept so long, 0: for ever. there, held, due: files or rows that are kept, under
    a legal hold, and to be removed; due_bytes: what that frees. by: what removes it, "" nothing.
    """

    name: str
    days: int
    there: int
    held: int = 0
    due: int = 0
    due_bytes: int = 0
    by: str = ""


class _Sender(msgspec.Struct, frozen=True):
    """Of a partner: for whom it may send."""

    id: str
    sponsors: tuple[str, ...] = ()


# ---- legal holds -----------------------------------------------------------------------------------------------------


def hold(connection: Connection, context: Context, scope: str, subject: str, reason: str, user: str) -> str:
    """From now on nothing of what the scope names is removed; returns the hold's id. Raises UsageError."""
    if scope not in SCOPES or (scope == "all") != (subject == "") or (scope == "receipt" and not subject.isdecimal()):
        raise UsageError(f"a legal hold is on all, or on one {', '.join(SCOPES[1:])}")
    if scope != "all" and not _is_there(connection, scope, subject):
        raise UsageError(f"there is no {scope} {subject}: nothing would be kept")
    one_at_a_time(connection)
    hold_id = ulid(context.now_us)
    connection.execute(
        insert(legal_hold).values(
            id=hold_id, scope=scope, subject=subject, reason=reason, opened_us=context.now_us, opened_by=user,
        )
    )  # fmt: skip
    audit_rows.note(
        connection, context.now_us, user, "legal hold", f"legal hold {hold_id}", f"{scope} {subject}".strip()
    )
    return hold_id


def _is_there(connection: Connection, scope: str, subject: str) -> bool:
    """Whether a scope's subject is or was on file: a hold on a misspelt name would keep nothing, in silence."""
    if scope in ("partner", "sponsor"):
        return subject in documents.known(connection, scope)
    mine = (receipt.c.receipt_no == int(subject),) if scope == "receipt" else (outbox.c.id == subject,)
    return connection.execute(select(exists().where(*mine))).scalar_one()


def lift(connection: Connection, context: Context, hold_id: str, reason: str, user: str) -> None:
    """Ends a legal hold; its row stays. Raises UsageError when there is none open of that id."""
    mine = update(legal_hold).where(legal_hold.c.id == hold_id, legal_hold.c.lifted_us.is_(None))
    lifted = mine.values(lifted_us=context.now_us, lifted_by=user, lifted_reason=reason)
    if connection.execute(lifted).rowcount != 1:
        raise UsageError(f"no legal hold {hold_id}")
    audit_rows.note(connection, context.now_us, user, "legal hold lifted", f"legal hold {hold_id}")


def holds(connection: Connection, *, every: bool = False) -> list[Any]:
    """Legal holds, oldest first. every: those that were lifted, too."""
    which = true() if every else legal_hold.c.lifted_us.is_(None)
    return list(connection.execute(select(legal_hold).where(which).order_by(legal_hold.c.id)))


def one_at_a_time(connection: Connection) -> None:
    """A removal and a hold, a replay or a resend never pass each other: on PostgreSQL each waits for the others."""
    connection.execute(select(facts.c.value).where(facts.c.name == "usage").with_for_update())


def _held(connection: Connection) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Whether a receipt, and whether an outbox row, is under a hold.

    A sponsor's are all files of every partner that was ever agreed to send for it, and all that left for them.
    """
    named: dict[str, list[str]] = {scope: [] for scope in SCOPES}
    for row in holds(connection):
        named[row.scope].append(row.subject)
    if named["all"]:
        return true(), true()
    senders = documents.every(connection, "partner", documents.known(connection, "partner"), _Sender)
    partners = [*named["partner"], *{one.id for one in senders if set(named["sponsor"]) & set(one.sponsors)}]
    numbers = [int(one) for one in named["receipt"]]
    answers = [f"receipt {number}" for number in numbers]
    return (
        or_(receipt.c.partner.in_(partners), receipt.c.receipt_no.in_(numbers)),
        or_(outbox.c.partner.in_(partners), outbox.c.sponsor_id.in_(named["sponsor"]),
            outbox.c.id.in_(named["delivery"]), outbox.c.cause.in_(answers)),
    )  # fmt: skip


# ---- what is due -----------------------------------------------------------------------------------------------------


class _Due(Record, frozen=True, kw_only=True):
    """The conditions of the two classes of bytes, on a day. held_*: under a hold; due_*: to be removed."""

    held_in: Any
    due_in: Any
    held_out: Any
    due_out: Any


def _due(connection: Connection, settings: Retention, today: date) -> _Due:
    """A received file is as old as its newest receipt; one that is not decided, or waits for a person, is not old."""
    held_receipt, held_out = _held(connection)
    until = {name: (today - timedelta(days=days)).isoformat() for name, days in _days(settings).items()}
    mine = receipt.c.upload_id == upload.c.id
    young = or_(receipt.c.received_on >= until["inbound"], receipt.c.state.in_(("received", "parked")))
    held_in = exists().where(mine, held_receipt)
    old_in = upload.c.state.in_(("received", "removing")) & exists().where(mine) & ~exists().where(mine, young)
    old_out = (outbox.c.business_date < until["outbound"]) & outbox.c.state.in_(("visible", "picked-up", "held"))
    return _Due(held_in=held_in, due_in=old_in & ~held_in, held_out=held_out, due_out=old_out & not_(held_out))


def _days(settings: Retention) -> dict[str, int]:
    return {"inbound": settings.inbound_days, "outbound": settings.outbound_days}


def survey(connection: Connection, context: Context, settings: Retention) -> list[Kept]:
    """Every class of data: what there is, what is held, and what a run would remove. Changes nothing."""
    due = _due(connection, settings, installation.business_date(connection))
    kept_in, kept_out = upload.c.state == "received", outbox.c.state != "removed"
    unfinished = upload.c.state.in_(("open", "closed", "lost", "swept"))
    still = unfinished & (upload.c.touched_us < context.now_us - UNBOUND_US)
    return [
        _kept(connection, upload, "inbound", settings.inbound_days, kept_in, due.held_in, due.due_in),
        _kept(connection, outbox, "outbound", settings.outbound_days, kept_out, due.held_out, due.due_out),
        _kept(connection, upload, "unfinished", UNBOUND_US // DAY_US, unfinished, ~true(), still, by="gateway run"),
        Kept(name="staged", days=0, there=_count(connection, staged, true()), by="the decision of their set"),
        Kept(name="audit", days=0, there=_count(connection, audit, true())),
    ]


def _kept(
    connection: Connection, table: Any, name: str, days: int, there: Any, held: Any, due: Any, by: str = "retention run"
) -> Kept:
    size = select(func.coalesce(func.sum(table.c.size), 0)).where(due)
    return Kept(
        name=name, days=days, there=_count(connection, table, there), held=_count(connection, table, there & held),
        due=_count(connection, table, due), due_bytes=int(connection.execute(size).scalar_one()), by=by,
    )  # fmt: skip


def _count(connection: Connection, table: Any, which: Any) -> int:
    return int(connection.execute(select(func.count()).select_from(table).where(which)).scalar_one())


# ---- removing --------------------------------------------------------------------------------------------------------


def run(context: Context, settings: Retention, user: str) -> dict[str, int]:
    """Removes what is due, some files a transaction; returns how many of each class. Stopped, it goes on next time."""
    removed = {"inbound": 0, "outbound": 0}
    while made := _remove_outbound(context, settings, user):
        removed["outbound"] += made
    while made := _remove_inbound(context, settings, user):
        removed["inbound"] += made
    return removed


def _remove_outbound(context: Context, settings: Retention, user: str) -> int:
    with context.store.write("retention") as connection:
        one_at_a_time(connection)
        due = _due(connection, settings, installation.business_date(connection)).due_out
        ids = list(
            connection.execute(select(outbox.c.id).where(due).order_by(outbox.c.id).limit(FILES_A_CHUNK)).scalars()
        )
        gone = update(outbox).where(outbox.c.id.in_(ids))
        connection.execute(gone.values(state="removed", key=b"", body=b"", wrapped=None))
        for outbox_id in ids:
            audit_rows.note(connection, context.now_us, user, "remove", f"outbox {outbox_id}", "retention")
    return len(ids)


def _remove_inbound(context: Context, settings: Retention, user: str) -> int:
    """The key goes first and with it what anybody could read; then the rows, which a next run finds after a crash."""
    with context.store.write("retention") as connection:
        one_at_a_time(connection)
        due = _due(connection, settings, installation.business_date(connection)).due_in
        some = select(upload.c.id, upload.c.state).where(due).order_by(upload.c.id).limit(FILES_A_CHUNK)
        rows = connection.execute(some).all()
        ids = [row.id for row in rows]
        connection.execute(update(upload).where(upload.c.id.in_(ids)).values(state="removing", key=b""))
        for row in rows:
            if row.state == "received":
                audit_rows.note(connection, context.now_us, user, "remove", f"upload {row.id}", "retention")
    for upload_id in ids:
        sealed.drop(context.store, upload_id)
    with context.store.write("retention") as connection:
        connection.execute(update(upload).where(upload.c.id.in_(ids)).values(state="removed"))
    return len(ids)
