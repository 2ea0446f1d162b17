"""Bytes in, events out: `feed` as they come, `close` at the end of the file. Nothing here waits, opens or logs.

Outside an interchange it looks for the next ISA; inside it cuts whole segments at the terminator and gives them to an
`InterchangeReader`; after junk it is deaf.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from msgspec import structs

from parsers.cutter import Cutter
from parsers.envelope import EnvelopePolicy, policy_codes
from parsers.events import Event, InterchangeClosed, InterchangeHeader, InterchangeOpened, Junk
from parsers.foreign import HEAD_BYTES, described
from parsers.guides import Guide
from parsers.interchange import InterchangeReader, Rules
from parsers.isa import LINE_ENDS, Isa, header_bytes, read_isa
from parsers.limits import Limits
from parsers.refusals import refusal

PIECE_BYTES = 64 * 1024
"""A larger feed is read in pieces of this size: some 2,000 segments whose strings (0.5 MB) stay in the processor's
cache, and little to copy when a piece holds many small interchanges."""
_PADDING = b" \t\r\n\x00\x1a"  # spaces, line ends, a crash's zeros and the old end-of-file mark
_BOM = b"\xef\xbb\xbf"
_ISA_ID_BYTES = 7  # three letters with a line end between each


class Reader:
    """Reads one file. Args: guides: the guide of a GS08, None if unsupported; policy: who may send what here."""

    def __init__(
        self, guides: Callable[[str], Guide | None], policy: EnvelopePolicy, limits: Limits | None = None
    ) -> None:
        self._guides = guides
        self._rules = Rules(policy, limits or Limits())
        self._buffer = b""
        self._offset = 0  # of the first byte of the buffer
        self._number = 0
        self._deaf = False
        self._inside: _Inside | None = None
        self._keys: dict[tuple[str, ...], None] = {}
        self._events: list[Event] = []

    def feed(self, data: bytes) -> list[Event]:
        """Takes the next bytes of the file. Returns: what they complete."""
        for start in range(0, len(data), PIECE_BYTES):
            self._buffer += data[start : start + PIECE_BYTES]
            self._read(final=False)
        return self._take()

    def events(self, data: bytes) -> Iterator[Event]:
        """As `feed`, one piece at a time: what is taken and dropped at once makes room for what comes next.

        A third faster than `feed` on large data. The next piece is read only when the iterator is asked for it.
        """
        for start in range(0, len(data), PIECE_BYTES):
            yield from self.feed(data[start : start + PIECE_BYTES])

    def close(self) -> list[Event]:
        """The file ends here. Returns: the rest; what is still open is closed as cut off."""
        self._read(final=True)
        if self._inside is not None:
            self._leave(None, len(self._buffer))
        elif not self._deaf and not self._number:
            self._junk("not-x12")
        return self._take()

    def _take(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def _read(self, final: bool) -> None:
        """As many steps as the buffer allows."""
        while not self._deaf and self._buffer and (self._read_inside() if self._inside else self._read_outside(final)):
            pass
        if self._deaf:
            self._buffer = b""

    def _consume(self, count: int) -> None:
        if self._inside is not None:
            self._inside.digest.update(self._buffer[self._inside.hashed : count])
            self._inside.hashed = max(0, self._inside.hashed - count)
        self._buffer = self._buffer[count:]
        self._offset += count

    def _read_outside(self, final: bool) -> bool:
        """Looks for an ISA. Returns: whether to go on."""
        if not self._offset and not final and _BOM.startswith(self._buffer[:3]) and len(self._buffer) < len(_BOM):
            return False
        if not self._offset and self._buffer.startswith(_BOM):
            self._consume(len(_BOM))
        self._consume(len(self._buffer) - len(self._buffer.lstrip(_PADDING)))
        if not b"ISA".startswith(self._buffer[:_ISA_ID_BYTES].translate(None, LINE_ENDS)[:3]):
            if final or self._number or len(self._buffer) >= HEAD_BYTES:
                self._junk("junk" if self._number else "not-x12")
            return False
        head = header_bytes(self._buffer, self._rules.limits, final)
        if head is None or not self._buffer:
            return False
        isa = read_isa(head)
        if isa is None:
            self._junk("incomplete" if final else "junk" if self._number else "not-x12")
            return False
        self._enter(isa)
        return True

    def _enter(self, isa: Isa) -> None:
        self._number += 1
        codes = isa.codes + policy_codes(isa.header, self._rules.policy)
        if _key(isa.header) in self._keys:
            codes += ("025",)
        reader = InterchangeReader(isa, tuple(dict.fromkeys(codes)), self._guides, self._rules)
        self._events.append(InterchangeOpened(self._number, isa.header, self._offset))
        inside = _Inside(reader, Cutter(isa.header.delimiters, self._rules.policy.charset, isa.wrapped))
        inside.digest.update(self._buffer[: isa.length])
        self._buffer = self._buffer[isa.length - 1 :]  # it always begins with the last terminator
        self._offset += isa.length - 1
        inside.hashed = 1
        self._inside = inside

    def _read_inside(self) -> bool:
        """Reads the whole segments that are there. Returns: whether to go on."""
        inside = self._inside
        assert inside is not None
        border = inside.cutter.border.search(self._buffer)
        end = border.start() if border else self._buffer.rfind(inside.cutter.end)
        if end > 0:
            self._segments(inside, self._buffer[: end + 1])
            self._consume(end)
        if border is None:
            return self._bound(inside)
        if border.group(1).translate(None, LINE_ENDS) == b"ISA":
            inside.reader.cut_off()
            self._leave(None, 1)
            return True
        last = self._buffer.find(inside.cutter.end, 1)
        if last < 0:
            return self._bound(inside)
        self._leave(inside.cutter.one(self._buffer[1:last]), last + 1)
        return True

    def _bound(self, inside: _Inside) -> bool:
        """A segment that does not end: what lies beyond the limit is left out. Returns: False, there is no more."""
        excess = len(self._buffer) - self._rules.limits.segment_bytes - 1
        if excess > 0:
            inside.digest.update(self._buffer[inside.hashed :])
            self._buffer = self._buffer[:-excess]
            self._offset += excess
            inside.hashed = len(self._buffer)
        return False

    def _segments(self, inside: _Inside, block: bytes) -> None:
        """Gives the interchange the segments of a block that begins and ends with a terminator."""
        if not inside.reader.refused:
            raws, texts = inside.cutter.split(block, self._rules.limits.segment_bytes)
            self._events += inside.reader.read(raws, texts)

    def _leave(self, iea: list[str] | None, count: int) -> None:
        """The interchange is over, with its IEA or without; `count` bytes of the buffer still belong to it."""
        inside = self._inside
        assert inside is not None
        self._consume(count)
        self._inside = None
        events, verdict = inside.reader.close(iea)
        self._events += events
        self._events.append(InterchangeClosed(verdict, inside.digest.hexdigest(), tuple(inside.reader.ta1)))
        if verdict.verdict != "R":
            self._keys[_key(verdict.header)] = None
            if len(self._keys) > self._rules.limits.duplicates_held:
                del self._keys[next(iter(self._keys))]

    def _junk(self, code: str) -> None:
        more = described(self._buffer[:HEAD_BYTES]) if code == "not-x12" else ""
        found = refusal("file", code)
        self._events.append(Junk(self._offset, structs.replace(found, message=f"{found.message} {more}".rstrip())))
        self._deaf = True


def _key(header: InterchangeHeader) -> tuple[str, ...]:
    """What makes an interchange the same as another: parties, control number, usage."""
    return (header.isa05, header.isa06, header.isa07, header.isa08, header.isa13, header.isa15)


class _Inside:
    """The interchange being read. hashed: bytes at the head of the buffer that the digest has seen."""

    def __init__(self, reader: InterchangeReader, cutter: Cutter) -> None:
        self.reader = reader
        self.cutter = cutter
        self.digest = hashlib.sha256()
        self.hashed = 0
