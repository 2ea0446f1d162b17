"""door bans|unban: who the SFTP door shuts out, and letting an address in again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from gateway.cli.common import actor, config_option, context_of, emit, json_option, table, user_option
from gateway.clock import SECOND_US
from gateway.errors import BadData
from gateway.store import audit
from gateway.store import bans as held
from sftp_drop.places import place_of


@click.group()
def door() -> None:
    """The SFTP door."""


@door.command()
@config_option
@json_option
def bans(config: Path, as_json: bool) -> None:
    """Addresses shut out now, and how often each was within a day."""
    context = context_of(config)
    now_us = context.now_us
    with context.store.read() as connection:
        rows = [row for row in held.remembered(connection, now_us) if row.until_us > now_us]
    until = {row.place: datetime.fromtimestamp(row.until_us // SECOND_US, UTC).isoformat() for row in rows}
    data = [{"address": row.place, "until": until[row.place], "times": row.times} for row in rows]
    emit(data, as_json, lambda: table(("address", "until", "times"), [tuple(one.values()) for one in data]))


@door.command()
@click.argument("address")
@user_option
@config_option
@json_option
def unban(address: str, user: str | None, config: Path, as_json: bool) -> None:
    """Let ADDRESS in again; the door knows within seconds."""
    context, place = context_of(config), address if "/" in address else place_of(address)
    with context.store.write("unban") as connection:
        if not held.lift(connection, place):
            raise BadData(f"{place} is not banned")
        audit.note(connection, context.now_us, actor(user), "unban", place)
    emit({"address": place}, as_json, lambda: click.echo(f"{place} may come again"))
