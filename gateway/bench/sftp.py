"""The door against the machine's own sshd: the same files by the same client, in the same run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from gateway import synth
from gateway.bench.doors import BATCH_S, Place, batch, door, finish, sshd
from gateway.bench.figures import DAY, about, median, p99_ms, peak_mb
from gateway.bench.installation import Installation, installation
from gateway.store.schema import claim as claim_table

PARTNER = "clearpath"
MB = 1_000_000
SMALL_BYTES = 20_000
SMALL_FILES = 200
SESSIONS, EACH = 20, 10
"""Sessions at once, and the small files each of them brings and then fetches (transport 3.1)."""

CLOSES = 300
"""Small files closed one after the other: the slowest three of them are beyond the 99th percentile."""

MOST_CLOSES = 10_000
"""Closes under load, at most: the workers decide 10,000 claims in less than half a minute."""

PAUSE_S = 0.02
"""Between two closes under load, so that they are spread over the time the workers are busy."""

GET = """
import sys
from pathlib import Path
from sftp_drop import client
with client.connect("127.0.0.1", int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), sys.argv[4], timeout_s=600) as sftp:
    sftp.get(sys.argv[5], sys.argv[6])
"""
"""paramiko's get as everybody calls it: it asks for the whole file at once (twisted#12139)."""


def sftp(megabytes: int, claims: int, seed: int) -> dict[str, Any]:
    """Ratios of seconds (ours to sshd's), latencies in ms, and the daemon's most memory in MB.

    megabytes: of the large file. claims: decided by two workers while files are closed.
    """
    with tempfile.TemporaryDirectory() as name, installation() as made:
        folder = Path(name)
        large = _large(folder, megabytes, seed)
        for number in range(SMALL_FILES):
            (folder / f"small{number}").write_bytes(_small(number, seed)[:SMALL_BYTES].ljust(SMALL_BYTES))
        with sshd(folder / "sshd") as theirs, door(made, PARTNER, working=False) as ours:
            ratios = {name: _ratio(theirs, ours, timed, folder) for name, timed in TRANSFERS.items()}
            small = _small_requests(ours, folder, large)
            closes = _closes(ours, seed, lambda number: number < CLOSES)
            rss_mb = peak_mb(ours.pid)
        synced = _synced_ms(made.folder)
    loaded = _loaded(claims, seed)
    return {
        **about(seed), "megabytes": megabytes, "claims": claims, "ratios": ratios, "p99_small_ms": p99_ms(small),
        "close_p99_ms": p99_ms(closes), "close_p99_loaded_ms": p99_ms(loaded), "fdatasync_p99_ms": synced,
        "rss_mb": rss_mb,
    }  # fmt: skip


def _large(folder: Path, megabytes: int, seed: int) -> Path:
    """X12 of so many MB: one interchange again and again, further apart than compression looks back."""
    path, interchange = folder / "large", b"".join(synth.iter_837p(10_000, 10_000, seed, 0, DAY))
    with path.open("wb") as out:
        while out.tell() < megabytes * MB:
            out.write(interchange)
    os.truncate(path, megabytes * MB)
    return path


def _small(number: int, seed: int) -> bytes:
    return b"".join(synth.iter_837p(20, 20, seed, 0, DAY, control=number + 1))


# ---- ratios ----------------------------------------------------------------------------------------------------------


def _up200(place: Place, folder: Path, turn: int) -> None:
    finish(batch(place, folder, f"put large large{turn}\n"))


def _down200(place: Place, folder: Path, turn: int) -> None:
    finish(batch(place, folder, f"get large{turn} fetched\n"))


def _small_up(place: Place, folder: Path, turn: int) -> None:
    finish(batch(place, folder, "".join(f"put small{n} s{turn}-{n}\n" for n in range(SMALL_FILES))))


