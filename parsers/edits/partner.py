"""A partner's own rules as rows of the table (SNIP 7)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from parsers.edits.paths import path
from parsers.edits.rules import Rule, When
from parsers.edits.table import CLAIMS, Edit
from parsers.edits.view import Found, Spot, View

OPENERS = {"2400": "2400/LX", "2320": "2320/SBR", "2430": "2430/SVD", "2000": "2000/INS"}
"""Loops that come more than once in a unit, and the segment that makes a rule about one worth asking."""


def edits(rules: tuple[Rule, ...]) -> tuple[Edit, ...]:
    """The rows of a partner's rules, in its order."""
    return tuple(_edit(rule) for rule in rules)


def _edit(rule: Rule) -> Edit:
    loop = path(rule.at).key[0]
    per = next((one for one in ("2400", "2320") if loop[:3] == one[:3] or (one == "2320" and loop[:3] == "233")), "")
    return Edit(
        name=rule.name, guides=rule.guides or CLAIMS, snip=7, code=rule.status,
        on=OPENERS.get(per, "2300/CLM"), per=per, fails=_test(rule),
        message=rule.message or f"A rule of this receiver does not hold: {rule.name}.",
        mend=f"See the companion guide: {rule.name}.", most=rule.severity,
    )  # fmt: skip


def _test(rule: Rule) -> Callable[[View], Iterator[Spot]]:
    at = path(rule.at)
    shape = re.compile(rule.matches) if rule.matches else None

    def wrong(value: str) -> bool:
        least, most = rule.length or (0, len(value))
        return (
            (shape is not None and not shape.fullmatch(value))
            or (bool(rule.among) and value not in rule.among)
            or not least <= len(value) <= most
        )

    def fails(view: View) -> Iterator[Spot]:
        if rule.when and not _holds(view, rule.when):
            return
        there = [(row, _value(row, at.element, at.component)) for row in view.all(rule.at)]
        there = [(row, value) for row, value in there if value]
        if rule.required and not there:
            yield _absent(view, rule.at)
        for row, value in there:
            if rule.required is False or (at.element and wrong(value)):
                yield row.spot(at.element, at.component)

    return fails


def _value(row: Found, element: int, component: int) -> str:
    if not element:
        return row.values[0]
    return row.part(element, component) if component else row[element]


def _holds(view: View, when: When) -> bool:
    _, element, component, _ = path(when.at)
    values = [_value(row, element, component) for row in view.all(when.at)]
    return any(value in when.among if when.among else value for value in values)


def _absent(view: View, text: str) -> Spot:
    """The empty element where the segment is there, else the place of the segment."""
    row = view.one(text)
    at = path(text)
    return row.spot(at.element, at.component) if row and at.element else view.missing(text)
