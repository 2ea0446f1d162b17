"""The way of a claim, from its file's receipt to its decision."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Table, func, insert, select

from gateway import synth
from gateway.bench import history as past
from gateway.bench.figures import DAY, about
from gateway.bench.installation import Installation, Workers, installation
from gateway.flow.context import Context
from gateway.flow.parties import Parties
from gateway.store import documents, migrate
from gateway.store.engine import Store
from gateway.store.schema import claim, decision, entry, fact, journal, posting

DECIDING = ("intake", "route", "adjudicate")
"""Steps before a decision; notices and deliveries are not in the way of one."""

LATER = ("answer", "gather", "notify", "deliver")
"""What a decided claim causes."""

WRITTEN: Sequence[Table] = (claim, decision, entry, fact, journal, posting)
"""What the pipeline writes of a claim for good."""

SPONSOR = "bluebonnet"
"""The employer of the sample; it has as many adjudication lanes as there are workers, as a large one has."""

CLAIMS_A_FILE = 1_000
"""Claims of a file, as a clearing house cuts them: while one is read, those of the one before it are decided."""

FIRST_FILE = 200
"""Claims that are decided before the clock runs: the guides are loaded then, as in a daemon that runs for days."""


def pipeline(count: int, seed: int, workers: int, history: int = 0) -> dict[str, Any]:
    """One 834, then 837Ps of count claims on SQLite; only these claims are timed.

    history: claims of the past that are written before (`gateway.bench.history`).
    """
    with installation() as made:
        context = made.context
        _give_lanes(context, workers)
        with made.workers(workers) as children:
            made.put(SPONSOR, synth.iter_834(count, seed, DAY))
            made.until_done(children, *DECIDING)
            made.put("clearpath", synth.iter_837p(count, FIRST_FILE, seed, 0, DAY, begin=count))
            made.until_done(children, *DECIDING, *LATER)
            past.fill(context.store, SPONSOR, history)
            seconds, cpu_s = _decide(made, children, count, seed)
        plain = (count + FIRST_FILE) / _plain_insert(context, made.folder)
    rate = count / seconds
    return {
        **about(seed), "claims": count, "workers": workers, "history": history, "claims_per_second": round(rate, 1),
        "cpu_us_per_claim": round(cpu_s / count * 1e6), "insert_claims_per_second": round(plain, 1),
        "ratio_to_insert": round(rate / plain, 3),
    }  # fmt: skip


def _give_lanes(context: Context, shards: int) -> None:
    with context.store.write("load") as connection:
        sponsor = replace(Parties(connection, DAY).sponsor(SPONSOR), shards=shards)
        documents.put(connection, context.now_us, "sponsor", SPONSOR, date(DAY.year, 1, 1), None, sponsor)


def _decide(made: Installation, children: Workers, count: int, seed: int) -> tuple[float, float]:
    """Seconds until the files' claims are decided, and the workers' CPU seconds."""
    files = [
        list(synth.iter_837p(count, min(CLAIMS_A_FILE, count - begin), seed, 0, DAY, begin=begin, control=n))
        for n, begin in enumerate(range(0, count, CLAIMS_A_FILE), 2)
    ]
    before, used = _decided(made.context), _cpu_s(children)
    begun = time.monotonic()
    for pieces in files:
        made.put("clearpath", pieces)
    made.until_done(children, *DECIDING)
    seconds, used = time.monotonic() - begun, _cpu_s(children) - used
    if _decided(made.context) - before != count:
        raise AssertionError(f"not {count} claims were decided")
    return seconds, used


def _decided(context: Context) -> int:
    with context.store.read() as connection:
        mine = select(func.count()).where(claim.c.sponsor_id == SPONSOR, claim.c.state.in_(("decided", "pended")))
        return connection.execute(mine).scalar_one()


def _cpu_s(children: Iterable[Any]) -> float:
    """CPU seconds of processes so far: utime and stime of /proc/PID/stat, behind the name, which may hold anything."""
    ticks = 0
    for child in children:
        said = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(said[11]) + int(said[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _plain_insert(context: Context, folder: Path) -> float:
    """Seconds to write what the pipeline wrote with Core executemany, 1,000 a batch, into an empty database."""
    rows: dict[str, list[dict[str, Any]]] = {}
    with context.store.read() as connection:
        for table in WRITTEN:
            mine = select(table).where(table.c.icn.not_like(past.OWN)) if "icn" in table.c else select(table)
            rows[table.name] = [dict(row) for row in connection.execute(mine).mappings()]
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
