"""Cutting bytes into segments, and into the standard delimiters: fast, since every byte passes here."""

from __future__ import annotations

import re

from parsers.envelope import Charset
from parsers.events import Delimiters
from parsers.isa import LINE_ENDS


class Cutter:
    """How one interchange is cut into segments.

    Args: charset: what its bytes mean; wrapped: its lines are filled up to a width, so that a line end may stand
    anywhere and says nothing.
    Attributes: own: its delimiters; end: its terminator; border: finds the IEA or ISA that ends it.
    """

    def __init__(self, own: Delimiters, charset: Charset = "ascii", wrapped: bool = False) -> None:
        self.own = own
        self.end = own.segment.encode("latin-1")
        end, element = re.escape(self.end), re.escape(own.element.encode("latin-1"))
        blank = b" \t\r\n".replace(self.end, b"")  # not the terminator: a run of them would be searched from each
        ids = (rb"[\r\n]*".join((b"I", b"[SE]", b"A")) if wrapped else b"I[SE]A") + (rb"[\r\n]*" if wrapped else b"")
        self.border = re.compile(end + rb"[" + blank + rb"]*(" + ids + rb")" + element)
        self._padding = re.compile(end + rb"[ \t\r\n]+")
        self._swap = swap(own) if own != Delimiters() else None
        self._charset, self._wrapped = charset, wrapped

    def split(self, block: bytes, limit: int) -> tuple[list[str], list[str]]:
        """Segments in their own delimiters and in the standard ones, line ends and indents between them left out.

        Args: block: whole segments, with the terminator before the first; limit: bytes kept of each.
        """
        if self._wrapped:
            block = self._unwrapped(block, limit)
        for line_end in (b"\r\n", b"\n"):
            block = block.replace(self.end + line_end, self.end)
        if self._padding.search(block):
            block = self._padding.sub(lambda match: self.end, block)
        raws = self._cut(block, self.own.segment, limit)
        return raws, raws if self._swap is None else self._cut(block.translate(self._swap), "~", limit)

    def one(self, segment: bytes) -> list[str]:
        """A single segment without its terminator, split."""
        plain = segment.translate(None, LINE_ENDS) if self._wrapped else segment.strip(b" \t\r\n")
        return plain.decode(self._charset, "replace").split(self.own.element)

    def _unwrapped(self, block: bytes, limit: int) -> bytes:
        """The block on one line; segments beyond the limit are cut first, as they are when they come in pieces."""
        if len(block) > limit:
            block = self.end.join([part[:limit] for part in block.split(self.end)])
        return block.translate(None, LINE_ENDS)

    def _cut(self, block: bytes, end: str, limit: int) -> list[str]:
        if len(block) < 2:
            return []
        parts = block[1:-1].decode(self._charset, "replace").split(end)
        if len(block) > limit and (max(map(len, parts)) > limit or not block.isascii()):
            return [part[:limit].decode(self._charset, "replace") for part in block[1:-1].split(end.encode())]
        return parts


def swap(own: Delimiters) -> bytes:
    """The permutation of bytes that turns an interchange's own delimiters into the standard ones.

    An ISA that leaves ISA11 out has no repetition separator; it is refused, and still has its end looked for.
    """
    table = list(range(256))
    for mine, standard in zip(_characters(own), _characters(Delimiters()), strict=True):
        if mine:
            other = table.index(ord(standard))
            table[ord(mine)], table[other] = table[other], table[ord(mine)]
    return bytes(table)


def _characters(delimiters: Delimiters) -> tuple[str, ...]:
    return (delimiters.element, delimiters.component, delimiters.repetition, delimiters.segment)
