"""provider, fees, network: load what prices are made of, with the paid claims a load would price otherwise."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.common import FILES, actor, config_option, context_of, emit, json_option, table, user_option
from gateway.flow import loading
from gateway.flow.loading import Loads
from gateway.plan.rounding import dollars

KINDS = {"provider": ("provider",), "fees": ("fee",), "network": ("network", "network_member")}
"""Command -> the kinds of rows its files may hold."""


@click.group()
def provider() -> None:
    """Providers on file, with their networks and how they are paid."""


@click.group()
def fees() -> None:
    """Fee rows: of a provider, or of a schedule that contracts name."""


@click.group()
def network() -> None:
    """Networks: what they have agreed, and who belongs to them."""


def _load(name: str, what: str) -> click.Command:
    def run(files: tuple[Path, ...], preview: bool, user: str | None, config: Path, as_json: bool) -> None:
        loads = loading.load_prices(context_of(config), list(files), actor(user), KINDS[name], preview)
        emit(loads, as_json, lambda: _tell(loads))

    for option in (json_option, config_option, user_option, PREVIEW, FILES):
        run = option(run)
    return click.command("load", help=what)(run)


PREVIEW = click.option("--preview", is_flag=True, help="Say what would change, store nothing.")

provider.add_command(_load("provider", "Load FILES, TOML with [[provider]] tables, all or none."))
fees.add_command(_load("fees", "Load FILES, CSV of fee rows, all or none."))
network.add_command(_load("network", "Load FILES, TOML of a contract or CSV of memberships, all or none."))


def _tell(loads: Loads) -> None:
    rows = [(each.file, each.kind, each.rows, each.new, each.changed) for each in loads.files]
    table(("file", "kind", "rows", "new", "changed"), rows)
    found = loads.affected
    would = "would change" if not loads.stored else "changes"
    click.echo(f"This {would} the price of {found.claims} paid claims, by {dollars(found.allowed_cents)} allowed.")
    if found.claims:
        click.echo(f"Decisions stay as they are. {found.pended} of them would wait for a price if decided again.")
        more = ", ..." if found.claims > len(found.icns) else ""
        click.echo(f"Claims: {', '.join(found.icns)}{more}")
    if not loads.stored:
        click.echo("preview: nothing is stored")
