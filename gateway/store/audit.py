"""Who did what: audit rows written with their cause, chained by hash afterwards. Never anything about a member."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, insert, select, update

from gateway.store.ids import ulid
from gateway.store.prepared import Prepared
from gateway.store.schema import audit

CHAIN_ROWS = 500
"""Rows chained in one transaction: about 10 ms."""


_NAMES = ("id", "at_us", "actor", "action", "entity", "detail")
_CHAIN = update(audit).where(audit.c.id == bindparam("of")).values(seq=bindparam("seq"), hash=bindparam("hash"))
_NOTE = Prepared(insert(audit), _NAMES)


def note(connection: Connection, now_us: int, actor: str, action: str, entity: str, detail: str = "") -> None:
    """Writes one audit row in the transaction of what it tells of."""
    _NOTE.run(
        connection, id=ulid(now_us), at_us=now_us, actor=actor, action=action, entity=entity, detail=detail
    )  # fmt: skip


def note_all(connection: Connection, rows: Sequence[tuple[int, str, str, str, str]]) -> None:
    """Writes (instant, actor, action, entity, detail) of many things in one statement."""
    if rows:
        connection.execute(insert(audit), [dict(zip(_NAMES, (ulid(row[0]), *row), strict=True)) for row in rows])


def chain(connection: Connection) -> int:
    """Gives committed rows their place and hash; returns how many. One chain step runs at a time."""
    last = connection.execute(select(audit.c.seq, audit.c.hash).where(audit.c.seq.is_not(None))
                              .order_by(audit.c.seq.desc()).limit(1)).one_or_none()  # fmt: skip
    seq, link = (last.seq, last.hash) if last else (0, "")
    fresh = select(audit).where(audit.c.seq.is_(None)).order_by(audit.c.at_us, audit.c.id).limit(CHAIN_ROWS)
    links = []
    for row in connection.execute(fresh):
        seq, link = seq + 1, _link(link, row)
        links.append({"of": row.id, "seq": seq, "hash": link})
    if links:
        connection.execute(_CHAIN, links)
    return len(links)


def broken_at(connection: Connection) -> int | None:
    """The first place where the chain does not hold, None when it holds."""
    link = ""
    chained = select(audit).where(audit.c.seq.is_not(None)).order_by(audit.c.seq)
    for row in connection.execute(chained.execution_options(yield_per=CHAIN_ROWS)):
        link = _link(link, row)
        if link != row.hash:
            return int(row.seq)
    return None


def unchained(connection: Connection) -> bool:
    """Whether a row waits for its place in the chain."""
    return connection.execute(select(audit.c.id).where(audit.c.seq.is_(None)).limit(1)).first() is not None


def _link(before: str, row: object) -> str:
    fields = (getattr(row, name) for name in ("at_us", "actor", "action", "entity", "detail"))
    return hashlib.sha256("\x1f".join([before, *map(str, fields)]).encode()).hexdigest()
