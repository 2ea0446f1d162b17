"""One upload while a session writes it: bytes become sealed rows as they arrive; CLOSE answers after one commit.

At most its unsealed tail lies in memory: rows are sealed when 2 MiB lie behind them, so that writes may come in any
order inside that window. Every database call runs through `run_blocking`, never on the reactor thread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from twisted.internet import defer
from twisted.internet.defer import Deferred, DeferredLock, succeed

from gateway.clock import MINUTE_US, SECOND_US
from gateway.flow import uploads
from gateway.flow.accounts import Account
from gateway.flow.context import Context
from gateway.flow.space import Space
from gateway.flow.threads import RunBlocking
from gateway.store import sealed
from sftp_drop.drop import Refused

WINDOW = 2 * sealed.ROW
"""Bytes behind the end that may still be rewritten: clients send at most 2 MiB ahead (the SSH window)."""

STRETCHES = 256
"""Pieces between holes of one window: a client with 64 writes on their way leaves at most 64 holes."""

HOLE_US = 30 * SECOND_US
"""How long a hole may stay: what is on its way through one TCP connection comes within seconds, or never."""

NOTE_US = MINUTE_US
"""How often at most a running upload says that it lives and how much of it is sealed: one commit a minute."""

NOT_FILLED = "the file has a hole that was not filled"


class Unsealed:
    """What all uploads together hold unsealed beyond the one row that each may always hold, in bytes.

    When it is short, an upload without holes seals at once instead of keeping its window, and its WRITE is answered
    when that is done; one with a hole, which cannot be sealed, may not grow.
    """

    def __init__(self, most: int) -> None:
        self._most, self._held = most, 0

    def hold(self, more: int) -> None:
        """Counts bytes, negative ones when they were given back."""
        self._held += more

    def short(self, more: int = 0) -> bool:
        """Whether there is no room for so many bytes more."""
        return self._held + more > self._most


class _TooMuch(Refused):
    """The file has become more than its partner's allowance."""


