"""explain: why a claim came to what it came to - on a terminal, as JSON, as a page."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.common import claim_argument, config_option, context_of, emit, json_option, table, write_file
from gateway.flow import explaining
from gateway.plan.claims import breakdown, explanation
from gateway.plan.claims.explanation import Explained
from gateway.plan.records import Decision, LineDecision
from gateway.plan.rounding import dollars


@click.command()
@claim_argument
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write it as a page to this file.")
@config_option
@json_option
def explain(icn: str, html: Path | None, config: Path, as_json: bool) -> None:
    """Why CLAIM (our claim number) came to what it came to: every amount with its rule, provision and source.

    The page is one file for a screen or for paper; it names nobody, but tells of one person's care.
    """
    told = explaining.explained(context_of(config), icn)
    if html is not None:
        from gateway.pages import claim as page

        write_file(html, page.render(told).encode())
        if not as_json:
            click.echo(f"written to {html}")
            return
    emit(explanation.told(told), as_json, lambda: _tell(told))


def _tell(told: Explained) -> None:
    click.echo(f"Claim {told.icn} of {told.sponsor}: {told.state}.")
    click.echo(told.came)
    for decision in told.decisions:
        click.echo()
        _decision(decision, told)


def _decision(decision: Decision, told: Explained) -> None:
    click.echo("\n".join(explanation.heading(decision, told.claim)))
    for line in decision.lines:
        table(("where it went", "amount", "why"), list(_rows(line)), title=_title(line, told))
        click.echo(f"  {breakdown.equation([line])}")
    if len(decision.lines) > 1:
        click.echo(f"Together {breakdown.equation(decision.lines)}")


def _title(line: LineDecision, told: Explained) -> str:
    segments = told.origin.line_segments if told.origin else {}
    at = f", segment {segments[line.number]}" if line.number in segments else ""
    return f"\n{explanation.line_heading(line)}{at}"


def _rows(line: LineDecision) -> list[tuple[str, str, str]]:
    rows = [("charge", dollars(line.charge_cents), "")]
    for part in breakdown.parts(line):
        who = f"{breakdown.WORDS[part.where]} {part.code}".strip()
        rows.append((who, dollars(part.cents), "\n".join(map(explanation.step, part.because)) or part.meaning))
    rows += [("", "", explanation.step(step)) for step in breakdown.unnamed(line)]
    return rows
