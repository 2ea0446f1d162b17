"""SFTP version 3 on the wire: numbers, reading request packets, writing replies. No input, no output, no Conch."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

import msgspec

VERSION = 3


class Ask(IntEnum):
    """Request packet types (draft-ietf-secsh-filexfer-02, 3)."""

    INIT = 1
    OPEN = 3
    CLOSE = 4
    READ = 5
    WRITE = 6
    LSTAT = 7
    FSTAT = 8
    SETSTAT = 9
    FSETSTAT = 10
    OPENDIR = 11
    READDIR = 12
    REMOVE = 13
    MKDIR = 14
    RMDIR = 15
    REALPATH = 16
    STAT = 17
    RENAME = 18
    READLINK = 19
    SYMLINK = 20
    EXTENDED = 200


class Reply(IntEnum):
    """Reply packet types."""

    VERSION = 2
    STATUS = 101
    HANDLE = 102
    DATA = 103
    NAME = 104
    ATTRS = 105
    EXTENDED = 201


class Status(IntEnum):
    """Status codes of version 3 (7)."""

    OK = 0
    EOF = 1
    NO_SUCH_FILE = 2
    PERMISSION_DENIED = 3
    FAILURE = 4
    BAD_MESSAGE = 5
    OP_UNSUPPORTED = 8


class Open:
    """Flags of OPEN (6.3)."""

    READ = 0x01
    WRITE = 0x02
    APPEND = 0x04
    CREATE = 0x08
    TRUNCATE = 0x10
    EXCLUSIVE = 0x20


_SIZE, _OWNER, _PERMISSIONS, _TIMES, _EXTENDED = 0x01, 0x02, 0x04, 0x08, 0x80000000


class Malformed(Exception):
    """The packet is not what its type promises: FX_BAD_MESSAGE."""


class Attributes(msgspec.Struct, frozen=True):
    """What a reply says of a file. mode: POSIX type and permission bits; size in bytes; modified_s: UTC seconds."""

    mode: int
    size: int
    modified_s: int

    def packed(self) -> bytes:
        """An attribute block (5): size, permissions and times, those of access and of change alike."""
        modified_s = min(max(self.modified_s, 0), 0xFFFFFFFF)
        return struct.pack("!LQLLL", _SIZE | _PERMISSIONS | _TIMES, self.size, self.mode, modified_s, modified_s)


class Told(NamedTuple):
    """What a peer's attribute block says, None where it does not. mode, size, modified_s: as in Attributes."""

    mode: int | None
    size: int | None
    modified_s: int | None


class Reader:
    """Takes fields off a packet, SFTP's or SSH's; every shortage and every leftover raises Malformed.

    at: bytes taken so far.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def _take(self, length: int) -> bytes:
        end = self.at + length
        if end > len(self._data):
            raise Malformed
        self.at, start = end, self.at
        return self._data[start:end]

    def flag(self) -> bool:
        """An SSH boolean: any byte but 0 is true (RFC 4251 5)."""
        return self._take(1) != b"\0"

    def u32(self) -> int:
        """An unsigned number of four bytes."""
        return int.from_bytes(self._take(4), "big")

    def u64(self) -> int:
        """An unsigned number of eight bytes."""
        return int.from_bytes(self._take(8), "big")

    def string(self) -> bytes:
        """Bytes behind their length."""
        return self._take(self.u32())

    def attributes(self) -> Told:
        """An attribute block (5)."""
        flags = self.u32()
        size = self.u64() if flags & _SIZE else None
        if flags & _OWNER:
            self.u64()
        mode = self.u32() if flags & _PERMISSIONS else None
        modified_s = self.u64() & 0xFFFFFFFF if flags & _TIMES else None  # the time of access stands before it
        for _ in range(self.u32() if flags & _EXTENDED else 0):
            self.string()
            self.string()
        return Told(mode, size, modified_s)

    def at_end(self) -> bool:
        """Whether every field was taken."""
        return self.at == len(self._data)

    def end(self) -> None:
        """There must be no more."""
        if not self.at_end():
            raise Malformed


def string(data: bytes) -> bytes:
    """A length-prefixed string."""
    return struct.pack("!L", len(data)) + data


def packet(kind: Reply, body: bytes) -> bytes:
    """A whole packet: length, type, body."""
    return struct.pack("!LB", len(body) + 1, kind) + body


def version(extensions: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The answer to INIT."""
    offers = b"".join(string(name) + string(value) for name, value in extensions)
    return packet(Reply.VERSION, struct.pack("!L", VERSION) + offers)


def status(request: bytes, code: Status, text: str) -> bytes:
    """How a request ended: the answer to whatever has nothing else to say."""
    words = string(text.encode(errors="replace")) + string(b"en")
    return packet(Reply.STATUS, request + struct.pack("!L", code) + words)


def handle(request: bytes, name: bytes) -> bytes:
    """The name of an open file or folder: the answer to OPEN and OPENDIR."""
    return packet(Reply.HANDLE, request + string(name))


def data(request: bytes, content: bytes) -> bytes:
    """A file's bytes: the answer to READ."""
    return packet(Reply.DATA, request + string(content))


def attrs(request: bytes, attributes: Attributes) -> bytes:
    """Size, kind and times: the answer to STAT, LSTAT and FSTAT."""
    return packet(Reply.ATTRS, request + attributes.packed())


def names(request: bytes, entries: list[tuple[bytes, bytes, Attributes]]) -> bytes:
    """(name, long name, attributes) of several files: the answer to READDIR and REALPATH."""
    rows = b"".join(string(name) + string(long) + attributes.packed() for name, long, attributes in entries)
    return packet(Reply.NAME, request + struct.pack("!L", len(entries)) + rows)


def extended(request: bytes, body: bytes) -> bytes:
    """The answer to an extension that has one of its own."""
    return packet(Reply.EXTENDED, request + body)
