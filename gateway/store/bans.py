"""Addresses the door shuts out: kept here, so that every node's door knows them and a restart does not forget them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, delete, select

from gateway.store.engine import upsert
from gateway.store.schema import ban


class Banned(NamedTuple):
    """place: an address or IPv6 /64; times: which ban of it this is."""

    place: str
    until_us: int
    times: int


def put(connection: Connection, bans: Iterable[Banned]) -> None:
    """Keeps bans; of one place the longest counts."""
    for one in bans:
        into = upsert(connection, ban)
        values = {name: into.excluded[name] for name in ("until_us", "times")}
        later = into.excluded.until_us > ban.c.until_us
        again = into.on_conflict_do_update(index_elements=["place"], set_=values, where=later)
        connection.execute(again, [one._asdict()])


def remembered(connection: Connection, since_us: int) -> list[Banned]:
    """Bans that ended after an instant, or have not ended yet, by place."""
    rows = connection.execute(select(ban).where(ban.c.until_us > since_us).order_by(ban.c.place))
    return [Banned(row.place, row.until_us, row.times) for row in rows]


def lift(connection: Connection, place: str) -> bool:
    """Forgets the bans of a place, so that the next one is a first one again; False when there was none."""
    return connection.execute(delete(ban).where(ban.c.place == place)).rowcount == 1


def forget(connection: Connection, since_us: int) -> None:
    """Removes the other bans: those that had ended by then."""
    connection.execute(delete(ban).where(ban.c.until_us <= since_us))
