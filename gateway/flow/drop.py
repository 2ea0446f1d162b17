"""The door's files on the store: bytes go to sealed rows while they arrive; CLOSE answers after one commit.

An upload holds at most its unsealed tail in memory: rows are sealed when 2 MiB lie behind them, so that writes may come
in any order inside that window. Every database call runs through `run_blocking`, never on the reactor thread.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import structlog
from sqlalchemy import Connection, insert, select, update
from twisted.internet import defer
from twisted.internet.defer import Deferred, DeferredLock

from gateway.clock import SECOND_US
from gateway.flow.context import Context
from gateway.store import audit, counters, documents, installation, outbox, queue, sealed
from gateway.store.ids import ulid
from gateway.store.keys import new_key
from gateway.store.order import ord_of
from gateway.store.schema import outbox as outbox_table
from gateway.store.schema import receipt, upload
from sftp_drop.drop import Entry, Refused
from sftp_drop.names import is_temporary

log = structlog.get_logger()

WINDOW = 2 * sealed.ROW
"""Bytes behind the end that may still be rewritten: clients send at most 2 MiB ahead (the SSH window)."""

OPEN_BODIES = 4
"""Outbound files kept open in memory while clients read them piece by piece; each is opened once, not once a piece."""

RECENT_US = 24 * 3600 * SECOND_US
"""How long a received file stays visible and may be continued: clients stat, chmod and resume after an upload."""

RunBlocking = Callable[..., "Deferred[Any]"]


class StoreDrop:
    """`sftp_drop.Drop` on the store. wake: called after every commit that made work. run_blocking: the thread pool."""

    def __init__(self, context: Context, run_blocking: RunBlocking, wake: Callable[[], None]) -> None:
        self._context = context
        self._run = run_blocking
        self._wake = wake
        self._body = lru_cache(OPEN_BODIES)(partial(_body, context))

    def login(self, user: str, key_blob: bytes, peer: str) -> Deferred[str]:
        """The partner the key belongs to; user must be its id."""
        return self._run(_login, self._context, user, key_blob, peer)

    @defer.inlineCallbacks
    def begin(self, partner: str, name: str, resume: bool) -> Any:
        """A new upload, or the continuation of one that was lost, is still under a temporary name, or was received."""
        row, tail = yield self._run(_begin, self._context, partner, name, resume)
        return StoreUpload(self._context, self._run, self._wake, row, tail)

    def list(self, partner: str, folder: str) -> Deferred[list[Entry]]:
        """What the partner sees."""
        return self._run(_list, self._context, partner, folder)

    def stat(self, partner: str, folder: str, name: str) -> Deferred[Entry]:
        """One file the partner sees."""
        return self._run(_stat, self._context, partner, folder, name)

    def read(self, partner: str, folder: str, name: str, offset: int, length: int) -> Deferred[bytes]:
        """Bytes of one file the partner sees."""
        return self._run(_read, self._context, self._body, partner, folder, name, offset, length)

    def read_done(self, partner: str, folder: str, name: str) -> Deferred[None]:
        """Evidence that an outbound file was fetched."""
        return self._run(_read_done, self._context, partner, folder, name)

    def hide(self, partner: str, folder: str, name: str) -> Deferred[None]:
        """Out of sight, never destroyed."""
        return self._run(_hide, self._context, partner, folder, name)

    @defer.inlineCallbacks
    def rename(self, partner: str, old: str, new: str, overwrite: bool) -> Any:
        """From a temporary to a final name: commits the receipt before it fires."""
        yield self._run(_rename, self._context, partner, old, new, overwrite)
        self._wake()


class StoreUpload:
    """One open upload. Calls are serialised: a write is durable or in the window before the next is looked at."""

    def __init__(self, context: Context, run: RunBlocking, wake: Callable[[], None], row: Any, tail: bytes) -> None:
        self._context, self._run, self._wake = context, run, wake
        self._id, self._name, self._key = row["id"], row["name"], context.keys.unwrap(row["key"])
        self._sealed_rows = sealed.rows_of(row["size"]) - 1  # the last row stays open: it may yet grow
        self._tail = bytearray(tail)  # bytes from sealed_rows * ROW on
        self._written = [(0, len(tail))]  # stretches of the tail that have come
        self._lock = DeferredLock()
        self._over = False

    def write(self, offset: int, data: bytes) -> Deferred[None]:
        """Places data in the window; fires when rows that left the window are sealed."""
        return self._lock.run(self._write, offset, data)

    def commit(self) -> Deferred[None]:
        """Seals the rest and commits: the receipt for a final name, the bytes alone for a temporary one."""
        return self._lock.run(self._commit)

    def lose(self) -> Deferred[None]:
        """Keeps what came whole from the beginning, for a resume."""
        return self._lock.run(self._lose)

    @defer.inlineCallbacks
    def _write(self, offset: int, data: bytes) -> Any:
        start = offset - self._sealed_rows * sealed.ROW
        if self._over or start < 0:
            raise Refused("failure", "that part of the file is already stored")
        if start > len(self._tail) + WINDOW:
            raise Refused("failure", "the hole before this write is too large")
        end = start + len(data)
        if end > len(self._tail):
            self._tail.extend(bytes(end - len(self._tail)))
        self._tail[start:end] = data
        self._written = _merge([*self._written, (start, end)])
        while len(self._tail) > WINDOW + sealed.ROW and self._whole() >= sealed.ROW:
            yield self._seal_first()
        if len(self._tail) > 2 * WINDOW + sealed.ROW:
            raise Refused("failure", "the file has a hole that was not filled")

    def _whole(self) -> int:
        """How many bytes of the tail have come without a hole."""
        return self._written[0][1] if self._written and self._written[0][0] == 0 else 0

    @defer.inlineCallbacks
    def _seal_first(self) -> Any:
        row = bytes(self._tail[: sealed.ROW])
        yield self._run(sealed.put, self._context.store, self._id, self._key, self._sealed_rows, False, row)
        del self._tail[: sealed.ROW]
        self._written = [(max(0, a - sealed.ROW), b - sealed.ROW) for a, b in self._written if b > sealed.ROW]
        self._sealed_rows += 1

    @defer.inlineCallbacks
    def _commit(self) -> Any:
        if self._over:
            return
        if self._whole() != len(self._tail):
            yield self._lose_now()
            raise Refused("failure", "the file has a hole that was not filled")
        self._over = True
        size = yield self._seal_rest()
        yield self._run(_close, self._context, self._id, size)
        self._wake()

    @defer.inlineCallbacks
    def _seal_rest(self) -> Any:
        size = self._sealed_rows * sealed.ROW + len(self._tail)
        while len(self._tail) > sealed.ROW:
            yield self._seal_first()
        last = bytes(self._tail)
        yield self._run(sealed.put, self._context.store, self._id, self._key, self._sealed_rows, True, last)
        return size

    @defer.inlineCallbacks
    def _lose(self) -> Any:
        if not self._over:
            yield self._lose_now()

    @defer.inlineCallbacks
    def _lose_now(self) -> Any:
        self._over = True
        del self._tail[self._whole() :]
        size = yield self._seal_rest()
        yield self._run(_lost, self._context, self._id, size)


def _merge(stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


# ---- what runs in a thread -------------------------------------------------------------------------------------------


def fingerprint(key_blob: bytes) -> str:
    """SHA256:... of a public key, as OpenSSH prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key_blob).digest()).decode().rstrip("=")


