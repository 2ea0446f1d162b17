"""Bytes a client sent that are not requests taken yet."""

from __future__ import annotations

from sftp_drop.settings import INBOX_MAX_BYTES, REQUEST_MAX_BYTES

_LENGTH_BYTES = 4
HEADER_BYTES = _LENGTH_BYTES + 1  # length and type


class Overrun(Exception):
    """The client sent more than it may, or a packet that cannot be answered: the channel ends."""


class Inbox:
    """Cuts the byte stream into packets. Taking one from the front of a bytearray moves no bytes."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, data: bytes) -> None:
        """More bytes of the stream; raises Overrun."""
        if len(self._bytes) + len(data) > INBOX_MAX_BYTES:
            raise Overrun
        self._bytes += data

    def take(self) -> tuple[int, bytes] | None:
        """The next whole packet as (type, body), None when there is none yet; raises Overrun."""
        if len(self._bytes) < _LENGTH_BYTES:
            return None
        length = int.from_bytes(self._bytes[:_LENGTH_BYTES], "big")
        if not 1 <= length <= REQUEST_MAX_BYTES:
            raise Overrun
        end = _LENGTH_BYTES + length
        if len(self._bytes) < end:
            return None
        kind, body = self._bytes[_LENGTH_BYTES], bytes(memoryview(self._bytes)[HEADER_BYTES:end])
        del self._bytes[:end]
        return kind, body

    def clear(self) -> None:
        """Drops what is there."""
        self._bytes.clear()
