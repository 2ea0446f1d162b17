"""A partner's own rules as rows of the table (SNIP 7)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsers.edits.conditions import bars, has, needs, worth
from parsers.edits.paths import path
from parsers.edits.rules import Rule
from parsers.edits.table import CLAIMS, Edit, Test
from parsers.edits.view import Spot, View

WHOLE = ("", "2300/CLM")
PARTS = {"2400": ("2400", "2400/LX"), "2320": ("2320", "2320/SBR"), "2330": ("2320", "2320/SBR")}
"""Loop of a rule's place, by its digits -> the loop it is asked of one by one, and the segment that begins one."""


def edits(rules: tuple[Rule, ...]) -> tuple[Edit, ...]:
    """The rows of a partner's rules, in its order."""
    return tuple(_edit(rule) for rule in rules)


def _edit(rule: Rule) -> Edit:
    per, on = PARTS.get(path(rule.at).key[0][:4], WHOLE)
    return Edit(
        name=rule.name, guides=rule.guides or CLAIMS, snip=7, code=rule.status, on=on, per=per, fails=_test(rule),
        message=rule.message or f"A rule of this receiver does not hold: {rule.name}.",
        mend=f"See the companion guide: {rule.name}.", most=rule.severity,
    )  # fmt: skip


def _test(rule: Rule) -> Test:
    _, element, component, _ = path(rule.at)
    when = has(rule.when.at, *rule.when.among) if rule.when else None
    if rule.required is False:
        return bars(when, rule.at)
    absent = needs(when, rule.at) if rule.required else None
    shape = re.compile(rule.matches) if rule.matches else None

    def wrong(value: str) -> bool:
        least, most = rule.length or (0, len(value))
        return (
            (shape is not None and not shape.fullmatch(value))
            or (bool(rule.among) and value not in rule.among)
            or not least <= len(value) <= most
        )

    def fails(view: View) -> Iterator[Spot]:
        if absent:
            yield from absent(view)
        if not element or (when and not when(view)):
            return
        for row in view.all(rule.at):
            value = worth(row, element, component)
            if value and wrong(value):
                yield row.spot(element, component)

    return fails
