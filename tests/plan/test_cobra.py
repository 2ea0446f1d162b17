"""The COBRA clock: the worked example, the golden case, and every way a case can go."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from gateway.errors import BadData
from gateway.plan.enrolment import CobraEvent, Loss, cobra
from gateway.plan.records import Member, Span
from mappings.records import Person

LOSS, MARCH = date(2026, 2, 28), date(2026, 3, 1)
LOST = Span(line="PPO", plan_id="BT-PPO-2026", tier="EMP", first=date(2026, 1, 1), last=LOSS, known_from="0" * 32)
DENTAL = replace(LOST, line="DEN", last=date(2026, 1, 31))
ORD = "5" * 32
FRANK = Member(
    person_id="F",
    family_root="F",
    subscriber_no="F",
    subscriber=True,
    relationship="18",
    person=Person(),
    spans=(LOST,),
    ended=LOSS,
)


def case(code: str = "1", told: date = date(2026, 4, 6)) -> cobra.CobraCase:
    """Frank's case, told of on a day."""
    return cobra.open_case("F", code, LOSS, (LOST,), told)


def test_the_worked_example() -> None:
    """Told 03-20 and noticed 04-03: election until 06-02; elected 05-10: premium 06-24, coverage to 2027-08-31."""
    opened = case(told=date(2026, 3, 20))
    assert (opened.told_due, opened.told_late, opened.notice_due) == (date(2026, 3, 30), False, date(2026, 4, 3))
    noticed = cobra.notice(opened, date(2026, 4, 3))
    assert noticed.elect_until == date(2026, 6, 2)
    elected = cobra.elect(noticed, (LOST,), date(2026, 5, 10), ORD).case
    assert elected.premium_due == date(2026, 6, 24)
    assert (elected.coverage_from, elected.coverage_until) == (MARCH, date(2027, 8, 31))


def test_the_golden_case() -> None:
    """Told on 2026-04-06: the employer was due on 03-30 and is late, our notice is due on 04-20."""
    (opened,) = cobra.open_cases(
        CobraEvent(code="1", event_on=LOSS, losses=(Loss(person_id="F", spans=(LOST,)),)), date(2026, 4, 6)
    )
    assert (opened.event_on, opened.told_due, opened.told_late) == (LOSS, date(2026, 3, 30), True)
    assert (opened.notice_due, opened.state) == (date(2026, 4, 20), "event")


def test_an_election_covers_from_the_day_after_the_loss() -> None:
    """Elected on 05-10: one span from 03-01, only of what was lost last, status C, and denials since then reviewed."""
    opened = cobra.open_case("F", "1", LOSS, (LOST, DENTAL), date(2026, 4, 6))
    step = cobra.elect(cobra.notice(opened, date(2026, 4, 20)), (DENTAL, LOST), date(2026, 5, 10), ORD)
    assert [(c.superseded, c.opened) for c in step.span_changes] == [
        (None, replace(LOST, first=MARCH, last=date(2027, 8, 31), known_from=ORD))
    ]
    assert [(r.kind, r.first, r.last) for r in step.reviews] == [("add", MARCH, date(2026, 5, 10))]
    member = cobra.covered(FRANK, step)
    assert (member.status, member.ended, [s.first for s in member.spans]) == ("C", None, [LOST.first, MARCH])


@pytest.mark.parametrize(
    ("code", "until"),
    [
        ("1", date(2027, 8, 31)),
        ("2", date(2027, 8, 31)),
        ("9", date(2027, 8, 31)),
        ("10", date(2027, 8, 31)),
        ("ZZ", date(2027, 8, 31)),
        ("3", date(2029, 2, 28)),
        ("4", date(2029, 2, 28)),
        ("5", date(2029, 2, 28)),
        ("6", date(2029, 2, 28)),
        ("7", date(2029, 2, 28)),
    ],
)
def test_how_long_each_event_continues_coverage(code: str, until: date) -> None:
    """18 months after work or hours are lost, 36 after the other events."""
    assert case(code).coverage_until == until


def test_extensions_count_from_the_loss() -> None:
    """A disability makes 29 months of it, a second event 36; an extension never shortens."""
    assert cobra.extend(case(), cobra.DISABILITY_MONTHS).coverage_until == date(2028, 7, 31)
    assert cobra.extend(case(), cobra.SECOND_EVENT_MONTHS).coverage_until == date(2029, 2, 28)
    assert cobra.extend(case("5"), cobra.DISABILITY_MONTHS).coverage_until == date(2029, 2, 28)


