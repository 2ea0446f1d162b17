"""inotify as a hint: which folders to look at, and which names were closed. What it forgets, the next look finds.

Twisted's own reading of events is not used: it drops an overflow of the kernel's queue in silence (its watch is -1,
twisted#6722) and closes everything when one watched folder is deleted.
"""

from __future__ import annotations

import os
import struct
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from twisted.internet import inotify
from twisted.internet.inotify import INotify
from twisted.python.filepath import FilePath

from sftp_drop.directory.inbox import Told

MANY = 1_000
"""Events of one wake after which everything is looked at: the queue holds 16,384, and who is late once may be again."""

CLOSED = inotify.IN_CLOSE_WRITE | inotify.IN_MOVED_TO
"""What tells that a file's writer is done."""

MASK = CLOSED | inotify.IN_CREATE | inotify.IN_ATTRIB | inotify.IN_ONLYDIR | inotify.IN_DONT_FOLLOW
"""IN_CREATE: a server that renames by a second name and an unlink moves nothing. The kernel is asked who writes it."""

LOST = inotify.IN_Q_OVERFLOW | inotify.IN_UNMOUNT
_HEADER = struct.Struct("=iIII")
"""Watch, mask, cookie, bytes of the name: the watch is signed, -1 belongs to the queue itself."""


def events(data: bytes) -> Iterator[tuple[int, int, str]]:
    """Watch, mask and name of every event in what was read; the kernel hands out whole events only."""
    at = 0
    while at < len(data):
        watch, mask, _, size = _HEADER.unpack_from(data, at)
        at += _HEADER.size
        yield watch, mask, os.fsdecode(data[at : at + size].rstrip(b"\0"))
        at += size


class Hints(INotify):
    """Tells `changed(partner, told)` for a folder with events and `lost()` when some may be missing."""

    def __init__(self, reactor: Any, changed: Callable[[str, Told], None], lost: Callable[[], None]) -> None:
        super().__init__(reactor)
        self._changed, self._lost = changed, lost
        self._partners: dict[int, str] = {}

    def follow(self, partner: str, folder: Path) -> None:
        """Watches a folder, unless it is watched; raises OSError when the kernel watches no more."""
        self._partners[self.watch(FilePath(str(folder)), MASK)] = partner

    def _doRead(self, in_: bytes) -> None:
        told: dict[str, dict[str, bool]] = defaultdict(dict)
        count, lost = 0, False
        for watch, mask, name in events(in_):
            count += 1
            lost = lost or bool(mask & LOST)
            if mask & inotify.IN_IGNORED:
                self._forget(watch)
            elif watch in self._partners:
                names = told[self._partners[watch]]
                names[name] = names.get(name, False) or bool(mask & CLOSED)
        for partner, names in told.items():
            self._changed(partner, names)
        if lost or count >= MANY:
            self._lost()

    def _forget(self, watch: int) -> None:
        """The folder is gone and its watch with it; one that comes back under the name is watched anew."""
        self._partners.pop(watch, None)
        point = self._watchpoints.pop(watch, None)
        if point is not None:
            self._watchpaths.pop(point.path, None)
