"""Stores that kill their own process by SIGKILL: right before or right after a commit that a test names, or by chance.

A death is named by the cause of the commit and by a witness: a query whose answer that commit changes. So a claim that
found nothing is no death, and of several commits of one cause the witness picks one. Each death happens once: its
marker is written before the kill, and says whether another connection saw the change.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from gateway.flow.context import Context
from gateway.store.engine import Store


class Death(msgspec.Struct, frozen=True):
    """cause, witness: which commit; `:who` in the witness is the process's own name. moment: before or after it.

    times: how many processes it kills. skip: how many such commits of a process pass. node: the process that started
    it dies, too. hang: it stands still instead, until somebody kills it.
    """

    cause: str
    witness: str
    moment: str
    times: int = 1
    skip: int = 0
    node: bool = False
    hang: bool = False


class Marker(msgspec.Struct, frozen=True):
    """What a process said before it died. committed: another connection saw what the commit changed. who: its name."""

    death: Death
    pid: int
    who: str
    committed: bool


def plan(folder: Path, deaths: list[Death]) -> None:
    """Says which deaths are to come; the folder holds the markers."""
    folder.mkdir(exist_ok=True)
    (folder / "deaths.json").write_bytes(msgspec.json.encode(deaths))


def dice(folder: Path, chance: Chance) -> None:
    """Says that deaths come by chance."""
    (folder / "chance.json").write_bytes(msgspec.json.encode(chance))


def markers(folder: Path) -> list[Marker]:
    """The deaths that came, in order."""
    found = sorted(folder.glob("died-*.json"), key=lambda path: path.stat().st_mtime_ns)
    return [msgspec.json.decode(path.read_bytes(), type=Marker) for path in found]


def mortal(context: Context, folder: Path, who: str) -> Context:
    """The context on a store that dies as planned."""
    context.store.close()
    context.store = store(context.store.url.render_as_string(hide_password=False), folder, who)
    return context


def store(url: str, folder: Path, who: str) -> Store:
    """The store that dies as the folder says: as planned, or by chance."""
    chance = folder / "chance.json"
    if chance.exists():
        return ChanceStore(url, folder, who, msgspec.json.decode(chance.read_bytes(), type=Chance))
    return MortalStore(url, folder, who)


class MortalStore(Store):
    """The product's store, its process killed at the planned commits."""

    def __init__(self, url: str, folder: Path, who: str) -> None:
        super().__init__(url)
        self._folder, self._who = folder, who
        deaths = folder / "deaths.json"
        self._deaths = msgspec.json.decode(deaths.read_bytes(), type=list[Death]) if deaths.exists() else []
        self._passed: Counter[Death] = Counter()

    @contextmanager
    def write(self, cause: str) -> Iterator[Connection]:
        """One transaction; the process ends before or after its commit when that is planned."""
        death, path = self._next(cause)
        if death is None:
            with super().write(cause) as connection:
                yield connection
            return
        with self.read() as connection:
            earlier = self._ask(connection, death)
        with super().write(cause) as connection:
            yield connection
            changed = self._ask(connection, death) != earlier
            if changed and death.moment == "before":
                self._die(death, path, earlier)
        if changed:
            self._die(death, path, earlier)

    def _next(self, cause: str) -> tuple[Death, Path] | tuple[None, Path]:
        """The first death of this cause that has not come."""
        for n, death in enumerate(self._deaths):
            for time_ in range(death.times):
                path = self._folder / f"died-{n}-{time_}.json"
                if death.cause == cause and not path.exists():
                    return death, path
        return None, self._folder

    def _die(self, death: Death, path: Path, earlier: Any) -> None:
        self._passed[death] += 1
        if self._passed[death] <= death.skip:
            return
        with self.read() as connection:  # another connection: it sees what is committed
            committed = self._ask(connection, death) != earlier
        said = Marker(death, os.getpid(), self._who, committed)
        part = path.with_suffix(".tmp")
        part.write_bytes(msgspec.json.encode(said))
        part.replace(path)
        if death.node:
            os.kill(os.getppid(), signal.SIGKILL)
        if not death.hang:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(600)  # another thread may be the one that is stopped first

    def _ask(self, connection: Connection, death: Death) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in connection.execute(text(death.witness), {"who": self._who})]


class Chance(msgspec.Struct, frozen=True):
    """Deaths by dice. most: how many processes may die. one_in: how many transactions one of them begins, about."""

    most: int
    one_in: int
    seed: int


class ChanceStore(Store):
    """The product's store; now and then its process is killed milliseconds after a transaction began."""

    def __init__(self, url: str, folder: Path, who: str, chance: Chance) -> None:
        super().__init__(url)
        self._folder, self._who, self._chance = folder, who, chance
        self._dice = random.Random(f"{chance.seed} {len(list(folder.glob('died-*.json')))} {who[-12:]}")

    @contextmanager
    def write(self, cause: str) -> Iterator[Connection]:
        """One transaction, which a kill may hit anywhere, or the time after it."""
        if cause not in IDLE and self._dice.randrange(self._chance.one_in) == 0:
            threading.Timer(self._dice.uniform(0, LATEST_S), self._die, (cause,)).start()
        with super().write(cause) as connection:
            yield connection

    def _die(self, cause: str) -> None:
        path = self._folder / f"died-{os.getpid()}.json"
        if len(list(self._folder.glob("died-*.json"))) < self._chance.most:
            path.write_bytes(msgspec.json.encode(Marker(Death(cause, "", "chance"), os.getpid(), self._who, False)))
            os.kill(os.getpid(), signal.SIGKILL)


IDLE = ("claim", "beat", "timer")
"""Transactions of an idle process; a claim that finds something is followed by another transaction soon."""

LATEST_S = 0.03
"""Longest time from the beginning of a transaction to the kill: three times what most take, so that some hit it."""
