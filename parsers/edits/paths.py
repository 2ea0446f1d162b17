"""How a table names places: `2300/CLM05-3`, `2300/DTP*439`, `2330B/REF02*F8|2U`."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

Key = tuple[str, str]
"""Loop id and segment id."""

_PATH = re.compile(r"(\w+)/([A-Z][A-Z0-9]{1,2}?)(?:(\d\d)(?:-(\d\d?))?)?(?:\*([\w|]+))?", re.ASCII)


class Path(NamedTuple):
    """A place in a guide. element, component: 0 = the whole. codes: what element 01 may be, () anything."""

    key: Key
    element: int = 0
    component: int = 0
    codes: frozenset[str] = frozenset()


@cache  # bounded by the tables and the partners' rules
def path(text: str) -> Path:
    """The place a text names. Errors: ValueError when it names none."""
    found = _PATH.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no place: LOOP/SEGMENT, an element as 05 or 05-3, a qualifier as *F8")
    loop, segment, element, component, codes = found.groups()
    return Path((loop, segment), int(element or 0), int(component or 0), frozenset(codes.split("|") if codes else ()))
