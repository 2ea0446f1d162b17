"""reprocess: decided claims are decided again - what it would come to, then doing it."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click

from gateway.cli.common import (
    NOT_DONE,
    Day,
    actor,
    config_option,
    context_of,
    emit,
    json_option,
    said_why,
    table,
    user_option,
    why_option,
    yes_option,
)
from gateway.errors import UsageError
from gateway.flow import affected
from gateway.flow import reprocess as reprocesses
from gateway.flow.affected import Filter
from gateway.flow.context import Context
from gateway.flow.reprocess import Asked, Look
from gateway.plan.claims.reprocessing import REMARKS, Because
from gateway.plan.rounding import dollars

NUMBER = click.argument("number", type=click.IntRange(1))


@click.group()
def reprocess() -> None:
    """Decided claims that are decided again."""


@reprocess.command()
@click.option("--claim", "icns", multiple=True, metavar="CLAIM", help="This one; repeatable.")
@click.option("--sponsor", "sponsor_id", default="", help="Only of this employer.")
@click.option("--member", "person", default="", help="Only of this person: our id, member's or subscriber's number.")
@click.option("--plan", "plan_id", default="", help="Only decided by this plan document.")
@click.option("--provider", "npi", default="", help="Only of this billing provider's NPI.")
@click.option("--code", default="", help="Only with a line of this procedure.")
@click.option("--from", "first", type=Day(), default=None, help="Only with service on this day or later.")
@click.option("--to", "last", type=Day(), default=None, help="Only with service on this day or before.")
@click.option("--reason-code", "reason", default="", metavar="CARC", help="Only with a line adjusted for this reason.")
@click.option("--hold", "hold_id", default="", metavar="ID", help="Those that a hold of kind review names.")
@click.option("--later", is_flag=True, help="With them the later claims of their families, in order.")
@click.option("--because", type=click.Choice(sorted(REMARKS)), default="", help="What the reversal says it is for.")
@why_option
@yes_option
@user_option
@config_option
@json_option
def claims(
    icns: tuple[str, ...], sponsor_id: str, person: str, plan_id: str, npi: str, code: str, first: date | None,
    last: date | None, reason: str, hold_id: str, later: bool, because: Because, why: str | None, yes: bool,
    user: str | None, config: Path, as_json: bool,
) -> None:  # fmt: skip
    """What decided claims would come to if decided again as of now; with --yes, decide them so."""
    wanted = Filter(icns=icns, sponsor_id=sponsor_id, person=person, plan_id=plan_id, npi=npi, code=code.upper(),
                    first=first, last=last, reason=reason, hold_id=hold_id, later=later)  # fmt: skip
    if wanted.empty:
        raise UsageError("say which claims: --claim, --hold, --sponsor, --member, --plan, --provider, --code ...")
    doing = said_why(yes, why)
    context = context_of(config)
    shown = _look(context, wanted)
    asked = None
    if doing is not None:
        moving = [look for look in shown if look.moves]
        asked = [reprocesses.ask(context, look, because, actor(user), doing, hold_id=hold_id) for look in moving]
    emit({"looks": shown, "asked": asked}, as_json, lambda: _tell(shown, asked))


def _look(context: Context, wanted: Filter) -> list[Look]:
    with context.store.read() as connection:
        found = affected.find(connection, wanted)
        count = sum(len(icns) for icns in found.values())
        quiet = not sys.stderr.isatty()
        with click.progressbar(length=count, label="deciding", file=sys.stderr, hidden=quiet) as bar:
            return [
                reprocesses.look(connection, context, sponsor_id, icns, told=bar.update)
                for sponsor_id, icns in sorted(found.items())
            ]


def _tell(shown: list[Look], asked: list[Asked] | None) -> None:
    for each in shown:
        tell_look(each)
    if not shown:
        click.echo("No decided claim is meant.")
    tell_asked(asked)
    if asked == []:
        click.echo("Nothing changes, so nothing is done.")


def tell_look(look: Look) -> None:
    """What claims of one employer would come to, the money first."""
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in look.outcomes.items())
    click.echo(
        f"{look.sponsor_id}: {look.looked} claims looked at ({outcomes}); plan pays {dollars(look.more_cents)} more, "
        f"takes back {dollars(look.back_cents)}, patients owe {dollars(look.patient_cents)} more"
    )
    columns = ("claim", "outcome", "paid", "would pay", "patient owed", "would owe", "codes or reason to wait")
    table(columns, [
        (c.icn, c.outcome, dollars(c.before_paid_cents), dollars(c.paid_cents), dollars(c.before_patient_cents),
         dollars(c.patient_cents), f"{c.queue}: {c.reason}" if c.queue else " ".join(c.codes)) for c in look.claims
    ])  # fmt: skip
    table(("tax id", "NPI", "net"), [(tin, npi, dollars(cents)) for tin, npi, cents in look.payees])


def tell_asked(asked: list[Asked] | None) -> None:
    """What was asked for, or that nothing was."""
    if asked is None:
        click.echo(NOT_DONE)
    for one in asked or ():
        more = f"; another person: gateway reprocess approve {one.number}" if "another" in one.state else ""
        click.echo(f"reprocess {one.number} of {one.sponsor_id}: {one.state}{more}")


@reprocess.command()
@NUMBER
@user_option
@config_option
@json_option
def approve(number: int, user: str | None, config: Path, as_json: bool) -> None:
    """Agree to reprocess NUMBER, which another person asked for."""
    _said(reprocesses.approve(context_of(config), number, actor(user)), as_json)


@reprocess.command()
@NUMBER
@user_option
@config_option
@json_option
def withdraw(number: int, user: str | None, config: Path, as_json: bool) -> None:
    """Think better of reprocess NUMBER while it waits for another person."""
    _said(reprocesses.withdraw(context_of(config), number, actor(user)), as_json)


def _said(one: Asked, as_json: bool) -> None:
    emit({"asked": one, "state": one.state}, as_json, lambda: click.echo(f"reprocess {one.number}: {one.state}"))


@reprocess.command("list")
@config_option
@json_option
def reprocess_list(config: Path, as_json: bool) -> None:
    """Every reprocess, newest first, and how far it is."""
    with context_of(config).store.read() as connection:
        found = reprocesses.every(connection)
    rows = [
        (one.number, one.sponsor_id, one.asked_on, " and ".join(one.asked_by), one.state, _counts(one), one.why)
        for one in found
    ]
    data = [{"asked": one, "state": one.state} for one in found]
    emit(data, as_json, lambda: table(("number", "sponsor", "on", "by", "state", "claims", "why"), rows))


def _counts(one: Asked) -> str:
    return ", ".join(f"{count} {done or 'due'}" for done, count in sorted(one.claims.items()))
