"""claim: one claim - its versions, the claims it bears on, taking it back."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import select

from gateway.cli.common import (
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
from gateway.flow import affected, chain
from gateway.flow import reprocess as reprocesses
from gateway.flow.affected import Filter
from gateway.plan.claims.reprocessing import REMARKS, Because
from gateway.plan.rounding import dollars
from gateway.store.schema import claim as claim_table


@click.group()
def claim() -> None:
    """One claim and what came of it."""


@claim.command()
@claim_argument
@config_option
@json_option
def versions(icn: str, config: Path, as_json: bool) -> None:
    """Every version of CLAIM and of those it replaced or that replaced it, each with what made it."""
    with context_of(config).store.read() as connection:
        found = chain.read(connection, icn)

    def render() -> None:
        rows = [
            (v.n, v.icn, v.version, v.on, v.outcome, v.status, dollars(v.paid_cents), dollars(v.patient_cents), v.cause)
            for v in found.versions
        ]
        table(("n", "claim", "version", "on", "outcome", "status", "paid", "patient", "cause"), rows)
        click.echo(f"In force: {found.in_force or 'nothing'}")

    emit(found, as_json, render)


@claim.command("affected")
@claim_argument
@config_option
@json_option
def affected_command(icn: str, config: Path, as_json: bool) -> None:
    """The later claims of CLAIM's family that would come to something else if decided again in order."""
    context = context_of(config)
    with context.store.read() as connection:
        row = connection.execute(select(claim_table).where(claim_table.c.icn == icn)).one_or_none()
        if row is None:
            raise UsageError(f"no claim {icn}")
        later = affected.later(connection, row.sponsor_id, row.family_root, [icn]) if row.family_root else []
        icns = [turn.row.icn for turn in later if turn.row.icn != icn]
        look = reprocesses.look(connection, context, row.sponsor_id, icns)
    named = " ".join(f"--claim {each.icn}" for each in look.claims)

    def render() -> None:
        tell_look(look)
        if look.moves:
            click.echo(f"To decide them again in this order: gateway reprocess claims {named}")

    emit(look, as_json, render)


@claim.command()
@claim_argument
@click.option("--because", type=click.Choice(sorted(REMARKS)), default="provider-cancelled", show_default=True,
              help="What the 835's reversal says it is for.")  # fmt: skip
@why_option
@yes_option
@user_option
@config_option
@json_option
def void(icn: str, because: Because, why: str | None, yes: bool, user: str | None, config: Path, as_json: bool) -> None:
    """Take CLAIM back, as a void by its provider would (CLM05-3 8)."""
    doing = said_why(yes, why)
    context = context_of(config)
    with context.store.read() as connection:
        found = affected.find(connection, Filter(icns=(icn,)))
        if not found:
            raise UsageError(f"claim {icn} is not decided, was taken back, or waits for a correction or reprocess")
        ((sponsor_id, icns),) = found.items()
        look = reprocesses.look(connection, context, sponsor_id, icns, void=True)
    asked = [reprocesses.ask(context, look, because, actor(user), doing)] if doing is not None else None

    def render() -> None:
        tell_look(look)
        tell_asked(asked)

    emit({"look": look, "asked": asked}, as_json, render)
