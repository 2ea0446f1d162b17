"""A partner's folders on a real file system, a keeper that is a list, and a reactor whose time the test moves."""

from __future__ import annotations

import itertools
import select
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import maybeDeferred
from twisted.internet.task import Clock

from sftp_drop.directory import claims
from sftp_drop.directory.claims import Claim
from sftp_drop.directory.inbox import Inbox
from sftp_drop.directory.service import DirectoryService, Watching
from sftp_drop.directory.sights import Waits
from sftp_drop.directory.tree import Places, Tree

PARTNER = "clear"
WAITS = Waits(settle_s=0.5, stable_s=10.0)


class ListKeeper:
    """Remembers what it received: id, name, bytes. trouble: raised for a name, before anything is kept."""

    def __init__(self) -> None:
        self.received: list[tuple[str, str, bytes]] = []
        self.trouble: dict[str, Exception] = {}
        self.tended = 0
        self.before_removal: Callable[[], None] = lambda: None

    def partners(self) -> Sequence[str]:
        return (PARTNER,)

    def receive(self, partner: str, claim: Claim) -> int:
        if claim.name in self.trouble:
            raise self.trouble[claim.name]
        for known, _, body in self.received:
            if known == claim.id:
                return len(body)
        body = b"".join(claim.pieces())
        self.received.append((claim.id, claim.name, body))
        self.before_removal()
        return len(body)

    def tend(self, partner: str, places: Places) -> None:
        self.tended += 1

    @property
    def names(self) -> list[str]:
        return [name for _, name, _ in self.received]


class HandClock(Clock):
    """A reactor without descriptors of its own: the test reads for it."""

    def addReader(self, reader: Any) -> None:
        pass

    removeReader = addWriter = removeWriter = addReader


class Site:
    """One partner's folders below a folder."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / PARTNER
        self.inbound, self.work, self.outbound = (self.home / name for name in ("inbound", ".work", "outbound"))
        for one in (self.inbound, self.outbound, self.home / "reports"):
            one.mkdir(parents=True)
        self.tree = Tree(folder)
        self.keeper = ListKeeper()
        self.now_s = 0.0
        self._ids = itertools.count(1)
        self.inbox = self.another()

    def new_id(self) -> str:
        return f"claim{next(self._ids):06}"

    def another(self) -> Inbox:
        """What another daemon, or the next one, knows of the folder: nothing yet."""
        return Inbox(self.tree, PARTNER, self.keeper, WAITS, self.new_id, lambda: self.now_s, lambda: False)

    def put(self, name: str, body: bytes = b"ISA") -> Path:
        path = self.inbound / name
        path.write_bytes(body)
        return path

    def look(self, *closed: str, full: bool = False, after_s: float = 0.0) -> float | None:
        """One round, some time later."""
        self.now_s += after_s
        return self.inbox.round(dict.fromkeys(closed, True), full)

    def take(self, *closed: str) -> list[str]:
        """What is received when names are told as closed and their time has gone by."""
        self.look(*closed)
        self.look(after_s=WAITS.settle_s)
        return self.keeper.names

    def claim(self, name: str) -> str:
        """A file claimed by a daemon that died; the batch it lies in."""
        with self.tree.opened(PARTNER) as places:
            files, _ = claims.scan(places.inbound)
            (one,) = [seen for seen in files if seen.name == name]
            batch_id = self.new_id()
            with claims.batch(places, batch_id, new=True) as batch:
                assert batch is not None
                assert batch.take(one)
        return batch_id


class Watched:
    """The service on a site; `pump` hands it what the kernel has to tell, `later` moves its time."""

    def __init__(self, site: Site, watching: Watching) -> None:
        self.site, self.reactor = site, HandClock()
        self.service = DirectoryService(
            self.reactor, site.tree, site.keeper, maybeDeferred, watching, site.new_id, self.reactor.seconds
        )
        self.service.startService()

    def later(self, seconds: float) -> None:
        """Time goes by in steps that timers notice."""
        for _ in range(round(seconds / 0.1)):
            self.reactor.advance(0.1)

    def pump(self) -> int:
        """Reads all events there are; returns how many reads that took."""
        hints = self.service._hints
        assert hints is not None
        reads = 0
        while select.select([hints], [], [], 0)[0]:
            hints.doRead()
            reads += 1
        return reads


def watched(site: Site, watching: Watching) -> Iterator[Watched]:
    """The service, stopped at the end."""
    running = Watched(site, watching)
    yield running
    running.service.stopService()
    running.reactor.advance(1)


@contextmanager
def another_file_system(than: Path) -> Iterator[Path]:
    """A folder of another file system; skips where this machine has none that a test may write to."""
    places = [Path("/dev/shm"), Path(tempfile.gettempdir())]
    others = [place for place in places if place.is_dir() and place.stat().st_dev != than.stat().st_dev]
    if not others:
        pytest.skip("needs a second file system")
    with tempfile.TemporaryDirectory(dir=others[0]) as place:
        yield Path(place)
