"""What follows from changed spans: history rows, claims to look at again, the retro limits, COBRA events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from gateway.plan.enrolment.records import (
    CobraEvent,
    Kind,
    Loss,
    Review,
    RowOutcome,
    Rules,
    Trouble,
    final_day,
    past,
)
from gateway.plan.enrolment.spans import Spans, after, changes, difference, same
from gateway.plan.records import Member
from mappings.records import MemberRow, Record

# INS04 reasons that are qualifying events, as INS07 codes: 1 termination, 4 death, 5 divorce, 6 separation, 9 lay-off,
# 10 leave. Reduced hours (2), Medicare (3) and a child's age (7) come only as INS07 itself.
EVENTS = {
    "04": "1",
    "08": "1",
    "16": "1",
    "17": "1",
    "03": "4",
    "01": "5",
    "31": "6",
    "39": "9",
    "40": "9",
    "37": "10",
    "38": "10",
}
# INS04 reasons the retro limits do not bind: COBRA reinstatement, birth, adoption. A court order (QMCSO) has no code of
# its own: a person releases the row.
UNLIMITED = {"02", "05", "09", "10"}


class Change(Record, frozen=True, kw_only=True):
    """A person's spans before and after a row."""

    person_id: str
    before: Spans
    after: Spans


def outcome(
    kind: Kind,
    member: Member,
    changed: Sequence[Change],
    reason: str,
    rules: Rules,
    ord: str,
    today: date,
    limited: bool,
) -> RowOutcome:
    """The outcome with its span changes and reviews, or held when it reaches further back than the limit."""
    differing = [one for one in changed if not same(one.before, one.after)]
    reviews = tuple(r for c in differing for r in _reviews(c, today))
    if limited and reason not in UNLIMITED and any(_too_far(r, rules, today) for r in reviews):
        return RowOutcome(kind="held", person_id=member.person_id, exceptions=(Trouble.of("retro"),), reviews=reviews)
    made = tuple(m for c in differing for m in changes(c.person_id, c.before, c.after, ord))
    live = after(changed[0].before, (m for m in made if m.person_id == member.person_id))
    return RowOutcome(
        kind=kind,
        person_id=member.person_id,
        member=msgspec.structs.replace(member, spans=live),
        span_changes=made,
        reviews=reviews,
    )


def _reviews(change: Change, today: date) -> list[Review]:
    found = difference(change.before, change.after)
    return [
        Review(person_id=change.person_id, first=first, last=last, kind=kind)
        for kind, days in found.items()
        for first, last in past(days, today)
    ]


def _too_far(review: Review, rules: Rules, today: date) -> bool:
    """Whether an end (its last covered day) or a begin lies further back than the sponsor allows."""
    limits = {"term": rules.retro_term_days, "add": rules.retro_add_days}
    back_days = (today - review.first).days + (review.kind == "term")
    return back_days > limits.get(review.kind, back_days)


def cobra_event(row: MemberRow, member: Member, changed: Sequence[Change], rules: Rules) -> CobraEvent | None:
    """The qualifying event a cancelled person's row tells of, with everybody who lost coverage by it."""
    code = row.cobra_event or EVENTS.get(row.reason, "")
    if not (rules.cobra_applies and row.maintenance == "024" and code and row.status != "C" and member.ended):
        return None
    if code == "4":
        changed = changed[1:]
    losses = tuple(
        Loss(person_id=c.person_id, spans=ended)
        for c in changed
        if not same(c.before, c.after) and (ended := tuple(s for s in c.after if s.last == final_day(c.after)))
    )
    on = row.dates.get("301") or row.dates.get("337") or member.ended
    return CobraEvent(code=code, event_on=on, losses=losses) if losses else None
