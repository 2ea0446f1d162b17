"""auth: prior authorisations and answers about accidents, from files."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.common import NOT_DONE, actor, config_option, context_of, emit, json_option, user_option
from gateway.flow import evidence


@click.group()
def auth() -> None:
    """Prior authorisations and answers about accidents."""


@auth.command("load")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Store it; without this, only what it would come to is shown.")
@user_option
@config_option
@json_option
def auth_load(file: Path, yes: bool, user: str | None, config: Path, as_json: bool) -> None:
    """Load authorisations and accident answers from FILE (CSV or JSON); claims that wait for them are decided again."""
    found = evidence.load(context_of(config), file, actor(user), store=yes)

    def render() -> None:
        click.echo(f"{found.lines} lines: {found.new} new, {found.changed} changed, {found.unchanged} on file already")
        for icn in found.waiting:
            click.echo(f"{icn}: {'is' if yes else 'would be'} decided again")
        if not yes:
            click.echo(NOT_DONE)

    emit(found, as_json, render)
