"""A guide at run time: loops, the segments in them as states, and the steps from one to the next.

A `State` is "this guide segment was read last". Its transitions are worked out when it is first reached, and kept: a
guide has a few hundred states, a file visits some forty of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from parsers import maps
from parsers.forms import Form

Matcher = Callable[[str], object]
Make = Callable[["State"], tuple[Matcher, tuple[dict[str, "Step | Choice"], tuple["Need", ...]]]]
"""Gives a state its expression and what may follow it, when it is first reached."""


class Place:
    """A loop of the guide at run time. key: its number, under which counts of its children are kept; above: its
    parent's. hl_above: that of the nearest loop around it that an HL opens, 0 if none (0 is the set itself).
    cut: the kind of the unit it begins, "" if none.
    """

    __slots__ = ("above", "children", "cut", "hl_above", "id", "key", "most", "parent", "position", "required")

    def __init__(self, loop: maps.Loop, parent: Place | None, form: Form, key: int) -> None:
        self.id, self.required, self.position, self.most = loop.id, loop.required, loop.position, loop.most
        self.parent = parent
        self.above: int = parent.key if parent else key
        self.hl_above: int = 0
        if parent:
            self.hl_above = parent.key if _opens_with(parent, "HL") else parent.hl_above
        self.cut: str = form.cuts.get(loop.id, "")
        self.key: int = key
        self.children: list[Place | State] = []

    @property
    def opener(self) -> State | None:
        """The segment that opens this loop; None for a loop that only wraps loops."""
        first = self.children[0]
        return first if isinstance(first, State) else None


def _opens_with(loop: Place, name: str) -> bool:
    return bool(loop.children) and loop.children[0].id == name


class State:
    """A segment of the guide at run time; made once, shared by every set that is read.

    key: its number in the counts of its loop. match: its expression, compiled when it is first asked. table: segment
    id -> the step it makes, or a `Choice` by qualifier. closing: what must have been seen before SE may come.
    table and closing are there once the state has matched, or after `prepare`.
    """

    __slots__ = ("_make", "closing", "guide", "hook", "id", "key", "match", "most", "parent", "position", "table")

    def __init__(self, segment: maps.Segment, parent: Place, key: int, make: Make) -> None:
        self.guide, self.parent, self.key, self._make = segment, parent, key, make
        self.id, self.position, self.most = segment.id, segment.position, segment.most
        self.hook = ""
        self.match: Matcher = self._first_match  # plain slots, no __getattr__: the interpreter reads them fastest
        self.table: dict[str, Step | Choice] = {}
        self.closing: tuple[Need, ...] = ()

    def _first_match(self, text: str) -> object:
        self.prepare()
        return self.match(text)

    def prepare(self) -> None:
        """Compiles the expression and works out what may follow."""
        if self.match == self._first_match:
            self.match, (self.table, self.closing) = self._make(self)

    @property
    def required(self) -> bool:
        """The guide says R."""
        return self.guide.required


Need = tuple[int, int, State]
"""(loop key, child key, state whose segment is missing when the count under these keys is 0)."""


class Step:
    """One transition.

    enters: loops opened on the way, outermost first. needs: what must have been seen before it. busy: it does more
    than count its own segment. counted: how often the segment stands in its loop must be counted; not so where the
    guide's order alone tells. again: the guide allows the segment once, and it was the one just read. other: another
    segment of the guide that the same qualifier may mean, tried when the first one's expression refuses.
    """

    __slots__ = (
        "again", "busy", "counted", "enters", "frame", "key", "loop", "most", "needs", "other", "state",
    )  # fmt: skip

    def __init__(self, before: State, state: State, enters: tuple[Place, ...], needs: tuple[Need, ...]) -> None:
        self.state, self.enters, self.needs = state, enters, needs
        self.loop, self.frame, self.key, self.most = state.parent.id, state.parent.key, state.key, state.most
        alone = sum(child.position == state.position for child in state.parent.children) == 1
        self.counted = not (alone and state.most in (1, maps.UNBOUNDED))
        self.again = state is before and state.most == 1 and alone and not enters
        self.busy = bool(enters or needs or state.hook or self.again)
        self.other: Step | None = None


class Choice:
    """Several steps for one segment id, told apart by a qualifier. element: where it stands; rest: when none fits."""

    __slots__ = ("composite", "element", "rest", "steps")

    def __init__(self, element: int, composite: bool, steps: dict[str, Step], rest: Step | None) -> None:
        self.element, self.composite, self.rest = element, composite, rest
        self.steps: dict[str, Step] = _ByComponent(steps) if composite else steps


class _ByComponent(dict[str, Step]):
    """Steps by the first component of a composite; `get` is given the whole composite."""

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key.partition(":")[0], default)
