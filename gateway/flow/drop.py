"""The door's files on the store: bytes go to sealed rows while they arrive; CLOSE answers after one commit.

An upload holds at most its unsealed tail in memory: rows are sealed when 2 MiB lie behind them, so that writes may come
in any order inside that window. Every database call runs through `run_blocking`, never on the reactor thread.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from copy import copy
from functools import lru_cache, partial
from typing import Any

from twisted.internet import defer
from twisted.internet.defer import Deferred, DeferredLock

from gateway.clock import SECOND_US
from gateway.flow import folders, uploads
from gateway.flow.accounts import Account
from gateway.flow.context import Context
from gateway.flow.deeds import Deeds, signature
from gateway.flow.space import ENDLESS, Space
from gateway.flow.threads import RunBlocking
from gateway.store import sealed
from sftp_drop.drop import Ban, Refused, Visitor

WINDOW = 2 * sealed.ROW
"""Bytes behind the end that may still be rewritten: clients send at most 2 MiB ahead (the SSH window)."""

UNSEALED_BYTES = 64 * sealed.ROW
"""What all uploads together may hold unsealed beyond one row each: the windows of 32 that send at full speed."""

STRETCHES = 256
"""Pieces between holes of one window: a client with 64 writes on their way leaves at most 64 holes."""

HOLE_US = 30 * SECOND_US
"""How long a hole may stay: what is on its way through one TCP connection comes within seconds, or never."""

NOTE_US = 60 * SECOND_US
"""How often at most a running upload says that it lives and how much of it is sealed: one commit a minute."""

OPEN_BODIES = 4
"""Outbound files kept open in memory while clients read them piece by piece; each is opened once, not once a piece."""


ACCOUNT_US = 5 * SECOND_US
"""How old what the store says of a partner's allowance may be: this process counts on in between."""


