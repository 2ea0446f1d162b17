"""remote: partners' own servers, called now or looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from gateway.cli.common import actor, config_option, context_of, emit, instant, json_option, table, user_option
from gateway.flow import remote as remotes
from gateway.flow.parties import Parties
from gateway.store import audit, installation
from gateway.store.schema import remote as remote_table

NAME = click.argument("name", metavar="NAME")


@click.group()
def remote() -> None:
    """Partners' own servers."""


@remote.command("fetch")
@NAME
@user_option
@config_option
@json_option
def remote_fetch(name: str, user: str | None, config: Path, as_json: bool) -> None:
    """Look into the folder of partner NAME now, not when it is due."""
    steps = _ask(config, name, "pull", actor(user))
    said = f"the server of {name} is looked at; `gateway remote list` says how it went"
    emit({"partner": name, "steps": steps}, as_json, lambda: click.echo(said))


@remote.command("push")
@NAME
@user_option
@config_option
@json_option
def remote_push(name: str, user: str | None, config: Path, as_json: bool) -> None:
    """Send what waits for partner NAME now, whatever earlier failures say."""
    waiting = _ask(config, name, "push", actor(user))
    said = f"{waiting} files go to {name}" if waiting else f"nothing waits for {name}"
    emit({"partner": name, "steps": waiting}, as_json, lambda: click.echo(said))


def _ask(config: Path, name: str, kind: str, user: str) -> int:
    context = context_of(config)
    with context.store.write("ask") as connection:
        steps = remotes.ask(connection, context, name, kind)
        audit.note(connection, context.now_us, user, "ask", f"partner {name}", kind)
    return steps


@remote.command("list")
@config_option
@json_option
def remote_list(config: Path, as_json: bool) -> None:
    """Every partner's server in force today: how it went last, and what waits."""
    context = context_of(config)
    with context.store.read() as connection:
        parties = Parties(connection, installation.business_date(connection))
        used = {row.partner: row for row in connection.execute(select(remote_table))}
        data = [
            {"partner": each.id, "server": f"{each.remote.host}:{each.remote.port}", "fetch": each.remote.fetch,
             "send": each.remote.send, "waiting": remotes.waiting(connection, each.id), **_told(used.get(each.id))}
            for each in parties.partners.values() if each.remote is not None
        ]  # fmt: skip
    keys = ("partner", "server", "fetch", "send", "waiting", "failures", "reason", "next", "used")
    emit(data, as_json, lambda: table(keys, [[one[key] for key in keys] for one in data]))


def _told(row: Any) -> dict[str, Any]:
    if row is None:
        return {"failures": 0, "reason": "", "next": "", "used": ""}
    return {
        "failures": row.failures, "reason": row.reason, "next": instant(row.next_us or None),
        "used": instant(row.used_us or None),
    }  # fmt: skip