class StoreUpload:
    """One open upload. Calls are serialised: a write is durable or in the window before the next is looked at."""

    def __init__(
        self, context: Context, run: RunBlocking, wake: Callable[[], None], unsealed: Unsealed, row: uploads.Upload,
        tail: bytes, account: Account, space: Space, by: str, untold: set[StoreUpload],
    ) -> None:  # fmt: skip
        """untold: where it stands as long as the store does not tell of it."""
        self._context, self._run, self._wake, self._unsealed = context, run, wake, unsealed
        self._account, self._space, self._by = account, space, by
        self._size = self._start = row["size"]  # `account` counts what lies between
        self._row, self._key = row, context.keys.unwrap(row["key"])
        self.name, self._untold = str(row["name"]), untold
        if self._is_new():
            untold.add(self)
        self._digest = hashlib.sha256() if self._is_new() else None  # of the rows that were sealed
        self._sealed_rows = sealed.rows_of(row["size"]) - 1  # the last row stays open: it may yet grow
        self._tail = bytearray(tail)  # bytes from sealed_rows * ROW on
        self._written = [(0, len(tail))]  # stretches of the tail that have come; the first begins at 0
        self._held = 0  # bytes of the tail that `unsealed` counts
        self._hole = (-1, 0)  # where the first hole of the file begins, and when a write first left it there
        self._kept = row["size"]  # what the store vouches for should this process die
        self._noted_us = context.now_us
        self._lock = DeferredLock()
        self._over = False

    def _is_new(self) -> bool:
        return bool(self._row["state"] == uploads.NEW)

    def tell(self) -> Deferred[None]:
        """Others see that it is there."""
        return self._lock.run(self._tell)

    @defer.inlineCallbacks
    def _tell(self) -> Any:
        if self._is_new() and not self._over:
            self._row = yield self._run(uploads.keep, self._context, self._row)
            self._untold.discard(self)

    def write(self, offset: int, data: bytes) -> Deferred[None]:
        """Places data in the window; fires when rows that left the window are sealed."""
        if self._lock.locked:
            return self._lock.run(self._write, offset, data)
        try:
            self._place(offset, data)
        except _TooMuch as refused:
            return self._lock.run(self._discard, refused)
        return self._lock.run(self._make_room) if self._must_make_room() else succeed(None)

    def commit(self) -> Deferred[None]:
        """Seals the rest and commits: the receipt for a final name, the bytes alone for a temporary one."""
        return self._lock.run(self._commit)

    def lose(self) -> Deferred[None]:
        """Keeps what came whole from the beginning, for a resume."""
        return self._lock.run(self._lose)

    @defer.inlineCallbacks
    def _write(self, offset: int, data: bytes) -> Any:
        try:
            self._place(offset, data)
        except _TooMuch as refused:
            yield self._discard(refused)
        yield self._make_room()

    def _place(self, offset: int, data: bytes) -> None:
        """Into the window; raises Refused."""
        start = offset - self._sealed_rows * sealed.ROW
        if self._over or start < 0:
            raise Refused("failure", "that part of the file is already stored")
        if not data:
            return
        stretches = merge([*self._written, (start, start + len(data))])
        if len(stretches) > 1:
            self._check_holes(start, stretches)
        if offset + len(data) > self._size:
            try:
                self._account.grow(offset + len(data), offset + len(data) - self._size)
            except Refused as refused:
                raise _TooMuch(refused.code, refused.text) from refused
            self._size = offset + len(data)
        self._written = stretches
        self._tail.extend(bytes(max(0, start + len(data) - len(self._tail))))
        self._tail[start : start + len(data)] = data
        self._count()

    def _must_make_room(self) -> bool:
        return len(self._tail) > self._window() or self._context.now_us - self._noted_us > NOTE_US

    @defer.inlineCallbacks
    def _make_room(self) -> Any:
        """Seals the rows that left the window; says now and then that the upload lives."""
        while self._whole() >= sealed.ROW and len(self._tail) > self._window():
            yield self._seal_first()
        if self._context.now_us - self._noted_us > NOTE_US:
            self._noted_us = self._context.now_us
            self._kept = max(self._kept, self._sealed_rows * sealed.ROW)
            if not self._is_new():
                yield self._run(uploads.note, self._context, self._row["id"], self._kept)

    def _check_holes(self, start: int, stretches: list[tuple[int, int]]) -> None:
        """Raises Refused, before anything is kept, when a write leaves holes that nobody would wait for."""
        whole, end = stretches[0][1], stretches[-1][1]
        if start > len(self._tail) + WINDOW or end - whole > 2 * WINDOW:
            raise Refused("failure", "the hole before this write is too large")
        if len(stretches) > STRETCHES:
            raise Refused("failure", "the file has too many holes")
        begins = self._sealed_rows * sealed.ROW + whole
        if self._hole[0] != begins:
            self._hole = (begins, self._context.now_us)
        if self._context.now_us - self._hole[1] > HOLE_US:
            raise Refused("failure", NOT_FILLED)
        more = max(0, end - sealed.ROW) - self._held
        if more > 0 and self._unsealed.short(more):
            raise Refused("failure", "there is no room for holes just now; send the file from its beginning on")

    def _whole(self) -> int:
        """How many bytes of the tail have come without a hole."""
        return self._written[0][1]

    def _window(self) -> int:
        """How long the tail may be."""
        return sealed.ROW + (0 if self._unsealed.short() else WINDOW)

    def _count(self) -> None:
        held = max(0, len(self._tail) - sealed.ROW)
        self._unsealed.hold(held - self._held)
        self._held = held

    @defer.inlineCallbacks
    def _seal_first(self) -> Any:
        row = bytes(self._tail[: sealed.ROW])
        yield self._run(self._seal, False, row)
        del self._tail[: sealed.ROW]
        self._written = [(max(0, a - sealed.ROW), b - sealed.ROW) for a, b in self._written if b >= sealed.ROW]
        self._sealed_rows += 1
        self._count()

    def _seal(self, last: bool, row: bytes) -> None:
        """Blocks. Raises Refused when the disk has no room; what is lost is sealed all the same, to be resumed."""
        if not self._over:
            self._space.check(len(row))
        slow = self._context.now_us - self._row["touched_us"] > NOTE_US  # rows nothing tells of are removed one day
        if self._is_new() and (slow or not last):
            self._row = uploads.keep(self._context, self._row)
        try:
            sealed.put(self._context.store, self._row["id"], self._key, self._sealed_rows, last, row)
        except Exception:
            self._space.doubt()
            raise
        if self._digest is not None:
            self._digest.update(row)

    @defer.inlineCallbacks
    def _commit(self) -> Any:
        if self._over:
            return
        whole = self._whole() == len(self._tail)
        yield self._end(self._close if whole else self._break_off)
        if not whole:
            raise Refused("failure", NOT_FILLED)
        self._wake()

    @defer.inlineCallbacks
    def _lose(self) -> Any:
        if not self._over:
            yield self._end(self._break_off)

    def _close(self, size: int, last: bytes) -> int:
        """Blocks. Returns: the bytes that are kept whole. Of a small file they lie in the receipt's commit."""
        is_first = self._digest is not None and not self._sealed_rows
        only = sealed.only(self._row["id"], self._key, last) if is_first else None
        if only is None:
            self._seal(True, last)
        elif self._digest is not None:
            self._digest.update(last)
        sha256 = self._digest.hexdigest() if self._digest is not None else ""
        try:
            uploads.close(self._context, self._row, size, sha256, self._by, only=only)
        except Exception:
            self._space.doubt()
            raise
        return size

    def _break_off(self, size: int, last: bytes) -> None:
        """Blocks."""
        self._seal(True, last)
        uploads.lose(self._context, self._row, size, self._by)

    @defer.inlineCallbacks
    def _discard(self, why: Refused) -> Any:
        """Nothing of it is kept or counted, and it is over before it is closed; raises why."""
        self._over = True
        self._tail.clear()
        self._count()
        self._account.end(self._size - self._start, None)
        self._untold.discard(self)
        yield self._run(uploads.discard, self._context, self._row, self._by)
        raise why

    @defer.inlineCallbacks
    def _end(self, how: Callable[[int, bytes], int | None]) -> Any:
        """Seals what came whole from the beginning and tells the store; nothing is written after that."""
        self._over = True
        del self._tail[self._whole() :]
        size, kept = self._sealed_rows * sealed.ROW + len(self._tail), None
        try:
            while len(self._tail) > sealed.ROW:
                yield self._seal_first()
            kept = yield self._run(how, size, bytes(self._tail))
        finally:
            self._untold.discard(self)
            self._account.end(self._size - self._start, kept)
            self._tail.clear()
            self._count()


def merge(stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches in order; those that touch are one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
