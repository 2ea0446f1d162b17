"""A row of the tables of edits, and the guides they are for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from parsers.edits.view import Spot, View, sent
from parsers.forms import CLAIMS, DENTAL, INSTITUTIONAL, PROFESSIONAL

P, I, D = (PROFESSIONAL,), (INSTITUTIONAL,), (DENTAL,)  # noqa: E741 - the guides' own letters
PD, PID = (PROFESSIONAL, DENTAL), CLAIMS
"""Which 837 guides a row is for, as the tables write it."""

Test = Callable[[View], Iterable[Spot]]
"""Yields the places where an edit fails; pure."""

Given = Callable[[list[str]], bool]
"""A quick look at a segment's elements: whether it is worth a closer one."""


def says(number: int, *codes: str) -> Given:
    """An element is one of the codes."""
    return lambda values: sent(values, number) in codes


def filled(number: int, longer: int = 0) -> Given:
    """An element is there, and has more characters than these."""
    return lambda values: len(sent(values, number)) > longer


def begins(qualifiers: tuple[str, ...]) -> Given:
    """An element begins with one of the qualifiers."""
    return lambda values: any(value.startswith(qualifiers) for value in values)


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """One row.

    name: says what must hold. snip: 3 to 7. code: category:status[:entity] of the 277CA, for other guides our word.
    on: loop/segment that makes the row worth asking in a unit; "" asks once at the end of the set, of its header.
    given: a quick look at that segment's elements, so that few units are asked more closely; None takes any.
    per: the loop whose occurrences are asked one by one, "" the unit. fails: the test. message: what is wrong, mend:
    what to do, sentences free of values; action: how (`findings.Mend`), with the spot's value.
    most: the most it may weigh.
    """

    name: str
    guides: tuple[str, ...]
    snip: int
    code: str
    on: str = ""
    given: Given | None = None
    per: str = ""
    fails: Test
    message: str
    mend: str
    action: Literal["replace", "insert", "remove", "clear", "ask"] = "ask"
    most: Literal["error", "warning"] = "error"
