"""Laws of bank business days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.plan.calendar import add_business_days, holidays, is_business_day, next_weekday, on_or_after

DAYS = st.dates(date(2022, 1, 1), date(2060, 12, 31))


def test_holidays_of_2026() -> None:
    """The Reserve Banks' 2026 holidays; 4 July is a Saturday and moves nothing."""
    assert holidays(2026) == {
        date(2026, 1, 1),
        date(2026, 1, 19),
        date(2026, 2, 16),
        date(2026, 5, 25),
        date(2026, 6, 19),
        date(2026, 9, 7),
        date(2026, 10, 12),
        date(2026, 11, 11),
        date(2026, 11, 26),
        date(2026, 12, 25),
    }


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        (date(2026, 7, 3), True),
        (date(2023, 1, 2), False),
        (date(2021, 12, 31), True),
        (date(2021, 6, 18), True),
        (date(2027, 7, 5), False),
        (date(2026, 4, 11), False),
    ],
)
def test_sunday_holidays_move_and_saturday_ones_do_not(day: date, open_: bool) -> None:
    """A holiday on a Sunday shuts the Monday after it, one on a Saturday shuts no Friday."""
    assert is_business_day(day) is open_


def test_a_weekend_and_a_holiday_are_skipped() -> None:
    """Business days count past weekends and holidays."""
    assert add_business_days(date(2026, 4, 10), 2) == date(2026, 4, 14)
    assert add_business_days(date(2026, 12, 24), 1) == date(2026, 12, 28)
    assert add_business_days(date(2026, 4, 11), 0) == date(2026, 4, 13)


def test_a_negative_count_is_refused() -> None:
    """Business days are only counted forward."""
    with pytest.raises(ValueError, match="negative"):
        add_business_days(date(2026, 4, 10), -1)


@given(DAYS, st.integers(0, 20), st.integers(0, 20))
def test_counting_adds_up(day: date, first: int, second: int) -> None:
    """Counting in two parts gives the same day as counting at once."""
    start = on_or_after(day)
    assert add_business_days(add_business_days(start, first), second) == add_business_days(start, first + second)
    assert is_business_day(add_business_days(day, first))


@given(DAYS, st.integers(0, 6))
def test_the_next_weekday_is_within_a_week(day: date, weekday: int) -> None:
    """The next weekday is that weekday, today or at most six days away."""
    found = next_weekday(day, weekday)
    assert found.weekday() == weekday
    assert timedelta(0) <= found - day < timedelta(7)
