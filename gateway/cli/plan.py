"""plan: a document as an employer signs it, what it would pay, and how it differs from another."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from gateway.cli.common import Day, Dollars, emit, json_option
from gateway.errors import UsageError
from gateway.flow import trying
from gateway.plan.claims import explanation, promises, trial
from gateway.plan.claims.benefits import TIERS
from gateway.plan.rounding import dollars

BAD = 65
"""Exit code: the document contradicts something, or is none."""

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def plan() -> None:
    """Plan documents; nothing of an installation is read or changed."""


@plan.command("check")
@click.argument("file", type=FILE)
@json_option
def plan_check(file: Path, as_json: bool) -> int:
    """Print the plan of FILE as sentences an employer can sign, and every contradiction in it.

    Exit 0 when there is none, 65 when there is one or FILE is no plan document.
    """
    found, problems = trying.examine(file)
    said = promises.promises(found) if found is not None else []
    data = {
        "plan": found.id if found else "", "version": found.version if found else "", "accepted": not problems,
        "problems": problems, "sections": [each._asdict() for each in said],
    }  # fmt: skip

    def render() -> None:
        for each in said:
            click.echo(each.text)
        for problem in problems:
            click.echo(f"contradiction: {problem}" if found else problem, err=True)

    emit(data, as_json, render)
    return BAD if problems else 0


@plan.command("diff")
@click.argument("before", type=FILE)
@click.argument("after", type=FILE)
@json_option
def plan_diff(before: Path, after: Path, as_json: bool) -> None:
    """Say in words what the plan document AFTER changes in BEFORE."""
    found = promises.differences(trying.plan(before), trying.plan(after))

    def render() -> None:
        for each in found:
            click.echo(each.section)
            click.echo(f"  was: {each.was or '-'}")
            click.echo(f"  now: {each.now or '-'}")
        if not found:
            click.echo("The two say the same.")

    emit([each._asdict() for each in found], as_json, render)


@plan.command("try")
@click.argument("file", type=FILE)
@click.argument("claims_file", metavar="CLAIM.x12", type=FILE)
@click.option("--pcn", "pcns", multiple=True, help="Only claims of this patient control number (CLM01).")
@click.option("--providers", type=FILE, help="Provider rows (TOML); without them all are in the tier of --network.")
@click.option("--fees", type=FILE, help="Fee schedule (CSV); without one the charge is the price.")
@click.option("--network", type=click.Choice(TIERS), default="in", show_default=True, help="Tier of the providers.")
@click.option("--tier", default="FAM", show_default=True, help="Who is covered: EMP, ESP, ECH, FAM (HD05).")
@click.option("--relationship", default="", help="The patient's, 18 self; without it the claim's own.")
@click.option("--covered-from", type=Day(), default=None, help="First covered day; the plan's first without it.")
@click.option("--covered-until", type=Day(), default=None, help="Last covered day.")
@click.option("--deductible", type=Dollars(), default="0", help="Deductible the patient has met before.")
@click.option("--oop", type=Dollars(), default="0", help="Out of pocket the patient has paid before.")
@click.option("--paid", type=Dollars(), default="0", help="What the plan has paid for the patient before.")
@click.option("--family-deductible", type=Dollars(), default="0", help="Deductible the rest of the family has met.")
@click.option("--family-oop", type=Dollars(), default="0", help="Out of pocket the rest of the family has paid.")
@click.option("--authorised", is_flag=True, help="Every service was authorised before.")
@json_option
def plan_try(
    file: Path, claims_file: Path, pcns: tuple[str, ...], providers: Path | None, fees: Path | None, network: Any,
    tier: str, relationship: str, covered_from: date | None, covered_until: date | None, deductible: int, oop: int,
    paid: int, family_deductible: int, family_oop: int, authorised: bool, as_json: bool,
) -> None:  # fmt: skip
    """Show what the plan of FILE would pay of the claims in CLAIM.x12, and why, for people made up to be covered.

    Accidents are taken as none. Claims are decided in order; amounts met before hold for every patient of the file.
    """
    document = trying.plan(file)
    claims = [claim for claim in trying.claims(claims_file) if not pcns or claim.pcn in pcns]
    if not claims:
        raise UsageError(f"no claim {' or '.join(pcns)} in {claims_file.name}")
    supposed = trial.Supposed(
        tier=tier, relationship=relationship, covered_from=covered_from, covered_until=covered_until, network=network,
        deductible_cents=deductible, oop_cents=oop, paid_cents=paid, family_deductible_cents=family_deductible,
        family_oop_cents=family_oop, authorised=authorised,
    )  # fmt: skip
    rows = trying.providers(providers) if providers else []
    tried = list(trial.run(document, claims, supposed, rows, trying.fees(fees) if fees else []))
    total = sum(each.decision.paid_cents for each in tried)
    data = {
        "plan": document.id, "version": document.version, "paid_cents": total,
        "claims": [
            {"pcn": each.claim.pcn, **explanation.document(each.decision, each.claim)} for each in tried
        ],
    }  # fmt: skip

    def render() -> None:
        for each in tried:
            click.echo("\n".join(explanation.lines(each.decision, each.claim)))
        click.echo(f"In all the plan would pay {dollars(total)}.")

    emit(data, as_json, render)
