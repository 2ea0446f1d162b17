"""Coverage spans as a timeline: cutting, joining, comparing. Dates are inclusive; an open end is None.

A person has at most one span per benefit on any day. A benefit is a group of HD03 lines that replace one another:
somebody who moves from PPO to HMO has not got two medical coverages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

import msgspec

from gateway.plan.records import Span
from mappings.records import Record

DAY = timedelta(days=1)
Spans = tuple[Span, ...]
Days = tuple[date, date]
Effect = Literal["term", "add", "change"]

# HD03 lines that exclude each other; a line not named here is a benefit by itself.
BENEFITS = {
    **dict.fromkeys(("HLT", "PPO", "POS", "HMO", "EPO", "MM"), "medical"),
    **dict.fromkeys(("DEN", "DCP"), "dental"),
}


class SpanChange(Record, frozen=True, kw_only=True):
    """One row of history: at known time `ord`, `superseded` stops being known and `opened` begins to be.

    A superseded span whose known_from is that same ord was never known by anybody: remove its row.
    """

    person_id: str
    superseded: Span | None = None
    opened: Span | None = None


def benefit(line: str) -> str:
    """The benefit an HD03 line belongs to."""
    return BENEFITS.get(line, line)


def known(spans: Iterable[Span], ord: str) -> Spans:
    """The spans known at an order number, of all rows ever written."""
    return tuple(s for s in spans if s.known_from <= ord < s.known_to)


def until(span: Span) -> date:
    """The last covered day, the end of time when the span is open."""
    return span.last or date.max


def same_kind(a: Span, b: Span) -> bool:
    """Whether two spans give the same coverage, whatever their dates."""
    return (a.line, a.plan_id, a.tier) == (b.line, b.plan_id, b.tier)


def overlapping(spans: Iterable[Span], first: date, last: date | None) -> Spans:
    """The spans that share a day with first..last."""
    return tuple(s for s in spans if s.first <= (last or date.max) and first <= until(s))


def cut(spans: Iterable[Span], last: date) -> Spans:
    """The spans with nothing left after `last`; one that would begin later was never effective and is gone."""
    kept = (s for s in spans if s.first <= last)
    return tuple(msgspec.structs.replace(s, last=last) if until(s) > last else s for s in kept)


def joined(spans: Iterable[Span]) -> Spans:
    """In order of begin, spans of the same kind that touch made one."""
    out: list[Span] = []
    for span in sorted(spans, key=lambda s: s.first):
        before = out[-1] if out else None
        if before and same_kind(before, span) and before.last and before.last + DAY == span.first:
            out[-1] = msgspec.structs.replace(before, last=span.last)
        else:
            out.append(span)
    return tuple(out)


def overlap(spans: Sequence[Span]) -> bool:
    """Whether two neighbours (in order of begin) share a day."""
    return any(until(a) >= b.first for a, b in pairwise(spans))


def changes(person_id: str, before: Spans, after: Spans, ord: str) -> tuple[SpanChange, ...]:
    """What must be written so that `after` is known from `ord` on in place of `before`; equal spans stay untouched.

    To be written in this order: what only ends being known, then what takes the place of a span with the same begin,
    then what is new - so that no two rows ever share line, begin and known_from.
    """
    old, new = {_facts(s): s for s in before}, {_facts(s): s for s in after}
    gone = {_begin(s): s for facts, s in old.items() if facts not in new}
    opened = {_begin(s): msgspec.structs.replace(s, known_from=ord) for facts, s in new.items() if facts not in old}
    begins = sorted(gone.keys() | opened.keys(), key=lambda b: (b not in gone, b in opened, b))
    return tuple(SpanChange(person_id=person_id, superseded=gone.get(b), opened=opened.get(b)) for b in begins)


def after(before: Spans, made: Iterable[SpanChange]) -> Spans:
    """The live spans once the changes are written, in order of line and begin."""
    made = tuple(made)
    gone = {_facts(c.superseded) for c in made if c.superseded}
    kept = [s for s in before if _facts(s) not in gone]
    return tuple(sorted([*kept, *(c.opened for c in made if c.opened)], key=lambda s: (s.line, s.first)))


def _begin(span: Span) -> tuple[str, date]:
    return span.line, span.first


def same(before: Spans, after: Spans) -> bool:
    """Whether two timelines say the same, whenever it became known."""
    return {_facts(s) for s in before} == {_facts(s) for s in after}


def _facts(span: Span) -> tuple[object, ...]:
    return span.line, span.plan_id, span.tier, span.first, span.last, span.late_enrollee


def difference(before: Spans, after: Spans) -> dict[Effect, list[Days]]:
    """The days on which coverage was lost (`term`), gained (`add`) or given by another plan (`change`).

    Per benefit; neighbouring days of one kind are one pair (first, last), date.max when open.
    """
    found: dict[Effect, list[Days]] = {"term": [], "add": [], "change": []}
    for group in sorted({benefit(s.line) for s in before + after}):
        old = [s for s in before if benefit(s.line) == group]
        new = [s for s in after if benefit(s.line) == group]
        for first, last in _pieces(old + new):
            if kind := _kind(_on(old, first), _on(new, first)):
                _extend(found[kind], first, last)
    return found


def _pieces(spans: Sequence[Span]) -> list[Days]:
    """The stretches of days between all begins and ends."""
    edges = sorted({s.first for s in spans} | {s.last + DAY for s in spans if s.last and s.last < date.max})
    return [(a, b - DAY) for a, b in pairwise(edges)] + ([(edges[-1], date.max)] if edges else [])


def _on(spans: Sequence[Span], day: date) -> Span | None:
    return next((s for s in spans if s.first <= day <= until(s)), None)


def _kind(old: Span | None, new: Span | None) -> Effect | None:
    if old and new:
        return None if (old.line, old.plan_id) == (new.line, new.plan_id) else "change"
    return "term" if old else "add" if new else None


def _extend(days: list[Days], first: date, last: date) -> None:
    if days and days[-1][1] == first - DAY:
        days[-1] = (days[-1][0], last)
    else:
        days.append((first, last))
