"""Enrolment: an 834 file applied to the people on file, as pure functions.

A file is applied in two passes. `survey` reads every row's `RowKey` and decides about the whole file; then `apply_row`
takes each row in file order with the family it means, `end_absent` (or `strike`) everybody the survey found missing.
"""

from gateway.plan.enrolment.records import (
    FULL,
    TROUBLES,
    CobraEvent,
    Leaver,
    Loss,
    Review,
    RosterEntry,
    RowKey,
    RowOutcome,
    Rules,
    Survey,
    Trouble,
    absence_day,
    file_day,
)
from gateway.plan.enrolment.rows import apply_row, end_absent, reject, strike
from gateway.plan.enrolment.spans import BENEFITS, SpanChange, after, benefit, known
from gateway.plan.enrolment.survey import survey

__all__ = [
    "BENEFITS",
    "FULL",
    "TROUBLES",
    "CobraEvent",
    "Leaver",
    "Loss",
    "Review",
    "RosterEntry",
    "RowKey",
    "RowOutcome",
    "Rules",
    "SpanChange",
    "Survey",
    "Trouble",
    "absence_day",
    "after",
    "apply_row",
    "benefit",
    "end_absent",
    "file_day",
    "known",
    "reject",
    "strike",
    "survey",
]
