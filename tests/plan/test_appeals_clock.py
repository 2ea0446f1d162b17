"""ERISA clocks of appeals by hand: 60 and 30 days, half of them on two levels, 180 days to file, 72 hours."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from plan_cases import ALAN, C1, TODAY, case

from gateway.plan.claims import adjudication, appeals
from gateway.plan.claims.case import PriorClaim
from gateway.plan.records import Override, Refusal, Rulings

RECEIVED = date(2026, 4, 6)


@pytest.mark.parametrize(
    ("kind", "levels", "last"),
    [
        ("post-service", 1, date(2026, 6, 5)),
        ("post-service", 2, date(2026, 5, 6)),
        ("pre-service", 1, date(2026, 5, 6)),
        ("pre-service", 2, date(2026, 4, 21)),
        ("urgent", 1, date(2026, 4, 8)),
        ("urgent", 2, date(2026, 4, 7)),
    ],
)
def test_by_when_an_appeal_is_decided(kind: appeals.Kind, levels: int, last: date) -> None:
    """Received on April 6th: the last day of each kind of appeal, on one level and on each of two."""
    assert appeals.due(appeals.clock(kind, levels, RECEIVED), RECEIVED) == last


def test_180_days_to_file() -> None:
    """Told on January 1st, an appeal is in time until June 30th; on July 2nd it is two days late."""
    row = appeals.clock("post-service", 1, RECEIVED)
    told = date(2026, 1, 1)
    assert [appeals.late_days(row, told, date(2026, *day)) for day in ((6, 30), (7, 1), (7, 2))] == [0, 1, 2]


def test_no_clock_before_the_regulation() -> None:
    """What came before the regulation was in force has no clock of it."""
    with pytest.raises(ValueError, match="no clock"):
        appeals.clock("post-service", 1, date(2002, 12, 31))


def test_an_appeal_of_one_line_turns_that_line() -> None:
    """Both lines of a copy were denied OA-18: with the edit set aside for line 1 alone, line 2 stays denied; a denial
    by people falls; a second ruling on an edit takes the first one's place."""
    refusal = Refusal(group="PR", reason="96", remarks=("N130",), by=("ann",), on=RECEIVED, why="no")
    before = Override(edit="duplicate", by=("eve",), on=RECEIVED, why="first")
    kept = Rulings(refusal=refusal, overrides=(before,))
    made = appeals.overturned(kept, ("duplicate",), (1,), "ben", RECEIVED, "one of them")
    assert (made.refusal, len(made.overrides)) == (None, 1)
    copied = msgspec.structs.replace(case(C1, ALAN), history=(PriorClaim(icn="OLD", claim=C1),), rulings=made)
    found = adjudication.adjudicate(copied, TODAY)
    assert [line.denied for line in found.lines] == [False, True]
    assert found.notes[0].text == "The edit duplicate of line 1 was set aside by ben on 2026-04-06: one of them"
