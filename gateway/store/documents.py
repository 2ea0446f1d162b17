"""What commands load: dated, versioned rows. A newer version of the same first date wins; nothing is overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, TypeVar

import msgspec
from sqlalchemy import (
    BindParameter,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    insert,
    or_,
    select,
)

from gateway.plan.records import FeeRow, NetworkRow
from gateway.store.rows import put_dated
from gateway.store.schema import agreement, document, fee, network_member

T = TypeVar("T")


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
    rows = connection.execute(_EVERY, {"kind": kind, "ids": sorted(set(ids))})
    newest = {(row.id, row.first): row for row in rows}
    return [(_name(row), msgspec.json.decode(row.body, type=type_)) for row in newest.values()]


def _name(row: Any) -> str:
    return f"{row.id}/{row.first}/{row.version}"


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


FEE = FeeRow.__struct_fields__
FEE_KEY = ("npi", "schedule", "code", "modifier", "locality", "first")
MEMBER = NetworkRow.__struct_fields__
MEMBER_KEY = ("network", "tin", "npi", "rendering", "locality", "first")
"""Fields of a dated row, and those that tell it from another: a row with the same key stands in its place."""


def put_fees(connection: Connection, rows: Sequence[FeeRow]) -> tuple[int, int]:
    """Stores dated prices, each in place of one with the same key; returns how many are new, and how many changed."""
    return put_dated(connection, fee, FEE_KEY, rows, stored_fees, _values)


def put_members(connection: Connection, rows: Sequence[NetworkRow]) -> tuple[int, int]:
    """Stores memberships of networks as `put_fees` does prices."""
    return put_dated(connection, network_member, MEMBER_KEY, rows, stored_members, _values)


def stored_fees(connection: Connection, rows: Sequence[FeeRow]) -> list[FeeRow]:
    """The prices on file of the owners and codes of the given ones."""
    own = [(row.npi, row.code) for row in rows if row.npi]
    names = {row.schedule for row in rows if row.schedule}
    codes = {row.code for row in rows if row.schedule}
    return [*fees(connection, own), *(schedule_fees(connection, names, codes) if names else ())]


def stored_members(connection: Connection, rows: Sequence[NetworkRow]) -> list[NetworkRow]:
    """The memberships on file of whom the given ones are of."""
    npis = {npi for row in rows for npi in (row.npi, row.rendering) if npi}
    return members(connection, {row.network for row in rows}, {row.tin for row in rows if row.tin}, npis)


def fees(connection: Connection, pairs: Iterable[tuple[str, str]]) -> list[FeeRow]:
    """Every dated price of the given (NPI, code) pairs."""
    wanted = set(pairs)
    npis, codes = {npi for npi, _ in wanted}, {code for _, code in wanted}
    found = connection.execute(_PRICES, {"npis": sorted(npis), "codes": sorted(codes)})
    return [_fee(row) for row in found if (row.npi, row.code) in wanted]


def schedule_fees(connection: Connection, schedules: Iterable[str], codes: Iterable[str]) -> list[FeeRow]:
    """Every dated price of the given codes in the given schedules."""
    asked = {"schedules": sorted(set(schedules)), "codes": sorted(set(codes))}
    return [_fee(row) for row in connection.execute(_SCHEDULED, asked)]


def members(
    connection: Connection, networks: Iterable[str], tins: Iterable[str], npis: Iterable[str]
) -> list[NetworkRow]:  # fmt: skip
    """Every dated membership in the given networks that names one of the tax ids or NPIs, each found by whom it names
    most closely: who rendered, else the billing NPI, else the billing tax id."""
    asked = {"networks": sorted(set(networks)), "tins": sorted(set(tins)), "npis": sorted(set(npis))}
    return [_member(found) for found in connection.execute(_MEMBERS, asked)]


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


# Every step asks these: making one takes ten times as long as its answer.
_DAY: BindParameter[str] = bindparam("day")
_IN_FORCE = (
    _newest()
    .where(document.c.first <= _DAY, or_(document.c.last.is_(None), document.c.last >= _DAY))
    .order_by(document.c.id, document.c.first.desc())
)
_ONE_IN_FORCE = _IN_FORCE.where(document.c.id == bindparam("id"))
_EVERY = (
    select(document.c.id, document.c.first, document.c.version, document.c.body)
    .where(document.c.kind == bindparam("kind"), document.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(document.c.id, document.c.first, document.c.version)
)
_CODES: BindParameter[str] = bindparam("codes", expanding=True)
_PRICES = select(fee).where(
    fee.c.npi.in_(bindparam("npis", expanding=True)), fee.c.schedule == "", fee.c.code.in_(_CODES)
)
_SCHEDULED = select(fee).where(
    fee.c.npi == "", fee.c.schedule.in_(bindparam("schedules", expanding=True)), fee.c.code.in_(_CODES)
)
_WHO: BindParameter[str] = bindparam("npis", expanding=True)
_OF = network_member.c
_NAMED = or_(
    _OF.rendering.in_(_WHO),
    and_(_OF.rendering == "", _OF.npi.in_(_WHO)),
    and_(_OF.rendering == "", _OF.npi == "", _OF.tin.in_(bindparam("tins", expanding=True))),
)
_MEMBERS = (
    select(network_member)
    .where(_OF.network.in_(bindparam("networks", expanding=True)), _NAMED)
    .order_by(*network_member.primary_key.columns)
)


def _in_force(connection: Connection, kind: str, on: date, id_: str | None) -> list[Row[Any]]:
    asked = {"kind": kind, "day": on.isoformat()}
    if id_ is None:
        return list(connection.execute(_IN_FORCE, asked))
    return list(connection.execute(_ONE_IN_FORCE, asked | {"id": id_}))


def _values(row: Any) -> dict[str, Any]:
    """A dated row as its table keeps it."""
    values = msgspec.structs.asdict(row)
    return values | {"first": row.first.isoformat(), "last": row.last.isoformat() if row.last else None}


def _fee(row: Row[Any]) -> FeeRow:
    return FeeRow(**_dated(row, FEE))


def _member(row: Row[Any]) -> NetworkRow:
    return NetworkRow(**_dated(row, MEMBER))


def _dated(row: Row[Any], fields: tuple[str, ...]) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in fields}
    last = date.fromisoformat(row.last) if row.last else None
    return values | {"first": date.fromisoformat(row.first), "last": last}
