"""SFTP version 3 as its client: one request at a time, or many on their way. Knows a channel, not who made it.

Own, because a library's reader that prefetches may fall back to one request at a time in silence, and lists a folder
however long it is.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import msgspec

from sftp_drop.remote.server import Deadlines
from sftp_drop.remote.trouble import Failed
from sftp_drop.remote.watchdog import Watchdog
from sftp_drop.wire import VERSION, Ask, Malformed, Reader, Reply, Status, string

REPLY_MAX_BYTES = 257 * 1024
"""A reply and its header; OpenSSH sends at most 256 KiB, and we ask for 32 KiB at a time."""

RECEIVE_BYTES = 64 * 1024
"""What is taken from the channel at once: two SSH packets."""

FSYNC = b"fsync@openssh.com"

_SIZE, _OWNER, _PERMISSIONS, _TIMES, _EXTENDED = 0x01, 0x02, 0x04, 0x08, 0x80000000

_REFUSALS: dict[int, str] = {Status.NO_SUCH_FILE: "missing"}
"""Status of a request that failed -> what is told of it; "refused" for any other."""


class Channel(Protocol):
    """Where the bytes go: a paramiko channel. Both raise OSError when it ends or takes too long."""

    def recv(self, length: int) -> bytes: ...
    def sendall(self, data: bytes) -> None: ...


class Found(msgspec.Struct, frozen=True):
    """A file of the server. size in bytes, modified_s: UTC seconds by its clock."""

    name: str
    size: int
    modified_s: int


class Session:
    """A channel on which the subsystem `sftp` runs. deadlines: of each operation; `watch` keeps them."""

    def __init__(self, channel: Channel, watch: Watchdog, deadlines: Deadlines) -> None:
        self.watch, self.deadlines = watch, deadlines
        self._channel = channel
        self._buffer = bytearray()
        self._number = 0
        self._abandoned: set[int] = set()
        self.extensions: frozenset[bytes] = frozenset()

    def begin(self) -> None:
        """Agrees on the version. Raises Failed, as everything here does."""
        self._write(bytes([Ask.INIT]) + VERSION.to_bytes(4, "big"))
        with _understood():
            kind, body = self._packet()
            reply = Reader(body)
            if kind != Reply.VERSION or reply.u32() < VERSION:
                raise Malformed
            names = []
            while reply.at < len(body):
                names.append(reply.string())
                reply.string()  # its version
        self.extensions = frozenset(names)

    # ---- requests and replies

    def send(self, kind: Ask, *fields: bytes) -> int:
        """Sends a request; returns its number."""
        self._number = (self._number + 1) & 0xFFFFFFFF
        self._write(bytes([kind]) + self._number.to_bytes(4, "big") + b"".join(fields))
        return self._number

    def receive(self) -> tuple[int, int, Reader]:
        """Number, kind and rest of the next reply that somebody waits for."""
        while True:
            with _understood():
                kind, body = self._packet()
                reply = Reader(body)
                number = reply.u32()
            if number not in self._abandoned:
                return number, kind, reply
            self._abandoned.discard(number)

    def abandon(self, numbers: set[int]) -> None:
        """Nobody waits for the replies to these requests any more."""
        self._abandoned |= numbers

    def ask(self, kind: Ask, *fields: bytes) -> tuple[int, Reader]:
        """One request and its reply: kind and rest."""
        number = self.send(kind, *fields)
        answered, reply_kind, reply = self.receive()
        if answered != number:
            raise Failed("protocol")
        return reply_kind, reply

    def do(self, kind: Ask, *fields: bytes) -> None:
        """A request that is answered by a status; raises Failed unless it is OK."""
        check(*self.ask(kind, *fields))

    # ---- what a request of one kind is for

    def stat(self, path: str) -> Found | None:
        """Size and time of a file; None when there is none."""
        with self.watch.within(self.deadlines.request_s):
            kind, reply = self.ask(Ask.STAT, text(path))
            try:
                expect(Reply.ATTRS, kind, reply)
            except Failed as failed:
                if failed.code == "missing":
                    return None
                raise
            with _understood():
                _, size, modified_s = _attributes(reply)
        return Found(path.rpartition("/")[2], size, modified_s)

    def list(self, folder: str, most: int) -> tuple[list[Found], bool]:
        """At most so many files of a folder, and whether these are all: no folders, no links."""
        found: list[Found] = []
        with self.watch.within(self.deadlines.file_s):
            kind, reply = self.ask(Ask.OPENDIR, text(folder))
            handle = expect(Reply.HANDLE, kind, reply).string()
            while len(found) < most:
                kind, reply = self.ask(Ask.READDIR, string(handle))
                if kind == Reply.STATUS and status(reply) == Status.EOF:
                    break
                with _understood():
                    found += _files(expect(Reply.NAME, kind, reply))
            self.do(Ask.CLOSE, string(handle))
        return found[:most], len(found) < most

    def remove(self, path: str) -> None:
        """Deletes a file."""
        with self.watch.within(self.deadlines.request_s):
            self.do(Ask.REMOVE, text(path))

    def rename(self, old: str, new: str) -> None:
        """As version 3 has it, which overwrites nothing (draft-ietf-secsh-filexfer-02 6.5).

        OpenSSH's posix-rename would put ours over a file that came under the name since we looked.
        """
        with self.watch.within(self.deadlines.request_s):
            self.do(Ask.RENAME, text(old), text(new))

    @contextmanager
    def opened(self, path: str, flags: int) -> Iterator[bytes]:
        """The handle of an open file; its CLOSE must succeed unless what was done with it had failed already."""
        kind, reply = self.ask(Ask.OPEN, text(path), flags.to_bytes(4, "big"), bytes(4))
        handle = expect(Reply.HANDLE, kind, reply).string()
        try:
            yield handle
        except Failed:
            self.abandon({self.send(Ask.CLOSE, string(handle))})
            raise
        self.do(Ask.CLOSE, string(handle))

    # ---- bytes

    def _write(self, body: bytes) -> None:
        try:
            self._channel.sendall(len(body).to_bytes(4, "big") + body)
        except (OSError, EOFError) as error:
            raise self._gone() from error

    def _packet(self) -> tuple[int, bytes]:
        length = int.from_bytes(self._take(4), "big")
        if not 0 < length <= REPLY_MAX_BYTES:
            raise Malformed
        body = self._take(length)
        self.watch.heard()
        return body[0], body[1:]

    def _take(self, length: int) -> bytes:
        while len(self._buffer) < length:
            try:
                more = self._channel.recv(RECEIVE_BYTES)
            except (OSError, EOFError) as error:
                raise self._gone() from error
            if not more:
                raise self._gone()
            self._buffer += more
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        return taken

    def _gone(self) -> Failed:
        return Failed("silent" if self.watch.expired else "broken-off")


def text(path: str) -> bytes:
    """A path as a field of a request."""
    return string(path.encode())


def expect(wanted: Reply, kind: int, reply: Reader) -> Reader:
    """The reply, which must be of a kind; raises Failed with the reason when the server refused."""
    if kind == wanted:
        return reply
    check(kind, reply)
    raise Failed("protocol")  # OK is no answer to a question


def check(kind: int, reply: Reader) -> None:
    """Raises Failed unless the reply says OK."""
    if kind != Reply.STATUS:
        raise Failed("protocol")
    code = status(reply)
    if code != Status.OK:
        raise Failed(_REFUSALS.get(code, "refused"), f"status {code}")


def status(reply: Reader) -> int:
    """The code of a status reply; its text, which may name files, is not looked at."""
    with _understood():
        return reply.u32()


@contextmanager
def _understood() -> Iterator[None]:
    """What is no SFTP is told as such."""
    try:
        yield
    except Malformed as error:
        raise Failed("protocol") from error


def _files(reply: Reader) -> Iterator[Found]:
    """The regular files of a NAME reply whose names are text."""
    for _ in range(reply.u32()):
        name, _long = reply.string(), reply.string()
        mode, size, modified_s = _attributes(reply)
        try:
            told = name.decode()
        except UnicodeDecodeError:
            continue
        if "/" not in told and (mode is None or stat.S_ISREG(mode)) and told not in (".", ".."):
            yield Found(told, size, modified_s)


def _attributes(reply: Reader) -> tuple[int | None, int, int]:
    """(mode where it is told, size, time of change) of an attribute block (5)."""
    flags = reply.u32()
    size = reply.u64() if flags & _SIZE else 0
    if flags & _OWNER:
        reply.u64()
    mode = reply.u32() if flags & _PERMISSIONS else None
    modified_s = reply.u64() & 0xFFFFFFFF if flags & _TIMES else 0
    for _ in range(reply.u32() if flags & _EXTENDED else 0):
        reply.string()
        reply.string()
    return mode, size, modified_s
