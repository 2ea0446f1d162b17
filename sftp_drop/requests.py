"""The desk: what each SFTP request asks of the visit or of an open handle, as a table."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail, succeed

from sftp_drop import looks, wire
from sftp_drop.drop import Drop, Refused
from sftp_drop.handles import Handle, Listing, Reading, Writing
from sftp_drop.names import NAME_MAX_BYTES, real
from sftp_drop.settings import HANDLES_MAX, READ_MAX_BYTES, REQUEST_MAX_BYTES
from sftp_drop.turns import Job, Turns
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

H = TypeVar("H", bound=Handle)
Answer = Deferred[bytes]


class Desk:
    """Answers one session's requests. Requests on a handle run in order; those on paths too, behind every CLOSE."""

    def __init__(self, drop: Drop, partner: str) -> None:
        self._visit = Visit(drop, partner)
        self._handles: dict[bytes, Handle] = {}
        self._opening = 0
        self._opened = 0
        self._paths = Turns()
        self._lost = False

    def ask(self, kind: int, request: bytes, body: bytes) -> Answer:
        """Fires with the reply packet, or fails with Malformed, Refused or whatever the drop came to."""
        try:
            return _TABLE.get(kind, Desk._unknown)(self, request, Reader(body))
        except Exception as error:
            return fail(error)

    def lost(self) -> None:
        """Open handles are lost, never closed; one that is still opening is lost as soon as it is open."""
        self._lost = True
        handles, self._handles = self._handles, {}
        for handle in handles.values():
            handle.turns.add(handle.lose)

    # Handles

    def _open(self, request: bytes, ask: Reader) -> Answer:
        path, flags, _ = ask.string(), ask.u32(), ask.wanted_size()
        ask.end()
        if not flags & (Open.READ | Open.WRITE):
            raise wire.Malformed
        return self._enter(request, lambda: self._visit.open(path, flags))

    def _opendir(self, request: bytes, ask: Reader) -> Answer:
        path = _only(ask)
        return self._enter(request, lambda: self._visit.list(path))

    def _enter(self, request: bytes, job: Job[Handle]) -> Answer:
        if len(self._handles) + self._opening >= HANDLES_MAX:
            raise Refused("failure", "too many open files")
        self._opening += 1
        return self._paths.add(job).addBoth(self._arrived).addCallback(self._keep, request)

    def _arrived(self, outcome: Any) -> Any:
        self._opening -= 1
        return outcome

    def _keep(self, handle: Handle, request: bytes) -> bytes:
        self._opened += 1
        name = struct.pack("!L", self._opened)
        self._handles[name] = handle
        if self._lost:
            self.lost()
        return wire.handle(request, name)

    def _close(self, request: bytes, ask: Reader) -> Answer:
        name = _only(ask)
        handle = self._handle(name, Handle)
        del self._handles[name]
        closed = handle.turns.add(handle.close)
        self._paths.add(_behind(closed))
        return closed.addCallback(_ok, request)

    def _handle(self, name: bytes, kind: type[H]) -> H:
        handle = self._handles.get(name)
        if handle is None:
            raise Refused("failure", "no such handle")
        if not isinstance(handle, kind):
            raise Refused("permission-denied", "the handle was not opened for this")
        return handle

    def _read(self, request: bytes, ask: Reader) -> Answer:
        name, offset, length = ask.string(), ask.u64(), ask.u32()
        ask.end()
        handle = self._handle(name, Reading)
        content = handle.turns.add(lambda: handle.read(offset, length))
        return content.addCallback(lambda data: wire.data(request, data) if data else _eof(request))

    def _write(self, request: bytes, ask: Reader) -> Answer:
        name, offset, content = ask.string(), ask.u64(), ask.string()
        ask.end()
        handle = self._handle(name, Writing)
        return handle.turns.add(lambda: handle.write(offset, content)).addCallback(_ok, request)

    def _readdir(self, request: bytes, ask: Reader) -> Answer:
        handle = self._handle(_only(ask), Listing)
        rows = handle.turns.add(handle.more)
        return rows.addCallback(lambda some: wire.names(request, some) if some else _eof(request))

    def _fstat(self, request: bytes, ask: Reader) -> Answer:
        handle = self._handle(_only(ask), Handle)
        return succeed(wire.attrs(request, handle.attributes))

    def _fsetstat(self, request: bytes, ask: Reader) -> Answer:
        name, size = ask.string(), ask.wanted_size()
        ask.end()
        handle = self._handle(name, Handle)
        return handle.turns.add(lambda: handle.set(size)).addCallback(_ok, request)

    # Paths

    def _stat(self, request: bytes, ask: Reader) -> Answer:
        path = _only(ask)
        return self._paths.add(lambda: self._visit.stat(path)).addCallback(_attrs, request)

    def _setstat(self, request: bytes, ask: Reader) -> Answer:
        path, size = ask.string(), ask.wanted_size()
        ask.end()
        return self._paths.add(lambda: self._visit.set(path, size)).addCallback(_ok, request)

    def _remove(self, request: bytes, ask: Reader) -> Answer:
        path = _only(ask)
        return self._paths.add(lambda: self._visit.remove(path)).addCallback(_ok, request)

    def _rename(self, request: bytes, ask: Reader, overwrite: bool = False) -> Answer:
        old, new = ask.string(), ask.string()
        ask.end()
        return self._paths.add(lambda: self._visit.rename(old, new, overwrite)).addCallback(_ok, request)

    def _realpath(self, request: bytes, ask: Reader) -> Answer:
        path = real(_only(ask))
        return succeed(wire.names(request, [(path, path, looks.FOLDER)]))

    # The rest

    def _extended(self, request: bytes, ask: Reader) -> Answer:
        return _EXTENDED.get(ask.string(), Desk._unknown)(self, request, ask)

    def _posix_rename(self, request: bytes, ask: Reader) -> Answer:
        return self._rename(request, ask, overwrite=True)

    def _fsync(self, request: bytes, ask: Reader) -> Answer:
        handle = self._handle(_only(ask), Handle)
        return handle.turns.add(handle.settle).addCallback(_ok, request)

    def _statvfs(self, request: bytes, ask: Reader) -> Answer:
        real(_only(ask))
        return succeed(wire.extended(request, _SPACE))

    def _limits(self, request: bytes, ask: Reader) -> Answer:
        ask.end()
        return succeed(wire.extended(request, _LIMITS))

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


def _ok(_: None, request: bytes) -> bytes:
    return wire.status(request, Status.OK, "ok")


def _eof(request: bytes) -> bytes:
    return wire.status(request, Status.EOF, "end of file")


def _attrs(attributes: Attributes, request: bytes) -> bytes:
    return wire.attrs(request, attributes)


def _behind(done: Deferred[Any]) -> Job[None]:
    """A job that waits for done, whatever comes of it."""
    gate: Deferred[None] = Deferred()

    def passed(outcome: Any) -> Any:
        gate.callback(None)
        return outcome

    async def wait() -> None:
        await gate

    done.addBoth(passed)
    return wait
