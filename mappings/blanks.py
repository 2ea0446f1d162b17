"""The last step before bytes: X12 has no escape, so free text makes room for the delimiters it travels with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mappings.table import Segment
from parsers.events import Delimiters


def blanked(segments: Iterable[Segment], delimiters: Delimiters) -> Iterator[Segment]:
    """The segments with every delimiter inside an element turned into a space.

    Precondition: the delimiters were chosen free of the set's `identifiers`, so that only names, addresses and other
    free text can contain one.
    """
    used = (delimiters.element, delimiters.component, delimiters.repetition, delimiters.segment)
    table = str.maketrans(dict.fromkeys(used, " "))
    for segment in segments:
        yield [
            one.translate(table) if isinstance(one, str) else tuple([text.translate(table) for text in one])
            for one in segment
        ]
