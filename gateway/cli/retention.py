"""retention, legal-hold: how long bytes are kept, and what nothing may be removed of."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from gateway.cli.common import (
    Said,
    actor,
    config_option,
    context_of,
    emit,
    json_option,
    settings_of,
    table,
    user_option,
)
from gateway.flow import retention as keeping
from gateway.flow.retention import Kept

COLUMNS = ("class", "kept for", "there", "held", "to remove", "bytes", "removed by")


@click.group()
def retention() -> None:
    """How long bytes are kept."""


@retention.command()
@config_option
@json_option
def show(config: Path, as_json: bool) -> None:
    """Every class of data: what there is, what is under a legal hold, and what a run would remove now."""
    found = _survey(config)
    emit([msgspec.structs.asdict(one) for one in found], as_json, lambda: _print(found))


@retention.command()
@click.option("--yes/--dry-run", default=False, help="Remove it, or only show what would be removed (the default).")
@user_option
@config_option
@json_option
def run(yes: bool, user: str | None, config: Path, as_json: bool) -> None:
    """Remove the bytes that are due: their keys and rows; what is on record of them stays."""
    found = _survey(config)
    removed = keeping.run(context_of(config), settings_of(config).retention, actor(user)) if yes else {}
    data = {"removed": removed, "classes": [msgspec.structs.asdict(one) for one in found]}
    done = ", ".join(f"{count} {name}" for name, count in removed.items())
    emit(data, as_json, lambda: click.echo(f"removed: {done}") if yes else _print(found))


def _survey(config: Path) -> list[Kept]:
    context = context_of(config)
    with context.store.read() as connection:
        return keeping.survey(connection, context, settings_of(config).retention)


def _print(found: list[Kept]) -> None:
    rows = [
        (
            one.name,
            f"{one.days} days" if one.days else "",
            one.there,
            one.held,
            one.due,
            one.due_bytes,
            one.by or "nothing",
        )
        for one in found
    ]
    table(COLUMNS, rows)


@click.group("legal-hold")
def legal_hold() -> None:
    """What nothing may be removed of."""


@legal_hold.command("add")
@click.argument("scope", type=click.Choice(keeping.SCOPES))
@click.argument("subject", default="")
@click.option("--reason", type=Said(), required=True, help="Why; kept with the hold.")
@user_option
@config_option
@json_option
def add(scope: str, subject: str, reason: str, user: str | None, config: Path, as_json: bool) -> None:
    """Nothing of SCOPE is removed: all, or the partner, sponsor, receipt or delivery SUBJECT."""
    context = context_of(config)
    with context.store.write("legal-hold") as connection:
        hold_id = keeping.hold(connection, context, scope, subject, reason, actor(user))
    emit({"id": hold_id, "scope": scope, "subject": subject}, as_json, lambda: click.echo(hold_id))


@legal_hold.command()
@click.argument("hold_id", metavar="ID")
@click.option("--reason", type=Said(), required=True, help="Why; kept with the hold.")
@user_option
@config_option
@json_option
def lift(hold_id: str, reason: str, user: str | None, config: Path, as_json: bool) -> None:
    """End a legal hold: what it kept may be removed when it is due."""
    context = context_of(config)
    with context.store.write("legal-hold") as connection:
        keeping.lift(connection, context, hold_id, reason, actor(user))
    emit({"id": hold_id}, as_json, lambda: click.echo(f"{hold_id} is lifted"))


@legal_hold.command("list")
@click.option("--all", "every", is_flag=True, help="Those that were lifted, too.")
@config_option
@json_option
def list_(every: bool, config: Path, as_json: bool) -> None:
    """Legal holds, oldest first."""
    with context_of(config).store.read() as connection:
        data = [dict(row._mapping) for row in keeping.holds(connection, every=every)]
    keys = ("id", "scope", "subject", "reason", "opened_by", "lifted_by")
    emit(
        data,
        as_json,
        lambda: table(("id", "scope", "of", "reason", "by", "lifted by"), [[one[k] for k in keys] for one in data]),
    )
