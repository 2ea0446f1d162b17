"""Cutting bytes into segments, and into the standard delimiters: fast, since every byte passes here."""

from __future__ import annotations

import re

from parsers.events import Delimiters


class Cutter:
    """How one interchange is cut into segments.

    Attributes: own: its delimiters; end: its terminator; border: finds the IEA or ISA that ends it.
    """

    def __init__(self, own: Delimiters) -> None:
        self.own = own
        self.end = own.segment.encode("latin-1")
        end, element = re.escape(self.end), re.escape(own.element.encode("latin-1"))
        self.border = re.compile(end + rb"[ \t\r\n]*(IEA|ISA)" + element)
        self._padding = re.compile(end + rb"[ \t\r\n]+")
        self._swap = swap(own) if own != Delimiters() else None

    def split(self, block: bytes, limit: int) -> tuple[list[str], list[str]]:
        """Segments in their own delimiters and in the standard ones, line ends and indents between them left out."""
        for line_end in (b"\r\n", b"\n"):
            block = block.replace(self.end + line_end, self.end)
        if self._padding.search(block):
            block = self._padding.sub(lambda match: self.end, block)
        raws = self._cut(block, self.own.segment, limit)
        return raws, raws if self._swap is None else self._cut(block.translate(self._swap), "~", limit)

    def _cut(self, block: bytes, end: str, limit: int) -> list[str]:
        parts = block[1:-1].decode("latin-1").split(end) if len(block) > 1 else []
        if len(block) > limit and max(map(len, parts)) > limit:
            return [part[:limit] for part in parts]
        return parts


def swap(own: Delimiters) -> bytes:
    """The permutation of bytes that turns an interchange's own delimiters into the standard ones."""
    table = list(range(256))
    for mine, standard in zip(_characters(own), _characters(Delimiters()), strict=True):
        other = table.index(ord(standard))
        table[ord(mine)], table[other] = table[other], table[ord(mine)]
    return bytes(table)


def _characters(delimiters: Delimiters) -> tuple[str, ...]:
    return (delimiters.element, delimiters.component, delimiters.repetition, delimiters.segment)
