"""What a partner finds behind the door: its folders, and who it is. Every call here blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from gateway.clock import SECOND_US
from gateway.flow import allowance, partner_keys, uploads
from gateway.flow.allowance import Allowance, Used
from gateway.flow.context import Context
from gateway.flow.parties import Partner
from gateway.flow.uploads import said
from gateway.store import audit, documents, installation, outbox
from gateway.store.schema import outbox as outbox_table
from sftp_drop.drop import Entry, Refused, Stranger, Visitor
from sftp_drop.fingerprint import fingerprint_of
from sftp_drop.places import is_in


def login(context: Context, user: str, key_blob: bytes, peer: str) -> Visitor:
    """Who comes: the key must be the user's, the network one of its own. Raises Stranger for who is no partner, or
    Refused."""
    visitor = Visitor(user, fingerprint_of(key_blob), peer)
    with context.store.read() as connection:
        partner = documents.at(connection, "partner", user, installation.business_date(connection), Partner)
        if partner is None:
            raise Stranger("permission-denied")
        opens = partner_keys.owner(connection, context.now_us, visitor.fingerprint) == user
        if not opens or not _from_here(visitor, partner):
            raise Refused("permission-denied")
    with context.store.write("login") as connection:
        audit.note(connection, context.now_us, user, "login", visitor.fingerprint, peer)
    return replace(visitor, connections_max=partner.allowance.connections)


def _from_here(visitor: Visitor, partner: Partner) -> bool:
    networks = partner.allowance.networks
    return not networks or is_in(visitor.peer, networks)


def unwelcome(connection: Connection, now_us: int, inside: Iterable[Visitor]) -> list[Visitor]:
    """Those inside who would not be let in any more: asked every few seconds of everybody at once."""
    visitors = list(inside)
    today = installation.business_date(connection)
    good = partner_keys.allowed(connection, now_us, {(one.partner, one.fingerprint) for one in visitors})
    partners = {
        one: documents.at(connection, "partner", one, today, Partner) for one in {each.partner for each in visitors}
    }
    return [
        visitor for visitor in visitors
        if (partner := partners[visitor.partner]) is None or not _from_here(visitor, partner)
        or (visitor.partner, visitor.fingerprint) not in good
    ]  # fmt: skip


def account(context: Context, partner: str) -> tuple[Allowance, Used]:
    """What a partner may bring, and what it has brought."""
    with context.store.read() as connection:
        on_file = documents.at(connection, "partner", partner, installation.business_date(connection), Partner)
        limits = on_file.allowance if on_file is not None else Allowance()
        return limits, allowance.used(connection, context.now_us, partner)


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


def read_done(context: Context, partner: str, folder: str, name: str, by: str = "") -> None:
    """Evidence that an outbound file was fetched; raises Refused when it is not there. by: key and peer."""
    if folder == "inbound":
        return
    with context.store.write("fetched") as connection:
        row = _parcel(connection, partner, folder, name)
        outbox.mark_fetched(connection, row.id, installation.business_date(connection).isoformat())
        audit.note(connection, context.now_us, partner, "fetch", f"outbox {row.id}", said(row.size, row.sha256, by))


def hide(context: Context, partner: str, folder: str, name: str, by: str = "") -> None:
    """Out of sight, never destroyed; raises Refused when it is not there. by: key and peer."""
    with context.store.write("hide") as connection:
        if folder == "inbound":
            found = _upload(connection, context, partner, name)
            uploads.hide(connection, partner, name)
            audit.note(connection, context.now_us, partner, "hide", f"upload {found['id']}", by)
            return
        row = _parcel(connection, partner, folder, name)
        if not outbox.mark_picked_up(connection, row.id, context.now_us):
            raise Refused("no-such-file")
        audit.note(connection, context.now_us, partner, "pick up", f"outbox {row.id}", by)


def _entry(row: Any) -> Entry:
    return Entry(row.name, row.size, row.delivered_us // SECOND_US, f"outbox {row.id}")


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
