"""A guide compiled for reading: its tree with one expression per segment, and the transitions between segments.

`load` gives a guide by GS08. What is compiled travels as bytes (msgspec JSON); whoever keeps the bytes, keeps them
under the key `cache_key` gives, which changes with the map, with pyx12 and with this module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping, Sequence
from functools import partial

import msgspec

from parsers import maps, patterns
from parsers.forms import CLAIMS, FORMS, Form, canonical
from parsers.order import entry
from parsers.walk import State

TABLE_VERSION = "4"
"""Raise it whenever `patterns`, `maps` or the shape of `Table` changes: old caches are then left alone."""


class Table(msgspec.Struct, frozen=True):
    """What a compiled guide is made of: its tree, its expressions, and which of them each segment uses, in order."""

    gs08: str
    tree: maps.Loop
    expressions: tuple[str, ...]
    used: tuple[int, ...]


class Guide:
    """One implementation guide, ready to read sets with.

    Attributes: form: its row of the table of guides. table: the compiled data. start: the state before the first
    segment after ST. st03: R, S or N, whether ST03 must, may or must not be sent. ids: all its segment ids.
    openers: those of them that begin a unit.
    """

    __slots__ = ("form", "ids", "openers", "st03", "start", "table")

    def __init__(self, table: Table) -> None:
        self.table = table
        self.form: Form = FORMS[table.gs08]
        self.start: State = entry(table.tree, self.form, _matchers(table))
        self.ids = frozenset(segment.id for segment in _segments(table.tree))
        self.openers = frozenset(_segments(loop)[0].id for loop in _loops(table.tree) if loop.id in self.form.cuts)
        st = table.tree.children[0]
        assert isinstance(st, maps.Segment)
        self.st03 = st.elements[2].usage if len(st.elements) > 2 else "N"
        if table.gs08 in CLAIMS:
            self.st03 = "R"  # pyx12's map of the 837P says S

    @property
    def gs08(self) -> str:
        """The canonical guide id."""
        return self.table.gs08

    def holds(self, loop: str, segment: str, element: int = 0, component: int = 0) -> bool:
        """Whether the guide has such a place, and does not leave it unused."""
        loops = (one for one in _loops(self.table.tree) if one.id == loop)
        found = (one for each in loops for one in each.children if isinstance(one, maps.Segment) and one.id == segment)
        return any(_uses(one.elements, element, component) for one in found)

    def to_bytes(self) -> bytes:
        """The compiled tables, for a cache."""
        return msgspec.json.encode(self.table)

    @classmethod
    def from_bytes(cls, data: bytes) -> Guide:
        """Raises: msgspec.MsgspecError when the bytes are not tables of this version."""
        return cls(msgspec.json.decode(data, type=Table))


Matcher = Callable[[str], object]

REPEATED = frozenset(("CAS", "DTM", "DTP", "HD", "HI", "INS", "LX", "N4", "PRV", "SBR"))
"""Segments that say the same again and again, line after line and member after member."""

KNOWN_HELD = 500
"""Good segments remembered of one expression: some 80 bytes each, and a guide has some 40 that repeat: 2 MB."""


class _Known(dict[str, bool]):
    """An expression that remembers what it accepted: a look-up is five times faster than a match."""

    def __init__(self, match: Callable[[str], object]) -> None:
        self._match = match

    def __missing__(self, text: str) -> bool:
        good = self._match(text) is not None
        if good:
            if len(self) >= KNOWN_HELD:
                self.clear()
            self[text] = True
        return good


def _matchers(table: Table) -> list[Callable[[], Matcher]]:
    """For each segment of the tree a function that compiles its expression; equal expressions are compiled once."""
    compiled: dict[int, Matcher] = {}

    def matcher(index: int, repeated: bool) -> Matcher:
        if index not in compiled:
            match = re.compile(table.expressions[index], re.ASCII).fullmatch
            compiled[index] = _Known(match).__getitem__ if repeated else match
        return compiled[index]

    segments = zip(table.used, _segments(table.tree), strict=True)
    return [partial(matcher, index, segment.id in REPEATED) for index, segment in segments]


def compile_guide(gs08: str) -> Guide:
    """Compiles pyx12's map of a canonical guide id. Raises: maps.MapMissing; KeyError for an id not in the table."""
    tree = maps.read(FORMS[gs08].map)
    expressions: dict[str, int] = {}
    used = [expressions.setdefault(patterns.segment_pattern(segment), len(expressions)) for segment in _segments(tree)]
    return Guide(Table(gs08, tree, tuple(expressions), tuple(used)))


def _segments(loop: maps.Loop) -> list[maps.Segment]:
    """Every segment of a tree, in order."""
    found: list[maps.Segment] = []
    for child in loop.children:
        found += _segments(child) if isinstance(child, maps.Loop) else [child]
    return found


def _uses(parts: Sequence[maps.Element], place: int, component: int) -> bool:
    """Whether an element (0: any) and a component of it (0, and 1 of what has none: the whole) are used."""
    if not place:
        return True
    if place > len(parts) or parts[place - 1].usage == "N":
        return False
    inner = parts[place - 1].parts
    return component < 2 if not inner else _uses(inner, component, 0)


def _loops(loop: maps.Loop) -> list[maps.Loop]:
    """A loop and every loop inside it."""
    inner = [one for child in loop.children if isinstance(child, maps.Loop) for one in _loops(child)]
    return [loop, *inner]


def cache_key(gs08: str) -> str:
    """The name under which compiled tables may be kept."""
    return f"guide-{TABLE_VERSION}-{gs08}-{maps.fingerprint(FORMS[gs08].map)}"


_loaded: dict[str, Guide] = {}


def load(gs08: str, cache: MutableMapping[str, bytes] | None = None) -> Guide | None:
    """The guide a GS08 asks for (near versions read as the one we know), None if it is not supported.

    Each guide is made once in a process. A cache that holds nothing, or something else, only costs time.
    """
    name = canonical(gs08)
    if name not in FORMS:
        return None
    if name not in _loaded:
        _loaded[name] = _from_cache(name, cache) if cache is not None else compile_guide(name)
    return _loaded[name]


def _from_cache(gs08: str, cache: MutableMapping[str, bytes]) -> Guide:
    key = cache_key(gs08)
    try:
        return Guide.from_bytes(cache[key])
    except (KeyError, OSError, msgspec.MsgspecError):
        guide = compile_guide(gs08)
    try:
        cache[key] = guide.to_bytes()
    except OSError:
        return guide  # an unwritable cache is only slower
    return guide
