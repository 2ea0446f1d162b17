"""compare: another administrator's paid claims decided by us, each difference with both reasons; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from gateway.cli.common import BAD_DATA, config_option, context_of, json_option, table, watched, write_pieces
from gateway.flow import shadow
from gateway.flow.scratch import Scratch
from gateway.plan.claims.comparing import Adding, Compared, Order, Totals
from gateway.plan.rounding import dollars

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)

SHOWN = 50
"""Claims told on a terminal: a few screens; the page and the JSON have all of them."""


@click.command()
@click.option("--claims", multiple=True, required=True, type=FILE, metavar="OLD.837", help="Their claims; repeatable.")
@click.option("--paid", multiple=True, required=True, type=FILE, metavar="OLD.835", help="What they paid; repeatable.")
@click.option("--order", type=click.Choice(["received", "service"]), default="received", show_default=True,
              help="Decide claims as they stand in the files, or by their first day of service.")  # fmt: skip
@click.option("--sponsor", default="", metavar="ID", help="The employer of all claims, whatever group they name.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write every difference to this page.")
@config_option
@json_option
def compare(
    claims: tuple[Path, ...], paid: tuple[Path, ...], order: Order, sponsor: str, html: Path | None, config: Path,
    as_json: bool,
) -> int:  # fmt: skip
    """Decide another administrator's claims by our plans and compare with what it paid. Nothing is written.

    Members, plans, prices and evidence are those on file today; accumulators and history begin as taken over and run on
    in memory. Claims are found in the 835s by patient account number. Exit 0 when nothing differs, 65 when something
    does. Page and JSON hold account numbers: keep them as safe as the files.
    """
    context, adding = context_of(config), Adding()
    with Scratch() as scratch:
        found = shadow.compared(context, scratch, claims, paid, order, sponsor)
        for one in watched("comparing", found, None):
            adding.add(one)
        totals = adding.totals(scratch.reversals())
        if html is not None:
            from gateway.pages import comparison

            write_pieces(html, comparison.pieces(totals, scratch.differing(), order))
        if as_json:
            for piece in _json(totals, scratch.differing()):
                click.echo(piece)
        else:
            _tell(totals, scratch.differing(), html)
    return BAD_DATA if totals.groups else 0


def _json(totals: Totals, differing: Iterator[Compared]) -> Iterator[str]:
    """One document, a claim a line, written as it is read: a year of claims is more than fits into memory."""
    yield f'{{"totals": {msgspec.json.encode(totals).decode()}, "cents": {totals.cents}, "claims": ['
    before = ""
    for one in differing:
        yield before + msgspec.json.encode(one).decode()
        before = ","
    yield "]}"


def _tell(totals: Totals, differing: Iterator[Compared], html: Path | None) -> None:
    if html is None:
        for n, one in enumerate(differing):
            if n == SHOWN:
                click.echo("More differ; --html FILE or --json tells them all.")
                break
            _claim(one)
    rows = [(group.cause, f"{group.claims:,}", dollars(group.cents)) for group in totals.groups]
    if rows:
        table(("cause", "claims", "we less they"), rows)
    click.echo(f"{totals.claims:,} claims, {totals.same:,} the same; {totals.reversals:,} taken back in the 835s.")
    ours, theirs = dollars(totals.ours_cents), dollars(totals.theirs_cents)
    click.echo(f"We would pay {ours}, they paid {theirs}: {dollars(abs(totals.cents))} {_more(totals.cents)}.")
    if html is not None:
        click.echo(f"written to {html}")


def _more(cents: int) -> str:
    return "less" if cents < 0 else "more"


def _claim(one: Compared) -> None:
    said = f"Claim {one.nth or '-'} {one.icn}".strip()
    money = f"charge {dollars(one.charge_cents)}, we {dollars(one.ours_cents)}, they {dollars(one.theirs_cents)}"
    click.echo(f"{said}: {one.cause}; {money}")
    for words in one.knows:
        click.echo(f"  {words}")
    for line in one.lines:
        click.echo(f"  {f'line {line.number} {line.procedure}' if line.number else 'the claim'}: {line.cause}")
        for who, side in (("we pay", line.ours), ("they paid", line.theirs)):
            click.echo(f"    {who} {dollars(side.paid_cents)}")
            for words in side.words:
                click.echo(f"      {words}")
