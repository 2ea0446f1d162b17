"""What partners bring, from the first byte to the receipt. Every call here blocks: the door runs them in a thread.

A new upload is its session's alone until its first row is sealed or its session ends: a small file is told of once, by
its receipt. An upload has one writer. A session writes to an upload it made or took over while nobody had it; where
another session may still write, or a receipt binds the bytes, it gets a new upload that begins with a copy. So bytes
under a receipt never change. Every change of state is one guarded update: it happens to what was looked at, or not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import Connection, Select, and_, bindparam, delete, insert, select, update

from gateway.clock import DAY_US, SECOND_US
from gateway.errors import KeyMissing
from gateway.flow.context import Context
from gateway.store import audit, counters, installation, queue, sealed
from gateway.store.ids import ulid
from gateway.store.keys import new_key, wrapped_by
from gateway.store.order import ord_of
from gateway.store.prepared import Prepared
from gateway.store.schema import receipt, upload
from sftp_drop.drop import Entry, Refused
from sftp_drop.names import is_temporary

log = structlog.get_logger()

Upload = dict[str, Any]
"""A row of the table upload, as it was when it was read."""

Also = Callable[[Connection, int], None]
"""What else a receipt's transaction writes, given the receipt's number."""

RECENT_US = DAY_US
"""How long a received file stays visible and may be continued: clients stat, chmod and resume after an upload."""

NEW = "new"
"""State of an upload that no row of the table tells of yet."""

UNOWNED = ("closed", "lost")
"""States in which no session writes and no receipt binds: the next session may go on in place."""

NOT_WHOLE = {
    "open": "the upload is not closed yet",
    "lost": "the upload was broken off; continue or repeat it",
}
"""State -> why an upload gets no receipt."""

GONE = "the upload lay still for more than a day and is no longer kept"


_NAMES = tuple(column.name for column in upload.columns)
_KEEP = Prepared(insert(upload), _NAMES)
_RECEIVE = Prepared(insert(receipt), (
    "receipt_no", "partner", "upload_id", "name", "size", "sha256", "received_us", "received_on", "state", "reason",
))  # fmt: skip

# ---- one session -----------------------------------------------------------------------------------------------------


def begin(context: Context, partner: str, name: str) -> Upload:
    """A new upload that is the caller's alone; `keep` it before its bytes are. Does not block."""
    return {
        "id": ulid(context.now_us), "partner": partner, "name": name, "state": NEW, "size": 0, "sha256": "",
        "key": context.keys.wrap(new_key()), "touched_us": context.now_us, "hidden": 0,
    }  # fmt: skip


def keep(context: Context, row: Upload) -> Upload:
    """The store tells of a new upload from now on, which is open."""
    with context.store.write("upload") as connection:
        return _become(connection, context, row, state="open")


def receiving(context: Context, partner: str, name: str) -> tuple[Upload, sealed.Sealing]:
    """A new upload that is kept, and what takes its bytes: of a file that is brought by no session."""
    row = keep(context, begin(context, partner, name))
    return row, sealed.Sealing(context.store, row["id"], context.keys.unwrap(row["key"]))


def resume(context: Context, partner: str, name: str) -> tuple[Upload, bytes]:
    """An upload that goes on where one of that name stands, and the last piece of what it begins with, which may still
    grow; a new one where there is none."""
    with context.store.read() as connection:
        earlier = shown(connection, context.now_us, partner, name)
    if earlier is None:
        return begin(context, partner, name), b""
    if earlier["state"] not in UNOWNED:
        return _copy(context, earlier)
    with context.store.write("upload") as connection:
        taken = _change(connection, earlier, state="open", sha256="", touched_us=context.now_us)
    if not taken:  # another session was faster: look again what there is
        return resume(context, partner, name)
    return earlier, _piece(context, earlier, sealed.rows_of(earlier["size"]) - 1) if earlier["size"] else b""


def _copy(context: Context, earlier: Upload) -> tuple[Upload, bytes]:
    """A new upload that begins with the bytes of one that is received, or that another session may still write to."""
    row = keep(context, begin(context, earlier["partner"], earlier["name"]))
    key, piece = context.keys.unwrap(row["key"]), b""
    rows = sealed.rows_of(earlier["size"]) if earlier["size"] else 0
    for row_no in range(rows):
        piece = _piece(context, earlier, row_no)
        sealed.put(context.store, row["id"], key, row_no, row_no == rows - 1, piece)
    note(context, row["id"], earlier["size"])
    return {**row, "size": earlier["size"]}, piece


def _piece(context: Context, row: Upload, row_no: int) -> bytes:
    """The bytes of one row, as far as the upload's size goes.

    What is the last row by the size that was noted of an open or a lost upload may be an inner one, or longer.
    """
    key, last = context.keys.unwrap(row["key"]), row_no == sealed.rows_of(row["size"]) - 1
    try:
        piece = sealed.get(context.store, row["id"], key, row_no, last)
    except KeyMissing:
        if row["state"] not in NOT_WHOLE or not last:
            raise
        piece = sealed.get(context.store, row["id"], key, row_no, False)
    return piece[: row["size"] - row_no * sealed.ROW]


