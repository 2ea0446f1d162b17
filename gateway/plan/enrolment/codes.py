"""What each HD01 coverage code does to a person's spans of one benefit (834 loop 2300), as a table of functions.

Every function takes the live spans of the benefit in order of begin and what the row asks for, and gives the spans
that shall be; it raises `Refusal` when the code's precondition does not hold. Ends are inclusive (DTP*349).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from itertools import chain

import msgspec

from gateway.plan.enrolment.records import FULL, Refusal, file_day
from gateway.plan.enrolment.spans import DAY, Spans, benefit, cut, joined, overlap, overlapping, same_kind, until
from gateway.plan.records import Span
from mappings.records import CoverageRow, EnrolmentHeader, MemberRow, Record


class Want(Record, frozen=True, kw_only=True):
    """What one HD asks for. first, last: None when the row has no such date. day: the file's own. cobra: INS05 C."""

    line: str
    plan: str
    tier: str
    first: date | None
    last: date | None
    late: bool
    day: date
    cobra: bool = False

    def span(self, first: date, last: date | None, like: Span | None = None) -> Span:
        """The span asked for; an empty plan or tier stays what it was in `like`."""
        return Span(
            line=self.line,
            plan_id=self.plan or (like.plan_id if like else ""),
            tier=self.tier or (like.tier if like else ""),
            first=first,
            last=last,
            late_enrollee=self.late or bool(like and like.late_enrollee),
        )

    def fits(self, span: Span) -> bool:
        """Whether the code may mean this span: same line, and same plan if one is named."""
        return span.line == self.line and self.plan in ("", span.plan_id)


def _add(spans: Spans, want: Want) -> Spans:
    """021: open a span where there is none; the same coverage once more is no change."""
    if want.first is None:
        raise Refusal("no-begin", want.line)
    there = overlapping(spans, want.first, want.last)
    if not there:
        return (*spans, want.span(want.first, want.last))
    span = there[-1]
    if same_kind(span, want.span(want.first, want.last, span)) and span.first <= want.first and span.last == want.last:
        return spans
    raise Refusal("overlap", want.line)


def _change(spans: Spans, want: Want) -> Spans:
    """001: from DTP*348 on another tier or plan, until the day the old one would have ended."""
    day = want.first or want.day
    target = _last(s for s in spans if until(s) >= day)
    new = want.span(max(day, target.first), want.last or target.last, target)
    if same_kind(target, new) and new.last == target.last:
        return spans
    return (*_without(spans, target), *_before(target, new.first), new)


def _end(spans: Spans, want: Want) -> Spans:
    """024: close at DTP*349; an end before the begin means it was never effective."""
    if want.last is None:
        raise Refusal("no-end", want.line)
    fitting = [s for s in spans if want.fits(s)]
    begun = [s for s in fitting if s.first <= want.last]
    if begun:
        return (*_without(spans, begun[-1]), msgspec.structs.replace(begun[-1], last=want.last))
    return _without(spans, _last(fitting[:1]))


def _reinstate(spans: Spans, want: Want) -> Spans:
    """025: open the ended span again, without a gap when DTP*348 is not later than the day after its end."""
    target = _last(spans)
    if target.last is None:
        if want.last is None and same_kind(target, want.span(target.first, None, target)):
            return spans
        raise Refusal("not-ended", want.line)
    first = want.first or target.last + DAY
    # COBRA ends one day by law: an election on file that already covers the day keeps the end it was given.
    elected_until = target.last if want.cobra and first <= target.last else None
    return (*_without(spans, target), *_before(target, first), want.span(first, want.last or elected_until, target))


def _void(spans: Spans, want: Want) -> Spans:
    """002: the span was never effective."""
    fitting = [s for s in spans if want.fits(s) and (want.first is None or s.first <= want.first <= until(s))]
    return _without(spans, _last(fitting))


def _correct(spans: Spans, want: Want) -> Spans:
    """026: the dates, plan or tier of a span were wrong; what the row leaves out stays."""
    near = overlapping(spans, want.first or date.min, want.last) or spans
    target = _last(near)
    return (*_without(spans, target), want.span(want.first or target.first, want.last or target.last, target))


def _compare(spans: Spans, want: Want) -> Spans:
    """030: the full file's picture; derives add, change, end or nothing.

    Coverage that begins after the file's day and that the file does not name is left alone, not even joined: the next
    file's end must find its own span. A DTP*348 that lies on or
    before an earlier span says when it all began, not when the present coverage began.
    """
    named_until = want.last or want.first or date.min
    later = tuple(s for s in spans if s.first > max(want.day, named_until))
    here = tuple(s for s in spans if s not in later)
    touching = overlapping(here, want.first or date.min, want.last and max(want.last, want.first or date.min))
    last = want.last or (later[0].first - DAY if later else None)
    if not touching:
        first = want.first or want.day
        return spans if last and last < first else (*_beside(here, want.span(first, last), want), *later)
    target = touching[-1]
    new = want.span(_begin(here, target, want), last, target)
    rest = _without(here, target)
    if new.last and new.last < new.first:
        return (*rest, *later)
    return (*_beside((*rest, *_before(target, new.first)), new, want), *later)


