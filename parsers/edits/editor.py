"""The engine: joins the tables of a guide once, and asks each unit those rows its segments make worth asking."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from parsers.edits import balancing, codesets, partner, products, situations
from parsers.edits.paths import Key, path
from parsers.edits.rules import Rule
from parsers.edits.table import Edit, Given
from parsers.edits.terms import Terms
from parsers.edits.view import HEADERS, Spot, View, sent
from parsers.events import Unit
from parsers.findings import Finding, Mend, Place
from parsers.forms import CLAIMS, FORMS, canonical
from parsers.limits import IK404_CHARS
from parsers.snip import Snip

LEVELS = ("header", "2000A", "2000B", "2000C")
"""Units of an 837 that stay in force for the claims below, the outermost first."""

MOST = 500
"""Findings of one unit that are told: a claim has at most 999 lines, and whoever mends half of these sends it again."""


class Asked(NamedTuple):
    """A row of a plan: its place in the table, and the severity it has for this partner."""

    rank: int
    edit: Edit
    error: bool


class Plan(NamedTuple):
    """What is asked of the units of a guide, by the segments that make it worth asking, and at a set's end.

    keys: those segments. levels: the kinds of `LEVELS` they are found in.
    """

    units: dict[Key, tuple[Asked, ...]]
    keys: frozenset[Key]
    levels: frozenset[str]
    end: tuple[Asked, ...]


Failures = list[tuple[Asked, Spot]]


@lru_cache(maxsize=256)  # guides times partners' weights and rules
def plan(gs08: str, snip: Snip, rules: tuple[Rule, ...]) -> Plan:
    """The rows that apply to a guide, in the order of the tables; types that are off are left out."""
    tables = (balancing.EDITS, situations.EDITS, codesets.EDITS, products.EDITS, partner.edits(rules))
    units: dict[Key, list[Asked]] = {}
    end: list[Asked] = []
    for rank, edit in enumerate(edit for table in tables for edit in table):
        weight = snip.weight(edit.snip)
        if gs08 in edit.guides and weight != "off":
            asked = Asked(rank, edit, weight == "error" and edit.most == "error")
            (units.setdefault(path(edit.on).key, []) if edit.on else end).append(asked)
    levels = frozenset(_level_of(loop) for loop, _ in units)
    return Plan({key: tuple(rows) for key, rows in units.items()}, frozenset(units), levels, tuple(end))


def _level_of(loop: str) -> str:
    """The kind of unit a loop above the claims lies in: 2000B for 2010BA; "" below them."""
    if loop in HEADERS:
        return "header"
    return f"2000{loop[4]}" if loop[:4] in ("2000", "2010") and len(loop) > 4 else ""


class Editor:
    """Edits one set of a guide: `take` every unit in order, then `close`.

    What is wrong with a level of an 837 (billing provider, subscriber, patient) is told with each claim below it.
    A unit that was not read clean is not edited, nor are the claims below one, nor the totals of a set that holds one.
    """

    def __init__(self, gs08: str, terms: Terms) -> None:
        guide = canonical(gs08)
        self._terms = terms
        self._plan = plan(guide, terms.snip, terms.rules)
        self._naming = FORMS[guide].claim if guide in FORMS else ("", "", 0, "")
        self._levels = LEVELS if guide in CLAIMS else LEVELS[:1]
        self._waits = guide in CLAIMS
        self._open: list[tuple[View | None, Failures]] = []
        make = balancing.TALLIES.get(guide)
        self._tally = make() if make else None
        self._next = 0
        self._whole = True

    def take(self, unit: Unit) -> tuple[Finding, ...]:
        """What is wrong in this unit (a claim with all that stands above it, a member, a payment), in table order."""
        whole = unit.clean and unit.ordinal == self._next
        self._whole, self._next = self._whole and whole, unit.ordinal + 1
        if unit.kind in self._levels:
            return self._level(unit)
        above = self._open[-1][0] if self._open else None
        if not unit.clean or (self._open and above is None):
            return ()
        view = self._view(unit, above)
        failures = self._ask(view)
        if self._waits:
            for _, told in self._open:
                if told:
                    failures += told
        return self._findings(failures, view) if failures else ()

    def close(self) -> tuple[Finding, ...]:
        """What is wrong with the set as a whole (totals)."""
        header = self._open[0][0] if self._open else None
        if header is None or not self._whole:
            return ()
        failures = [(asked, spot) for asked in self._plan.end for spot in asked.edit.fails(header)]
        return self._findings(failures, header)

    def _level(self, unit: Unit) -> tuple[Finding, ...]:
        depth = self._levels.index(unit.kind)
        del self._open[depth:]
        above = self._open[-1][0] if self._open else None
        if not unit.clean or (self._open and above is None):
            self._open.append((None, []))
            return ()
        view = self._view(unit, above)
        failures = self._ask(view) if unit.kind in self._plan.levels else []
        self._open.append((view, failures if self._waits else []))
        return () if self._waits else self._findings(failures, view)

    def _view(self, unit: Unit, above: View | None) -> View:
        view = View(unit, self._terms, above, self._tally)
        if self._tally is not None:
            self._tally.take(view)
        return view

    def _ask(self, view: View) -> Failures:
        failures: Failures = []
        keys, rows = self._plan.keys, view.unit.rows
        if not keys:
            return failures
        begun = {(rows[0][0], rows[0][1][0])}  # is often all that is asked for: no row is looked at then
        for key in begun if keys == begun else keys & view.index.keys():
            for asked in self._plan.units[key]:
                edit = asked.edit
                if edit.given and not _worth(edit.given, view.segments(key)):  # else no index is made for it
                    continue
                if edit.per:
                    for part in view.each(edit.per):
                        failures += [(asked, spot) for spot in edit.fails(part)]
                elif found := edit.fails(view):
                    failures += [(asked, spot) for spot in found]
        return failures

    def _findings(self, failures: Iterable[tuple[Asked, Spot]], view: View) -> tuple[Finding, ...]:
        claim = self._name(view)
        ordered = sorted(failures, key=lambda one: (one[0].rank, one[1].unit.at(one[1].number)))
        return tuple(_finding(asked, spot, claim) for asked, spot in ordered[:MOST])

    def _name(self, view: View) -> str:
        """CLM01 or REF*0F of a unit."""
        loop, segment, element, qualifier = self._naming
        found = (one for one in view.segments((loop, segment)) if not qualifier or sent(one, 1) == qualifier)
        return next((name for one in found if (name := sent(one, element))), "")


def _worth(given: Given, segments: list[list[str]]) -> bool:
    for values in segments:  # noqa: SIM110 - asked some fifty times of every unit: `any` would make a generator each time
        if given(values):
            return True
    return False


def _finding(asked: Asked, spot: Spot, claim: str) -> Finding:
    edit = asked.edit
    loop, values = spot.unit.rows[spot.number] if spot.number < len(spot.unit.rows) else ("", [""])
    value = values[spot.element] if 0 < spot.element < len(values) and not spot.segment else ""
    place = Place(
        position=spot.unit.at(spot.number), loop=spot.loop or loop, segment=spot.segment or values[0],
        element=spot.element, component=spot.component, claim=claim,
    )  # fmt: skip
    return Finding(
        level="business", code=edit.code, severity="error" if asked.error else "warning", snip=edit.snip,
        message=edit.message, place=place, rule=edit.name,
        mend=Mend(text=edit.mend, action=edit.action, value=spot.value), value=value[:IK404_CHARS],
    )  # fmt: skip


LINE = ("2400", "LX")
"""What begins a line of a claim."""


def begin_of_lines(unit: Unit) -> list[int]:
    """The positions in the set at which the lines of a claim begin."""
    return [unit.at(number) for number, (loop, values) in enumerate(unit.rows) if (loop, values[0]) == LINE]
