"""Gapless numbers that leave: a transaction takes its block in one statement, after all reading and computing."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select, update

from gateway.store.engine import upsert
from gateway.store.prepared import Prepared
from gateway.store.schema import counter

_TAKE = Prepared(
    update(counter)
    .where(counter.c.scope == bindparam("of"))
    .values(next=counter.c.next + bindparam("count"))
    .returning(counter.c.next)
)


def take(connection: Connection, scope: str, count: int = 1) -> int:
    """Takes the next count numbers of a series, which begins at 1; returns the lowest of them."""
    after = _TAKE.run(connection, of=scope, count=count).fetchone()
    if after is not None:
        return int(after[0]) - count
    begin = upsert(connection, counter).values(scope=scope, next=1 + count)
    again = begin.on_conflict_do_update(index_elements=["scope"], set_={"next": counter.c.next + count})
    return int(connection.execute(again.returning(counter.c.next)).scalar_one()) - count


def peek(connection: Connection, scope: str) -> int:
    """The number `take` would give next."""
    found = connection.execute(select(counter.c.next).where(counter.c.scope == scope)).scalar_one_or_none()
    return 1 if found is None else int(found)
