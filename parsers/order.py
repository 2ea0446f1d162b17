"""The guide's order: from every segment, which may follow, and what must have come before that."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from parsers import maps
from parsers.forms import Form
from parsers.walk import Choice, Make, Matcher, Need, Place, State, Step


def entry(tree: maps.Loop, form: Form, makers: Sequence[Callable[[], Matcher]]) -> State:
    """Builds the run-time tree of a guide. Returns: its ST."""
    keys, matchers = iter(range(1_000_000)), iter(makers)  # keys: far more than a guide has segments

    def build(loop: maps.Loop, parent: Place | None) -> Place:
        place = Place(loop, parent, form, next(keys))
        for child in loop.children:
            if isinstance(child, maps.Loop):
                place.children.append(build(child, place))
            else:
                state = State(child, place, next(keys), _maker(next(matchers)))
                state.hook = _hook(child, place, form)
                place.children.append(state)
        return place

    start = build(tree, None).children[0]
    assert isinstance(start, State)
    start.prepare()
    return start


def _maker(matcher: Callable[[], Matcher]) -> Make:
    return lambda state: (matcher(), transitions(state))


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


def transitions(state: State) -> tuple[dict[str, Step | Choice], tuple[Need, ...]]:
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