def test_who_must_tell_us_and_when() -> None:
    """Divorce, separation and age are the member's to report in 60 days; an administering employer has 44 in all."""
    assert case("5").told_due == date(2026, 4, 29)
    assert not case("5").told_late
    own = cobra.open_case("F", "1", LOSS, (LOST,), date(2026, 4, 6), employer_administers=True)
    assert own.notice_due == date(2026, 4, 13)


def test_the_election_window() -> None:
    """The last day counts; the day after is too late; without a notice the window has not begun to close."""
    noticed = cobra.notice(case(), date(2026, 4, 20))
    assert cobra.elect(noticed, (LOST,), date(2026, 6, 19), ORD).case.state == "elected"
    with pytest.raises(BadData, match="2026-06-19"):
        cobra.elect(noticed, (LOST,), date(2026, 6, 20), ORD)
    assert cobra.elect(case(), (LOST,), date(2026, 8, 1), ORD).case.state == "elected"


def test_a_waiver_may_be_taken_back_but_not_backwards() -> None:
    """After a waiver an election inside the window covers from its own day on."""
    waived = cobra.waive(cobra.notice(case(), date(2026, 4, 20)), date(2026, 5, 1))
    step = cobra.elect(waived, (LOST,), date(2026, 5, 10), ORD)
    assert [c.opened.first for c in step.span_changes if c.opened] == [date(2026, 5, 10)]


def test_an_unused_window_lapses() -> None:
    """The day after the window closes the case is lapsed and no coverage changes."""
    noticed = cobra.notice(case(), date(2026, 4, 20))
    assert cobra.lapse(noticed, (LOST,), date(2026, 6, 19), ORD).case == noticed
    step = cobra.lapse(noticed, (LOST,), date(2026, 6, 20), ORD)
    assert (step.case.state, step.span_changes) == ("lapsed", ())


def test_an_election_never_paid_is_undone() -> None:
    """Without the first premium in 45 days the continued span is void, and what was paid under it is reviewed."""
    elected = cobra.elect(case(), (LOST,), date(2026, 5, 10), ORD)
    spans = cobra.covered(FRANK, elected).spans
    assert cobra.lapse(elected.case, spans, date(2026, 6, 24), ORD).case.state == "elected"
    step = cobra.lapse(elected.case, spans, date(2026, 6, 25), ORD)
    assert [(c.superseded, c.opened) for c in step.span_changes] == [(elected.span_changes[0].opened, None)]
    assert [(r.kind, r.first, r.last) for r in step.reviews] == [("term", MARCH, date(2026, 6, 25))]


def test_a_late_premium_ends_coverage_on_the_last_day_paid() -> None:
    """Thirty days of grace after the premium was due, then coverage ends where the money did."""
    elected = cobra.elect(case(), (LOST,), date(2026, 5, 10), ORD)
    paid = cobra.pay(elected.case, date(2026, 6, 30))
    assert cobra.lapsing_on(paid) == date(2026, 7, 31)
    step = cobra.lapse(paid, cobra.covered(FRANK, elected).spans, date(2026, 8, 1), "6" * 32)
    assert [(c.opened.last, c.opened.known_from) for c in step.span_changes if c.opened] == [
        (date(2026, 6, 30), "6" * 32)
    ]
    assert step.case.state == "lapsed"


def test_steps_must_fit_the_state() -> None:
    """No premium before the election, no second notice, no election of a lapsed case."""
    with pytest.raises(BadData):
        cobra.pay(case(), MARCH)
    noticed = cobra.notice(case(), date(2026, 4, 20))
    with pytest.raises(BadData):
        cobra.notice(noticed, date(2026, 4, 21))
    with pytest.raises(BadData):
        cobra.elect(cobra.lapse(noticed, (LOST,), date(2026, 7, 1), ORD).case, (LOST,), date(2026, 7, 1), ORD)


def test_nothing_is_awaited_of_a_case_paid_to_the_end() -> None:
    """A case paid through its last day has no deadline left, and one whose notice is still ours to send has none."""
    paid = cobra.pay(cobra.elect(case(), (LOST,), date(2026, 5, 10), ORD).case, date(2027, 8, 31))
    assert cobra.lapsing_on(paid) is None
    assert cobra.lapsing_on(case()) is None


def test_an_834_may_reinstate_before_or_after_the_election() -> None:
    """A benefit the sponsor's file has already reinstated is not opened twice, and its span lapses all the same."""
    reinstated = replace(LOST, last=date(2027, 8, 31))
    elected = cobra.elect(case(), (reinstated,), date(2026, 5, 10), ORD)
    assert (elected.case.state, elected.span_changes, elected.reviews) == ("elected", (), ())
    step = cobra.lapse(elected.case, (reinstated,), date(2026, 6, 25), ORD)
    assert [c.opened.last for c in step.span_changes if c.opened] == [LOSS]
