"""What a partner finds behind the door: its folders, and who it is. Every call here blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, select

from gateway.clock import SECOND_US
from gateway.flow import uploads
from gateway.flow.context import Context
from gateway.flow.partner_keys import fingerprint_of
from gateway.store import audit, documents, installation, outbox
from gateway.store.schema import outbox as outbox_table
from sftp_drop.drop import Entry, Refused


def login(context: Context, user: str, key_blob: bytes, peer: str) -> str:
    """The partner the key belongs to, which must be the user; raises Refused."""
    found = fingerprint_of(key_blob)
    with context.store.read() as connection:
        partner = documents.partner_of_key(connection, found)
    if partner is None or partner != user:
        raise Refused("permission-denied")
    with context.store.write("login") as connection:
        audit.note(connection, context.now_us, partner, "login", found, peer)
    return partner


def entries(context: Context, partner: str, folder: str) -> list[Entry]:
    """Everything the partner sees in a folder."""
    with context.store.read() as connection:
        if folder == "inbound":
            return uploads.entries(connection, context.now_us, partner)
        return [_entry(row) for row in outbox.view(connection, partner, folder)]


def stat(context: Context, partner: str, folder: str, name: str) -> Entry:
    """One file the partner sees; raises Refused when there is none."""
    with context.store.read() as connection:
        if folder == "inbound":
            return uploads.entry(_upload(connection, context, partner, name))
        return _entry(_parcel(connection, partner, folder, name))


def read(
    context: Context, body: Callable[[str], bytes], partner: str, folder: str, name: str, offset: int, length: int
) -> bytes:  # fmt: skip
    """Bytes of one file the partner sees. body: gives the bytes of an outbox row; raises Refused."""
    with context.store.read() as connection:
        if folder != "inbound":
            outbox_id = _parcel(connection, partner, folder, name).id
        else:
            found = _upload(connection, context, partner, name)
    if folder != "inbound":
        return body(outbox_id)[offset : offset + length]
    return uploads.read(context, found, offset, length)


def body(context: Context, outbox_id: str) -> bytes:
    """The bytes of an outbox row as its partner gets them."""
    with context.store.read() as connection:
        row = connection.execute(select(outbox_table).where(outbox_table.c.id == outbox_id)).one()
    return outbox.open_sent(context.keys, row)


def read_done(context: Context, partner: str, folder: str, name: str) -> None:
    """Evidence that an outbound file was fetched; raises Refused when it is not there."""
    if folder == "inbound":
        return
    with context.store.write("fetched") as connection:
        row = _parcel(connection, partner, folder, name)
        outbox.mark_fetched(connection, row.id, installation.business_date(connection).isoformat())
        audit.note(connection, context.now_us, partner, "fetch", f"outbox {row.id}", f"{row.size} bytes {row.sha256}")


def hide(context: Context, partner: str, folder: str, name: str) -> None:
    """Out of sight, never destroyed; raises Refused when it is not there."""
    with context.store.write("hide") as connection:
        if folder == "inbound":
            found = _upload(connection, context, partner, name)
            uploads.hide(connection, partner, name)
            audit.note(connection, context.now_us, partner, "hide", f"upload {found['id']}")
            return
        row = _parcel(connection, partner, folder, name)
        if not outbox.mark_picked_up(connection, row.id, context.now_us):
            raise Refused("no-such-file")
        audit.note(connection, context.now_us, partner, "pick up", f"outbox {row.id}")


def _entry(row: Any) -> Entry:
    return Entry(row.name, row.size, row.delivered_us // SECOND_US)


def _parcel(connection: Connection, partner: str, folder: str, name: str) -> Any:
    row = outbox.find(connection, partner, folder, name)
    if row is None:
        raise Refused("no-such-file")
    return row


def _upload(connection: Connection, context: Context, partner: str, name: str) -> uploads.Upload:
    row = uploads.shown(connection, context.now_us, partner, name)
    if row is None:
        raise Refused("no-such-file")
    return row
