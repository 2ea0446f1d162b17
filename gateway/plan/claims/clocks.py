"""By when a claim must be decided (29 CFR 2560.503-1(f), domain 9): days as dated data, tolling as one function.

A day is counted from the day after receipt, as the regulation counts from receipt. The clock stands while information
is asked for, from the day the request leaves until the day of the answer, at most `toll_days` in all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal, NamedTuple

from mappings.records import Record


class Clock(NamedTuple):
    """One kind of decision, in force for claims received first..last. days: from receipt to the decision;
    extension_days: once more, told before those are over; toll_days: what the claimant has to answer, and no more is
    taken off; alert_days: days used at which a claim is pointed out."""

    kind: Literal["post-service", "pre-service"]
    days: int
    extension_days: int
    toll_days: int
    alert_days: tuple[int, ...]
    first: date
    last: date | None = None


IN_FORCE = date(2003, 1, 1)
"""Claims of group health plans from this day on at the latest (2560.503-1(o)) (verify)."""

CLOCKS: tuple[Clock, ...] = (
    Clock("post-service", days=30, extension_days=15, toll_days=45, alert_days=(20, 25, 28), first=IN_FORCE),
    Clock("pre-service", days=15, extension_days=15, toll_days=45, alert_days=(10, 13), first=IN_FORCE),
)
"""When the regulation changes: end a row, add a row."""


class Stop(Record, frozen=True, kw_only=True):
    """A time in which information was asked for. answered: the day of the answer, None while there is none. extended:
    the request told the claimant that the decision takes the extension, too."""

    asked: date
    answered: date | None = None
    extended: bool = False

    def __post_init__(self) -> None:
        if self.answered is not None and self.answered < self.asked:
            raise ValueError("an answer before its question")


class Due(Record, frozen=True, kw_only=True):
    """Where a clock stands on a day. due: the last day for the decision, as if an open request were answered that day;
    tolled_days: taken off so far; answer_by: the last day an open request stops the clock; used_days: since receipt,
    without those taken off."""

    due: date
    used_days: int
    tolled_days: int = 0
    answer_by: date | None = None
    extended: bool = False

    def stands(self, today: date) -> bool:
        """Whether the clock stands: an answer is awaited, and its time is not over."""
        return self.answer_by is not None and today <= self.answer_by


def clock(predetermination: bool, received: date) -> Clock:
    """The clock of a claim: an estimate before the service has its own. Raises ValueError before IN_FORCE."""
    kind = "pre-service" if predetermination else "post-service"
    for row in CLOCKS:
        if row.kind == kind and row.first <= received and (row.last is None or received <= row.last):
            return row
    raise ValueError(f"no {kind} clock is in force on {received}")


def due(row: Clock, received: date, stops: Sequence[Stop], today: date) -> Due:
    """Where the clock stands today. stops: in order, at most the last unanswered."""
    tolled, answer_by = 0, None
    for stop in stops:
        left = row.toll_days - tolled
        if stop.answered is None:
            answer_by = stop.asked + timedelta(days=left)
        tolled += min(left, ((stop.answered or today) - stop.asked).days)
    extended = any(stop.extended for stop in stops)
    days = row.days + tolled + (row.extension_days if extended else 0)
    return Due(
        due=received + timedelta(days=days), used_days=(today - received).days - tolled, tolled_days=tolled,
        answer_by=answer_by, extended=extended,
    )  # fmt: skip


def alert(row: Clock, used_days: int) -> int | None:
    """The latest of the alert days that was reached, None before the first."""
    return max((day for day in row.alert_days if day <= used_days), default=None)
