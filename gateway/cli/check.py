"""check: is this file good, what is wrong with it, and how is it mended; before it is sent to anybody."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec

from gateway import collector
from gateway.cache import FolderCache
from gateway.check import choice
from gateway.check.answers import Answer, Answers
from gateway.check.files import STDIN, Names, Piped, Source, sources
from gateway.check.reading import Desk, Listener, check
from gateway.check.records import FileResult
from gateway.cli.common import context_of, write_file
from gateway.errors import UsageError
from gateway.flow import checking, codebooks
from gateway.settings import user_cache
from parsers import guides
from parsers.edits import Terms
from parsers.snip import Snip

BAD, UNREADABLE = 65, 74
"""Exit codes: a file is not accepted; a file could not be read."""

SUFFIXES = (".html", ".htm")


class SnipTypes(click.ParamType[frozenset[int]]):
    """SNIP types, 1-5 or 1,2,5."""

    name = "TYPES"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[int]:
        """The types named."""
        try:
            return choice.chosen(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one line for each file.")
@click.option("--all", "everything", is_flag=True, help="List every finding, not only the first of each file.")
@click.option("--snip", "types", type=SnipTypes(), default="1-7", show_default=True, help="SNIP types to check.")
@click.option("--show-values", is_flag=True, help="Show what stands in the file, which may be about people.")
@click.option(
    "--ack",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write the TA1, 999 and 277CA we would send.",
)
@click.option(
    "--html",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Write a page with the file laid out by loop: a file of that name, or pages into that folder.",
)
@click.option("--partner", metavar="NAME", help="Check as for this partner of the installation.")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="GATEWAY_CONFIG",
    help="Installation whose code sets and, with --partner, whose settings are used.",
)
def check_command(
    files: tuple[Path, ...], as_json: bool, everything: bool, types: frozenset[int], show_values: bool,
    ack: Path | None, html: Path | None, partner: str | None, config: Path | None,
) -> int:  # fmt: skip
    """Check FILES (or folders, or - for standard input): what is wrong, where, and how to mend it.

    Exit 0 when every file is accepted without an error, 65 when one is not, 74 when one cannot be read.
    """
    from gateway.cli import checked

    if show_values:
        click.echo(
            "gateway: values are shown; they may be about people, so keep what this prints at your desk", err=True
        )
    wanted = [one for path in files for one in _sources(path, twice=html is not None)]
    if not wanted:
        raise UsageError(f"no file to check in {', '.join(map(str, files))}")
    place = _place_of_pages(html, wanted)
    desk = _desk(config, partner, types, show_values)
    collector.relax()
    names, worst = Names(), 0
    rows: list[checked.Row] = []
    with _progress(wanted) as read:
        for source in wanted:
            name = names.of(source)
            result, code = _checked(source, desk, [] if ack is None else [_answers(ack, name, desk)], read)
            worst = max(worst, code)
            rows.append(checked.row(result))
            if as_json:
                click.echo(msgspec.json.encode(result).decode())
            else:
                checked.tell(result, everything)
            if place is not None and code != UNREADABLE:
                _write_page(place(name), source, result, desk)
    if not as_json and len(wanted) > 1:
        checked.summary(rows)
    return worst


def _sources(path: Path, twice: bool) -> Iterator[Source]:
    if str(path) == STDIN:
        yield Piped(sys.stdin.buffer, twice)
    else:
        yield from sources([path])


def _desk(config: Path | None, partner: str | None, types: frozenset[int], show_values: bool) -> Desk:
    """By what files are checked: the installation's settings where one is named, else any sender's file alone."""
    if config is None:
        if partner is not None:
            raise UsageError("--partner needs --config: an installation that knows the partner")
        terms = Terms(snip=choice.only(Snip(), types), today=date.today(), codes=codebooks.at_hand())
        cached = partial(guides.load, cache=FolderCache(user_cache()))
        return Desk(terms=terms, guides=cached, show_values=show_values)
    desk = checking.desk_of(context_of(config), partner)
    terms = msgspec.structs.replace(desk.terms, snip=choice.only(desk.terms.snip, types))
    return msgspec.structs.replace(desk, terms=terms, show_values=show_values)


def _checked(
    source: Source, desk: Desk, listeners: list[Listener], read: Callable[[Source, int], None]
) -> tuple[FileResult, int]:
    """What a file came to, and the exit code of that; a file that cannot be read is an answer, too."""

    def pieces() -> Iterator[bytes]:
        for piece in source.pieces():
            yield piece
            read(source, len(piece))

    try:
        result = check(source.name, pieces(), desk, listeners)
    except OSError as error:
        reason = f"The file cannot be read ({error.strerror or type(error).__name__})."
        return FileResult(file=source.name, accepted=False, reason=reason), UNREADABLE
    return result, 0 if result.accepted else BAD


def _answers(folder: Path, name: str, desk: Desk) -> Answers:
    """Writes every answer to a file beside the others as soon as it is made."""

    def keep(answer: Answer) -> None:
        write_file(folder / f"{name}-{answer.name}", answer.body)

    return Answers(keep, datetime.now(UTC), desk.writing)


def _place_of_pages(html: Path | None, wanted: list[Source]) -> Callable[[str], Path] | None:
    """Where the page of a file goes, by the beginning of its name."""
    if html is None:
        return None
    if html.suffix.lower() not in SUFFIXES or html.is_dir():
        return lambda name: html / f"{name}.html"
    if len(wanted) > 1:
        raise UsageError(f"--html {html}: pages of several files go into a folder")
    return lambda name: html


def _write_page(path: Path, source: Source, result: FileResult, desk: Desk) -> None:
    from gateway.check import page

    write_file(path, page.render(result, source.pieces(), desk).encode())


@contextmanager
def _progress(wanted: list[Source]) -> Iterator[Callable[[Source, int], None]]:
    """A bar of bytes on a terminal's stderr; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda source, count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        total = sum(one.size for one in wanted)
        task = bar.add_task("checking", total=total or None)

        def read(source: Source, count: int) -> None:
            bar.update(task, advance=count, description=f"checking {Path(source.name).name}")

        yield read
