"""What commands load: dated, versioned rows. A newer version of the same first date wins; nothing is overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, TypeVar

import msgspec
from sqlalchemy import BindParameter, Connection, Row, Select, bindparam, delete, exists, insert, or_, select

from gateway.plan.records import FeeRow
from gateway.store.engine import upsert
from gateway.store.schema import agreement, document, fee

T = TypeVar("T")

FEES_A_LOOK = 1_000
"""Prices compared and written at once: two variables of a query each, and SQLite takes 32,766."""


def put(connection: Connection, now_us: int, kind: str, id_: str, first: date, last: date | None, body: object) -> bool:
    """Stores a version of a document; False when the newest version already says exactly this."""
    encoded = msgspec.json.encode(body, order="deterministic").decode()
    same = select(document).where(document.c.kind == kind, document.c.id == id_, document.c.first == first.isoformat())
    newest = connection.execute(same.order_by(document.c.version.desc()).limit(1)).one_or_none()
    until = last.isoformat() if last else None
    if newest is not None and newest.body == encoded and newest.last == until:
        return False
    version = 1 if newest is None else newest.version + 1
    row = {"kind": kind, "id": id_, "first": first.isoformat(), "version": version}
    connection.execute(insert(document).values(**row, last=until, body=encoded, loaded_us=now_us))
    return True


def at(connection: Connection, kind: str, id_: str, on: date, type_: type[T]) -> T | None:
    """The document in force on a date, newest version first; None when there is none."""
    rows = _in_force(connection, kind, on, id_)
    return msgspec.json.decode(rows[0].body, type=type_) if rows else None


def all_at(connection: Connection, kind: str, on: date, type_: type[T]) -> dict[str, T]:
    """Every document of a kind in force on a date, by id."""
    found: dict[str, T] = {}
    for row in _in_force(connection, kind, on, None):
        if row.id not in found:
            found[row.id] = msgspec.json.decode(row.body, type=type_)
    return dict(sorted(found.items()))


def every(connection: Connection, kind: str, ids: Iterable[str], type_: type[T]) -> list[T]:
    """The newest version of every dated row of the given ids, ordered by id and first date."""
    return [found for _, found in named(connection, kind, ids, type_)]


def named(connection: Connection, kind: str, ids: Iterable[str], type_: type[T]) -> list[tuple[str, T]]:
    """`every`, each with the name by which its very version is found again for ever: `id/first/version`."""
    wanted = select(document).where(document.c.kind == kind, document.c.id.in_(sorted(set(ids))))
    newest: dict[tuple[str, str], tuple[str, T]] = {}
    for row in connection.execute(wanted.order_by(document.c.id, document.c.first, document.c.version)):
        found = msgspec.json.decode(row.body, type=type_)
        newest[row.id, row.first] = f"{row.id}/{row.first}/{row.version}", found
    return list(newest.values())


def of_name(connection: Connection, kind: str, name: str, type_: type[T]) -> T:
    """The version of a name that `named` gave; raises KeyError for a name nothing has."""
    id_, first, version = name.rsplit("/", 2)
    mine = select(document.c.body).where(
        document.c.kind == kind, document.c.id == id_, document.c.first == first, document.c.version == int(version)
    )
    body = connection.execute(mine).scalar_one_or_none()
    if body is None:
        raise KeyError(name)
    return msgspec.json.decode(body, type=type_)


def known(connection: Connection, kind: str) -> list[str]:
    """The ids of a kind that any version was ever stored of."""
    return list(connection.execute(select(document.c.id).distinct().where(document.c.kind == kind)).scalars())


def put_fees(connection: Connection, rows: Sequence[FeeRow]) -> tuple[int, int]:
    """Stores dated prices, each in place of one with the same key; returns how many are new, and how many changed."""
    new = changed = 0
    for start in range(0, len(rows), FEES_A_LOOK):
        part = rows[start : start + FEES_A_LOOK]
        before = {_fee_key(row): row for row in fees(connection, [(row.npi, row.code) for row in part])}
        fresh = [row for row in part if before.get(_fee_key(row)) != row]
        changed += sum(_fee_key(row) in before for row in fresh)
        new += sum(_fee_key(row) not in before for row in fresh)
        if fresh:
            into = upsert(connection, fee)
            values = {name: into.excluded[name] for name in ("last", "allowed_cents", "per")}
            statement = into.on_conflict_do_update(index_elements=["npi", "code", "modifier", "first"], set_=values)
            connection.execute(statement, [_fee_values(row) for row in fresh])
    return new, changed


def _fee_key(row: FeeRow) -> tuple[str, str, str, date]:
    return row.npi, row.code, row.modifier, row.first


def fees(connection: Connection, pairs: Iterable[tuple[str, str]]) -> list[FeeRow]:
    """Every dated price of the given (NPI, code) pairs."""
    wanted = set(pairs)
    npis, codes = {npi for npi, _ in wanted}, {code for _, code in wanted}
    found = connection.execute(select(fee).where(fee.c.npi.in_(npis), fee.c.code.in_(codes)))
    return [_fee(row) for row in found if (row.npi, row.code) in wanted]


def set_agreements(connection: Connection, partner: str, sponsors: Iterable[str]) -> None:
    """Says for which sponsors a partner may send files."""
    connection.execute(delete(agreement).where(agreement.c.partner == partner))
    rows = [{"partner": partner, "sponsor_id": sponsor} for sponsor in sorted(set(sponsors))]
    if rows:
        connection.execute(insert(agreement), rows)


def _newest() -> Select[Any]:
    """The newest version of every (id, first date): it stands in the older ones' place, also where it ends sooner."""
    newer = document.alias("newer")
    superseded = exists().where(
        newer.c.kind == document.c.kind, newer.c.id == document.c.id,
        newer.c.first == document.c.first, newer.c.version > document.c.version,
    )  # fmt: skip
    return select(document).where(document.c.kind == bindparam("kind"), ~superseded)


_DAY: BindParameter[str] = bindparam("day")
_IN_FORCE = (
    _newest()
    .where(document.c.first <= _DAY, or_(document.c.last.is_(None), document.c.last >= _DAY))
    .order_by(document.c.id, document.c.first.desc())
)
"""Made once: every step asks it some times, and making it takes ten times as long as its answer."""
_ONE_IN_FORCE = _IN_FORCE.where(document.c.id == bindparam("id"))


def _in_force(connection: Connection, kind: str, on: date, id_: str | None) -> list[Row[Any]]:
    asked = {"kind": kind, "day": on.isoformat()}
    if id_ is None:
        return list(connection.execute(_IN_FORCE, asked))
    return list(connection.execute(_ONE_IN_FORCE, asked | {"id": id_}))


def _fee_values(row: FeeRow) -> dict[str, Any]:
    return {
        "npi": row.npi, "code": row.code, "modifier": row.modifier, "first": row.first.isoformat(),
        "last": row.last.isoformat() if row.last else None, "allowed_cents": row.allowed_cents, "per": row.per,
    }  # fmt: skip


def _fee(row: Row[Any]) -> FeeRow:
    last = date.fromisoformat(row.last) if row.last else None
    return FeeRow(npi=row.npi, code=row.code, modifier=row.modifier, allowed_cents=row.allowed_cents, per=row.per,
                  first=date.fromisoformat(row.first), last=last)  # fmt: skip
