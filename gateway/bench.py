"""Measurements: ratios taken in one run, printed with seed, machine and versions, so that anybody can repeat them.

validate: CPU time of pyx12's full validation with its 999, divided by ours, on the same bytes in the same process.
pipeline: claims per second from receipt to committed decision through real workers, and the ratio of that rate to a
plain Core executemany of the same rows, 1,000 a batch, with the same pragmas, in the same run.
"""

from __future__ import annotations

import io
import logging
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyx12.params
import pyx12.x12n_document
from sqlalchemy import Table, func, insert, select

from gateway import settings as settings_module
from gateway import synth
from gateway.flow import beginning, loading, opening, uploads
from gateway.flow.context import Context
from gateway.settings import shipped
from gateway.store import migrate, sealed
from gateway.store.engine import Store
from gateway.store.schema import claim, decision, entry, fact, journal, posting, work
from mappings import implementation_ack
from mappings.codecs import cents
from parsers import guides
from parsers.envelope import EnvelopePolicy
from parsers.events import GroupClosed, Unit
from parsers.reader import Reader

PIECE = 1 << 20
"""Bytes fed at a time: what a sealed row holds."""

DAY = date(2026, 4, 6)
"""Date of every bench file."""

COLD_CLAIMS = 1_000
"""Claims of the cold start: a small file in a fresh process."""

LOOK_S = 0.05
"""How often the bench looks whether the workers are done."""

Timed = Callable[[], None]


def about(seed: int) -> dict[str, Any]:
    """What a figure depends on."""
    return {
        "seed": seed, "machine": f"{platform.machine()} {os.cpu_count()} cores", "python": platform.python_version(),
        "versions": {name: version(name) for name in ("pyx12", "twisted", "sqlalchemy", "msgspec")},
    }  # fmt: skip


# ---- validate --------------------------------------------------------------------------------------------------------


def validate(count: int, seed: int) -> dict[str, Any]:
    """Ratios for 837P and 834 of count claims or members."""
    files = {
        "837P": synth.write_837p(count, count, seed, 0, DAY),
        "834": synth.write_834(count, seed, DAY),
    }
    results = [_guide_ratios(name, data, count, seed) for name, data in files.items()]
    return {**about(seed), "claims": count, "results": results}


def _guide_ratios(name: str, data: bytes, count: int, seed: int) -> dict[str, Any]:
    dirty = _dirtied(data, seed)
    theirs, theirs_dirty = _cpu(lambda: _pyx12(data)), _cpu(lambda: _pyx12(dirty))
    ours = _median(lambda: _read(data))
    full = _median(lambda: _read_full(data))
    ours_dirty = _median(lambda: _read(dirty))
    small = (
        synth.write_837p(COLD_CLAIMS, COLD_CLAIMS, seed, 0, DAY)
        if name == "837P"
        else synth.write_834(COLD_CLAIMS, seed, DAY)
    )
    return {
        "guide": name, "validate": _ratio(theirs, ours), "full": _ratio(theirs, full),
        "dirty": _ratio(theirs_dirty, ours_dirty), "cold": _cold(small),
        "cpu_s": round(full, 3), "pyx12_cpu_s": round(theirs, 3),
    }  # fmt: skip


def _ratio(theirs: float, ours: float) -> float:
    return round(theirs / ours, 1)


