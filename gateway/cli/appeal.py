"""appeal: decided claims that somebody wants looked at again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from gateway.cli.common import (
    NOT_DONE,
    Day,
    Said,
    actor,
    claim_argument,
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
from gateway.cli.reprocess import tell_asked, tell_look
from gateway.errors import UsageError
from gateway.flow import appeals
from gateway.flow.appeals import Verdict
from gateway.plan.claims.appeals import By
from gateway.store import installation


@click.group()
def appeal() -> None:
    """Appeals of decided claims."""


@appeal.command("open")
@claim_argument
@click.argument("text", type=Said())
@click.option("--by", type=click.Choice(("provider", "patient")), required=True, help="Who appeals.")
@click.option("--received", type=Day(), default=None, help="The day it came; today otherwise.")
@click.option("--urgent", is_flag=True, help="Of urgent care: to be decided within 72 hours.")
@user_option
@config_option
@json_option
def appeal_open(
    icn: str, text: str, by: By, received: date | None, urgent: bool, user: str | None, config: Path, as_json: bool
) -> None:  # fmt: skip
    """Take in an appeal of CLAIM that says TEXT; its clock runs from the day it came."""
    context = context_of(config)
    with context.store.read() as connection:
        on = received or installation.business_date(connection)
    found = appeals.open_(context, icn, by, on, actor(user), text, urgent=urgent)
    late = f"; it came {found.late_days} days after the last day to file" if found.late_days else ""
    emit(found, as_json, lambda: click.echo(f"{icn}: level {found.level}, to be decided by {found.due_on}{late}"))


@appeal.command()
@claim_argument
@click.argument("text", type=Said())
@user_option
@config_option
@json_option
def note(icn: str, text: str, user: str | None, config: Path, as_json: bool) -> None:
    """Keep TEXT with the open appeal of CLAIM."""
    appeals.note(context_of(config), icn, actor(user), text)
    emit({"claim": icn, "said": "noted"}, as_json, lambda: click.echo(f"{icn}: noted"))


@appeal.command()
@claim_argument
@click.argument("verdict", type=click.Choice(("upheld", "overturned", "partly")))
@click.option("--edit", "edits", multiple=True, help="What is set aside for it; repeatable.")
@click.option("--line", "lines", multiple=True, type=click.IntRange(1), help="Of this line alone; repeatable.")
@why_option
@yes_option
@user_option
@config_option
@json_option
def decide(
    icn: str, verdict: Verdict, edits: tuple[str, ...], lines: tuple[int, ...], why: str | None, yes: bool,
    user: str | None, config: Path, as_json: bool,
) -> None:  # fmt: skip
    """Decide the open appeal of CLAIM; overturned, the claim is decided again without EDIT and nobody's denial."""
    doing = said_why(yes, why)
    if verdict == "upheld" and (edits or lines):
        raise UsageError("an upheld decision stands: nothing is set aside")
    context = context_of(config)
    look, made = None, ""
    if verdict != "upheld":
        look, made = appeals.look(context, icn, actor(user), why or "as previewed", edits, lines)
    found, asked = None, None
    if doing is not None:
        found, asked = appeals.decide(context, icn, verdict, actor(user), doing, look, made)

    def render() -> None:
        if look is not None:
            tell_look(look)
        if found is None:
            click.echo(NOT_DONE)
        else:
            click.echo(f"{icn}: {found.state}")
            tell_asked([asked] if asked else [])

    emit({"look": look, "appeal": found, "asked": asked}, as_json, render)


@appeal.command("list")
@click.option("--sponsor", "sponsor_id", default="", help="Only of this employer.")
@click.option("--all", "everything", is_flag=True, help="Decided ones, too.")
@config_option
@json_option
def appeal_list(sponsor_id: str, everything: bool, config: Path, as_json: bool) -> None:
    """Appeals that wait for a decision, by their last day."""
    with context_of(config).store.read() as connection:
        found = appeals.find(connection, sponsor_id=sponsor_id, everything=everything)
        today = installation.business_date(connection).isoformat()
    rows = [
        (a.icn, a.sponsor_id, a.level, a.kind, a.by, a.received_on, f"{a.due_on}{'!' if a.due_on < today else ''}",
         a.late_days or "", a.state, a.reprocess or "") for a in found
    ]  # fmt: skip
    columns = ("claim", "sponsor", "level", "kind", "by", "received", "due", "days late", "state", "reprocess")
    emit(found, as_json, lambda: table(columns, rows))
