"""hold, status, day: what a person at the desk asks and does."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import click

from gateway.cli.common import Day, Said, actor, config_option, context_of, emit, json_option, table, user_option
from gateway.errors import TryAgain
from gateway.flow import day as day_step
from gateway.flow import holds, parked
from gateway.flow.context import Context

LOOK_S = 0.05
"""How often a waiting command looks: twenty looks a second cost nothing."""


@click.group()
def hold() -> None:
    """What waits for a person."""


@hold.command("list")
@config_option
@json_option
def hold_list(config: Path, as_json: bool) -> None:
    """Open holds, oldest first."""
    context = context_of(config)
    with context.store.read() as connection:
        rows = holds.opened(connection)
    data = [
        {"id": r.id, "kind": r.kind, "sponsor": r.sponsor_id, "subject": r.subject, "reason": r.reason} for r in rows
    ]
    shown = [(d["id"], d["kind"], d["sponsor"], d["subject"], d["reason"]) for d in data]
    emit(data, as_json, lambda: table(("id", "kind", "sponsor", "about", "reason"), shown))


@hold.command()
@click.argument("hold_id", metavar="ID")
@click.option("--reason", type=Said(), required=True, help="Why; kept with the hold.")
@user_option
@config_option
@json_option
def release(hold_id: str, reason: str, user: str | None, config: Path, as_json: bool) -> None:
    """Release a hold: what waited goes on as a new event."""
    done = parked.release(context_of(config), hold_id, actor(user), reason)
    emit({"id": hold_id, "done": done}, as_json, lambda: click.echo(f"{hold_id}: {done}"))


@click.command()
@config_option
@json_option
def status(config: Path, as_json: bool) -> None:
    """How the installation is doing: first what needs a person, then files, claims, funds, stop-loss."""
    from gateway.web import status as reads
    from gateway.web.text import text

    context = context_of(config)
    with context.store.read() as connection:
        found = reads.read(connection, context.now_us)
    emit(found, as_json, lambda: click.echo(text(found)))


@click.group()
def day() -> None:
    """The business date."""


@day.command()
@click.argument("target", metavar="DATE", type=Day())
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until the date is reached.")
@click.option("--timeout", default=600, show_default=True, help="Seconds to wait at most.")
@user_option
@config_option
@json_option
def advance(target: date, wait: bool, timeout: int, user: str | None, config: Path, as_json: bool) -> None:
    """Move a test installation's business date to DATE; the due work of each passed day runs before the next."""
    context = context_of(config)
    with context.store.write("day-ask") as connection:
        day_step.ask(connection, context, target, actor(user))
    if wait:
        _wait_for(context, target, timeout)
    said = f"the business date {'is' if wait else 'goes to'} {target}"
    emit({"business_date": target, "reached": wait}, as_json, lambda: click.echo(said))


def _wait_for(context: Context, target: date, timeout_s: int) -> None:
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        with context.store.read() as connection:
            if day_step.reached(connection, target):
                return
        time.sleep(LOOK_S)
    raise TryAgain(f"the business date did not reach {target} in {timeout_s} s; is the daemon running?")
