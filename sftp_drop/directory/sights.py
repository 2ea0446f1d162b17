"""Which files are complete, as far as a folder can tell: what was seen, when, and whether its writer was done. Pure.

A file is due when its writer closed it or renamed it into place and it lay still a moment, or when two looks some time
apart found it unchanged. A file is known by its inode, so that what was closed under a temporary name stays closed
under the final one. What is due is a candidate only: the envelope inside it is the last to say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from sftp_drop.names import is_temporary


class Waits(msgspec.Struct, frozen=True):
    """settle_s: how long a closed file is left to its client, who may stat, chmod or date it: longer than a round trip.
    stable_s: how far apart two equal looks are when nobody told that the file was closed.
    """

    settle_s: float = 0.5
    stable_s: float = 10.0


class Seen(msgspec.Struct, frozen=True):
    """One regular file of a folder at one look. size in bytes, mtime_ns its last change."""

    name: str
    inode: int
    size: int
    mtime_ns: int


class Sight(msgspec.Struct, frozen=True):
    """A file as it has been since some time. closed: its writer is known to be done with it."""

    seen: Seen
    since_s: float
    closed: bool


Sights = Mapping[int, Sight]
"""What was known of a folder after a look, by inode."""


def look(before: Sights, seen: Iterable[Seen], closed: Collection[str], now_s: float) -> Sights:
    """What is known after a look. closed: names told as closed or renamed into place since the one before."""
    return {one.inode: _sight(before.get(one.inode), one, one.name in closed, now_s) for one in seen}


def _sight(before: Sight | None, now: Seen, closed: bool, now_s: float) -> Sight:
    if before is None or before.seen.size != now.size:
        return Sight(now, now_s, closed)
    same = before.seen == now and before.closed >= closed
    return Sight(now, before.since_s if same else now_s, closed or before.closed)


def due(sights: Sights, now_s: float, waits: Waits) -> list[Seen]:
    """The candidates, oldest first."""
    ready = [sight.seen for sight in _waiting(sights) if _due_s(sight, waits) <= now_s]
    return sorted(ready, key=lambda seen: (seen.mtime_ns, seen.name))


def next_s(sights: Sights, now_s: float, waits: Waits) -> float | None:
    """When the next file may become due, None when none waits."""
    return min((_due_s(sight, waits) for sight in _waiting(sights) if _due_s(sight, waits) > now_s), default=None)


def _waiting(sights: Sights) -> list[Sight]:
    return [sight for sight in sights.values() if not is_temporary(sight.seen.name)]


def _due_s(sight: Sight, waits: Waits) -> float:
    return sight.since_s + (waits.settle_s if sight.closed else waits.stable_s)
