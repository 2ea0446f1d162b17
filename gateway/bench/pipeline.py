"""The way of a claim, from its file's receipt to its decision."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Table, func, insert, select

from gateway import synth
from gateway.bench.figures import DAY, about
from gateway.bench.installation import installation
from gateway.flow.context import Context
from gateway.store import migrate
from gateway.store.engine import Store
from gateway.store.schema import claim, decision, entry, fact, journal, posting

DECIDING = ("intake", "route", "adjudicate")
"""Steps before a decision; notices and deliveries are not in the way of one."""

WRITTEN: Sequence[Table] = (claim, decision, entry, fact, journal, posting)
"""What the pipeline writes of a claim for good."""


def pipeline(count: int, seed: int, workers: int) -> dict[str, Any]:
    """One 834 and one 837P of count claims on SQLite; only the claims are timed."""
    with installation() as made:
        context = made.context
        with made.workers(workers) as children:
            made.put("bluebonnet", synth.iter_834(count, seed, DAY))
            made.until_done(children, *DECIDING)
            made.put("clearpath", synth.iter_837p(count, count, seed, 0, DAY))
            seconds = made.until_done(children, *DECIDING)
        with context.store.read() as connection:
            decided = connection.execute(
                select(func.count()).select_from(claim).where(claim.c.state.in_(("decided", "pended")))
            ).scalar_one()
        if decided != count:
            raise AssertionError(f"{decided} of {count} claims were decided")
        plain = _plain_insert(context, made.folder)
    rate = count / seconds
    return {
        **about(seed), "claims": count, "workers": workers, "claims_per_second": round(rate, 1),
        "insert_claims_per_second": round(count / plain, 1), "ratio_to_insert": round(rate * plain / count, 3),
    }  # fmt: skip


def _plain_insert(context: Context, folder: Path) -> float:
    """Seconds to write the same rows with Core executemany, 1,000 a batch, into an empty database."""
    rows: dict[str, list[dict[str, Any]]] = {}
    with context.store.read() as connection:
        for table in WRITTEN:
            rows[table.name] = [dict(row) for row in connection.execute(select(table)).mappings()]
    other = Store(f"sqlite:///{folder}/plain.db")
    migrate.upgrade(other)
    begun = time.monotonic()
    for table in WRITTEN:
        for start in range(0, len(rows[table.name]), 1000):
            with other.write("bench") as connection:
                connection.execute(insert(table), rows[table.name][start : start + 1000])
    seconds = time.monotonic() - begun
    other.close()
    return seconds
