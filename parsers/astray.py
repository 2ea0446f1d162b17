"""A segment that no step leads to: what it most likely is, so that one cause gives one finding and reading goes on.

Three guesses, each made only where the segment is good there: a segment was left out before it that opens a loop; its
qualifier is wrong where the guide requires just such a segment; or it came too late in its loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from parsers.diagnose import Fault, faults
from parsers.events import Delimiters
from parsers.order import qualifier
from parsers.walk import Choice, Need, Place, State, Step

OWED = 1
"""Required segments that may be missing besides the one left out: where more are, it is another loop that was meant."""


class Frames(Protocol):
    """What a set has had so far."""

    def unmet(self, need: Need) -> bool:
        """Whether what a need asks for was never seen."""

    def wanted(self, step: Step) -> bool:
        """Whether the guide requires what a step leads to, and it has not come yet."""

    def room(self, loop: Place) -> bool:
        """Whether the guide allows the loop once more where it stands."""


class LeftOut(NamedTuple):
    """The opener of a loop that must have been left out, and the step that leads from it to the segment at hand."""

    opener: Step
    then: Step


def left_out(state: State, parts: Sequence[str], own: Delimiters, frames: Frames) -> LeftOut | None:
    """The segment is at home in a loop that could begin here, had its first segment come.

    Of several loops the one that leaves least else missing, then one the guide still wants, then the nearest.
    """
    found: list[tuple[int, bool, LeftOut]] = []
    for opener in steps(state):
        if not opener.enters or opener.state.id == parts[0] or not frames.room(opener.enters[0]):
            continue
        opener.state.prepare()
        then = step_of(opener.state, parts, own)
        if then is None or not _within(then.state.parent, opener.enters[-1]):
            continue
        if not faults(then.state.guide, parts, own):
            owed = sum(map(frames.unmet, opener.needs)) + len(then.needs)
            if owed <= OWED:
                found.append((owed, not frames.wanted(opener), LeftOut(opener, then)))
    return min(found, key=lambda one: one[:2])[2] if found else None


def steps(state: State) -> Iterator[Step]:
    """Every step from a state, each once."""
    for one in state.table.values():
        if isinstance(one, Step):
            yield one
        else:
            yield from dict.fromkeys(one.steps.values())
            if one.rest:
                yield one.rest


def step_of(state: State, parts: Sequence[str], own: Delimiters) -> Step | None:
    """The step a segment makes from a state; its elements are in the interchange's own delimiters."""
    found = state.table.get(parts[0])
    if not isinstance(found, Choice):
        return found
    value = parts[found.element] if found.element < len(parts) else ""
    value = value.partition(own.component)[0] if found.composite else value
    return found.steps.get(value, found.rest)


def _within(loop: Place | None, outer: Place) -> bool:
    while loop is not None and loop is not outer:
        loop = loop.parent
    return loop is outer


class Meant(NamedTuple):
    """What a segment with an unknown qualifier was meant to be: the step it should make, None if that cannot be told.

    fault: of its qualifier. codes: qualifiers under which the segment would be good here.
    """

    step: Step | None
    fault: Fault
    codes: tuple[str, ...]


def meant(choice: Choice, parts: Sequence[str], own: Delimiters, frames: Frames) -> Meant:
    """The segment under a qualifier that may stand here: one the guide wants, or one that opens a loop."""
    fitting = {code: step for code, step in choice.steps.items() if _fits(step, code, parts, own)}
    step = next((one for one in fitting.values() if frames.wanted(one)), None)
    if step is None:  # what opens a loop is read on in one that would take it, or all the rest of it were unexpected
        step = next((one for one in fitting.values() if one.enters), None)
    codes = tuple(code for code, one in fitting.items() if step is None or one.state is step.state)
    guide = (step or next(iter(choice.steps.values()))).state.guide
    place, composite, _ = qualifier(guide)
    element = guide.elements[place - 1]
    inner = element.parts[0] if composite else element
    value = (*parts[place : place + 1], "")[0]
    value = value.partition(own.component)[0] if composite else value
    fault = Fault("7" if value else "1", place, int(composite), 0, inner.reference, value, inner.name)
    return Meant(step, fault, codes)


def _fits(step: Step, code: str, parts: Sequence[str], own: Delimiters) -> bool:
    """Whether the segment would be good there if its qualifier were this code."""
    place, composite, _ = qualifier(step.state.guide)
    tried = [*parts, *[""] * (place + 1 - len(parts))]
    tried[place] = own.component.join([code, *tried[place].split(own.component)[1:]]) if composite else code
    return not faults(step.state.guide, tried, own)


def late(state: State, parts: Sequence[str], own: Delimiters) -> State | None:
    """The segment of the open loop that this is, had it come sooner."""
    children = (child for child in state.parent.children[1:] if isinstance(child, State) and child.id == parts[0])
    return next((child for child in children if not faults(child.guide, parts, own)), None)


def loops_with(place: Place, name: str) -> Iterator[str]:
    """Loops of the guide that have a segment of this id, in guide order."""
    for child in place.children:
        if isinstance(child, Place):
            yield from loops_with(child, name)
        elif child.id == name:
            yield place.id
