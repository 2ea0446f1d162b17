"""run, worker, migrate: the processes of an installation."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from gateway.cli.common import config_option, emit, json_option, settings_of


@click.command()
@config_option
@click.option("--attached", is_flag=True, help="Leave when stdin ends: for a parent that must not leave us behind.")
def run(config: Path, attached: bool) -> None:
    """Run the daemon: SFTP door, status endpoint, timers, workers. Writes run.json beside the settings file."""
    from gateway import daemon, logs

    logs.configure()
    daemon.run(settings_of(config), config, attached=attached)


@click.command()
@config_option
@click.option("--attached", is_flag=True, help="Leave when stdin ends.")
def worker(config: Path, attached: bool) -> None:
    """Run a node of workers without doors, for instance beside a daemon on the same PostgreSQL."""
    from gateway import daemon, logs

    logs.configure()
    daemon.run(settings_of(config), config, attached=attached, with_doors=False)


@click.command()
@config_option
@json_option
def migrate(config: Path, as_json: bool) -> None:
    """Create the database, or bring it to this version's schema."""
    from gateway.flow import opening
    from gateway.store.migrate import REVISIONS

    opening.create(settings_of(config), date.today())
    emit({"schema": REVISIONS[-1]}, as_json, lambda: click.echo("the database is at this version's schema"))
