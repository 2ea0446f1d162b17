"""Days to count by: months, and the business days of US banks.

Business days are Monday to Friday without the holidays of the Federal Reserve Banks, which are computed by rule.
The Reserve Banks keep a holiday that falls on a Sunday on the Monday after it; one that falls on a Saturday they do not
move (they are open on the Friday before). Nothing here reads a clock.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache

_DAY = timedelta(days=1)
_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6


def _fixed(month: int, day: int, since: int = 0) -> Callable[[int], date | None]:
    """A holiday on the same date each year, kept by the banks from the year `since` on."""

    def rule(year: int) -> date | None:
        on = date(year, month, day)
        return None if year < since or on.weekday() == _SATURDAY else on + _DAY * (on.weekday() == _SUNDAY)

    return rule


def _nth(month: int, weekday: int, count: int) -> Callable[[int], date | None]:
    """The count-th weekday of a month; -1 is the last (of a month of 31 days)."""

    def rule(year: int) -> date | None:
        if count < 0:
            last = date(year, month, 31)
            return last - _DAY * ((last.weekday() - weekday) % 7)
        return next_weekday(date(year, month, 1), weekday) + 7 * (count - 1) * _DAY

    return rule


HOLIDAYS: tuple[tuple[str, Callable[[int], date | None]], ...] = (
    ("New Year's Day", _fixed(1, 1)),
    ("Martin Luther King Jr. Day", _nth(1, _MONDAY, 3)),
    ("Washington's Birthday", _nth(2, _MONDAY, 3)),
    ("Memorial Day", _nth(5, _MONDAY, -1)),
    ("Juneteenth", _fixed(6, 19, since=2022)),
    ("Independence Day", _fixed(7, 4)),
    ("Labor Day", _nth(9, _MONDAY, 1)),
    ("Columbus Day", _nth(10, _MONDAY, 2)),
    ("Veterans Day", _fixed(11, 11)),
    ("Thanksgiving Day", _nth(11, _THURSDAY, 4)),
    ("Christmas Day", _fixed(12, 25)),
)
"""Name and rule of each bank holiday; a rule gives the day the banks are shut in a year, None if they are not."""


@lru_cache(maxsize=64)
def holidays(year: int) -> frozenset[date]:
    """The days of a year on which US banks are shut besides weekends."""
    return frozenset(day for _, rule in HOLIDAYS if (day := rule(year)) is not None)


def is_business_day(day: date) -> bool:
    """Whether banks settle on this day."""
    return day.weekday() < _SATURDAY and day not in holidays(day.year)


def on_or_after(day: date) -> date:
    """This day if it is a business day, else the next one."""
    while not is_business_day(day):
        day += _DAY
    return day


def add_business_days(day: date, count: int) -> date:
    """The count-th business day after day; 0 is on_or_after(day). Raises ValueError if count < 0."""
    if count < 0:
        raise ValueError("count of business days is negative")
    day = on_or_after(day) if count == 0 else day
    for _ in range(count):
        day = on_or_after(day + _DAY)
    return day


def next_weekday(day: date, weekday: int) -> date:
    """The first such weekday (0 Monday .. 6 Sunday) on or after day."""
    return day + _DAY * ((weekday - day.weekday()) % 7)


def months_on(day: date, months: int) -> date:
    """The same day some months later (or earlier), at most the month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
