"""The door's files on the store: what a visitor asks, and for whom it is done.

Uploads that are open are `open_upload`'s. Every database call runs through `run_blocking`, never on the reactor thread.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from copy import copy
from functools import lru_cache, partial
from typing import Any

from twisted.internet import defer
from twisted.internet.defer import Deferred, succeed

from gateway.clock import SECOND_US
from gateway.flow import folders, uploads
from gateway.flow.accounts import Account
from gateway.flow.context import Context
from gateway.flow.deeds import Deeds, signature
from gateway.flow.open_upload import StoreUpload, Unsealed
from gateway.flow.space import ENDLESS, Space
from gateway.flow.threads import RunBlocking
from gateway.store import sealed
from sftp_drop.drop import Ban, Entry, Upload, Visitor

UNSEALED_BYTES = 64 * sealed.ROW
"""What all uploads together may hold unsealed beyond one row each: the windows of 32 that send at full speed."""

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

    def begin(self, partner: str, name: str, resume: bool) -> Deferred[Upload]:
        """A new upload, or one that goes on where an earlier one ended or has come to."""
        account = self._accounts.setdefault(partner, Account())
        if resume or self._is_old(account) or not self._space.had(sealed.ROW):
            return self._begin_slowly(account, partner, name, resume)
        account.begin(resume)
        return succeed(self._upload(account, uploads.begin(self._context, partner, name), b""))

    @defer.inlineCallbacks
    def _begin_slowly(self, account: Account, partner: str, name: str, resume: bool) -> Any:
        if self._is_old(account):
            limits, used = yield self._run(folders.account, self._context, partner)
            account.look(limits, used, self._context.now_us)
        account.begin(resume)
        if resume:
            yield self._tell(partner, name)
        row, tail = yield self._run(self._begin, partner, name, resume)
        return self._upload(account, row, tail)

    def _is_old(self, account: Account) -> bool:
        """Whether its numbers are: a look costs a millisecond a thousand files."""
        return account.looked_us < self._context.now_us - ACCOUNT_US

    def _upload(self, account: Account, row: uploads.Upload, tail: bytes) -> StoreUpload:
        return StoreUpload(
            self._context, self._run, self._wake, self._unsealed, row, tail, account, self._space, self._by,
            self._untold[row["partner"]],
        )  # fmt: skip

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
    def list(self, partner: str, folder: str) -> Any:
        """What the partner sees."""
        yield self._tell(partner)
        return (yield self._run(folders.entries, self._context, partner, folder))

    def stat(self, partner: str, folder: str, name: str) -> Deferred[Entry]:
        """One file the partner sees."""
        if not self._untold[partner]:
            return self._run(folders.stat, self._context, partner, folder, name)
        told: Deferred[None] = self._tell(partner, name)
        return told.addCallback(lambda _: self._run(folders.stat, self._context, partner, folder, name))

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