class StoreDrop:
    """`sftp_drop.Drop` on the store. wake: called after every commit that made work. run_blocking: the thread pool.

    deeds: what was done that changed nothing, for the porter to write. space: the disk.
    """

    def __init__(
        self, context: Context, run_blocking: RunBlocking, wake: Callable[[], None], space: Space = ENDLESS
    ) -> None:
        self._context = context
        self._run = run_blocking
        self._wake = wake
        self._space = space
        self._unsealed = Unsealed(UNSEALED_BYTES)
        self._accounts: dict[str, Account] = {}
        self._body = lru_cache(OPEN_BODIES)(partial(folders.body, context))
        self._untold: dict[str, set[StoreUpload]] = defaultdict(set)
        self._visitor: Visitor | None = None
        self.deeds = Deeds()

    def of(self, visitor: Visitor) -> StoreDrop:
        """This drop, everything of it shared, as one visitor uses it."""
        bound = copy(self)
        bound._visitor = visitor
        return bound

    @property
    def _by(self) -> str:
        return signature(self._visitor)

    def note(self, what: str, about: str = "") -> None:
        """For the record, written within a moment."""
        if self._visitor is not None:
            self.deeds.note(self._context.now_us, self._visitor, what, about)

    def ban(self, ban: Ban) -> None:
        """For the record and the doors of other nodes, written within a moment."""
        self.deeds.bans[ban.place] = ban

    def login(self, user: str, key_blob: bytes, peer: str) -> Deferred[Visitor]:
        """The partner the key belongs to; user must be its id."""
        return self._run(folders.login, self._context, user, key_blob, peer)

    @defer.inlineCallbacks
    def begin(self, partner: str, name: str, resume: bool) -> Any:
        """A new upload, or one that goes on where an earlier one ended or has come to."""
        account = yield self._account(partner)
        account.begin(resume)
        if resume:
            yield self._tell(partner, name)
        if resume or not self._space.had(sealed.ROW):
            row, tail = yield self._run(self._begin, partner, name, resume)
        else:
            row, tail = uploads.begin(self._context, partner, name), b""
        begun = StoreUpload(
            self._context, self._run, self._wake, self._unsealed, row, tail, account, self._space, self._by,
            self._untold[partner],
        )  # fmt: skip
        return begun

    def _begin(self, partner: str, name: str, resume: bool) -> tuple[uploads.Upload, bytes]:
        self._space.check(sealed.ROW)
        if resume:
            return uploads.resume(self._context, partner, name)
        return uploads.begin(self._context, partner, name), b""

    @defer.inlineCallbacks
    def _tell(self, partner: str, name: str = "") -> Any:
        """Before anybody asks after a partner's names, or one: what a session has there alone is told to the store."""
        for one in [one for one in self._untold[partner] if not name or one.name == name]:
            yield one.tell()

    @defer.inlineCallbacks
    def _account(self, partner: str) -> Any:
        """The partner's account, its numbers at most some seconds old: a look costs a millisecond a thousand files."""
        account = self._accounts.setdefault(partner, Account())
        now_us = self._context.now_us
        if account.looked_us < now_us - ACCOUNT_US:
            limits, used = yield self._run(folders.account, self._context, partner)
            account.look(limits, used, now_us)
        return account

    @defer.inlineCallbacks
    def list(self, partner: str, folder: str) -> Any:
        """What the partner sees."""
        yield self._tell(partner)
        return (yield self._run(folders.entries, self._context, partner, folder))

    @defer.inlineCallbacks
    def stat(self, partner: str, folder: str, name: str) -> Any:
        """One file the partner sees."""
        yield self._tell(partner, name)
        return (yield self._run(folders.stat, self._context, partner, folder, name))

    def read(self, partner: str, folder: str, name: str, offset: int, length: int) -> Deferred[bytes]:
        """Bytes of one file the partner sees."""
        return self._run(folders.read, self._context, self._body, partner, folder, name, offset, length)

    def read_done(self, partner: str, folder: str, name: str) -> Deferred[None]:
        """Evidence that an outbound file was fetched."""
        return self._run(folders.read_done, self._context, partner, folder, name, self._by)

    @defer.inlineCallbacks
    def hide(self, partner: str, folder: str, name: str) -> Any:
        """Out of sight, never destroyed."""
        yield self._tell(partner, name)
        yield self._run(folders.hide, self._context, partner, folder, name, self._by)

    @defer.inlineCallbacks
    def rename(self, partner: str, old: str, new: str, overwrite: bool) -> Any:
        """To a final name: fires only when there is a receipt."""
        yield self._tell(partner)
        yield self._run(uploads.rename, self._context, partner, old, new, overwrite, self._by)
        self._wake()


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
        return self._lock.run(self._write, offset, data)

    def commit(self) -> Deferred[None]:
        """Seals the rest and commits: the receipt for a final name, the bytes alone for a temporary one."""
        return self._lock.run(self._commit)

    def lose(self) -> Deferred[None]:
        """Keeps what came whole from the beginning, for a resume."""
        return self._lock.run(self._lose)

    @defer.inlineCallbacks
    def _write(self, offset: int, data: bytes) -> Any:
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
            except Refused:
                yield self._discard()
                raise
            self._size = offset + len(data)
        self._written = stretches
        self._tail.extend(bytes(max(0, start + len(data) - len(self._tail))))
        self._tail[start : start + len(data)] = data
        self._count()
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
            raise Refused("failure", "the file has a hole that was not filled")
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
            raise Refused("failure", "the file has a hole that was not filled")
        self._wake()

    @defer.inlineCallbacks
    def _lose(self) -> Any:
        if not self._over:
            yield self._end(self._break_off)

    def _close(self, size: int, last: bytes) -> int:
        """Blocks. Returns: the bytes that are kept whole."""
        self._seal(True, last)
        sha256 = self._digest.hexdigest() if self._digest is not None else ""
        uploads.close(self._context, self._row, size, sha256, self._by)
        return size

    def _break_off(self, size: int, last: bytes) -> None:
        """Blocks."""
        self._seal(True, last)
        uploads.lose(self._context, self._row, size, self._by)

    @defer.inlineCallbacks
    def _discard(self) -> Any:
        """More than the partner's allowance: nothing of it is kept or counted, and it is over before it is closed."""
        self._over = True
        self._tail.clear()
        self._count()
        self._account.end(self._size - self._start, None)
        self._untold.discard(self)
        yield self._run(uploads.discard, self._context, self._row, self._by)

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