def note(context: Context, upload_id: str, size: int) -> None:
    """An open upload lives, and size bytes of it are sealed; raises Refused when it was swept."""
    with context.store.write("upload") as connection:
        mine = update(upload).where(upload.c.id == upload_id, upload.c.state == "open")
        if connection.execute(mine.values(size=size, touched_us=context.now_us)).rowcount != 1:
            raise Refused("failure", GONE)


def lose(context: Context, row: Upload, size: int, by: str = "") -> None:
    """The session ended without CLOSE: size bytes are sealed and wait for a resume. Only an open upload is lost.

    The last of them is asked for again: maybe all came but CLOSE, and a mover that sees its file's size sends no more.
    """
    upload_id, size = row["id"], max(0, size - 1)
    with context.store.write("upload") as connection:
        if row["state"] == NEW:
            _become(connection, context, row, state="lost", size=size)
            lost = True
        else:
            mine = update(upload).where(upload.c.id == upload_id, upload.c.state == "open")
            lost = connection.execute(mine.values(state="lost", size=size)).rowcount == 1
        if lost:
            detail = said(size, "", by)
            audit.note(connection, context.now_us, row["partner"], "break off", f"upload {upload_id}", detail)
            return
        state = connection.execute(select(upload.c.state).where(upload.c.id == upload_id)).scalar_one_or_none()
    if state in (None, "swept"):  # what was sealed behind the sweeper's back would belong to nobody
        sealed.drop(context.store, upload_id)


def discard(context: Context, row: Upload, by: str = "") -> None:
    """What came of an open upload is of no use, or was refused: nothing of it is kept. Whoever dies here leaves it to
    the sweeper."""
    upload_id = row["id"]
    with context.store.write("upload") as connection:
        if row["state"] == NEW:
            audit.note(connection, context.now_us, row["partner"], "refuse", f"upload {upload_id}", by)
            return
        mine = update(upload).where(upload.c.id == upload_id, upload.c.state == "open")
        gone = mine.values(state="swept", size=0).returning(upload.c.partner)
        partner = connection.execute(gone).scalar_one_or_none()
        if partner is None:
            return
        audit.note(connection, context.now_us, partner, "refuse", f"upload {upload_id}", by)
    sealed.drop(context.store, upload_id)
    with context.store.write("upload") as connection:
        connection.execute(delete(upload).where(upload.c.id == upload_id, upload.c.state == "swept"))


def close(
    context: Context, row: Upload, size: int, sha256: str = "", by: str = "",
    also: Also = lambda _connection, _number: None, only: bytes | None = None,
) -> None:  # fmt: skip
    """CLOSE: the receipt for a final name, the bytes alone for a temporary one. Raises Refused when it was swept.

    sha256: of the bytes; "" where nobody reckoned it as they came: then they are read again. by: key and peer, for the
    audit. only: the sealed row of a small file that was not stored yet.
    """
    sha256 = sha256 or _digest(context, row, size)
    temporary = is_temporary(row["name"])
    with context.store.write("upload" if temporary else "receipt") as connection:
        if only is not None:
            sealed.put_only(connection, row["id"], only)
        if row["state"] != NEW:
            row = _found(connection, _open(row["id"]).with_for_update())  # it may have another name by now
        if is_temporary(row["name"]):
            touched_us = context.now_us
            _become(connection, context, row, state="closed", size=size, sha256=sha256, touched_us=touched_us, hidden=0)
            audit.note(connection, touched_us, row["partner"], "write", f"upload {row['id']}", said(size, "", by))
        else:
            also(connection, _receive(connection, context, row, row["name"], size, sha256, by))


def _open(upload_id: str) -> Select[Any]:
    return select(upload).where(upload.c.id == upload_id, upload.c.state == "open")


def _found(connection: Connection, wanted: Select[Any]) -> Upload:
    row = connection.execute(wanted).mappings().one_or_none()
    if row is None:
        raise Refused("failure", GONE)
    return dict(row)


def _digest(context: Context, row: Upload, size: int) -> str:
    digest = hashlib.sha256()
    for piece in sealed.stream(context.store, row["id"], context.keys.unwrap(row["key"]), size):
        digest.update(piece)
    return digest.hexdigest()


def said(size: int, sha256: str, by: str) -> str:
    """What the audit says of a file: never its name."""
    return " ".join(word for word in (f"{size} bytes", sha256, by) if word)


