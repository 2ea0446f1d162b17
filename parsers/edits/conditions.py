"""What the tables say `if` with: conditions on a view, dates in it, and the rows that need or forbid a place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from typing import Literal

from parsers.edits.paths import path
from parsers.edits.table import Edit, Given, Test
from parsers.edits.view import Found, Spot, View

Condition = Callable[[View], bool]


def has(text: str, *codes: str) -> Condition:
    """A value stands at a path of any of its segments; one of the codes, if there are any."""
    _, element, component, _ = path(text)

    def holds(view: View) -> bool:
        for row in view.all(text):
            if not element:
                return True
            value = row.at(element, component)
            if value and (not codes or value in codes):
                return True
        return False

    return holds


def lacks(text: str, *codes: str) -> Condition:
    """Nothing, or none of the codes, stands at a path."""
    there = has(text, *codes)
    return lambda view: not there(view)


def either(*conditions: Condition) -> Condition:
    """At least one holds."""

    def holds(view: View) -> bool:
        for one in conditions:  # noqa: SIM110 - asked of every claim: `any` would make a generator each time
            if one(view):
                return True
        return False

    return holds


def both(*conditions: Condition) -> Condition:
    """All hold."""

    def holds(view: View) -> bool:
        for one in conditions:  # noqa: SIM110 - as above
            if not one(view):
                return False
        return True

    return holds


def needs(when: Condition | None, text: str) -> Test:
    """Fails where the condition holds and nothing stands at the path: at the empty element, or where it belongs."""
    there = has(text)
    _, element, component, _ = path(text)

    def fails(view: View) -> Iterable[Spot]:
        if (when is not None and not when(view)) or there(view):
            return ()
        row = view.one(text) if element else None
        return (row.spot(element, component) if row else view.missing(text),)

    return fails


def bars(when: Condition | None, text: str, *codes: str) -> Test:
    """Fails at every value at the path, one of the codes if there are any, where the condition holds."""
    _, element, component, _ = path(text)

    def fails(view: View) -> Iterable[Spot]:
        rows = view.all(text)
        if not rows or (when is not None and not when(view)):
            return ()
        values = [(row, row.at(element, component)) for row in rows]
        return [row.spot(element, component) for row, value in values if value and (not codes or value in codes)]

    return fails


def situation(
    name: str, guides: tuple[str, ...], code: str, on: str, fails: Test, message: str, mend: str, *, per: str = "",
    action: Literal["replace", "insert", "remove", "clear", "ask"] = "ask",
    most: Literal["error", "warning"] = "error", snip: int = 4, given: Given | None = None,
) -> Edit:  # fmt: skip
    """A row of type 4, or 6, in the order it is read: what must hold, for whom, what is said where it does not."""
    return Edit(name=name, guides=guides, snip=snip, code=code, on=on, given=given, per=per, fails=fails,
                message=message, mend=mend, action=action, most=most)  # fmt: skip


def days(row: Found | None) -> tuple[date, date] | None:
    """First and last day of a DTP or DTM: D8, RD8, DT; None for what is none."""
    if row is None:
        return None
    return _period(row[2], row[3])


@lru_cache(maxsize=4096)
def _period(form: str, text: str) -> tuple[date, date] | None:
    first, _, last = text.partition("-") if form == "RD8" else (text[:8], "", text[:8])
    begin, end = day(first), day(last)
    return (begin, end) if begin and end else None


@lru_cache(maxsize=4096)  # most dates of a file are of a few weeks
def day(text: str) -> date | None:
    """A CCYYMMDD."""
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8])) if len(text) == 8 else None
    except ValueError:
        return None


def service(view: View) -> tuple[date, date] | None:
    """The days a claim or a line speaks of: its lines' DTP*472, else the claim's 472 or the statement's (434)."""
    return view.once(_service)


def _service(view: View) -> tuple[date, date] | None:
    rows = view.all("2400/DTP*472") or view.all("2300/DTP*472") or view.all("2300/DTP*434")
    spans = [span for span in map(days, rows) if span]
    return (min(first for first, _ in spans), max(last for _, last in spans)) if spans else None
