"""When a partner's files are expected and our answers due, as its settings say it: pure dates and times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from gateway.clock import MINUTE_US, SECOND_US
from gateway.plan.calendar import add_business_days, is_business_day, on_or_after
from mappings.records import Record

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)

FARTHEST = timedelta(days=21)
"""How far back the due day before is looked for: a weekly one lies 7 days back, and moves by 4 over the holidays."""

Time = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""Hours and minutes as 18:00."""


class Expected(Record, frozen=True, kw_only=True):
    """A file a partner sends regularly. kind: its ST01. days: mon .. sun. by: the administrator's local time.

    business: a due day that is no business day of US banks moves to the next that is.
    """

    kind: str
    days: tuple[Weekday, ...] = WEEKDAYS[:5]
    by: Time = "18:00"
    business: bool = True


class Answers(Record, frozen=True, kw_only=True):
    """When our answers to a partner are due (CAQH CORE's pattern, domain 1.6); a person hears of one that is late.

    ack_minutes: from the receipt to TA1 and 999; 0: not watched. claim_answer_by: time of the 277CA, on the business
    day after a file that came by cutoff on a business day; "" is not watched. zone: of these times.
    """

    ack_minutes: Annotated[int, msgspec.Meta(ge=0, le=10_080)] = 60
    claim_answer_by: Time | Literal[""] = "07:00"
    cutoff: Time = "21:00"
    zone: str = "America/New_York"


def wrong(expected: tuple[Expected, ...], answers: Answers) -> Iterator[str]:
    """What is wrong with a partner's schedules, a sentence each."""
    for number, one in enumerate(expected, 1):
        if not one.days:
            yield f"expected[{number}].days: none is named"
    try:
        ZoneInfo(answers.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield f"answers.zone: {answers.zone} is no time zone"


def due_days(one: Expected, until: date) -> tuple[date, date]:
    """The last due day not after a day, and the one before it. Precondition: days is not empty."""
    found: list[date] = []
    for back in range(FARTHEST.days + 1):
        day = until - timedelta(days=back)
        if WEEKDAYS[day.weekday()] in one.days:
            due = on_or_after(day) if one.business else day
            if due <= until and due not in found:
                found.append(due)
    last, before = sorted(found, reverse=True)[:2]
    return last, before


def last_due(one: Expected, today: date, minute: int) -> tuple[date, date]:
    """The last due day whose time has passed at a minute of today, and the one before it."""
    last, before = due_days(one, today)
    if last == today and minute < minutes(one.by):
        return due_days(one, today - timedelta(days=1))
    return last, before


def minutes(text: str) -> int:
    """Minutes of the day of a time as 18:00."""
    hours, _, rest = text.partition(":")
    return int(hours) * 60 + int(rest)


def ack_due_us(answers: Answers, received_us: int) -> int | None:
    """When TA1 and 999 of a file are due; None when nobody watches."""
    return received_us + answers.ack_minutes * MINUTE_US if answers.ack_minutes else None


def claim_answer_due_us(answers: Answers, received_us: int) -> int | None:
    """When the 277CA of a file is due; None when nobody watches."""
    if not answers.claim_answer_by:
        return None
    zone = ZoneInfo(answers.zone)
    came = datetime.fromtimestamp(received_us / SECOND_US, UTC).astimezone(zone)
    late = is_business_day(came.date()) and came.hour * 60 + came.minute >= minutes(answers.cutoff)
    counted = on_or_after(came.date() + timedelta(days=1) if late else came.date())
    due = datetime.combine(add_business_days(counted, 1), time.fromisoformat(answers.claim_answer_by), zone)
    return int(due.timestamp()) * SECOND_US
