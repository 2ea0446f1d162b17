"""COBRA: the clock that starts when coverage is lost by a qualifying event, one case per qualified beneficiary.

event -> noticed -> elected | waived | lapsed. Each step is a pure function of the case and a date; every deadline is a
field of the case, so that what is late can be read off. Applies to private employers of 20 or more people.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal

import msgspec

from gateway.errors import BadData
from gateway.plan.calendar import months_on
from gateway.plan.enrolment.records import CobraEvent, Review, past
from gateway.plan.enrolment.spans import (
    DAY,
    SpanChange,
    Spans,
    after,
    benefit,
    changes,
    cut,
    difference,
    overlapping,
    until,
)
from gateway.plan.records import Member, Span
from mappings.records import Record

# Months of continued coverage by INS07 event code; not listed: an agreement of both (ZZ) and others, as termination.
MONTHS = {"1": 18, "2": 18, "3": 36, "4": 36, "5": 36, "6": 36, "7": 36, "9": 18, "10": 18}
DISABILITY_MONTHS = 29
SECOND_EVENT_MONTHS = 36
# Divorce, separation and a child's age are for the member to report, within 60 days; the employer has 30 days.
REPORTED_BY_MEMBER = {"5", "6", "7"}
EMPLOYER_DAYS, MEMBER_DAYS = timedelta(30), timedelta(60)
NOTICE_DAYS = timedelta(14)
EMPLOYER_IS_ADMINISTRATOR_DAYS = timedelta(44)
ELECTION_DAYS = timedelta(60)
FIRST_PREMIUM_DAYS = timedelta(45)
GRACE_DAYS = timedelta(30)

State = Literal["event", "noticed", "elected", "waived", "lapsed"]


class CobraCase(Record, frozen=True, kw_only=True):
    """One beneficiary's case; its key is (person_id, event_on).

    code: INS07. loss_on: last covered day. lost: the spans as they ended. told_due, told_late: whether the
    administrator heard of it in time. notice_due, elect_until, premium_due: our notice, their election, their first
    premium. coverage_from..coverage_until: what may be continued.
    """

    person_id: str
    code: str
    event_on: date
    loss_on: date
    lost: Spans
    state: State = "event"
    told_on: date
    told_due: date
    told_late: bool
    notice_due: date
    noticed_on: date | None = None
    elect_until: date | None = None
    elected_on: date | None = None
    premium_due: date | None = None
    paid_through: date | None = None
    coverage_from: date
    coverage_until: date


class CaseStep(Record, frozen=True, kw_only=True):
    """A case after a step, the span rows it writes, and past days whose claims must be looked at again."""

    case: CobraCase
    span_changes: tuple[SpanChange, ...] = ()
    reviews: tuple[Review, ...] = ()


def open_case(
    person_id: str,
    code: str,
    event_on: date,
    lost: Sequence[Span],
    told_on: date,
    *,
    employer_administers: bool = False,
) -> CobraCase:
    """The case a qualifying event opens. lost: the spans as they ended. told_on: the day the administrator heard."""
    loss_on = max(until(s) for s in lost)
    told_due = event_on + (MEMBER_DAYS if code in REPORTED_BY_MEMBER else EMPLOYER_DAYS)
    notice_due = event_on + EMPLOYER_IS_ADMINISTRATOR_DAYS if employer_administers else told_on + NOTICE_DAYS
    return CobraCase(
        person_id=person_id,
        code=code,
        event_on=event_on,
        loss_on=loss_on,
        lost=tuple(lost),
        told_on=told_on,
        told_due=told_due,
        told_late=told_on > told_due,
        notice_due=notice_due,
        coverage_from=loss_on + DAY,
        coverage_until=months_on(loss_on + DAY, MONTHS.get(code, MONTHS["1"])) - DAY,
    )


def open_cases(event: CobraEvent, told_on: date) -> tuple[CobraCase, ...]:
    """One case for everybody who lost coverage by the event: each qualified beneficiary elects alone."""
    return tuple(open_case(loss.person_id, event.code, event.event_on, loss.spans, told_on) for loss in event.losses)


def notice(case: CobraCase, on: date) -> CobraCase:
    """The election notice was sent: 60 days to elect from then, or from the loss of coverage if that is later."""
    _in_state(case, "event")
    return msgspec.structs.replace(
        case, state="noticed", noticed_on=on, elect_until=max(on, case.loss_on) + ELECTION_DAYS
    )


def waive(case: CobraCase, on: date) -> CobraCase:
    """They do not want it; until the window closes they may still change their mind."""
    _in_time(case, on)
    return msgspec.structs.replace(case, state="waived")


def elect(case: CobraCase, spans: Spans, on: date, ord: str) -> CaseStep:
    """They want it: coverage continues from the day after the loss; after a waiver only from the day of the election.

    spans: the person's live spans; a benefit an 834 has already reinstated is left alone. The first premium is due 45
    days later. An election is valid before our notice went out, too. Raises BadData when the window is closed. Write
    the member with `covered`.
    """
    _in_time(case, on)
    first = on if case.state == "waived" else case.coverage_from
    elected = msgspec.structs.replace(
        case, state="elected", elected_on=on, premium_due=on + FIRST_PREMIUM_DAYS, coverage_from=first
    )
    wanted = (
        msgspec.structs.replace(s, first=first, last=case.coverage_until) for s in case.lost if _lost_last(case, s)
    )
    new = (s for s in wanted if not any(benefit(o.line) == benefit(s.line) for o in overlapping(spans, first, s.last)))
    return _step(elected, spans, (*spans, *new), on, ord)


def pay(case: CobraCase, through: date) -> CobraCase:
    """Premium arrived for coverage up to and including a day."""
    _in_state(case, "elected")
    return msgspec.structs.replace(case, paid_through=max(through, case.paid_through or through))


def extend(case: CobraCase, months: int) -> CobraCase:
    """A disability (29 months) or a second event (36) makes the continued coverage longer, counted from the loss."""
    until_day = months_on(case.loss_on + DAY, months) - DAY
    return msgspec.structs.replace(case, coverage_until=max(case.coverage_until, until_day))


def lapsing_on(case: CobraCase) -> date | None:
    """The last day on which the case is still alive without something happening; None when nothing is awaited."""
    if case.state in ("noticed", "waived"):
        return case.elect_until
    if case.state == "elected" and case.paid_through is None:
        return case.premium_due
    if case.state == "elected" and case.paid_through and case.paid_through < case.coverage_until:
        return case.paid_through + DAY + GRACE_DAYS
    return None


def lapse(case: CobraCase, spans: Spans, today: date, ord: str) -> CaseStep:
    """The case as of today: a deadline that has passed ends it, and coverage on the last day paid for (INS04 59)."""
    deadline = lapsing_on(case)
    if deadline is None or today <= deadline:
        return CaseStep(case=case)
    lapsed = msgspec.structs.replace(case, state="lapsed")
    if case.state != "elected":
        return CaseStep(case=lapsed)
    return _step(lapsed, spans, cut(spans, case.paid_through or case.coverage_from - DAY), today, ord)


def covered(member: Member, step: CaseStep) -> Member:
    """The member as an election leaves them: INS05 C, no longer ended, with the continued spans."""
    changes = (c for c in step.span_changes if c.person_id == member.person_id)
    return msgspec.structs.replace(member, status="C", ended=None, spans=after(member.spans, changes))


def _lost_last(case: CobraCase, span: Span) -> bool:
    return until(span) == case.loss_on


def _step(case: CobraCase, before: Spans, wanted: Spans, today: date, ord: str) -> CaseStep:
    reviews = (
        Review(person_id=case.person_id, first=first, last=last, kind=kind)
        for kind, days in difference(before, wanted).items()
        for first, last in past(days, today)
    )
    made = changes(case.person_id, before, wanted, ord)
    return CaseStep(case=case, span_changes=made, reviews=tuple(reviews))


def _in_state(case: CobraCase, *states: State) -> None:
    if case.state not in states:
        raise BadData(f"the COBRA case is {case.state}, so this step does not fit")


def _in_time(case: CobraCase, on: date) -> None:
    _in_state(case, "event", "noticed", "waived")
    if case.elect_until and on > case.elect_until:
        raise BadData(f"the COBRA election window closed on {case.elect_until}")
