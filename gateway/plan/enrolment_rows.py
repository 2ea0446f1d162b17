"""One member row applied to the family on file: the new state of the person and everything that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from gateway.plan import enrolment_codes
from gateway.plan.enrolment_match import match
from gateway.plan.enrolment_records import (
    FULL,
    CobraEvent,
    Kind,
    Loss,
    Refusal,
    Review,
    RosterEntry,
    RowKey,
    RowOutcome,
    Rules,
    Trouble,
    absence_day,
    final_day,
    past,
)
from gateway.plan.records import Member
from gateway.plan.spans import Spans, after, benefit, changes, cut, difference, same, until
from mappings.records import EnrolmentHeader, MemberRow, Person, Record

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


def apply_row(
    header: EnrolmentHeader,
    row: MemberRow,
    family: Sequence[Member],
    rules: Rules,
    ord: str,
    today: date,
    *,
    limited: bool = True,
) -> RowOutcome:
    """What one row comes to.

    family: everybody on file with the row's subscriber number, its prior number, or an alias of them, with the spans
    known before `ord`. ord: the file's order key, written into new spans. limited: False lifts the retro limits, for a
    sponsor's first file and for a row a person has released.
    """
    try:
        return _applied(header, row, family, rules, ord, today, limited)
    except Refusal as refusal:
        return reject(refusal.trouble)


def reject(trouble: Trouble) -> RowOutcome:
    """The outcome of a row the survey has already rejected."""
    return RowOutcome(kind="rejected", exceptions=(trouble,))


def end_absent(
    member: Member,
    header: EnrolmentHeader,
    rules: Rules,
    ord: str,
    today: date,
    benefits: Sequence[str] = (),
    *,
    limited: bool = True,
) -> RowOutcome:
    """The end of somebody a full file no longer names; benefits: which ones (a Leaver's), all when empty."""
    day = absence_day(header, rules)
    ending = tuple(s for s in member.spans if not benefits or benefit(s.line) in benefits)
    kept = (*(s for s in member.spans if s not in ending), *cut(ending, day))
    change = Change(person_id=member.person_id, before=member.spans, after=kept)
    return _outcome("ended", msgspec.structs.replace(member, absences=0), [change], "", rules, ord, today, limited)


def strike(member: Member) -> Member:
    """The member after one more full file that did not name them."""
    return msgspec.structs.replace(member, absences=member.absences + 1)


def _applied(
    header: EnrolmentHeader,
    row: MemberRow,
    family: Sequence[Member],
    rules: Rules,
    ord: str,
    today: date,
    limited: bool,
) -> RowOutcome:
    at = match(RowKey.of(row), [RosterEntry.of(m) for m in family])
    found = family[at] if at is not None else None
    if found is None:
        _may_be_new(row, header)
    before = found.spans if found else ()
    spans = _not_beyond_subscriber(enrolment_codes.applied(before, row, header), row, family)
    member = _state(row, found, family)
    changed = [Change(person_id=member.person_id, before=before, after=spans)]
    changed += _taken_along(row, header, member, spans, family)
    kind = _kind(found, member, spans, row)
    outcome = _outcome(kind, member, changed, row.reason, rules, ord, today, limited)
    if outcome.kind == "held":
        return outcome
    return msgspec.structs.replace(
        outcome,
        ssn=row.person.id if row.person.id_qualifier == "34" else "",
        moved=_moved(found, member, family),
        aliases=_aliases(found, member, family),
        cobra_event=_cobra_event(row, member, changed, rules),
    )


def _may_be_new(row: MemberRow, header: EnrolmentHeader) -> None:
    if header.action not in FULL and row.maintenance != "021":
        raise Refusal("unknown-person")
    if not row.coverages:
        raise Refusal("no-coverage")


def _not_beyond_subscriber(spans: Spans, row: MemberRow, family: Sequence[Member]) -> Spans:
    """A dependent is covered no longer than the subscriber whose enrolment was cancelled."""
    if row.subscriber:
        return spans
    ends = [m.ended for m in family if m.subscriber and m.subscriber_no == row.subscriber_no and m.ended]
    return cut(spans, ends[0]) if ends else spans


def _taken_along(
    row: MemberRow, header: EnrolmentHeader, member: Member, spans: Spans, family: Sequence[Member]
) -> list[Change]:
    """What a subscriber's end takes from the dependents: INS03 024 all, HD01 024 of a change file that benefit."""
    if not row.subscriber:
        return []
    ends = {benefit(c.line): c.last for c in row.coverages if c.maintenance == "024" and c.last}
    stays = {benefit(c.line) for c in row.coverages if c.maintenance == "032"}
    if header.action in FULL:
        ends = {}
    ends = {b: day for b, day in ends.items() if b not in stays and _none_after(spans, b, day)}
    dependents = (m for m in family if not m.subscriber and m.subscriber_no == row.subscriber_no)
    return [
        Change(person_id=m.person_id, before=m.spans, after=_cut_by(m.spans, ends, member.ended)) for m in dependents
    ]


def _none_after(spans: Spans, of: str, day: date) -> bool:
    return all(until(s) <= day for s in spans if benefit(s.line) == of)


def _cut_by(spans: Spans, ends: dict[str, date], ended: date | None) -> Spans:
    days = ((s, min(ended or date.max, ends.get(benefit(s.line), date.max))) for s in spans)
    return tuple(kept for s, day in days for kept in (cut((s,), day) if day < date.max else (s,)))


def _state(row: MemberRow, found: Member | None, family: Sequence[Member]) -> Member:
    """The person as the row leaves them, spans apart. An element the row leaves out stays what it was."""
    old = found or _newcomer(row, family)
    other = tuple(o for c in row.coverages for o in c.other)
    ended = {"024": enrolment_codes.end_day(row), "001": old.ended}
    return msgspec.structs.replace(
        old,
        subscriber_no=row.subscriber_no,
        member_no=row.member_no or old.member_no,
        subscriber=row.subscriber,
        relationship=row.relationship,
        status=row.status or old.status,
        employment=row.employment or old.employment,
        birth_sequence=row.birth_sequence or old.birth_sequence,
        restricted=row.restricted,
        person=_merged(old.person, row.person),
        other=other or old.other,
        ended=ended.get(row.maintenance),
        absences=0,
    )


def _newcomer(row: MemberRow, family: Sequence[Member]) -> Member:
    root = family[0].family_root if family else row.subscriber_no
    return Member(
        person_id=_person_id(row, family),
        family_root=root,
        subscriber_no=row.subscriber_no,
        subscriber=row.subscriber,
        relationship=row.relationship,
        person=Person(),
    )


def _person_id(row: MemberRow, family: Sequence[Member]) -> str:
    """Subscriber number, "-", REF*23 or the first free two-digit number; a taken one gets the next free number."""
    taken = {m.person_id for m in family}
    if row.member_no and (plain := f"{row.subscriber_no}-{row.member_no}") not in taken:
        return plain
    return next(i for n in range(1, len(taken) + 2) if (i := f"{row.subscriber_no}-{n:02d}") not in taken)


def _merged(old: Person, new: Person) -> Person:
    sent = {f: v for f in Person.__struct_fields__ if (v := getattr(new, f)) and v != Person().address}
    return msgspec.structs.replace(old, **(sent | {"id": "", "id_qualifier": ""}))


def _kind(found: Member | None, member: Member, spans: Spans, row: MemberRow) -> Kind:
    if found is None:
        return "ended" if row.maintenance == "024" else "added"
    if not same(found.spans, spans):
        lasted, lasts = final_day(found.spans) or date.min, final_day(spans) or date.min
        return "ended" if lasts < lasted else "changed"
    return "unchanged" if msgspec.structs.replace(member, absences=found.absences) == found else "changed"


def _outcome(
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
    reviews = tuple(r for c in changed for r in _reviews(c, today)) if limited else ()
    if limited and reason not in UNLIMITED and any(_too_far(r, rules, today) for r in reviews):
        return RowOutcome(kind="held", person_id=member.person_id, exceptions=(Trouble.of("retro"),), reviews=reviews)
    made = tuple(m for c in changed for m in changes(c.person_id, c.before, c.after, ord))
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


def _moved(found: Member | None, member: Member, family: Sequence[Member]) -> tuple[Member, ...]:
    """Dependents follow a subscriber's new number; a spouse who goes alone takes nobody along."""
    if found is None or not found.subscriber or found.subscriber_no == member.subscriber_no:
        return ()
    left = (m for m in family if m.subscriber_no == found.subscriber_no and m.person_id != found.person_id)
    return tuple(msgspec.structs.replace(m, subscriber_no=member.subscriber_no) for m in left)


def _aliases(found: Member | None, member: Member, family: Sequence[Member]) -> tuple[tuple[str, str], ...]:
    if found is None or found.subscriber_no == member.subscriber_no:
        return ()
    return tuple((found.subscriber_no, m.person_id) for m in (member, *_moved(found, member, family)))


def _cobra_event(row: MemberRow, member: Member, changed: Sequence[Change], rules: Rules) -> CobraEvent | None:
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
