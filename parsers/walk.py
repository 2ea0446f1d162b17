"""Where a set may go next: from every segment of a guide, which segment may follow, and what that step must check.

A `State` is "this guide segment was read last". Its transitions are worked out when it is first reached, and kept: a
guide has a few hundred states, a file visits some forty of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from parsers import maps
from parsers.forms import Form

Matcher = Callable[[str], object]


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

    def __init__(self, segment: maps.Segment, parent: Place, key: int, make: Callable[[], Matcher]) -> None:
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
            self.match = self._make()
            self.table, self.closing = _transitions(self)

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


def entry(tree: maps.Loop, form: Form, makers: Sequence[Callable[[], Matcher]]) -> State:
    """Builds the run-time tree of a guide. Returns: its ST."""
    keys, matchers = iter(range(1_000_000)), iter(makers)  # keys: far more than a guide has segments

    def build(loop: maps.Loop, parent: Place | None) -> Place:
        place = Place(loop, parent, form, next(keys))
        for child in loop.children:
            if isinstance(child, maps.Loop):
                place.children.append(build(child, place))
            else:
                state = State(child, place, next(keys), next(matchers))
                state.hook = _hook(child, place, form)
                place.children.append(state)
        return place

    start = build(tree, None).children[0]
    assert isinstance(start, State)
    start.prepare()
    return start


def _hook(segment: maps.Segment, place: Place, form: Form) -> str:
    """What beyond its expression a segment is looked at for."""
    loop, name, _, qualifier = form.claim
    if segment.id == "HL":
        return "HL"
    if segment.id == "LX" and place.id == form.lines:
        return "LX"
    codes = segment.elements[0].codes
    return "claim" if (place.id, segment.id) == (loop, name) and (not qualifier or qualifier in codes) else ""


def qualifier(segment: maps.Segment) -> tuple[int, bool, tuple[str, ...]]:
    """(element, whether its first component, codes) that tell this segment from its namesakes; element 0 if none."""
    elements = segment.elements
    for place in {"HL": (3,), "ENT": (2, 1)}.get(segment.id, (1,)):
        element = elements[place - 1]
        inner = element.parts[0] if element.parts else element
        if inner.codes and (element.parts or inner.usage == "R" or place > 1):
            return place, bool(element.parts), inner.codes
    return 0, False, ()


def _transitions(state: State) -> tuple[dict[str, Step | Choice], tuple[Need, ...]]:
    """Everything that may follow `state`, nearest first, as the guide's order allows."""
    found: dict[str, list[Step]] = {}
    needs: list[Need] = []
    loop, position, came = state.parent, state.position, state.parent
    while True:
        for child in loop.children:
            if child.position < position or (child is loop.children[0] is not state and isinstance(child, State)):
                continue
            _scan(child, state, loop, needs, found)
            needs = [need for need in needs if need[2] is not came.opener]  # the loop we come from was there
        if loop.parent is None:
            break
        position, came, loop = loop.position, loop, loop.parent
    found.pop("SE", None)
    return {name: _choose(steps) for name, steps in found.items()}, tuple(needs)


def _scan(child: Place | State, state: State, loop: Place, needs: list[Need], found: dict[str, list[Step]]) -> None:
    if isinstance(child, Place):
        _scan_loop(child, state, (child,), needs, found)
        return
    opens = child is loop.children[0]
    if not opens or child.most > 1:
        late = tuple(need for need in needs if not (need[0] == loop.key and need[2].position == child.position))
        found.setdefault(child.id, []).append(Step(state, child, (), late))
    if child.required and child is not state and child.id != "SE":
        needs.append((loop.key, child.key, child))


def _scan_loop(
    loop: Place, state: State, path: tuple[Place, ...], needs: list[Need], found: dict[str, list[Step]]
) -> None:
    opener = loop.opener
    if opener is None:
        for child in loop.children:
            assert isinstance(child, Place)
            _scan_loop(child, state, (*path, child), needs, found)
        return
    found.setdefault(opener.id, []).append(Step(state, opener, path, tuple(needs)))
    parent = loop.parent
    assert parent is not None
    if loop.required:
        needs.append((parent.key, loop.key, opener))


def _choose(steps: list[Step]) -> Step | Choice:
    """One step if the id says it all, else a choice by qualifier; the nearest wins, a second meaning is kept behind."""
    if len(steps) == 1:
        return steps[0]
    by_code: dict[str, Step] = {}
    rest: Step | None = None
    element, composite = 1, False
    for step in steps:
        place, inside, codes = qualifier(step.state.guide)
        if not place:
            rest = rest or step
            break  # it takes every qualifier: nothing behind it can be reached
        element, composite = place, inside
        for code in codes:
            _add(by_code, code, step)
    return Choice(element, composite, by_code, rest)


def _add(by_code: dict[str, Step], code: str, step: Step) -> None:
    if code not in by_code:
        by_code[code] = step
    elif by_code[code].other is None and by_code[code].state.parent is step.state.parent:
        by_code[code].other = step
