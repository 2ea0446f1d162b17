"""What commands share: the settings option, JSON output, tables."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
import structlog

from gateway import logs
from gateway import settings as settings_module
from gateway.clock import SECOND_US
from gateway.errors import CannotCreate, UsageError
from gateway.flow.context import Context
from gateway.flow.opening import open_context
from gateway.settings import Settings

T = TypeVar("T")

BAD_DATA = 65
"""Exit code of a command that finds what it looks for: something differs or does not fit (sysexits EX_DATAERR)."""

WIDE = 160
"""Columns of a table that goes into a file or a pipe."""

config_option = click.option(
    "--config", "config", type=click.Path(path_type=Path), default=Path("gateway.toml"), envvar="GATEWAY_CONFIG",
    show_default=True, help="Settings file of the installation (or $GATEWAY_CONFIG).",
)  # fmt: skip

FILES = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

claim_argument = click.argument("icn", metavar="CLAIM")

yes_option = click.option("--yes", is_flag=True, help="Do it; without this, only what it would come to is shown.")

NOT_DONE = "Nothing is done yet; --yes does it."
"""Said under a look."""


class Said(click.ParamType[str]):
    """Words a person means: not blank."""

    name = "TEXT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The words without blanks around them."""
        text = str(value).strip()
        if not text:
            self.fail("it is blank", param, ctx)
        return text


class User(Said):
    """A person's name, written in one way: two spellings of one person are not two people."""

    name = "USER"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name in small letters."""
        return super().convert(value, param, ctx).casefold()


class Day(click.ParamType[date]):
    """A day as 2026-04-06."""

    name = "DATE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date."""
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail("a day is written like 2026-04-06", param, ctx)


user_option = click.option(
    "--user", type=User(), default=None, help="Who does this, for the audit; your login name otherwise."
)


why_option = click.option("--why", type=Said(), default=None, help="Why; kept with what is done.")


def said_why(yes: bool, why: str | None) -> str | None:
    """Why something is done; None for a look. Raises UsageError where it is to be done and nobody says why."""
    if yes and why is None:
        raise UsageError("--yes needs --why")
    return why if yes else None


def actor(user: str | None) -> str:
    """The named person, else the login name."""
    return user or os.environ.get("SUDO_USER") or getpass.getuser()


def settings_of(config: Path) -> Settings:
    """The settings file."""
    return settings_module.load(config)


def context_of(config: Path) -> Context:
    """The installation of a settings file. What its steps log goes beside the answer, which may be JSON."""
    if not structlog.is_configured():
        logs.configure(sys.stderr, once=False)
    return open_context(settings_of(config))


def emit(data: Any, as_json: bool, render: Callable[[], None]) -> None:
    """Prints data as JSON, or as render prints it for people."""
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(data), indent=1).decode())
    else:
        render()


def watched(words: str, found: Iterable[T], total: int | None) -> Iterator[T]:
    """What is found, one by one, under a bar on stderr where a person looks on. total: how many, where it is known."""
    if not sys.stderr.isatty():
        yield from found
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(words), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield from bar.track(found, total=total)


def instant(us: int | None) -> str:
    """An instant as 2026-04-06T14:00:00Z; "" where there is none."""
    return "" if us is None else datetime.fromtimestamp(us // SECOND_US, UTC).isoformat().replace("+00:00", "Z")


def write_file(path: Path, body: bytes) -> None:
    """Writes what a person asked for, in a folder made for it; raises CannotCreate."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    except OSError as error:
        raise CannotCreate(f"{path} ({error.strerror})") from error


def write_pieces(path: Path, pieces: Iterable[str]) -> None:
    """`write_file` of a text that comes in pieces; what was begun is whole or not there."""
    beside = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8") as file:
            file.writelines(pieces)
        beside.replace(path)
    except OSError as error:
        raise CannotCreate(f"{path} ({error.strerror})") from error
    finally:
        beside.unlink(missing_ok=True)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "") -> None:
    """A table for people. Nothing of it is cut off: what stands first is what one types, and stays on one line.

    Cells are shown as they are: what a partner wrote may look like markup of rich, which hides it or is a fault.
    """
    from rich.console import Console
    from rich.table import Table

    made = Table(title=title or None, title_justify="left")
    for n, name in enumerate(columns):
        made.add_column(name, no_wrap=n == 0, overflow="fold")
    for row in rows:
        made.add_row(*[str(cell) for cell in row])
    Console(width=None if sys.stdout.isatty() else WIDE, markup=False, emoji=False).print(made)


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
