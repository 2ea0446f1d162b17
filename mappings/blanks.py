"""The last step before bytes: X12 has no escape, so free text makes room for the delimiters it travels with."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from mappings.table import Segment
from parsers.envelope import Charset
from parsers.events import Delimiters

UNSPELLED = "?"
"""In place of a letter that a receiver's characters cannot spell; X12 allows it in a name."""


def blanked(segments: Iterable[Segment], delimiters: Delimiters, charset: Charset = "ascii") -> Iterator[Segment]:
    """The segments with every delimiter inside an element turned into a space, spelled in the receiver's characters.

    Precondition: the delimiters were chosen free of the set's `identifiers`, and those are in the character set, so
    that only names, addresses and other free text are changed.
    """
    used = (delimiters.element, delimiters.component, delimiters.repetition, delimiters.segment)
    table = str.maketrans(dict.fromkeys(used, " "))

    def fitted(text: str) -> str:
        text = text.translate(table)
        return text if text.isascii() else "".join([_spelled(one, charset) for one in text])

    for segment in segments:
        yield [fitted(one) if isinstance(one, str) else tuple([fitted(text) for text in one]) for one in segment]


def spells(text: str, charset: Charset) -> bool:
    """Whether a character set has every character of a text."""
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _spelled(character: str, charset: Charset) -> str:
    """The character, else its letter without accents, else `UNSPELLED`."""
    if spells(character, charset):
        return character
    plain = "".join(one for one in unicodedata.normalize("NFKD", character) if spells(one, charset))
    return plain[:1] or UNSPELLED
