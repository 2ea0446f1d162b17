"""What leaves: a row written in the transaction that decided it, delivered afterwards, kept byte for byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, insert, or_, select, update

from gateway.store import queue
from gateway.store.ids import ulid
from gateway.store.keys import Keys, new_key, seal, unseal
from gateway.store.rows import parts
from gateway.store.schema import outbox

INSIDE = "inside"
"""The folder of what travels inside a file of several; no partner sees it, and a name in it tells a place."""

OPENED = 100
"""Parcels opened by one statement: it holds their sealed bytes beside the plain ones."""


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to send. kind: 999, TA1, 277CA, 835, EFT, report, notice... folder: outbound, reports or `INSIDE`.

    control: its ISA13, group: its GS06, for matching the answer; a file of several has none, what it carries has them.
    cause: receipt, run or claim number it comes from.
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
    """Writes the outbox row and its delivery step, none for what will travel inside another; returns its id."""
    outbox_id, key = ulid(now_us), new_key()
    connection.execute(
        insert(outbox).values(
            id=outbox_id, partner=parcel.partner, sponsor_id=parcel.sponsor_id, kind=parcel.kind, folder=parcel.folder,
            name=parcel.name, body=seal(key, parcel.body, outbox_id.encode()), key=keys.wrap(key),
            size=len(parcel.body), sha256=hashlib.sha256(parcel.body).hexdigest(), control=parcel.control,
            grp=parcel.group, cause=parcel.cause, business_date=business_date, created_us=now_us, state="waiting",
            delivered_on="", fetched_on="", ta1="", ack="", carrier=parcel.cause if parcel.folder == INSIDE else None,
        )
    )  # fmt: skip
    if parcel.folder != INSIDE:
        _enqueue(connection, now_us, outbox_id, parcel.partner)
    return outbox_id


def _enqueue(connection: Connection, now_us: int, outbox_id: str, partner: str) -> None:
    queue.enqueue(connection, now_us, "deliver", lane=f"out/{partner}", partner=partner, ord=outbox_id,
                  body={"outbox_id": outbox_id})  # fmt: skip


def uncarried(connection: Connection, cause: str) -> list[str]:
    """The kinds of what waits to be carried as answers to one cause."""
    kinds = select(outbox.c.kind).where(outbox.c.carrier == cause).distinct()
    return sorted(connection.execute(kinds).scalars())


def to_carry(connection: Connection, cause: str, kind: str, most: int) -> list[Any]:
    """What waits of one kind, at most so many: id, name, size and ISA13, by name."""
    columns = (outbox.c.id, outbox.c.name, outbox.c.size, outbox.c.control)
    waits = select(*columns).where(outbox.c.carrier == cause, outbox.c.kind == kind)
    return list(connection.execute(waits.order_by(outbox.c.name).limit(most)))


def bodies(connection: Connection, keys: Keys, ids: Sequence[str]) -> Iterator[bytes]:
    """The plain bytes of outbox rows, in the order of their ids."""
    for some in parts(ids, OPENED):
        rows = select(outbox.c.id, outbox.c.key, outbox.c.body).where(outbox.c.id.in_(some))
        found = {row.id: row for row in connection.execute(rows)}
        yield from (open_body(keys, found[one]) for one in some)


def carry(connection: Connection, carrier: str, cause: str, kind: str, last: str) -> None:
    """What waited of one kind, up to a name, is carried by a file from now on, and shares its fate."""
    mine = update(outbox).where(outbox.c.carrier == cause, outbox.c.kind == kind, outbox.c.name <= last)
    connection.execute(mine.values(carrier=carrier))


def open_body(keys: Keys, row: Any) -> bytes:
    """The plain bytes of an outbox row, as they were decided."""
    return unseal(keys.unwrap(row.key), row.body, row.id.encode())


def open_sent(keys: Keys, row: Any) -> bytes:
    """The bytes its partner gets: packed or encrypted where that is agreed."""
    if row.wrapped is None:
        return open_body(keys, row)
    return unseal(keys.unwrap(row.key), row.wrapped, _wrapped(row.id))


def wrap(connection: Connection, keys: Keys, row: Any, made: bytes, name: str) -> None:
    """What its partner gets from now on; made once, so that it is the same bytes each time."""
    mine = update(outbox).where(outbox.c.id == row.id, outbox.c.wrapped.is_(None))
    sealed = seal(keys.unwrap(row.key), made, _wrapped(row.id))
    connection.execute(mine.values(wrapped=sealed, name=name, size=len(made), sha256=hashlib.sha256(made).hexdigest()))


def _wrapped(outbox_id: str) -> bytes:
    return f"{outbox_id}/wrapped".encode()


def mark_held(connection: Connection, outbox_id: str) -> None:
    """It cannot be sent as agreed and stays here until a person sends it again."""
    connection.execute(update(outbox).where(outbox.c.id == outbox_id).values(state="held"))


def mark_visible(connection: Connection, outbox_id: str, now_us: int, business_date: str) -> None:
    """The partner can see it, and what it carries, from now on; a second time changes nothing."""
    waiting = update(outbox).where(_with_carried(outbox_id), outbox.c.state == "waiting")
    connection.execute(waiting.values(state="visible", delivered_us=now_us, delivered_on=business_date))


def mark_fetched(connection: Connection, outbox_id: str, business_date: str) -> None:
    """The partner has read it to its end; the first time counts."""
    first = update(outbox).where(_with_carried(outbox_id), outbox.c.fetched_on == "")
    connection.execute(first.values(fetched_on=business_date))


def mark_picked_up(connection: Connection, outbox_id: str, now_us: int) -> bool:
    """The partner took it away and sees it no more; False when it was not to be seen."""
    seen = update(outbox).where(_with_carried(outbox_id), outbox.c.state == "visible")
    return connection.execute(seen.values(state="picked-up", picked_up_us=now_us)).rowcount > 0


def _with_carried(outbox_id: str) -> ColumnElement[bool]:
    """A file and what travels inside it."""
    return or_(outbox.c.id == outbox_id, outbox.c.carrier == outbox_id)


def mark_answered(connection: Connection, outbox_id: str, now_us: int, **verdict: str) -> None:
    """What its partner answered: ta1 = TA104, or ack = AK901. The newest answer stands."""
    connection.execute(update(outbox).where(outbox.c.id == outbox_id).values(**verdict, answered_us=now_us))


def send_again(connection: Connection, outbox_id: str, now_us: int) -> None:
    """A row that left waits to be delivered once more, unchanged; the time for its answer begins with that."""
    mine = update(outbox).where(outbox.c.id == outbox_id).returning(outbox.c.partner)
    partner = connection.execute(
        mine.values(state="waiting", delivered_on="", fetched_on="", silent=0, resent=outbox.c.resent + 1)
    ).scalar_one()
    _enqueue(connection, now_us, outbox_id, partner)


def mark_silent(connection: Connection, outbox_id: str) -> None:
    """A person was told that no answer came."""
    connection.execute(update(outbox).where(outbox.c.id == outbox_id).values(silent=1))


def sent_under(connection: Connection, partner: str, **numbers: str) -> Any:
    """The newest row of a partner with an ISA13 (`control`) or a GS06 (`grp`), of some kind where it is named.

    Newest, as ISA13 starts again after 999,999,999. None when nothing was sent under the number.
    """
    mine = [outbox.c[name] == value for name, value in numbers.items()]
    rows = told().where(outbox.c.partner == partner, *mine).order_by(outbox.c.id.desc()).limit(1)
    return connection.execute(rows).one_or_none()


def unanswered(connection: Connection, partners: Sequence[str]) -> list[Any]:
    """The 835s these partners have and have not answered, oldest first; those a person was told of left out."""
    mine = (outbox.c.kind == "835", outbox.c.ack == "", outbox.c.silent == 0, outbox.c.ta1 != "R")
    theirs = (outbox.c.state != "waiting", outbox.c.partner.in_(partners))
    return list(connection.execute(told().where(*mine, *theirs).order_by(outbox.c.id)))


def listing(connection: Connection, *which: ColumnElement[bool], most: int) -> list[Any]:
    """The newest rows of some condition, newest first, without their bytes."""
    return list(connection.execute(told().where(*which).order_by(outbox.c.id.desc()).limit(most)))


def told() -> Select[Any]:
    """Rows without their bytes and keys."""
    return select(*[column for column in outbox.c if column.name not in ("key", "body", "wrapped")])


def view(connection: Connection, partner: str, folder: str) -> list[Any]:
    """The rows a partner sees in a folder, by name, without their bytes."""
    return list(connection.execute(_seen(partner, folder).order_by(outbox.c.name)))


def find(connection: Connection, partner: str, folder: str, name: str) -> Any:
    """The one row of that name a partner sees in a folder, without its bytes; None when there is none."""
    return connection.execute(_seen(partner, folder).where(outbox.c.name == name)).one_or_none()


def _seen(partner: str, folder: str) -> Select[Any]:
    columns = (outbox.c.id, outbox.c.name, outbox.c.size, outbox.c.sha256, outbox.c.delivered_us)
    return select(*columns).where(outbox.c.partner == partner, outbox.c.folder == folder, outbox.c.state == "visible")
