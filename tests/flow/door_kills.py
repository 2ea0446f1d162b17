"""SIGKILL for the embedded door and for its clients, at random moments of uploads, over and over.

`python -m tests.flow.door_kills --loops 1000` prints the figures as JSON; the test run plays some. In each loop
OpenSSH's sftp and paramiko bring two files at once, and one process is killed: the door, or a client. Whoever was not
told that its file is there looks, as movers do, and goes on where it broke off - or gives up. Acknowledged is what a
client was told by the answer to CLOSE or RENAME, or reads from the size a stat shows.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko
from sqlalchemy import select

import sftp_drop
from gateway.clock import DAY_US, utc_us
from gateway.flow import deliver
from gateway.store import installation, migrate, sealed
from gateway.store.engine import Store
from gateway.store.keys import create_master
from gateway.store.schema import blob, receipt, small, upload, work
from tests.flow.loops import campaign
from tests.flow.store_door import PATIENCE_S, StoreDoor

JOBS = 2
SIZES = (20_000, sealed.ROW, 3 * sealed.ROW // 2, 4 * sealed.ROW)
"""No row full, exactly one, a second one begun, more than the window."""

OF_DOOR = 1 / 3
GIVES_UP = 0.15
RACE_S = {"connect": 0.5, "put": 0.12, "written": 0.05, "close": 0.03, "rename": 0.03, "done": 0.005}
"""Word of a client -> how long behind it a kill comes at most: about what it takes from there to the next word."""

SAYS = {"put": "put", "reput": "put", "rename": "rename", "pwd": "done"}
"""Command that OpenSSH's sftp echoes when it begins it, all before it done -> the word for it."""

DRAINING = 4
"""Undisturbed sessions that any upload must be whole after: one to go on, and some to spare."""

SETTINGS = {"ban_score": 0}  # a broken session before login counts against its address, and here are hundreds


@dataclass
class Job:
    """A file that somebody brings. temporary: under a temporary name first. word: how far its session said it is."""

    name: str
    file: Path
    size: int
    tool: str
    temporary: bool
    sessions: int = 0
    word: str = "connect"
    process: subprocess.Popen[str] | None = None

    @property
    def sent_as(self) -> str:
        """The name its bytes are written under."""
        return f"{self.name}.part" if self.temporary else self.name


@dataclass
class Fate:
    """Who is killed: the door, or a job's client, so long after the job's client said a word."""

    job: Job
    of_door: bool
    word: str
    delay_s: float
    whole_group: bool
    timer: threading.Timer | None = None


@dataclass
class Told:
    """What came of the loops, by name of the file."""

    acknowledged: set[str] = field(default_factory=set)
    gone_on: set[str] = field(default_factory=set)
    stuck: set[str] = field(default_factory=set)
    kills: Counter[str] = field(default_factory=Counter)
    restart_s: list[float] = field(default_factory=list)


