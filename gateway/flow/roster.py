"""Members as the store keeps them: read as known at an order key, written as the changes of enrolment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from gateway.plan.records import FOREVER, Member, Span
from gateway.store.engine import upsert
from gateway.store.keys import Keys, new_key, seal
from gateway.store.schema import alias, person, span

IDS_A_QUERY = 500
"""Ids in one IN list: far below both engines' limits, and one query serves a chunk of 100 claims."""


def by_subscriber(
    connection: Connection, sponsor_id: str, numbers: Iterable[str], known_at: str
) -> dict[str, list[Member]]:
    """Everybody whose present or earlier subscriber number is one of numbers, with spans as known at known_at."""
    wanted = sorted(set(numbers))
    found: dict[str, set[str]] = defaultdict(set)
    for start in range(0, len(wanted), IDS_A_QUERY):
        part = wanted[start : start + IDS_A_QUERY]
        for table in (person, alias):
            rows = select(table.c.subscriber_no, table.c.person_id).where(
                table.c.sponsor_id == sponsor_id, table.c.subscriber_no.in_(part)
            )
            for number, person_id in connection.execute(rows):
                found[number].add(person_id)
    members = by_id(connection, sponsor_id, {p for ids in found.values() for p in ids}, known_at)
    return {number: [members[p] for p in sorted(ids)] for number, ids in found.items()}


NOW = "9" * 31
"""An order key after every event: what is known today."""


def by_id(connection: Connection, sponsor_id: str, ids: Iterable[str], known_at: str) -> dict[str, Member]:
    """Members by person id, with the spans known at known_at."""
    wanted = sorted(set(ids))
    members: dict[str, Member] = {}
    spans: dict[str, list[Span]] = defaultdict(list)
    for start in range(0, len(wanted), IDS_A_QUERY):
        part = wanted[start : start + IDS_A_QUERY]
        rows = select(span).where(
            span.c.sponsor_id == sponsor_id, span.c.person_id.in_(part),
            span.c.known_from <= known_at, span.c.known_to > known_at,
        )  # fmt: skip
        for row in connection.execute(rows.order_by(span.c.person_id, span.c.first)):
            spans[row.person_id].append(_span(row))
        people = select(person.c.person_id, person.c.body).where(
            person.c.sponsor_id == sponsor_id, person.c.person_id.in_(part)
        )
        for person_id, body in connection.execute(people):
            members[person_id] = msgspec.json.decode(body, type=Member)
    return {p: msgspec.structs.replace(m, spans=tuple(spans[p])) for p, m in sorted(members.items())}


def everybody(connection: Connection, sponsor_id: str) -> list[str]:
    """Every person id of a sponsor, in order."""
    mine = select(person.c.person_id).where(person.c.sponsor_id == sponsor_id).order_by(person.c.person_id)
    return list(connection.execute(mine).scalars())


def aliases(connection: Connection, sponsor_id: str, people: Iterable[str] | None = None) -> list[tuple[str, str]]:
    """(person id, earlier subscriber number) of a sponsor's people, or of the given ones."""
    mine = select(alias.c.person_id, alias.c.subscriber_no).where(alias.c.sponsor_id == sponsor_id)
    if people is not None:
        mine = mine.where(alias.c.person_id.in_(sorted(people)))
    return [(person_id, number) for person_id, number in connection.execute(mine)]


def family(connection: Connection, sponsor_id: str, numbers: Iterable[str], known_at: str) -> list[Member]:
    """Everybody in the families of the given subscriber numbers (present, earlier, or first)."""
    wanted = sorted({n for n in numbers if n})
    roots = select(person.c.family_root).where(
        person.c.sponsor_id == sponsor_id,
        or_(person.c.subscriber_no.in_(wanted), person.c.family_root.in_(wanted)),
    )
    aliases = (
        select(person.c.family_root)
        .join(alias, (alias.c.sponsor_id == person.c.sponsor_id) & (alias.c.person_id == person.c.person_id))
        .where(person.c.sponsor_id == sponsor_id, alias.c.subscriber_no.in_(wanted))
    )
    ids = select(person.c.person_id).where(
        person.c.sponsor_id == sponsor_id,
        or_(person.c.family_root.in_(roots), person.c.family_root.in_(aliases)),
    )
    return list(by_id(connection, sponsor_id, connection.execute(ids).scalars(), known_at).values())


def save(connection: Connection, keys: Keys, sponsor_id: str, member: Member, ssn: str = "") -> None:
    """Writes a person in place of an earlier state; the SSN sealed, and as a keyed hash to match by."""
    bare = msgspec.structs.replace(member, spans=())
    values: dict[str, Any] = {
        "family_root": member.family_root, "subscriber_no": member.subscriber_no, "member_no": member.member_no,
        "body": msgspec.json.encode(bare).decode(),
    }  # fmt: skip
    if ssn:
        key = new_key()
        wrapped = keys.wrap(key)
        bound = f"{sponsor_id}/{member.person_id}".encode()
        secret = len(wrapped).to_bytes(2, "big") + wrapped + seal(key, ssn.encode(), bound)
        values |= {"ssn": secret, "ssn_hash": keys.fingerprint(ssn)}
    row = {"sponsor_id": sponsor_id, "person_id": member.person_id, "ssn_hash": "", **values}
    statement = upsert(connection, person).values(**row)
    connection.execute(statement.on_conflict_do_update(index_elements=["sponsor_id", "person_id"], set_=values))


def add_alias(connection: Connection, sponsor_id: str, subscriber_no: str, person_id: str) -> None:
    """An earlier number keeps finding the person."""
    row = {"sponsor_id": sponsor_id, "subscriber_no": subscriber_no, "person_id": person_id}
    connection.execute(upsert(connection, alias).values(**row).on_conflict_do_nothing())


def change_span(
    connection: Connection, sponsor_id: str, person_id: str, superseded: Span | None, opened: Span | None, ord_: str
) -> None:
    """Supersedes what was known and says what is known from ord_ on; history stays."""
    if superseded is not None:
        old = (
            span.c.sponsor_id == sponsor_id, span.c.person_id == person_id, span.c.line == superseded.line,
            span.c.first == superseded.first.isoformat(), span.c.known_from == superseded.known_from,
        )  # fmt: skip
        never_known = superseded.known_from == ord_
        connection.execute(delete(span).where(*old) if never_known else update(span).where(*old).values(known_to=ord_))
    if opened is not None:
        connection.execute(
            insert(span).values(
                sponsor_id=sponsor_id, person_id=person_id, line=opened.line, first=opened.first.isoformat(),
                known_from=ord_, known_to=FOREVER, last=opened.last.isoformat() if opened.last else None,
                plan_id=opened.plan_id, tier=opened.tier, late_enrollee=int(opened.late_enrollee),
            )
        )  # fmt: skip


def _span(row: Row[Any]) -> Span:
    return Span(
        line=row.line, plan_id=row.plan_id, tier=row.tier, first=date.fromisoformat(row.first),
        last=date.fromisoformat(row.last) if row.last else None, known_from=row.known_from, known_to=row.known_to,
        late_enrollee=bool(row.late_enrollee),
    )  # fmt: skip
