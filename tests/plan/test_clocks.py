"""ERISA clocks by hand: 30 days from receipt, 15 more once, and at most 45 that a request for information takes off."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.plan.claims import clocks
from gateway.plan.claims.clocks import Stop

RECEIVED = date(2026, 4, 6)
POST = clocks.clock(False, RECEIVED)


def day(text: str) -> date:
    """A day of 2026, as 04-16."""
    return date.fromisoformat(f"2026-{text}")


def test_thirty_days_after_receipt() -> None:
    """Received on April 6th, a claim is decided on May 6th at the latest; ten days of it are used on April 16th."""
    found = clocks.due(POST, RECEIVED, [], day("04-16"))
    assert (found.due, found.used_days, found.stands(day("04-16"))) == (day("05-06"), 10, False)


def test_days_until_the_answer_are_not_counted() -> None:
    """Asked on April 16th and answered on May 1st, the 15 days between move May 6th to May 21st."""
    found = clocks.due(POST, RECEIVED, [Stop(asked=day("04-16"), answered=day("05-01"))], day("05-02"))
    assert (found.due, found.used_days, found.tolled_days) == (day("05-21"), 11, 15)
    assert not found.stands(day("05-02"))


def test_no_answer_stops_the_clock_for_45_days() -> None:
    """Never answered, it stands until May 31st and not a day longer: June 20th is the last day."""
    stop = Stop(asked=day("04-16"))
    waits = clocks.due(POST, RECEIVED, [stop], day("05-31"))
    assert (waits.answer_by, waits.stands(day("05-31")), waits.due) == (day("05-31"), True, day("06-20"))
    over = clocks.due(POST, RECEIVED, [stop], day("06-10"))
    assert (over.stands(day("06-10")), over.due, over.used_days) == (False, day("06-20"), 20)


def test_all_requests_together_take_45_days() -> None:
    """After 40 days for the first answer a second request stops the clock for 5."""
    first = Stop(asked=day("04-10"), answered=day("05-20"))
    found = clocks.due(POST, RECEIVED, [first, Stop(asked=day("06-01"))], day("06-30"))
    assert (found.answer_by, found.due) == (day("06-06"), day("06-20"))


def test_an_extension_counts_once() -> None:
    """The extension adds its 15 days once: May 21st, however often it was told."""
    told = Stop(asked=day("04-16"), answered=day("04-16"), extended=True)
    assert clocks.due(POST, RECEIVED, [told, told], day("04-17")).due == day("05-21")


def test_an_estimate_has_15_days() -> None:
    """A predetermination is a pre-service claim: April 21st."""
    assert clocks.due(clocks.clock(True, RECEIVED), RECEIVED, [], RECEIVED).due == day("04-21")


def test_alerts_come_at_days_used() -> None:
    """Day 19 says nothing, day 20 to 24 say 20, then 25, then 28."""
    assert [clocks.alert(POST, n) for n in (19, 20, 24, 25, 27, 28, 40)] == [None, 20, 20, 25, 25, 28, 28]


def test_what_cannot_be_is_refused() -> None:
    """An answer before its question, and a claim from before the rule, are no clock."""
    with pytest.raises(ValueError, match="before its question"):
        Stop(asked=day("04-16"), answered=day("04-15"))
    with pytest.raises(ValueError, match="no post-service clock"):
        clocks.clock(False, date(2002, 12, 31))
