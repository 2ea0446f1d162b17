"""What leaves: a row written in the transaction that decided it, delivered afterwards, kept byte for byte."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, insert, select, update

from gateway.store import queue
from gateway.store.ids import ulid
from gateway.store.keys import Keys, new_key, seal, unseal
from gateway.store.schema import outbox


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to send. kind: 999, TA1, 277CA, 835, EFT, report, notice... folder: outbound or reports.

    control: its ISA13, group: its GS06, for matching the answer. cause: receipt, run or claim number it comes from.
    """

    partner: str
    kind: str
    name: str
    body: bytes
    folder: str = "outbound"
    sponsor_id: str = ""
    control: str = ""
    group: str = ""
    cause: str = ""


def post(connection: Connection, keys: Keys, now_us: int, business_date: str, parcel: Parcel) -> str:
    """Writes the outbox row and its delivery step; returns its id."""
    outbox_id, key = ulid(now_us), new_key()
    connection.execute(
        insert(outbox).values(
            id=outbox_id, partner=parcel.partner, sponsor_id=parcel.sponsor_id, kind=parcel.kind, folder=parcel.folder,
            name=parcel.name, body=seal(key, parcel.body, outbox_id.encode()), key=keys.wrap(key),
            size=len(parcel.body), sha256=hashlib.sha256(parcel.body).hexdigest(), control=parcel.control,
            grp=parcel.group, cause=parcel.cause, business_date=business_date, created_us=now_us, state="waiting",
        )
    )  # fmt: skip
    queue.enqueue(connection, now_us, "deliver", lane=f"out/{parcel.partner}", partner=parcel.partner, ord=outbox_id,
                  body={"outbox_id": outbox_id})  # fmt: skip
    return outbox_id


def open_body(keys: Keys, row: Any) -> bytes:
    """The plain bytes of an outbox row."""
    return unseal(keys.unwrap(row.key), row.body, row.id.encode())


def mark_visible(connection: Connection, outbox_id: str, now_us: int) -> None:
    """The partner can see it from now on; a second time changes nothing."""
    waiting = update(outbox).where(outbox.c.id == outbox_id, outbox.c.state == "waiting")
    connection.execute(waiting.values(state="visible", delivered_us=now_us))


def mark_picked_up(connection: Connection, outbox_id: str, now_us: int) -> bool:
    """The partner took it away and sees it no more; False when it was not to be seen."""
    seen = update(outbox).where(outbox.c.id == outbox_id, outbox.c.state == "visible")
    return connection.execute(seen.values(state="picked-up", picked_up_us=now_us)).rowcount == 1


def view(connection: Connection, partner: str, folder: str) -> list[Any]:
    """The rows a partner sees in a folder, by name, without their bytes."""
    return list(connection.execute(_seen(partner, folder).order_by(outbox.c.name)))


def find(connection: Connection, partner: str, folder: str, name: str) -> Any:
    """The one row of that name a partner sees in a folder, without its bytes; None when there is none."""
    return connection.execute(_seen(partner, folder).where(outbox.c.name == name)).one_or_none()


def _seen(partner: str, folder: str) -> Select[Any]:
    columns = (outbox.c.id, outbox.c.name, outbox.c.size, outbox.c.sha256, outbox.c.delivered_us)
    return select(*columns).where(outbox.c.partner == partner, outbox.c.folder == folder, outbox.c.state == "visible")
