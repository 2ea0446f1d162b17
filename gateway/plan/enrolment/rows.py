"""One member row applied to the family on file: the new state of the person and everything that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from gateway.plan.enrolment import codes as enrolment_codes
from gateway.plan.enrolment.effects import Change, cobra_event, outcome
from gateway.plan.enrolment.match import match
from gateway.plan.enrolment.person import aliases, moved, state
from gateway.plan.enrolment.records import (
    FULL,
    Kind,
    Refusal,
    RosterEntry,
    RowKey,
    RowOutcome,
    Rules,
    Trouble,
    absence_day,
    final_day,
)
from gateway.plan.enrolment.spans import Spans, benefit, cut, same, until
from gateway.plan.records import Member
from mappings.records import EnrolmentHeader, MemberRow


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
    return outcome("ended", msgspec.structs.replace(member, absences=0), [change], "", rules, ord, today, limited)


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
    elif _ended_before_cobra(found, row):
        member = msgspec.structs.replace(found, absences=0)
        return RowOutcome(kind="unchanged", person_id=found.person_id, member=member)
    before = found.spans if found else ()
    spans = _not_beyond_subscriber(enrolment_codes.applied(before, row, header), row, family)
    member = state(row, found, family)
    changed = [Change(person_id=member.person_id, before=before, after=spans)]
    changed += _taken_along(row, header, member, spans, family)
    kind = _kind(found, member, spans, row)
    result = outcome(kind, member, changed, row.reason, rules, ord, today, limited)
    if result.kind == "held":
        return result
    return msgspec.structs.replace(
        result,
        ssn=row.person.id if row.person.id_qualifier == "34" else "",
        moved=moved(found, member, family),
        aliases=aliases(found, member, family),
        cobra_event=cobra_event(row, member, changed, rules),
    )


def _ended_before_cobra(found: Member, row: MemberRow) -> bool:
    """Whether the row repeats the end of employment after which the person elected COBRA: that is known already."""
    day = enrolment_codes.end_day(row)
    told = row.maintenance == "024" and row.status != "C" and found.status == "C"
    return told and day is not None and any(s.first > day for s in found.spans)


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


def _kind(found: Member | None, member: Member, spans: Spans, row: MemberRow) -> Kind:
    if found is None:
        return "ended" if row.maintenance == "024" else "added"
    if not same(found.spans, spans):
        lasted, lasts = final_day(found.spans) or date.min, final_day(spans) or date.min
        return "ended" if lasts < lasted else "changed"
    return "unchanged" if msgspec.structs.replace(member, absences=found.absences) == found else "changed"
