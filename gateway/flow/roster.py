"""Members as the store keeps them, read as known at an order key; `roster_changes` writes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import BindParameter, Connection, bindparam, select

from gateway.plan.records import Member, Span
from gateway.store.rows import IDS_A_QUERY, parts
from gateway.store.schema import alias, person, span


def by_subscriber(
    connection: Connection, sponsor_id: str, numbers: Iterable[str], known_at: str
) -> dict[str, list[Member]]:
    """Everybody whose present or earlier subscriber number is one of numbers, with spans as known at known_at."""
    wanted = sorted(set(numbers))
    found: dict[str, set[str]] = defaultdict(set)
    for part in parts(wanted, IDS_A_QUERY):
        for numbered in _NUMBERED:
            for number, person_id in connection.execute(numbered, {"sponsor_id": sponsor_id, "numbers": part}):
                found[number].add(person_id)
    members = by_id(connection, sponsor_id, {p for ids in found.values() for p in ids}, known_at)
    return {number: [members[p] for p in sorted(ids)] for number, ids in found.items()}


FACTS = [span.c[name] for name in Span.__struct_fields__]

NOW = "9" * 31
"""An order key after every event: what is known today."""


_MINE: BindParameter[str] = bindparam("sponsor_id")
_IDS: BindParameter[str] = bindparam("people", expanding=True)
_NUMBERED = [
    select(table.c.subscriber_no, table.c.person_id).where(
        table.c.sponsor_id == _MINE, table.c.subscriber_no.in_(bindparam("numbers", expanding=True))
    )
    for table in (person, alias)
]
_KNOWN_AT = bindparam("known_at", type_=span.c.known_from.type)
_SPANS = select(span.c.person_id, *FACTS).where(
    span.c.sponsor_id == _MINE, span.c.person_id.in_(_IDS), span.c.known_from <= _KNOWN_AT, span.c.known_to > _KNOWN_AT
).order_by(span.c.person_id, span.c.first)  # fmt: skip
_PEOPLE = select(person.c.person_id, person.c.body).where(person.c.sponsor_id == _MINE, person.c.person_id.in_(_IDS))
# Built once: every chunk of claims asks them, and building them takes longer than running them.


def by_id(connection: Connection, sponsor_id: str, ids: Iterable[str], known_at: str) -> dict[str, Member]:
    """Members by person id, with the spans known at known_at."""
    wanted = sorted(set(ids))
    members: dict[str, Member] = {}
    spans: dict[str, list[Span]] = defaultdict(list)
    for part in parts(wanted, IDS_A_QUERY):
        asked = {"sponsor_id": sponsor_id, "people": part}
        for person_id, *facts in connection.execute(_SPANS, {**asked, "known_at": known_at}):
            spans[person_id].append(_span(*facts))
        for person_id, body in connection.execute(_PEOPLE, asked):
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


def ssn_hashes(connection: Connection, sponsor_id: str, people: Iterable[str]) -> dict[str, str]:
    """The keyed hash of each person's SSN, "" for those without."""
    mine = select(person.c.person_id, person.c.ssn_hash).where(
        person.c.sponsor_id == sponsor_id, person.c.person_id.in_(sorted(people))
    )
    return {row.person_id: row.ssn_hash for row in connection.execute(mine)}


def family(connection: Connection, sponsor_id: str, numbers: Iterable[str], known_at: str) -> list[Member]:
    """Everybody in the families of the given subscriber numbers (present, earlier, or first)."""
    wanted = sorted({n for n in numbers if n})
    mine = person.c.sponsor_id == sponsor_id
    named = (alias.c.sponsor_id == person.c.sponsor_id) & (alias.c.person_id == person.c.person_id)
    roots: set[str] = set()
    for query in (  # one each, so that each is answered by its index
        select(person.c.family_root).where(mine, person.c.subscriber_no.in_(wanted)),
        select(person.c.family_root).where(mine, person.c.family_root.in_(wanted)),
        select(person.c.family_root).join(alias, named).where(mine, alias.c.subscriber_no.in_(wanted)),
    ):
        roots.update(connection.execute(query).scalars())
    ids = select(person.c.person_id).where(mine, person.c.family_root.in_(sorted(roots)))
    return list(by_id(connection, sponsor_id, connection.execute(ids).scalars(), known_at).values())


@lru_cache(maxsize=4096)  # a roster is mostly of a few files, plans and first days: their spans are shared
def _span(*facts: Any) -> Span:
    """The span of a row's facts, in the order of its fields."""
    return msgspec.convert(dict(zip(Span.__struct_fields__, facts, strict=True)), Span, strict=False)
