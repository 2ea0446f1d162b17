"""What a person has done once more, from the sealed bytes: a received file read again, a file that left sent again.

Replay: a quarantined file, of which nothing was accepted, is read again as a new event with a new receipt number; the
day it was received stays the one it came on. That is for what was refused by a setting of ours that is mended since.
A file of which anything was accepted is never replayed: its claims would count twice. What its sender did wrong, its
sender sends again. Resend: the outbox row is delivered once more, so that the bytes, the name and the control numbers,
by which its answer finds it, are the same; the days for its acknowledgement begin anew.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from gateway.errors import BadData, NotPermitted, UsageError
from gateway.flow import holds, repeats, retention
from gateway.flow.context import Context
from gateway.store import audit, counters, outbox, queue
from gateway.store.order import ord_of
from gateway.store.schema import interchange, receipt, upload, x12_set
from gateway.store.schema import outbox as outbox_table
from mappings.records import Record

WHY_NOT = {
    "received": "it is not decided yet",
    "parked": "reading it failed three times; release its hold instead",
    "duplicate": "it has the bytes of another receipt, which stands",
    "decided": "something of it was accepted, which would count twice; its sender sends what was refused again",
}
"""State of a receipt -> why it cannot be replayed."""


class Replay(Record, frozen=True, kw_only=True):
    """What a replay would read. refusal: why it cannot be, "" when it can."""

    receipt_no: int
    partner: str
    name: str
    size: int
    sha256: str
    received_on: str
    state: str
    reason: str
    replays: int
    refusal: str


def find(connection: Connection, what: str, partner: str = "") -> Replay:
    """A receipt by its number, or the newest of a name; raises UsageError, also when partners share the name."""
    by_number = what.isascii() and what.isdigit() and not partner
    named = (receipt.c.receipt_no == int(what),) if by_number else (receipt.c.name == what,)
    theirs = (receipt.c.partner == partner,) if partner else ()
    newest = select(func.max(receipt.c.receipt_no)).where(*named, *theirs).group_by(receipt.c.partner)
    rows = connection.execute(select(receipt).where(receipt.c.receipt_no.in_(newest))).all()
    if not rows:
        raise UsageError(f"no receipt {what}" + (f" of {partner}" if partner else ""))
    if len(rows) > 1:
        raise UsageError(f"{len(rows)} partners sent a file of that name; say --partner, or the receipt's number")
    return _told(connection, rows[0])


def _told(connection: Connection, row: Any) -> Replay:
    said = {name: getattr(row, name) for name in Replay.__struct_fields__ if name != "refusal"}
    return Replay(**said, refusal=_refusal(connection, row))


def _refusal(connection: Connection, row: Any) -> str:
    if row.state in WHY_NOT:
        return WHY_NOT[row.state]
    if first := repeats.stands(connection, row):
        return f"receipt {first} has the same bytes and stands"
    again = select(receipt.c.receipt_no).where(receipt.c.replays == row.receipt_no).limit(1)
    if (later := connection.execute(again).scalar_one_or_none()) is not None:
        return f"it was replayed as receipt {later}; replay that one"
    kept = select(upload.c.id).where(upload.c.id == row.upload_id, upload.c.state == "received")
    return "" if connection.execute(kept).first() else "its bytes are no longer kept"


def replay(connection: Connection, context: Context, receipt_no: int, user: str) -> int:
    """Has a quarantined file read again; returns its new receipt number. Raises UsageError or NotPermitted."""
    retention.one_at_a_time(connection)  # what is to be read again may be about to go
    row = connection.execute(select(receipt).where(receipt.c.receipt_no == receipt_no).with_for_update()).one_or_none()
    if row is None:
        raise UsageError(f"no receipt {receipt_no}")
    if refusal := _refusal(connection, row):
        raise NotPermitted(f"receipt {receipt_no} cannot be replayed: {refusal}")
    _free_numbers(connection, receipt_no)
    now_us, number = context.now_us, counters.take(connection, "receipt")
    connection.execute(
        insert(receipt).values(
            receipt_no=number, partner=row.partner, upload_id=row.upload_id, name=row.name, size=row.size,
            sha256=row.sha256, received_us=now_us, received_on=row.received_on, state="received", reason="",
            replays=receipt_no,
        )
    )  # fmt: skip
    queue.enqueue(connection, now_us, "intake", lane=f"in/{row.partner}", partner=row.partner, ord=ord_of(number),
                  body={"receipt_no": number})  # fmt: skip
    holds.close_about(connection, "file", "", f"receipt {receipt_no}")
    audit.note(connection, now_us, user, "replay", f"receipt {number}", f"receipt {receipt_no} read again")
    return number


def _free_numbers(connection: Connection, receipt_no: int) -> None:
    """Interchanges that were accepted although each of their sets was refused give their control numbers back."""
    good = select(x12_set.c.number).where(
        x12_set.c.receipt_no == interchange.c.receipt_no, x12_set.c.interchange == interchange.c.number,
        x12_set.c.state != "rejected",
    )  # fmt: skip
    mine = update(interchange).where(
        interchange.c.receipt_no == receipt_no, interchange.c.state == "accepted", ~good.exists()
    )
    connection.execute(mine.values(state="replayed"))


def resend(connection: Connection, context: Context, outbox_id: str, user: str) -> Any:
    """Sends something that left once more, byte for byte; returns its row. Raises UsageError, NotPermitted, BadData."""
    retention.one_at_a_time(connection)
    row = connection.execute(outbox.told().where(outbox_table.c.id == outbox_id)).one_or_none()
    if row is None:
        raise UsageError(f"nothing was sent under {outbox_id}")
    if row.state == "waiting":
        raise NotPermitted("it has not left yet")
    if row.state == "removed":
        raise BadData("its bytes are no longer kept")
    outbox.send_again(connection, outbox_id, context.now_us)
    audit.note(connection, context.now_us, user, "resend", f"outbox {outbox_id}", f"{row.size} bytes {row.sha256}")
    return row
