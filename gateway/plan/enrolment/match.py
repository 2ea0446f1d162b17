"""Who a row means: REF*23 inside the subscriber number, else relationship, birth, first name and birth sequence.

The social security number is never used: it is missing for newborns, often wrong, and changes.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.plan.enrolment.records import RosterEntry, RowKey


def match(key: RowKey, family: Sequence[RosterEntry]) -> int | None:
    """The index in `family` of the person a row means, None for somebody new.

    family: everybody with the row's subscriber number, prior number, or an alias of them. REF*23 counts first, but
    only inside one subscriber number: a spouse who left may be number 01 of her own.
    """
    for same in (_numbered, _relation, _birthright, _renumbered):
        found = [n for n, entry in enumerate(family) if same(key, entry)]
        if len(found) == 1:
            return found[0]
    return None


def _numbered(key: RowKey, entry: RosterEntry) -> bool:
    return key.member_no != "" and (key.subscriber_no, key.member_no) == (entry.subscriber_no, entry.member_no)


def _renumbered(key: RowKey, entry: RosterEntry) -> bool:
    """The same REF*23 and relationship under an earlier subscriber number."""
    return key.member_no != "" and (key.relationship, key.member_no) == (entry.relationship, entry.member_no)


def _birthright(key: RowKey, entry: RosterEntry) -> bool:
    """The same person whatever the relationship: it changes with divorce, and when a spouse elects COBRA alone."""
    contradicted = key.subscriber_no == entry.subscriber_no and "" != key.member_no != entry.member_no != ""
    return (
        not contradicted
        and key.birth is not None
        and key.birth == entry.birth
        and key.first.casefold() == entry.first.casefold()
        and key.birth_sequence == entry.birth_sequence
    )


def _relation(key: RowKey, entry: RosterEntry) -> bool:
    return key.relationship == entry.relationship and _birthright(key, entry)


def identity(key: RowKey) -> str:
    """A text that is equal for two rows of one file that mean the same person."""
    who = key.member_no or f"{key.relationship}|{key.birth}|{key.first.casefold()}|{key.birth_sequence}"
    return f"{key.subscriber_no}|{who}"