class Loops:
    """One installation, its door, and who brings files to it."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self.folder, self.dice, self.told = folder, dice, Told()
        self.jobs: list[Job] = []
        self.all: dict[str, Job] = {}
        self.door = self._open_door()

    def _open_door(self) -> StoreDoor:
        url, keys = f"sqlite:///{self.folder}/state.db", self.folder / "keys"
        made = StoreDoor(self.folder, url, keys, settings=SETTINGS)
        self.since_us = made.context.now_us
        return made

    def play(self) -> bool:
        """One loop; whether somebody was killed before all was over."""
        dice = self.dice
        while len(self.jobs) < JOBS:
            self.jobs.append(self._new())
        fate = self._fate(dice.choice(self.jobs))
        killed = self._sessions(fate)
        for job in self.jobs:
            if job.word != "done" and dice.random() < GIVES_UP:
                job.word = "given up"
        self.jobs = [job for job in self.jobs if job.word not in ("done", "given up")]
        return killed

    def drain(self) -> None:
        """What is still wanted is brought by clients that nobody disturbs."""
        for _ in range(DRAINING):
            self._sessions(None)
            self.jobs = [job for job in self.jobs if job.word != "done"]
        self.told.stuck = {job.name for job in self.jobs}

    def _new(self) -> Job:
        name = f"{len(self.all):05}.837"
        most = self.dice.choice(SIZES)
        body = self.dice.randbytes(self.dice.choice((most, self.dice.randrange(most))))
        (self.folder / name).write_bytes(body)
        tool = self.dice.choice(("openssh", "openssh", "paramiko"))
        job = Job(name, self.folder / name, len(body), tool, self.dice.random() < 0.5)
        self.all[name] = job
        return job

    def _fate(self, job: Job) -> Fate:
        words = ["connect", "put", "put", *(["written", "close"] if job.tool == "paramiko" else [])]
        words += ["rename"] if job.temporary else []
        of_door = self.dice.random() < OF_DOOR
        word = self.dice.choice([*words, "done"] if of_door else words)
        return Fate(job, of_door, word, self.dice.random() * RACE_S[word], self.dice.random() < 0.5)

    # ---- sessions ----------------------------------------------------------------------------------------------------

    def _sessions(self, fate: Fate | None) -> bool:
        """One session of every job at once, one of them to its fate; the door is there again behind it."""
        struck = threading.Event()
        plans = [(job, self._steps(job)) for job in self.jobs]
        readers = []
        for job, steps in plans:
            job.word, job.sessions = "connect", job.sessions + 1
            if not steps:  # a stat showed all of it: its client believes that it is there
                job.word = "done"
                continue
            job.process = self._start(job, steps)
            readers.append(threading.Thread(target=self._read, args=(job, fate, struck)))
            readers[-1].start()
        for reader in readers:
            reader.join(3 * PATIENCE_S)
            assert not reader.is_alive(), "a client hangs"
        if fate and fate.timer:
            fate.timer.cancel()
            fate.timer.join()
        if fate and fate.of_door and struck.is_set():
            began_s = time.monotonic()
            self._restart()
            self.told.restart_s.append(time.monotonic() - began_s)
        else:
            self._settle()
        for job, steps in plans:
            if job.word == "done":
                self.told.acknowledged.add(job.name)
                self.told.gone_on |= {job.name} if job.sessions > 1 and steps else set()
        return struck.is_set()

    def _steps(self, job: Job) -> list[str]:
        """What is left to do, by what a look at the door shows."""
        if not job.sessions:
            return ["put", "rename"] if job.temporary else ["put"]
        with self.door.sftp() as sftp:
            final, sent = _size(sftp, job.name), _size(sftp, job.sent_as)
        if final == job.size:
            return []
        if sent != job.size:
            return ["resume" if sent else "put", *(["rename"] if job.temporary else [])]
        return ["rename"]

    def _start(self, job: Job, steps: list[str]) -> subprocess.Popen[str]:
        door, options = self.door, {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
        with (self.folder / "clients.log").open("a") as log:
            if job.tool == "paramiko":
                plan = {
                    "port": door.port, "user": "clearpath", "key": str(door.folder / "clearpath"), "name": job.name,
                    "host_line": door.host_line, "file": str(job.file), "sent_as": job.sent_as, "steps": steps,
                    "pause_s": self.dice.random() * RACE_S["written"],
                }  # fmt: skip
                where = os.environ | {"PYTHONPATH": str(Path(sftp_drop.__file__).parents[1])}
                command = [sys.executable, "-m", "tests.flow.door_client", json.dumps(plan)]
                return subprocess.Popen(command, stderr=log, start_new_session=True, env=where, **options)
            command = ["sftp", *door.ssh_options(), "-b", "-", "127.0.0.1"]
            process = subprocess.Popen(command, stderr=log, start_new_session=True, **options)
        does = {"put": "put", "resume": "reput"}
        lines = [
            f"rename /inbound/{job.sent_as} /inbound/{job.name}" if step == "rename"
            else f"{does[step]} {job.file} /inbound/{job.sent_as}" for step in steps
        ]  # fmt: skip
        assert process.stdin is not None
        process.stdin.write("\n".join([*lines, "pwd", ""]))
        process.stdin.close()
        return process

    def _read(self, job: Job, fate: Fate | None, struck: threading.Event) -> None:
        """Follows what a client says, and lets its fate come when the word falls; until it ends."""
        process = job.process
        assert process is not None and process.stdout is not None
        if fate and fate.job is job and fate.word == "connect":
            self._arm(fate, struck)
        for line in process.stdout:
            words = line.replace("sftp>", "").split()
            word = SAYS.get(words[0], "") if job.tool == "openssh" and words else line.strip()
            if word not in RACE_S:
                continue
            job.word = word
            if fate and fate.job is job and fate.word == word:
                self._arm(fate, struck)
        process.stdout.close()
        process.wait(PATIENCE_S)

    def _arm(self, fate: Fate, struck: threading.Event) -> None:
        if fate.timer is None:
            fate.timer = threading.Timer(fate.delay_s, self._strike, (fate, struck))
            fate.timer.start()

    def _strike(self, fate: Fate, struck: threading.Event) -> None:
        process = fate.job.process
        assert process is not None
        word, who = fate.job.word, "door" if fate.of_door else "client"
        if fate.of_door:
            self.door.process.kill()
        elif process.poll() is not None:  # it was faster
            return
        elif fate.whole_group:
            os.killpg(process.pid, signal.SIGKILL)
        else:  # OpenSSH's sftp alone: its ssh finds the end of its input and says goodbye
            process.kill()
        self.told.kills[f"{who} {word}"] += 1
        struck.set()

    def _settle(self) -> None:
        """Until the living door has done with whoever is gone: a CLOSE that was asked for may take effect behind its
        client's death, and whoever looked before it did would bring the file again (which intake tells, by its bytes).
        """
        until_s = time.monotonic() + PATIENCE_S
        mine = (upload.c.state == "open", upload.c.touched_us >= self.since_us)
        while self.door.rows(upload, *mine):
            assert time.monotonic() < until_s, "an upload stays open behind its client"
            time.sleep(0.02)

    def _restart(self) -> None:
        process = self.door.process
        assert process.wait(PATIENCE_S) == -signal.SIGKILL, self.door.log_path.read_text()
        if process.stdout:
            process.stdout.close()
        self.door.context.store.close()
        self.door = self._open_door()

    # ---- what came of it ---------------------------------------------------------------------------------------------

    def figures(self) -> dict[str, Any]:
        """Looks into the store, the door closed."""
        self.door.stop()
        context = self.door.context
        with context.store.read() as connection, context.store.read_blob() as blobs:
            both = receipt.join(upload, upload.c.id == receipt.c.upload_id)
            rows = connection.execute(both.select().order_by(receipt.c.receipt_no)).all()
            known = set(connection.execute(select(upload.c.id)).scalars())
            lying = set(blobs.execute(select(blob.c.upload_id)).scalars())
            lying |= set(connection.execute(select(small.c.upload_id)).scalars())
            context.store.clock = lambda: utc_us() + 2 * DAY_US  # when the sweeper comes
            swept = set(deliver.untold(context))
            steps = connection.execute(select(work.c.body).where(work.c.kind == "intake")).scalars().all()
        partial = changed = 0
        for row in rows:
            pieces = sealed.stream(context.store, row.upload_id, context.keys.unwrap(row.key), row.size)
            found, sent = b"".join(pieces), self.all[row.name].file.read_bytes()
            partial += len(found) != len(sent)
            changed += len(found) == len(sent) and found != sent
            changed += hashlib.sha256(found).hexdigest() != row.sha256
        context.store.close()
        counts, numbers, told = Counter(row.name for row in rows), [row.receipt_no for row in rows], self.told
        return {
            "loops": sum(told.kills.values()), "door_killed": _of(told, "door"), "client_killed": _of(told, "client"),
            "kills": dict(sorted(told.kills.items())), "files": len(self.all), "acknowledged": len(told.acknowledged),
            "gone_on": len(told.gone_on), "unasked": len(counts.keys() - told.acknowledged),
            "restart_s_most": round(max(told.restart_s, default=0.0), 1),
            "lost": len(told.acknowledged - counts.keys()), "doubled": len(rows) - len(counts), "partial": partial,
            "changed": changed, "stuck": len(told.stuck), "orphans": len(lying - known ^ swept),
            "gaps": int(numbers != list(range(1, len(rows) + 1))),
            "steps_amiss": int(sorted(json.loads(body)["receipt_no"] for body in steps) != numbers),
        }  # fmt: skip


NEVER = ("lost", "doubled", "partial", "changed", "stuck", "orphans", "gaps", "steps_amiss")
"""Figures that are 0, whoever dies when."""


def _of(told: Told, who: str) -> int:
    return sum(count for kill, count in told.kills.items() if kill.startswith(who))


def _size(sftp: paramiko.SFTPClient, name: str) -> int | None:
    try:
        return sftp.stat(f"/inbound/{name}").st_size
    except FileNotFoundError:
        return None


def run(folder: Path, loops: int, seed: int) -> dict[str, Any]:
    """So many kills, and what came of them."""
    create_master(folder / "keys")
    store = Store(f"sqlite:///{folder}/state.db")
    migrate.upgrade(store)
    with store.write("facts") as connection:
        installation.put(connection, "business_date", "2026-01-05")
    store.close()
    made = Loops(folder, random.Random(seed))
    try:
        kills = 0
        for _ in range(3 * loops):  # a client that is faster than its fate makes no loop
            kills += made.play()
            if kills == loops:
                break
        made.drain()
        return made.figures()
    finally:
        made.door.process.kill()


if __name__ == "__main__":
    campaign(__doc__, run)
