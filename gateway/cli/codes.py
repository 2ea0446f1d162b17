"""codes: external code sets - what is here, for which days, and which checks are off for want of one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from gateway.cli.common import Day, actor, config_option, context_of, emit, json_option, table, user_option
from gateway.flow import codeloads
from gateway.flow.codeloads import Loaded
from gateway.store import installation
from parsers.codes import SETS


@click.group()
def codes() -> None:
    """External code sets by date of service."""


@codes.command("load")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--set", "name", type=click.Choice(list(SETS)), required=True, help="The code set.")
@click.option("--first", type=Day(), required=True, help="First day the list is in force.")
@click.option("--last", type=Day(), default=None, help="Last day; without it, until the next release is loaded.")
@click.option("--preview", is_flag=True, help="Say what would change, store nothing.")
@user_option
@config_option
@json_option
def codes_load(
    file: Path, name: str, first: date, last: date | None, preview: bool, user: str | None, config: Path, as_json: bool
) -> None:
    """Load FILE, a CSV with the columns code and label (and first and last), as one whole release of a set."""
    loaded = codeloads.load(context_of(config), file, name, first, last, actor(user), preview)
    emit(loaded, as_json, lambda: _tell(loaded))


def _tell(loaded: Loaded) -> None:
    until = f"to {loaded.last}" if loaded.last else "until further notice"
    click.echo(f"{loaded.name} from {loaded.first} {until}: {loaded.codes} codes")
    click.echo(f"against the release before: {loaded.new} new, {loaded.gone} gone, {loaded.changed} changed")
    if loaded.ended and not loaded.again:
        click.echo(f"the release of {loaded.ended} ends the day before")
    if not loaded.stored:
        click.echo("loaded before, nothing changed" if loaded.again else "preview: nothing is stored")


@codes.command("list")
@click.option("--on", type=Day(), default=None, help="The day of service asked about; the business date otherwise.")
@config_option
@json_option
def codes_list(on: date | None, config: Path, as_json: bool) -> None:
    """Every code set: its releases, and the checks that are off on a day and why."""
    context = context_of(config)
    with context.store.read() as connection:
        day = on or installation.business_date(connection)
    sets = context.codes()
    off = sets.off(day)
    releases = [
        {"set": name, "title": kind.title, "keeper": kind.keeper, "source": each.source, "first": each.first,
         "last": each.last, "codes": len(each.book)}
        for name, kind in SETS.items() for each in sets.releases(name)
    ]  # fmt: skip
    absent = [{"set": name, "title": kind.title, "keeper": kind.keeper, "source": "absent"}
              for name, kind in SETS.items() if not sets.releases(name)]  # fmt: skip
    data: dict[str, Any] = {
        "on": day,
        "sets": [*releases, *absent],
        "off": [{"set": each.name, "title": each.title, "why": each.why} for each in off],
    }

    def render() -> None:
        columns = ("source", "first", "last", "codes")
        rows = [(one["set"], one["title"], *(_cell(one.get(column)) for column in columns)) for one in data["sets"]]
        table(("set", "lists", *columns), rows)
        table(("set", "why"), [(one.name, one.why) for one in off], title=f"Not checked for services on {day}")

    emit(data, as_json, render)


def _cell(value: Any) -> str:
    return "" if value is None else str(value)
