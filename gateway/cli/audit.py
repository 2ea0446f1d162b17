"""audit: decided claims decided once more; samples of them for an auditor from outside."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import click
import msgspec

from gateway.cli.common import (
    BAD_DATA,
    Day,
    Said,
    config_option,
    context_of,
    emit,
    json_option,
    table,
    watched,
    write_file,
    write_pieces,
)
from gateway.errors import BadData
from gateway.flow import auditing, explaining, sampling
from gateway.flow.auditing import Audited, Chosen
from gateway.flow.sampling import Sample
from gateway.plan.claims.sampling import Method
from gateway.plan.rounding import dollars

KEPT = 10_000
"""Decisions that differ listed, some 500 bytes each, so 5 MB; more of them have one cause, and are counted."""


MOST = 2_000
"""Claims of one sample: an auditor looks at 200 to 400; each worksheet is held in memory, 20 KB, so 40 MB."""


@click.group()
def audit() -> None:
    """Whether what was decided still follows from what it was decided on; nothing is changed."""


@audit.command("claims")
@click.option("--sponsor", default="", metavar="ID", help="Of this employer; of all otherwise.")
@click.option("--from", "first", type=Day(), help="Decided on this day or later.")
@click.option("--to", "last", type=Day(), help="Decided on this day or earlier.")
@config_option
@json_option
def audit_claims(sponsor: str, first: date | None, last: date | None, config: Path, as_json: bool) -> int:
    """Decide decided claims once more, each on its inputs as they were that day, and list every difference.

    Plan version, member, history, accumulators before, prices, evidence and rulings are those kept with the decision.
    Reversals are made once more of what they took back, and what is booked is compared with what was decided. Claims
    taken over were decided elsewhere. Exit 0 when nothing differs, 65 when something does.
    """
    context, chosen = context_of(config), Chosen(sponsor=sponsor, first=first, last=last)
    counts: Counter[str] = Counter()
    differing: list[Audited] = []
    for one in watched("auditing", auditing.decisions(context, chosen), auditing.count(context, chosen)):
        counts[one.state] += 1
        if one.differences and len(differing) < KEPT:
            differing.append(one)
    data = {
        "decisions": counts.total(), "same": counts["same"], "differs": counts["differs"],
        "taken_over": counts["taken over"], "differences": msgspec.to_builtins(differing),
    }  # fmt: skip

    def render() -> None:
        rows = [
            (f"{one.icn} v{one.version}", each.place, each.stored, each.again)
            for one in differing for each in one.differences
        ]  # fmt: skip
        if rows:
            table(("claim", "what", "stored", "decided again"), rows)
        said = f"{counts.total():,} decisions: {counts['same']:,} the same, {counts['differs']:,} differ"
        click.echo(f"{said}, {counts['taken over']:,} taken over from another administrator.")
        if counts["differs"] > KEPT:
            click.echo(f"The first {KEPT:,} that differ are listed.")

    emit(data, as_json, render)
    return BAD_DATA if counts["differs"] else 0


@audit.command("sample")
@click.option("--n", "wanted", type=click.IntRange(1, MOST), default=200, show_default=True, help="Claims to draw.")
@click.option("--seed", type=Said(), required=True, help="Any words; the same ones draw the same claims.")
@click.option("--method", type=click.Choice(["simple", "stratified"]), default="stratified", show_default=True,
              help="Each claim alike, or by ranges of paid dollars.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write worksheets into this folder.")
@click.option("--sponsor", default="", metavar="ID", help="Of this employer; of all otherwise.")
@click.option("--from", "first", type=Day(), help="Decided on this day or later.")
@click.option("--to", "last", type=Day(), help="Decided on this day or earlier.")
@config_option
@json_option
def audit_sample(
    wanted: int, seed: str, method: Method, out: Path | None, sponsor: str, first: date | None, last: date | None,
    config: Path, as_json: bool,
) -> None:  # fmt: skip
    """Draw decided claims for an auditor from outside, who can draw the same ones again by the seed.

    Worksheets are sample.csv, a row a line, and sample.html, a sheet a claim to print. They name nobody, but tell of
    people's care.
    """
    context = context_of(config)
    drawn = sampling.draw(context, Chosen(sponsor=sponsor, first=first, last=last), wanted, seed, method)
    if not drawn.claims:
        raise BadData("no claim was decided in those days")
    if out is not None:
        from gateway.pages import worksheets

        icns = watched("reading", (icn for icn, _ in drawn.claims), len(drawn.claims))
        told = [explaining.explained(context, icn) for icn in icns]
        write_file(out / "sample.csv", sampling.worksheet(drawn, told).encode())
        sheets = [(stratum, one) for (_, stratum), one in zip(drawn.claims, told, strict=True)]
        write_pieces(out / "sample.html", worksheets.pieces(drawn.words, drawn.strata, sheets))
    data = {**msgspec.to_builtins(drawn), "weights": {each.name: each.weight for each in drawn.strata}}
    emit(data, as_json, lambda: _tell_sample(drawn, out))


def _tell_sample(drawn: Sample, out: Path | None) -> None:
    rows = [
        (each.name, f"{each.claims:,}", dollars(each.paid_cents), f"{each.drawn:,}", f"{each.weight:.2f}")
        for each in drawn.strata
    ]  # fmt: skip
    table(("paid", "claims", "paid in all", "drawn", "weight"), rows)
    for words in drawn.words:
        click.echo(words)
    if out is None:
        click.echo(" ".join(icn for icn, _ in drawn.claims))
    else:
        click.echo(f"worksheets are in {out}")