def _cpu(work: Timed) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _median(work: Timed, times: int = 3) -> float:
    return sorted(_cpu(work) for _ in range(times))[times // 2]


def _pieces(data: bytes) -> Iterable[bytes]:
    return (data[at : at + PIECE] for at in range(0, len(data), PIECE))


_guide = lru_cache(guides.load)


def _reader() -> Reader:
    """A reader as a worker has it: guides are compiled once a process; the cold figure tells what that costs."""
    return Reader(_guide, EnvelopePolicy())


def _read(data: bytes) -> None:
    """Validation alone."""
    reader = _reader()
    for piece in _pieces(data):
        for _ in reader.events(piece):
            pass
    reader.close()


def _read_full(data: bytes) -> None:
    """Validation, every claim or member handed out as rows, the claims' balance, and the 999."""
    reader = _reader()
    unbalanced = 0
    for piece in _pieces(data):
        for event in reader.events(piece):
            if isinstance(event, Unit):
                unbalanced += event.kind == "2300" and not _balances(event)
            elif isinstance(event, GroupClosed):
                implementation_ack.write(event.verdict)
    reader.close()
    if unbalanced:
        raise AssertionError(f"{unbalanced} claims do not balance")


def _balances(unit: Unit) -> bool:
    """CLM02 is the sum of the lines' charges (SV102)."""
    total = lines = 0
    for _, row in unit.rows:
        if row[0] == "CLM":
            total = cents(row[2])
        elif row[0] == "SV1":
            lines += cents(row[2])
    return total == lines


def _pyx12(data: bytes) -> None:
    """Its full validation, writing its 999."""
    logging.getLogger("pyx12").setLevel(logging.CRITICAL)
    pyx12.x12n_document.x12n_document(
        pyx12.params.params(), io.StringIO(data.decode("ascii")), io.StringIO(), None, None
    )


def _dirtied(data: bytes, seed: int) -> bytes:
    """One segment in a hundred broken: its last element too long for any guide."""
    segments = data.split(b"~")
    body = [i for i, s in enumerate(segments) if s.strip()[:3] not in (b"ISA", b"GS*", b"ST*", b"SE*", b"GE*", b"IEA")]
    for i in body[seed % 100 :: 100]:
        segments[i] += b"X" * 300
    return b"~".join(segments)


_CHILD = """
import io, logging, sys, time
data = sys.stdin.buffer.read()
begun = time.process_time()
if sys.argv[1] == "pyx12":
    import pyx12.params, pyx12.x12n_document
    logging.getLogger("pyx12").setLevel(logging.CRITICAL)
    pyx12.x12n_document.x12n_document(pyx12.params.params(), io.StringIO(data.decode()), io.StringIO(), None, None)
else:
    from pathlib import Path
    from gateway.flow.context import FolderCache
    from parsers import guides
    from parsers.envelope import EnvelopePolicy
    from parsers.reader import Reader
    cache = FolderCache(Path(sys.argv[2]))
    reader = Reader(lambda gs08: guides.load(gs08, cache), EnvelopePolicy())
    for _ in reader.events(data): pass
    reader.close()
print(time.process_time() - begun)
"""


def _cold(data: bytes) -> float:
    """The ratio of a fresh process each, imports included, table cache present."""
    with tempfile.TemporaryDirectory() as folder:

        def child(which: str) -> float:
            made = subprocess.run(
                [sys.executable, "-c", _CHILD, which, folder], input=data, capture_output=True, check=True
            )
            return float(made.stdout)

        child("ours")
        return _ratio(sorted(child("pyx12") for _ in range(3))[1], sorted(child("ours") for _ in range(3))[1])


# ---- pipeline --------------------------------------------------------------------------------------------------------

WRITTEN: Sequence[Table] = (claim, decision, entry, fact, journal, posting)
"""What the pipeline writes of a claim for good."""


def pipeline(count: int, seed: int, workers: int) -> dict[str, Any]:
    """One 834 and one 837P of count claims on SQLite; only the claims are timed."""
    with tempfile.TemporaryDirectory() as folder:
        config = beginning.begin(Path(folder) / "state", "T", first_business_date=DAY.isoformat())
        settings = settings_module.load(config)
        opening.create(settings, DAY)
        context = opening.open_context(settings)
        _load(context)
        members, claims = synth.write_834(count, seed, DAY), synth.write_837p(count, count, seed, 0, DAY)
        with _workers(config, Path(folder), workers) as children:
            _put(context, "bluebonnet", members)
            _wait(context, children)
            _put(context, "clearpath", claims)
            seconds = _wait(context, children)
        with context.store.read() as connection:
            decided = connection.execute(
                select(func.count()).select_from(claim).where(claim.c.state.in_(("decided", "pended")))
            ).scalar_one()
        if decided != count:
            raise AssertionError(f"{decided} of {count} claims were decided")
        plain = _plain_insert(context, Path(folder))
        context.store.close()
    rate = count / seconds
    return {
        **about(seed), "claims": count, "workers": workers, "claims_per_second": round(rate, 1),
        "insert_claims_per_second": round(count / plain, 1), "ratio_to_insert": round(rate * plain / count, 3),
    }  # fmt: skip


def _load(context: Context) -> None:
    names = ("administrator.toml", "partners/sample.toml", "plans/bluebonnet-ppo.toml", "policies/bluebonnet.toml",
             "providers/sample.toml", "fees/sample.csv", "sponsors/sample.toml")  # fmt: skip
    loading.load(context, [shipped() / name for name in names], "bench")


def _put(context: Context, partner: str, data: bytes) -> None:
    """What the door does with an upload, without the network."""
    row, _ = uploads.begin(context, partner, f"{partner}.x12", False)
    key = context.keys.unwrap(row["key"])
    rows = sealed.rows_of(len(data))
    for n in range(rows):
        sealed.put(context.store, row["id"], key, n, n == rows - 1, data[n * sealed.ROW : (n + 1) * sealed.ROW])
    uploads.close(context, row["id"], len(data))


@contextmanager
def _workers(config: Path, folder: Path, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Worker processes that have started, as a daemon has them when a file comes."""
    said = folder / "workers.log"
    with said.open("wb") as log:
        children = [
            subprocess.Popen(
                [sys.executable, "-m", "gateway.flow.process", str(config), f"bench:{n}"],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log,
            )
            for n in range(count)
        ]  # fmt: skip
    try:
        while said.read_bytes().count(b"worker started") < count:
            _require_alive(children)
            time.sleep(LOOK_S)
        yield children
    finally:
        for child in children:
            assert child.stdin is not None
            child.stdin.close()
            child.wait(30)


def _require_alive(children: list[subprocess.Popen[bytes]]) -> None:
    if any(child.poll() is not None for child in children):
        raise AssertionError("a worker left")


def _wait(context: Context, children: list[subprocess.Popen[bytes]]) -> float:
    """Seconds until nothing is left to decide."""
    begun = time.monotonic()
    while _busy(context):
        _require_alive(children)
        time.sleep(LOOK_S)
    return time.monotonic() - begun


def _busy(context: Context) -> bool:
    """Whether a decision is still to come; notices and deliveries are not in the way of one."""
    steps = select(work.c.id).where(work.c.kind.in_(("intake", "route", "adjudicate")))
    with context.store.read() as connection:
        return connection.execute(steps.limit(1)).first() is not None


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
