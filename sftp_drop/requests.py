"""The desk: what each SFTP request asks of the visit or of an open handle, as a table."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial

from twisted.internet.defer import Deferred

from sftp_drop import looks, wire
from sftp_drop.drop import Drop, Refused
from sftp_drop.handles import Handle, Listing, Reading, Writing
from sftp_drop.names import NAME_MAX_BYTES, real
from sftp_drop.opened import Opened
from sftp_drop.settings import HANDLES_MAX, READ_MAX_BYTES, REQUEST_MAX_BYTES
from sftp_drop.turns import Turns, then
from sftp_drop.visit import Visit
from sftp_drop.wire import Ask, Attributes, Open, Reader, Status

EXTENSIONS = [
    (b"posix-rename@openssh.com", b"1"),
    (b"fsync@openssh.com", b"1"),
    (b"statvfs@openssh.com", b"2"),
    (b"limits@openssh.com", b"1"),
]
_LIMITS = struct.pack("!4Q", REQUEST_MAX_BYTES, READ_MAX_BYTES, READ_MAX_BYTES, HANDLES_MAX)
# The drop has no size of its own: 1 TiB in blocks of 4 KiB, all free, so that no client holds back an upload.
_SPACE = struct.pack("!11Q", 4096, 4096, *(2**28,) * 3, *(2**20,) * 3, 0, 0, NAME_MAX_BYTES)

Answer = bytes | Deferred[bytes]
"""The reply packet, now or later."""


class Desk:
    """Answers one session's requests. Requests on a handle run in order; those on paths too, behind every CLOSE."""

    def __init__(self, drop: Drop, partner: str) -> None:
        self._visit = Visit(drop, partner)
        self._paths = Turns()
        self._opened = Opened(self._paths)

    def ask(self, kind: int, request: bytes, body: bytes) -> Answer:
        """Comes to the reply packet, or to Malformed, Refused or whatever the drop came to."""
        return _TABLE.get(kind, Desk._unknown)(self, request, Reader(body))

    def lose(self) -> Deferred[None]:
        """The client is gone. Fires when the drop has done what was asked before, and knows which uploads are lost."""
        self._opened.lose()
        return self._paths.drained()

    # Handles

    def _open(self, request: bytes, ask: Reader) -> Answer:
        path, flags, _ = ask.string(), ask.u32(), ask.attributes()
        ask.end()
        if not flags & (Open.READ | Open.WRITE):
            raise wire.Malformed
        return then(self._opened.open(lambda: self._visit.open(path, flags)), partial(_handle, request))

    def _opendir(self, request: bytes, ask: Reader) -> Answer:
        path = _only(ask)
        return then(self._opened.open(lambda: self._visit.list(path)), partial(_handle, request))

    def _close(self, request: bytes, ask: Reader) -> Answer:
        return then(self._opened.close(_only(ask)), partial(_ok, request))

    def _read(self, request: bytes, ask: Reader) -> Answer:
        name, offset, length = ask.string(), ask.u64(), ask.u32()
        ask.end()
        handle = self._opened.get(name, Reading)
        content = handle.turns.add(lambda: handle.read(offset, length))
        return then(content, lambda data: wire.data(request, data) if data else _eof(request))

    def _write(self, request: bytes, ask: Reader) -> Answer:
        name, offset, content = ask.string(), ask.u64(), ask.string()
        ask.end()
        handle = self._opened.get(name, Writing)
        return then(handle.turns.add(lambda: handle.write(offset, content)), partial(_ok, request))

    def _readdir(self, request: bytes, ask: Reader) -> Answer:
        handle = self._opened.get(_only(ask), Listing)
        rows = handle.turns.add(handle.more)
        return then(rows, lambda some: wire.names(request, some) if some else _eof(request))

    def _fstat(self, request: bytes, ask: Reader) -> Answer:
        handle = self._opened.get(_only(ask), Handle)
        return wire.attrs(request, handle.attributes)

    def _fsetstat(self, request: bytes, ask: Reader) -> Answer:
        name, size = ask.string(), ask.attributes().size
        ask.end()
        handle = self._opened.get(name, Handle)
        return then(handle.turns.add(lambda: handle.set(size)), partial(_ok, request))

    # Paths

    def _stat(self, request: bytes, ask: Reader) -> Answer:
        path = _only(ask)
        return then(self._paths.add(lambda: self._visit.stat(path)), partial(_attrs, request))

    def _setstat(self, request: bytes, ask: Reader) -> Answer:
        path, size = ask.string(), ask.attributes().size
        ask.end()
        return then(self._paths.add(lambda: self._visit.set(path, size)), partial(_ok, request))

    def _remove(self, request: bytes, ask: Reader) -> Answer:
        path = _only(ask)
        return then(self._paths.add(lambda: self._visit.remove(path)), partial(_ok, request))

    def _rename(self, request: bytes, ask: Reader, overwrite: bool = False) -> Answer:
        old, new = ask.string(), ask.string()
        ask.end()
        return then(self._paths.add(lambda: self._visit.rename(old, new, overwrite)), partial(_ok, request))

    def _realpath(self, request: bytes, ask: Reader) -> Answer:
        path = real(_only(ask))
        return wire.names(request, [(path, path, looks.FOLDER)])

    # The rest

    def _extended(self, request: bytes, ask: Reader) -> Answer:
        return _EXTENDED.get(ask.string(), Desk._unknown)(self, request, ask)

    def _posix_rename(self, request: bytes, ask: Reader) -> Answer:
        return self._rename(request, ask, overwrite=True)

    def _fsync(self, request: bytes, ask: Reader) -> Answer:
        handle = self._opened.get(_only(ask), Handle)
        return then(handle.turns.add(handle.settle), partial(_ok, request))

    def _statvfs(self, request: bytes, ask: Reader) -> Answer:
        real(_only(ask))
        return wire.extended(request, _SPACE)

    def _limits(self, request: bytes, ask: Reader) -> Answer:
        ask.end()
        return wire.extended(request, _LIMITS)

    def _never(self, request: bytes, ask: Reader) -> Answer:
        raise Refused("permission-denied", "the folders are fixed and hold files only")

    def _unknown(self, request: bytes, ask: Reader) -> Answer:
        raise Refused("unsupported")


