"""SNIP types as a person chooses them: `1-5`, `1,2,5`."""

from __future__ import annotations

import re

from msgspec import structs

from parsers.snip import Snip

TYPES = range(1, 8)
_PART = re.compile(r"([1-7])(?:-([1-7]))?", re.ASCII)


def chosen(text: str) -> frozenset[int]:
    """The types a text names. Raises ValueError."""
    types: set[int] = set()
    for part in text.replace(" ", "").split(","):
        found = _PART.fullmatch(part)
        if not found or int(found[2] or found[1]) < int(found[1]):
            raise ValueError("SNIP types are written like 1-5 or 1,2,5")
        types |= set(range(int(found[1]), int(found[2] or found[1]) + 1))
    return frozenset(types)


def only(snip: Snip, types: frozenset[int]) -> Snip:
    """The weights with every type off that is not among those chosen."""
    return structs.replace(snip, **{f"snip{n}": "off" for n in TYPES if n not in types})