def _sessions20(place: Place, folder: Path, turn: int) -> None:
    def script(session: int) -> str:
        names = [f"t{turn}-{session}-{n}" for n in range(EACH)]
        put = (f"put small{n} {name}\n" for n, name in enumerate(names))
        return "".join([*put, *(f"get {name} /dev/null\n" for name in names)])

    for child in [batch(place, folder, script(session)) for session in range(SESSIONS)]:
        finish(child)


Transfer = Callable[[Place, Path, int], None]

TRANSFERS: dict[str, Transfer] = {
    "up200": _up200, "down200": _down200, "small_up": _small_up, "sessions20": _sessions20,
}  # fmt: skip
"""What is timed, in this order: what was brought is fetched."""

TURNS = 3
"""The median of so many, ours and theirs by turns."""


def _ratio(theirs: Place, ours: Place, transfer: Transfer, folder: Path) -> float:
    taken: dict[Place, list[float]] = {theirs: [], ours: []}
    for turn in range(TURNS):
        for place, seconds in taken.items():
            begun = time.monotonic()
            transfer(place, folder, turn)
            seconds.append(time.monotonic() - begun)
    return round(median(taken[ours]) / median(taken[theirs]), 2)


# ---- latencies -------------------------------------------------------------------------------------------------------


def _small_requests(place: Place, folder: Path, large: Path) -> list[float]:
    """Seconds of one STAT after the other while another client gets the large file."""
    from sftp_drop import client

    argv = [sys.executable, "-c", GET, str(place.port), place.user, str(place.key), place.host_line,
            f"{place.folder}/large0", str(folder / "fetched")]  # fmt: skip
    told: list[float] = []
    with client.connect("127.0.0.1", place.port, place.user, place.key, place.host_line) as session:
        other = subprocess.Popen(argv)
        until = time.monotonic() + BATCH_S
        while other.poll() is None and time.monotonic() < until:
            begun = time.monotonic()
            session.stat("/outbound")
            told.append(time.monotonic() - begun)
    if other.wait(BATCH_S) or (folder / "fetched").stat().st_size != large.stat().st_size:
        raise AssertionError("the large file was not fetched whole")
    return told


def _closes(place: Place, seed: int, more: Callable[[int], bool], pause_s: float = 0) -> list[float]:
    """Seconds from CLOSE to its answer, which comes when the receipt is committed; more: whether to close another."""
    from sftp_drop import client

    told: list[float] = []
    with client.connect("127.0.0.1", place.port, place.user, place.key, place.host_line) as session:
        while more(len(told)):
            content = b"".join(synth.iter_837p(1, 1, seed, 0, DAY, control=len(told) + 1))
            file = session.open(f"{place.folder}/close{len(told)}", "w")
            file.write(content)
            begun = time.monotonic()
            file.close()
            told.append(time.monotonic() - begun)
            time.sleep(pause_s)
    return told


def _loaded(claims: int, seed: int) -> list[float]:
    """The same while two workers decide claims on SQLite, until the last is decided."""
    with installation() as made:
        with made.workers(2) as children:
            made.put("bluebonnet", synth.iter_834(claims, seed, DAY))
            made.until_done(children, "intake", "route")
        made.put(PARTNER, synth.iter_837p(claims, claims, seed, 0, DAY, control=999_999))
        with door(made, PARTNER, working=True) as place:
            return _closes(place, seed, lambda number: number < MOST_CLOSES and _undecided(made, claims), PAUSE_S)


def _undecided(made: Installation, claims: int) -> bool:
    done = claim_table.c.state.in_(("decided", "pended"))
    with made.context.store.read() as connection:
        return connection.execute(select(func.count()).where(done)).scalar_one() < claims


def _synced_ms(folder: Path) -> float:
    """The 99th percentile of a bare 4 KiB write and fdatasync in the same place, in ms."""

    def each() -> Iterator[float]:
        with (folder / "synced").open("wb", buffering=0) as file:
            for _ in range(CLOSES):
                begun = time.monotonic()
                file.write(b"x" * 4096)
                os.fdatasync(file.fileno())
                yield time.monotonic() - begun

    return p99_ms(list(each()))
