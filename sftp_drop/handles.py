"""What a client holds open: a file it writes, a file it reads, a folder it lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import TypeVar

import structlog
from twisted.internet.defer import Deferred

from sftp_drop import looks
from sftp_drop.drop import Drop, Refused, Upload
from sftp_drop.names import Place
from sftp_drop.settings import LISTING_ENTRIES, READ_AHEAD_BYTES, READ_MAX_BYTES
from sftp_drop.turns import Turns
from sftp_drop.wire import Attributes

T = TypeVar("T")

log = structlog.get_logger("sftp_drop")


class Handle:
    """Anything open. Its requests run in the order they came."""

    def __init__(self, attributes: Attributes) -> None:
        self.turns = Turns()
        self.attributes = attributes

    async def close(self) -> None:
        """The client sent CLOSE."""

    async def lose(self) -> None:
        """The connection went away with the handle open: never the same as CLOSE."""

    async def settle(self) -> None:
        """Nothing of its own to do: in its turn, everything asked before is done."""

    async def set(self, size: int | None) -> None:
        """Setting times and modes is agreed to and means nothing; a size must be the present one."""
        if size is not None and size != self.attributes.size:
            raise Refused("permission-denied", "files are not truncated or extended")


class Writing(Handle):
    """An upload. Ends in exactly one successful commit, or in lose."""

    def __init__(self, upload: Upload, attributes: Attributes, append: bool) -> None:
        super().__init__(attributes)
        self._upload = upload
        self._append = append
        self._broken = False

    async def write(self, offset: int, content: bytes) -> None:
        """Takes bytes. One refusal breaks the upload: a client that closes regardless must not commit a part."""
        await self.settle()
        at = self.attributes.size if self._append else offset
        try:
            await self._upload.write(at, content)
        except BaseException:
            self._broken = True
            raise
        size = max(self.attributes.size, at + len(content))
        self.attributes = Attributes(self.attributes.mode, size, self.attributes.modified_s)

    async def settle(self) -> None:
        if self._broken:
            raise Refused("failure", "an earlier write of this upload failed")

    async def close(self) -> None:
        try:
            await self.settle()
            await self._upload.commit()
        except BaseException:
            await self.lose()
            raise

    async def lose(self) -> None:
        try:
            await self._upload.lose()
        except Exception as error:
            log.error("sftp lose failed", error=type(error).__name__)


class Reading(Handle):
    """A download. Fetched in large pieces; files do not change once they are visible.

    Who reads on from a piece's end gets the next one fetched while this one is sent. ahead: the one of a session's
    files for which that is done, so that what a session holds stays bounded.
    """

    def __init__(
        self, drop: Drop, partner: str, place: Place, attributes: Attributes, ahead: set[Reading]
    ) -> None:  # fmt: skip
        super().__init__(attributes)
        self._drop, self._partner, self._place = drop, partner, place
        self._piece, self._piece_at = b"", 0
        self._next: tuple[int, Deferred[bytes]] | None = None
        self._ahead = ahead
        self._asked = False
        self._served_to = 0

    async def read(self, offset: int, length: int) -> bytes:
        """Bytes at offset; short only at the end of the file, where clients expect it."""
        end = min(offset + min(length, READ_MAX_BYTES), self.attributes.size)
        content = self._have(offset, end)
        while offset + len(content) < end and await self._fetch(offset + len(content)):
            content += self._have(offset + len(content), end)
        self._asked = True
        if offset <= self._served_to:
            self._served_to = max(self._served_to, offset + len(content))
        return content

    def _have(self, start: int, end: int) -> bytes:
        if not self._piece_at <= start < self._piece_at + len(self._piece):
            return b""
        return self._piece[start - self._piece_at : max(end - self._piece_at, 0)]

    async def _fetch(self, offset: int) -> bool:
        reads_on = offset > 0 and offset == self._piece_at + len(self._piece)
        if self._next is not None and self._next[0] == offset:
            (_, fetched), self._next = self._next, None
        else:
            self._forget()
            fetched = self._asked_for(offset)
        self._piece, self._piece_at = await fetched, offset
        end = offset + len(self._piece)
        if reads_on and offset < end < self.attributes.size and self._ahead <= {self}:
            self._ahead.add(self)
            self._next = end, self._asked_for(end)
        return bool(self._piece)

    def _asked_for(self, offset: int) -> Deferred[bytes]:
        place = self._place
        return self._drop.read(self._partner, place.folder, place.name, offset, READ_AHEAD_BYTES)

    def _forget(self) -> None:
        """Nobody waits for the next piece any more."""
        if self._next is not None:
            self._next[1].addErrback(lambda _: None)
            self._next = None
        self._ahead.discard(self)

    async def lose(self) -> None:
        self._forget()

    async def close(self) -> None:
        """Evidence of delivery, when all was read. Its failure is ours to see, not the client's: it has its file."""
        self._forget()
        if not self._asked or self._served_to < self.attributes.size:
            return
        try:
            await self._drop.read_done(self._partner, self._place.folder, self._place.name)
        except Exception as error:
            log.error("sftp evidence failed", error=type(error).__name__)


class Listing(Handle):
    """A folder being listed; what it shows is what was there when it was opened.

    Rows are made as they are asked for: those of 100,000 files at once would hold up everybody for a second.
    """

    def __init__(self, entries: Iterable[T], row: Callable[[T], looks.Row]) -> None:
        super().__init__(looks.FOLDER)
        self._rows = map(row, entries)

    async def more(self) -> list[looks.Row]:
        """The next rows, none at the end."""
        return list(islice(self._rows, LISTING_ENTRIES))
