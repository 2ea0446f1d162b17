"""The long run: `python -m tests.parsers.differential --count 10000 [--guide 837I] [--seed 1]`.

Prints every difference that no row explains, and which rows were used; ends with 1 if there is one, or if a row was
not used by a run over all guides.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import click

from .explained import ROWS
from .mutants import BASES
from .opinions import SecondOpinion, folder_for_pyx12
from .runs import Difference, run, used

SHOWN = 40
"""Unexplained differences printed for a guide: more than a person reads."""

STEP = 1_000


def main() -> int:
    """The command. Returns: its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="mutants of each guide")
    parser.add_argument("--guide", choices=tuple(BASES), action="append", help="this guide only; may be repeated")
    parser.add_argument("--seed", type=int, default=1)
    said = parser.parse_args()
    found: list[Difference] = []
    with tempfile.TemporaryDirectory() as folder:
        second = SecondOpinion(folder_for_pyx12(Path(folder)))
        for guide in said.guide or BASES:
            found += _guide(guide, said.count, said.seed, second)
    rows = used(found)
    unused = [row.name for row in ROWS if row.name not in rows]
    click.echo("\n".join(f"{rows[row.name]:7} {row.name}: {row.reason}" for row in ROWS))
    unexplained = sum(difference.row is None for difference in found)
    click.echo(f"{unexplained} differences without a reason; rows not used: {', '.join(unused) or 'none'}")
    return int(unexplained > 0 or (bool(unused) and not said.guide))


def _guide(guide: str, count: int, seed: int, second: SecondOpinion) -> list[Difference]:
    begun, found = time.monotonic(), []
    for number, difference in enumerate(run(guide, range(count), seed, second), 1):
        found += [difference] if difference else []
        if number % STEP == 0:
            click.echo(f"{guide}: {number} of {count}, {time.monotonic() - begun:.0f} s", err=True)
    unexplained = [difference for difference in found if difference.row is None]
    click.echo(f"{guide}: {count} mutants, {len(found)} differences, {len(unexplained)} without a reason")
    click.echo("".join(f"  {difference}\n" for difference in unexplained[:SHOWN]), nl=False)
    return found


if __name__ == "__main__":
    sys.exit(main())