def _login(context: Context, user: str, key_blob: bytes, peer: str) -> str:
    found = fingerprint(key_blob)
    with context.store.read() as connection:
        partner = documents.partner_of_key(connection, found)
    if partner is None or partner != user:
        raise Refused("permission-denied")
    with context.store.write("login") as connection:
        audit.note(connection, context.now_us, partner, "login", found, peer)
    return partner


def _begin(context: Context, partner: str, name: str, resume: bool) -> tuple[dict[str, Any], bytes]:
    with context.store.read() as connection:
        earlier = _visible_upload(connection, partner, name) if resume else None
    if earlier is not None and earlier["state"] == "received":
        return _copy(context, earlier)
    if earlier is not None:
        with context.store.write("upload") as connection:
            mine = update(upload).where(upload.c.id == earlier["id"], upload.c.state != "swept")
            kept = connection.execute(mine.values(state="open")).rowcount == 1
        if kept:
            return earlier, _tail(context, earlier)
    return _new_upload(context, partner, name), b""


def _new_upload(context: Context, partner: str, name: str) -> dict[str, Any]:
    row = {
        "id": ulid(context.now_us), "partner": partner, "name": name, "state": "open", "size": 0, "sha256": "",
        "key": context.keys.wrap(new_key()), "began_us": context.now_us, "hidden": 0,
    }  # fmt: skip
    with context.store.write("upload") as connection:
        connection.execute(insert(upload).values(**row))
    return row


