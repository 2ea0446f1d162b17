"""What commands share: the settings option, JSON output, tables."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from gateway import settings as settings_module
from gateway.flow.context import Context
from gateway.flow.opening import open_context
from gateway.settings import Settings

config_option = click.option(
    "--config", "config", type=click.Path(path_type=Path), default=Path("gateway.toml"), envvar="GATEWAY_CONFIG",
    show_default=True, help="Settings file of the installation (or $GATEWAY_CONFIG).",
)  # fmt: skip

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

user_option = click.option("--user", default=None, help="Who does this, for the audit; your login name otherwise.")


def actor(user: str | None) -> str:
    """The named person, else the login name."""
    return user or os.environ.get("SUDO_USER") or getpass.getuser()


def settings_of(config: Path) -> Settings:
    """The settings file."""
    return settings_module.load(config)


def context_of(config: Path) -> Context:
    """The installation of a settings file."""
    return open_context(settings_of(config))


def emit(data: Any, as_json: bool, render: Callable[[], None]) -> None:
    """Prints data as JSON, or as render prints it for people."""
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(data), indent=1).decode())
    else:
        render()


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "") -> None:
    """A table for people."""
    from rich.console import Console
    from rich.table import Table

    made = Table(*columns, title=title or None, title_justify="left")
    for row in rows:
        made.add_row(*[str(cell) for cell in row])
    Console().print(made)


class Dollars(click.ParamType[int]):
    """An amount as people write it, 1234.56 or 1,234.56; cents inside."""

    name = "AMOUNT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Cents; at most two decimals, never negative."""
        text = str(value).replace(",", "")
        whole, _, part = text.partition(".")
        if not whole.isascii() or not whole.isdigit() or len(part) > 2 or (part and not part.isdigit()):
            self.fail("an amount is written like 1234.56", param, ctx)
        return int(whole) * 100 + int(part.ljust(2, "0"))
