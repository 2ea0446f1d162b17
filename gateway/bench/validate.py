"""Validation against pyx12's: CPU time on the same bytes in the same process, fresh processes, memory, two workers."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from gateway import collector, synth
from gateway.bench import reading, theirs
from gateway.bench.figures import DAY, about, median, median_cpu_s, ratio
from gateway.bench.installation import installation

COLD_CLAIMS = 1_000
"""Claims of the cold start: a small file in a fresh process."""

COLD_TIMES = 3
"""How often each process is started cold; the median is told, so it is an odd number."""

PYX12_TIMES = 1
"""How often pyx12 is timed: a minute and more each, which a median of three would not change by a hundredth."""

WORKERS_TIMES = 3
"""How often one worker and two take the files in by turns; the median of each is compared, so it is an odd number."""

LARGER = 10
"""How many times more claims the large file of the memory figure holds."""


NOBODYS = synth.Sponsor(group_no="NOBODYS")

Write = Callable[[int, int], Iterable[bytes]]

GUIDES: dict[str, Write] = {
    "837P": lambda count, seed: synth.iter_837p(count, count, seed, 0, DAY),
    "837I": lambda count, seed: synth.iter_837i(count, count, seed, 0, DAY),
    "834": lambda count, seed: synth.iter_834(count, seed, DAY),
    "835": lambda count, seed: synth.iter_835(count, seed, DAY),
}
"""Guide -> a file of so many claims, members or payments."""


def validate(count: int, seed: int) -> dict[str, Any]:
    """The ratios by guide, the memory of a larger 837P, and what a second worker brings."""
    collector.relax()  # as a worker does; pyx12 has the same of it
    with tempfile.TemporaryDirectory() as folder:
        results = [_guide(name, count, seed, Path(folder)) for name in GUIDES]
        memory = _memory(count, seed, Path(folder))
    return {
        **about(seed), "claims": count, "results": results, "memory": memory, "two_workers": _two_workers(count, seed),
    }  # fmt: skip


def _guide(name: str, count: int, seed: int, folder: Path) -> dict[str, Any]:
    data = b"".join(GUIDES[name](count, seed))
    dirty = _dirtied(data, seed)
    small = b"".join(GUIDES[name](COLD_CLAIMS, seed))
    _require_verdict(small, "A")
    _require_verdict(_dirtied(small, seed), "R")
    pyx12, pyx12_dirty = (median_cpu_s(partial(theirs.pyx12, one), PYX12_TIMES) for one in (data, dirty))
    bare = median_cpu_s(partial(theirs.pyx12_reader, data))
    ours = median_cpu_s(lambda: reading.validated(reading.pieces(data)))
    ours_dirty = median_cpu_s(lambda: reading.validated(reading.pieces(dirty)))
    full = median_cpu_s(lambda: _clean(data))
    return {
        "guide": name, "validate": ratio(pyx12, ours), "full": ratio(pyx12, full),
        "dirty": ratio(pyx12_dirty, ours_dirty), "bare_reader": ratio(bare, full),
        "cold": _cold(small, folder),
        "cpu_s": round(full, 3), "pyx12_cpu_s": round(pyx12, 3),
    }  # fmt: skip


def _require_verdict(data: bytes, verdict: str) -> None:
    """What is compared comes to the same end: every set is A, or R. pyx12 has no answer to a remittance."""
    told = {*theirs.verdicts(data)} or {verdict}, {*reading.validated(reading.pieces(data))}
    if told != ({verdict}, {verdict}):
        raise AssertionError(f"IK501 of pyx12 {told[0]}, ours {told[1]}, where it is {verdict}")


def _clean(data: bytes) -> None:
    if found := reading.whole(reading.pieces(data)):
        raise AssertionError(f"{found} sums of a synthetic file do not balance")


def _dirtied(data: bytes, seed: int) -> bytes:
    """One segment in a hundred broken: its last element too long for any guide."""
    segments = data.split(b"~")
    body = [i for i, s in enumerate(segments) if s.strip()[:3] not in (b"ISA", b"GS*", b"ST*", b"SE*", b"GE*", b"IEA")]
    for i in body[seed % 100 :: 100]:
        segments[i] += b"X" * 300
    return b"~".join(segments)


def _child(reader: str, file: Path, folder: Path) -> tuple[float, float]:
    """CPU seconds and most memory (MB) of a process that reads a file, its start included."""
    argv = [sys.executable, "-m", "gateway.bench.child", reader, str(file), str(folder / "cache")]
    said = subprocess.run(argv, capture_output=True, check=True).stdout.split()
    return float(said[0]), float(said[1])


def _cold(data: bytes, folder: Path) -> float:
    """The ratio of a fresh process each, start and imports included, table cache present."""
    file = folder / "cold.x12"
    file.write_bytes(data)
    _child("ours", file, folder)
    theirs, ours = (median(_child(reader, file, folder)[0] for _ in range(COLD_TIMES)) for reader in ("pyx12", "ours"))
    return ratio(theirs, ours)


def _memory(count: int, seed: int, folder: Path) -> dict[str, Any]:
    """The whole job on an 837P and on one ten times larger, a process each."""
    file, peaks = folder / "memory.x12", []
    for claims in (count, count * LARGER):
        with file.open("wb") as out:
            out.writelines(GUIDES["837P"](claims, seed))
        peaks.append(_child("whole", file, folder)[1])
    return {"claims": [count, count * LARGER], "peak_mb": peaks, "growth": round(peaks[1] / peaks[0], 3)}


def _two_workers(count: int, seed: int) -> float:
    """How many times faster two workers take in two partners' files than one: received to acknowledged.

    The files name nobody's group, so that no enrolment runs beside what is measured.
    """
    files = {
        partner: b"".join(synth.iter_834(count, seed, DAY, sender=partner.upper(), sponsor=NOBODYS))
        for partner in ("bluebonnet", "lakeline")
    }
    taken: dict[int, list[float]] = {1: [], 2: []}
    for workers in (1, 2) * WORKERS_TIMES:
        with installation() as made, made.workers(workers) as children:
            for partner, data in files.items():
                made.put(partner, reading.pieces(data))
            taken[workers].append(made.until_done(children, "intake"))
    return ratio(median(taken[1]), median(taken[2]))