def _copy(context: Context, earlier: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """A received name continued: a new upload that begins with a copy of the received bytes."""
    row = _new_upload(context, earlier["partner"], earlier["name"])
    old, new = context.keys.unwrap(earlier["key"]), context.keys.unwrap(row["key"])
    inner, tail = sealed.rows_of(earlier["size"]) - 1, b""
    for row_no, piece in enumerate(sealed.stream(context.store, earlier["id"], old, earlier["size"])):
        if row_no < inner:
            sealed.put(context.store, row["id"], new, row_no, False, piece)
        tail = piece
    return {**row, "size": earlier["size"]}, tail


def _tail(context: Context, row: dict[str, Any]) -> bytes:
    """The open last row of an earlier part; an upload that never got that far has none."""
    if not row["size"]:
        return b""
    key = context.keys.unwrap(row["key"])
    return sealed.get(context.store, row["id"], key, sealed.rows_of(row["size"]) - 1, True)


def _visible_upload(connection: Connection, partner: str, name: str) -> dict[str, Any] | None:
    shown = (upload.c.hidden == 0, upload.c.state != "swept")
    mine = select(upload).where(upload.c.partner == partner, upload.c.name == name, *shown)
    row = connection.execute(mine.order_by(upload.c.began_us.desc(), upload.c.id.desc()).limit(1)).mappings().first()
    return None if row is None else dict(row)


def _close(context: Context, upload_id: str, size: int) -> None:
    with context.store.read() as connection:
        row = connection.execute(select(upload).where(upload.c.id == upload_id)).mappings().one()
    if is_temporary(row["name"]):
        with context.store.write("upload") as connection:
            _turn(connection, upload_id, state="closed", size=size)
        return
    _receive(context, dict(row), row["name"], size)


def _turn(connection: Connection, upload_id: str, **values: Any) -> None:
    """Changes an upload's row; raises Refused when it was swept: nothing may bind bytes that are gone."""
    mine = update(upload).where(upload.c.id == upload_id, upload.c.state != "swept")
    if connection.execute(mine.values(**values)).rowcount != 1:
        raise Refused("failure", "the upload began more than a day ago and is no longer kept")


def _receive(context: Context, row: dict[str, Any], name: str, size: int) -> None:
    """The one commit that makes an upload ours: receipt, number, audit, intake step."""
    digest = hashlib.sha256()
    for piece in sealed.stream(context.store, row["id"], context.keys.unwrap(row["key"]), size):
        digest.update(piece)
    now_us, sha256 = context.now_us, digest.hexdigest()
    with context.store.write("receipt") as connection:
        today = installation.get(connection, "business_date")
        superseded = _visible_upload(connection, row["partner"], name)
        if superseded is not None and superseded["id"] != row["id"]:
            connection.execute(update(upload).where(upload.c.id == superseded["id"]).values(hidden=1))
        number = counters.take(connection, "receipt")
        _turn(connection, row["id"], state="received", name=name, size=size, sha256=sha256)
        connection.execute(
            insert(receipt).values(
                receipt_no=number, partner=row["partner"], upload_id=row["id"], name=name, size=size, sha256=sha256,
                received_us=now_us, received_on=today, state="received", reason="",
            )
        )  # fmt: skip
        audit.note(connection, now_us, row["partner"], "receive", f"receipt {number}", f"{size} bytes {sha256}")
        queue.enqueue(
            connection, now_us, "intake", lane=f"in/{row['partner']}", partner=row["partner"], ord=ord_of(number),
            body={"receipt_no": number},
        )  # fmt: skip
    log.info("received", receipt_no=number, partner=row["partner"], size=size)


def _lost(context: Context, upload_id: str, size: int) -> None:
    with context.store.write("upload") as connection:
        _turn(connection, upload_id, state="lost", size=size)


def _list(context: Context, partner: str, folder: str) -> list[Entry]:
    with context.store.read() as connection:
        if folder != "inbound":
            rows = outbox.view(connection, partner, folder)
            return [Entry(row.name, row.size, row.delivered_us // SECOND_US) for row in rows]
        since = context.now_us - RECENT_US
        mine = select(upload).where(upload.c.partner == partner, upload.c.hidden == 0, upload.c.began_us > since)
        newest = {row.name: row for row in connection.execute(mine.order_by(upload.c.began_us, upload.c.id))}
    return [Entry(name, row.size, row.began_us // SECOND_US) for name, row in sorted(newest.items())]


def _stat(context: Context, partner: str, folder: str, name: str) -> Entry:
    for entry in _list(context, partner, folder):
        if entry.name == name:
            return entry
    raise Refused("no-such-file")


def _outbox_row(connection: Connection, partner: str, folder: str, name: str) -> Any:
    columns = (outbox_table.c.id, outbox_table.c.size, outbox_table.c.sha256)
    mine = select(*columns).where(
        outbox_table.c.partner == partner, outbox_table.c.folder == folder, outbox_table.c.name == name,
        outbox_table.c.state == "visible",
    )  # fmt: skip
    row = connection.execute(mine).one_or_none()
    if row is None:
        raise Refused("no-such-file")
    return row


def _body(context: Context, outbox_id: str) -> bytes:
    with context.store.read() as connection:
        row = connection.execute(select(outbox_table).where(outbox_table.c.id == outbox_id)).one()
    return outbox.open_body(context.keys, row)


def _read(
    context: Context, body: Callable[[str], bytes], partner: str, folder: str, name: str, offset: int, length: int
) -> bytes:  # fmt: skip
    if folder != "inbound":
        with context.store.read() as connection:
            row = _outbox_row(connection, partner, folder, name)
        return body(row.id)[offset : offset + length]
    with context.store.read() as connection:
        found = _visible_upload(connection, partner, name)
    if found is None:
        raise Refused("no-such-file")
    if offset >= found["size"]:
        return b""
    row_no, rows = offset // sealed.ROW, sealed.rows_of(found["size"])
    key = context.keys.unwrap(found["key"])
    piece = sealed.get(context.store, found["id"], key, row_no, row_no == rows - 1)
    return piece[offset % sealed.ROW :][:length]


def _read_done(context: Context, partner: str, folder: str, name: str) -> None:
    if folder == "inbound":
        return
    with context.store.write("fetched") as connection:
        row = _outbox_row(connection, partner, folder, name)
        audit.note(connection, context.now_us, partner, "fetch", f"outbox {row.id}", f"{row.size} bytes {row.sha256}")


def _hide(context: Context, partner: str, folder: str, name: str) -> None:
    with context.store.write("hide") as connection:
        if folder == "inbound":
            found = _visible_upload(connection, partner, name)
            if found is None:
                raise Refused("no-such-file")
            connection.execute(update(upload).where(upload.c.id == found["id"]).values(hidden=1))
            audit.note(connection, context.now_us, partner, "hide", f"upload {found['id']}")
            return
        row = _outbox_row(connection, partner, folder, name)
        gone = update(outbox_table).where(outbox_table.c.id == row.id)
        connection.execute(gone.values(state="picked-up", picked_up_us=context.now_us))
        audit.note(connection, context.now_us, partner, "pick up", f"outbox {row.id}")


def _rename(context: Context, partner: str, old: str, new: str, overwrite: bool) -> None:
    with context.store.read() as connection:
        found, target = _visible_upload(connection, partner, old), _visible_upload(connection, partner, new)
    if found is None:
        raise Refused("no-such-file")
    if target is not None and not overwrite:
        raise Refused("failure", "a file of that name exists")
    if found["state"] == "closed" and not is_temporary(new):
        _receive(context, found, new, found["size"])
        return
    if found["state"] == "lost" and not is_temporary(new):
        raise Refused("failure", "the upload was broken off; continue or repeat it")
    with context.store.write("upload") as connection:
        connection.execute(update(upload).where(upload.c.id == found["id"]).values(name=new))