def _receive(
    connection: Connection, context: Context, row: Upload, name: str, size: int, sha256: str, by: str
) -> int:  # fmt: skip
    """What makes an upload ours, in one commit: receipt, number, audit, intake step. Returns the number."""
    now_us, today = context.now_us, installation.get(connection, "business_date")
    _become(
        connection, context, row, state="received", name=name, size=size, sha256=sha256, touched_us=now_us, hidden=0
    )  # fmt: skip
    number = counters.take(connection, "receipt")
    _RECEIVE.run(
        connection, receipt_no=number, partner=row["partner"], upload_id=row["id"], name=name, size=size, sha256=sha256,
        received_us=now_us, received_on=today, state="received", reason="",
    )  # fmt: skip
    audit.note(connection, now_us, row["partner"], "receive", f"receipt {number}", said(size, sha256, by))
    queue.enqueue(
        connection, now_us, "intake", lane=f"in/{row['partner']}", partner=row["partner"], ord=ord_of(number),
        body={"receipt_no": number},
    )  # fmt: skip
    log.info("received", receipt_no=number, partner=row["partner"], size=size)
    return number


def _change(connection: Connection, row: Upload, **values: Any) -> bool:
    """Changes an upload if it still is as it was read: each taking over, closing and receiving touches it anew."""
    same = [upload.c[name] == row[name] for name in ("id", "name", "state", "touched_us")]
    return connection.execute(update(upload).where(*same).values(**values)).rowcount == 1


def _become(connection: Connection, context: Context, row: Upload, **values: Any) -> Upload:
    """What an upload is from now on, which it returns; raises Refused when it is not what was read any more."""
    after = {**row, **values}
    if row["state"] == NEW:
        context.keys.look()
        if wrapped_by(row["key"]) != context.keys.newest:  # no rotation finds a key that is in no row
            after["key"] = context.keys.wrap(context.keys.unwrap(row["key"]))
        _KEEP.run_with(connection, after)
    elif not _change(connection, row, **values):
        raise Refused("failure", "the upload was changed meanwhile; look again")
    return after


# ---- names -----------------------------------------------------------------------------------------------------------


_VISIBLE = and_(
    upload.c.partner == bindparam("partner"), upload.c.hidden == 0, upload.c.state != "swept",
    upload.c.touched_us > bindparam("since_us"),
)  # fmt: skip
_LIST = select(upload).where(_VISIBLE).order_by(upload.c.touched_us, upload.c.id)
_SHOWN = Prepared(
    select(upload)
    .where(_VISIBLE, upload.c.name == bindparam("name"))
    .order_by(upload.c.touched_us.desc(), upload.c.id.desc())
    .limit(1)
)


def shown(connection: Connection, now_us: int, partner: str, name: str) -> Upload | None:
    """The upload a name of /inbound means: of those of that name, the one that was touched last."""
    row = _SHOWN.run(connection, partner=partner, since_us=now_us - RECENT_US, name=name).fetchone()
    return None if row is None else dict(zip(_NAMES, row, strict=True))


def entry(row: Upload) -> Entry:
    """An upload as its partner sees it."""
    return Entry(row["name"], row["size"], row["touched_us"] // SECOND_US, f"upload {row['id']}")


def entries(connection: Connection, now_us: int, partner: str) -> list[Entry]:
    """Everything a partner sees in /inbound, by name."""
    found = connection.execute(_LIST, {"partner": partner, "since_us": now_us - RECENT_US}).mappings()
    newest = {row["name"]: dict(row) for row in found}
    return [entry(newest[name]) for name in sorted(newest)]


def read(context: Context, row: Upload, offset: int, length: int) -> bytes:
    """At most length bytes of an upload at offset, short at the end of a sealed row."""
    if offset >= row["size"]:
        return b""
    return _piece(context, row, offset // sealed.ROW)[offset % sealed.ROW :][:length]


def hide(connection: Connection, partner: str, name: str) -> None:
    """Every upload of that name out of sight; a session that writes one goes on."""
    mine = update(upload).where(upload.c.partner == partner, upload.c.name == name, upload.c.hidden == 0)
    connection.execute(mine.values(hidden=1))


def rename(context: Context, partner: str, old: str, new: str, overwrite: bool, by: str = "") -> None:
    """Raises Refused for what is not there, is in the way, or would get a final name without being whole."""
    with context.store.read() as connection:
        found = shown(connection, context.now_us, partner, old)
        if found is None:
            raise Refused("no-such-file")
        _check_free(connection, context.now_us, partner, new, overwrite)
    final, sha256 = not is_temporary(new), ""
    if final and found["state"] in NOT_WHOLE:
        raise Refused("failure", NOT_WHOLE[found["state"]])
    if final and found["state"] == "closed":
        sha256 = found["sha256"]
    with context.store.write("receipt" if sha256 else "upload") as connection:
        _check_free(connection, context.now_us, partner, new, overwrite)
        hide(connection, partner, new)
        if sha256:
            _receive(connection, context, found, new, found["size"], sha256, by)
        else:
            _become(connection, context, found, name=new, hidden=0)
            audit.note(connection, context.now_us, partner, "rename", f"upload {found['id']}", by)


def _check_free(connection: Connection, now_us: int, partner: str, name: str, overwrite: bool) -> None:
    if not overwrite and shown(connection, now_us, partner, name) is not None:
        raise Refused("failure", "a file of that name exists")
