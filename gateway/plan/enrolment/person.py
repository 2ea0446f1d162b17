"""A member as a row leaves them: who a newcomer is, what a row says about a person, who moves with a new number."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gateway.plan.enrolment.codes import end_day
from gateway.plan.records import Member
from mappings.records import MemberRow, Person


def state(row: MemberRow, found: Member | None, family: Sequence[Member]) -> Member:
    """The person as the row leaves them, spans apart. An element the row leaves out stays what it was."""
    old = found or _newcomer(row, family)
    other = tuple(o for c in row.coverages for o in c.other)
    ended = {"024": end_day(row), "001": old.ended}
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
        medicare=row.medicare or old.medicare,
        medicare_reason=row.medicare_reason or old.medicare_reason,
        medicare_from=row.dates.get("338") or old.medicare_from,
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


NO_ADDRESS = Person().address


def _merged(old: Person, new: Person) -> Person:
    sent = {f: v for f in Person.__struct_fields__ if (v := getattr(new, f)) and v != NO_ADDRESS}
    return msgspec.structs.replace(old, **(sent | {"id": "", "id_qualifier": ""}))


def moved(found: Member | None, member: Member, family: Sequence[Member]) -> tuple[Member, ...]:
    """Dependents follow a subscriber's new number; a spouse who goes alone takes nobody along."""
    if found is None or not found.subscriber or found.subscriber_no == member.subscriber_no:
        return ()
    left = (m for m in family if m.subscriber_no == found.subscriber_no and m.person_id != found.person_id)
    return tuple(msgspec.structs.replace(m, subscriber_no=member.subscriber_no) for m in left)


def aliases(found: Member | None, member: Member, family: Sequence[Member]) -> tuple[tuple[str, str], ...]:
    """(number, person) pairs: the subscriber number a family had before keeps finding each of them."""
    if found is None or found.subscriber_no == member.subscriber_no:
        return ()
    return tuple((found.subscriber_no, m.person_id) for m in (member, *moved(found, member, family)))
