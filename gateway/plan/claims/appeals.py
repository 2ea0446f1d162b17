"""Appeals of decided claims: by when they may be filed and must be decided (29 CFR 2560.503-1(h), (i), domain 9).

Dated rows, as the clocks of first decisions (`clocks`). A plan may ask for two levels; then each has half the days.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal, NamedTuple

import msgspec

from gateway.plan.claims.clocks import IN_FORCE
from gateway.plan.claims.reprocessing import Because
from gateway.plan.records import Override, Rulings

Kind = Literal["post-service", "pre-service", "urgent"]

By = Literal["provider", "patient"]
"""Who appeals; a provider with the patient's authority, or for its own payment."""

BECAUSE: dict[By, Because] = {"provider": "provider-appeal", "patient": "patient-appeal"}
"""What the reversal says a decision is taken back for, by who appealed (N690, N691)."""


class Clock(NamedTuple):
    """One kind of appeal, of a plan with so many levels. days: from receipt to the last day for the decision of a
    level; file_days: from when the decision was told to the filing of the appeal."""

    kind: Kind
    levels: int
    days: int
    file_days: int
    first: date
    last: date | None = None


CLOCKS: tuple[Clock, ...] = (
    Clock("post-service", 1, days=60, file_days=180, first=IN_FORCE),
    Clock("post-service", 2, days=30, file_days=180, first=IN_FORCE),
    Clock("pre-service", 1, days=30, file_days=180, first=IN_FORCE),
    Clock("pre-service", 2, days=15, file_days=180, first=IN_FORCE),
    # 72 hours end on the third day at the hour of receipt: the second day is in time whenever on its day it came.
    Clock("urgent", 1, days=2, file_days=180, first=IN_FORCE),
    # Both levels within the 72 hours (verify): the first leaves a day for the second.
    Clock("urgent", 2, days=1, file_days=180, first=IN_FORCE),
)
"""When the regulation changes: end a row, add a row. No extension: group health plans have none on appeal."""


def clock(kind: Kind, levels: int, received: date) -> Clock:
    """The clock of an appeal received on a day; raises ValueError when none is in force."""
    for row in CLOCKS:
        if (row.kind, row.levels) == (kind, levels) and row.first <= received and received <= (row.last or received):
            return row
    raise ValueError(f"no clock of {kind} appeals on {levels} levels is in force on {received}")


def due(row: Clock, received: date) -> date:
    """The last day for the decision."""
    return received + timedelta(days=row.days)


def late_days(row: Clock, told: date, received: date) -> int:
    """By how many days an appeal was filed too late, 0 in time. told: when the decision was."""
    return max(0, (received - told).days - row.file_days)


def overturned(kept: Rulings, edits: Iterable[str], lines: tuple[int, ...], by: str, on: date, why: str) -> Rulings:
    """The rulings on a claim once an appeal has turned its decision: people's denial falls, edits are set aside, of the
    named lines alone where any are."""
    made = tuple(Override(edit=edit, lines=lines, by=(by,), on=on, why=why) for edit in edits)
    names = {each.edit for each in made}
    others = tuple(each for each in kept.overrides if each.edit not in names)
    return msgspec.structs.replace(kept, refusal=None, overrides=(*others, *made))