def _beside(spans: Spans, new: Span, want: Want) -> Spans:
    """A span among the others of its benefit. An end the file names stays one: what begins behind it is not joined."""
    behind = tuple(s for s in spans if want.last and s.first > want.last)
    return (*joined((*(s for s in spans if s not in behind), new)), *behind)


def _begin(here: Spans, target: Span, want: Want) -> date:
    """Where the compared coverage begins."""
    first = want.first or target.first
    earlier = any(until(s) >= first for s in here if s.first < target.first)
    same = same_kind(target, want.span(first, None, target))
    return target.first if earlier or (same and first > target.first) else first


def _keep(spans: Spans, want: Want) -> Spans:
    """032: the employee's own coverage is not spoken of."""
    return spans


CODES: dict[str, Callable[[Spans, Want], Spans]] = {
    "002": _void,
    "024": _end,
    "026": _correct,
    "001": _change,
    "025": _reinstate,
    "021": _add,
    "030": _compare,
    "032": _keep,
}
# In this order a row that ends one plan and begins another may name them in any order.
ORDER = tuple(CODES)
# In a full file these are all statements of how things are, so that the same file twice changes nothing.
PICTURES = {"001", "021", "024", "025", "030"}
# Codes whose missing DTP*349 may be the eligibility end (DTP*357).
ENDING = {"024", "030"}


def applied(spans: Spans, row: MemberRow, header: EnrolmentHeader) -> Spans:
    """The person's spans after all HDs of a row, and after INS03 024 or 025 without any HD. Raises Refusal."""
    for coverage in sorted(row.coverages, key=_rank):
        want = wanted(coverage, row, header)
        mine = tuple(s for s in spans if benefit(s.line) == benefit(coverage.line))
        made = _code(coverage, header)(mine, want)
        made = tuple(sorted(made, key=lambda s: s.first)) if header.action in FULL else joined(made)
        if overlap(made):
            raise Refusal("overlap", coverage.line)
        spans = (*(s for s in spans if s not in mine), *made)
    return tuple(sorted(_whole_person(spans, row, header), key=lambda s: (s.line, s.first)))


def _rank(coverage: CoverageRow) -> tuple[int, date]:
    if coverage.maintenance not in CODES:
        raise Refusal("maintenance", coverage.maintenance)
    return ORDER.index(coverage.maintenance), coverage.first or date.min


def _code(coverage: CoverageRow, header: EnrolmentHeader) -> Callable[[Spans, Want], Spans]:
    code = coverage.maintenance
    if header.action not in FULL:
        if code == "030":
            raise Refusal("maintenance", code)
        return CODES[code]
    return _compare if code in PICTURES else CODES[code]


def wanted(coverage: CoverageRow, row: MemberRow, header: EnrolmentHeader) -> Want:
    """What an HD asks for. Begin: DTP*348, COBRA 340, maintenance 303, eligibility 356. End: 349, COBRA 341, 357."""
    cobra = row.status == "C"
    first = coverage.first or (row.dates.get("340") if cobra else None) or coverage.dates.get("303")
    last = coverage.last or (row.dates.get("341") if cobra else None)
    if coverage.maintenance in ENDING:
        last = last or row.dates.get("357")
    if coverage.maintenance == "021" or header.action in FULL:
        first = first or row.dates.get("356")
    if first and last and last < first and coverage.maintenance in {"001", "021", "025", "026"}:
        raise Refusal("dates", coverage.line)
    return Want(
        line=coverage.line,
        plan=coverage.plan,
        tier=coverage.tier,
        first=first,
        last=last,
        late=coverage.late_enrollee == "Y",
        day=file_day(header),
        cobra=cobra,
    )


def end_day(row: MemberRow) -> date | None:
    """The last day of a cancelled person (INS03 024): DTP*357, else the last DTP*349."""
    return row.dates.get("357") or max((c.last for c in row.coverages if c.last), default=None)


def _whole_person(spans: Spans, row: MemberRow, header: EnrolmentHeader) -> Spans:
    """INS03 024 ends the benefits no HD names too; INS03 025 without HD reinstates what ended last."""
    if row.maintenance == "024":
        day, named = end_day(row), {benefit(c.line) for c in row.coverages}
        if day is None:
            raise Refusal("no-end")
        rest = tuple(s for s in spans if benefit(s.line) not in named)
        return (*(s for s in spans if s not in rest), *cut(rest, day))
    if row.maintenance == "025" and not row.coverages:
        return _reinstate_all(spans, row)
    return spans


def _reinstate_all(spans: Spans, row: MemberRow) -> Spans:
    if not spans:
        raise Refusal("no-span")
    end = max(map(until, spans))
    if end == date.max:
        raise Refusal("not-ended")
    first = max(row.dates.get("303") or row.dates.get("356") or end, end + DAY)
    back = (joined((s, msgspec.structs.replace(s, first=first, last=None))) for s in spans if until(s) == end)
    return (*(s for s in spans if until(s) < end), *chain.from_iterable(back))


def _last(spans: Iterable[Span]) -> Span:
    found = tuple(spans)
    if not found:
        raise Refusal("no-span")
    return found[-1]


def _without(spans: Spans, span: Span) -> Spans:
    return tuple(s for s in spans if s is not span)


def _before(span: Span, first: date) -> Spans:
    """What is left of a span before a new one begins."""
    return cut((span,), first - DAY) if span.first < first else ()