_Asked = Callable[[Desk, bytes, Reader], Answer]
_TABLE: dict[int, _Asked] = {
    Ask.OPEN: Desk._open,
    Ask.CLOSE: Desk._close,
    Ask.READ: Desk._read,
    Ask.WRITE: Desk._write,
    Ask.LSTAT: Desk._stat,
    Ask.FSTAT: Desk._fstat,
    Ask.SETSTAT: Desk._setstat,
    Ask.FSETSTAT: Desk._fsetstat,
    Ask.OPENDIR: Desk._opendir,
    Ask.READDIR: Desk._readdir,
    Ask.REMOVE: Desk._remove,
    Ask.MKDIR: Desk._never,
    Ask.RMDIR: Desk._never,
    Ask.REALPATH: Desk._realpath,
    Ask.STAT: Desk._stat,
    Ask.RENAME: Desk._rename,
    Ask.SYMLINK: Desk._never,
    Ask.EXTENDED: Desk._extended,
}
_EXTENDED: dict[bytes, _Asked] = {
    b"posix-rename@openssh.com": Desk._posix_rename,
    b"fsync@openssh.com": Desk._fsync,
    b"statvfs@openssh.com": Desk._statvfs,
    b"limits@openssh.com": Desk._limits,
    b"hardlink@openssh.com": Desk._never,
}


def _only(ask: Reader) -> bytes:
    """The one string a request consists of."""
    text = ask.string()
    ask.end()
    return text


def _handle(request: bytes, name: bytes) -> bytes:
    return wire.handle(request, name)


def _ok(request: bytes, _: None) -> bytes:
    return wire.status(request, Status.OK, "ok")


def _eof(request: bytes) -> bytes:
    return wire.status(request, Status.EOF, "end of file")


def _attrs(request: bytes, attributes: Attributes) -> bytes:
    return wire.attrs(request, attributes)
