"""audit: decided claims decided once more, each on what it was decided on then."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import click
import msgspec

from gateway.cli.common import BAD_DATA, Day, config_option, context_of, emit, json_option, table, watched
from gateway.flow import auditing
from gateway.flow.auditing import Audited, Chosen

KEPT = 10_000
"""Decisions that differ listed, some 500 bytes each, so 5 MB; more of them have one cause, and are counted."""


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
