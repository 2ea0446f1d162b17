"""The master key changes: everything sealed is brought under the newest, in small transactions, whenever and however
often it is interrupted; and what opens, and which master key is still needed, is told.

`KINDS` is the whole list of what master keys protect. A row is changed only if it is as it was read (its old value is
part of the condition), so a rotation disturbs no step that runs. Nothing is remembered about a rotation: what is not
under the newest master key is what is left to do.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Table, bindparam, func, literal, select, tuple_, update

from gateway.errors import GatewayError, KeyMissing
from gateway.flow.roster_changes import bound
from gateway.store import outbox as parcels
from gateway.store import sealed
from gateway.store.engine import Store
from gateway.store.keys import CONCEALED, Keys, enclosed_by, unseal, wrapped_by
from gateway.store.schema import document, funding_request, outbox, person, remittance, staged, upload

BATCH_ROWS = 100
"""Rows changed in one transaction: an update each by its primary key; 200 held SQLite's writer for 25 ms on a busy
machine, half as many stay below the 30 ms anybody may."""

PARCEL_ROWS = 20
"""Rows whose bytes stand beside their key are written whole: 20 x 100 KB, long 835s, are 2 MB and took 15 ms."""

SAMPLE_ROWS = 5
"""Of every kind and master key so many of the newest rows are opened by a verification."""

PASSES = 3
"""A step that was under way may commit what an older key wrapped behind us; it is found in the next pass."""

_TEXT = re.compile(rf'"({CONCEALED}(\d+):[A-Za-z0-9+/]+=*)"')
"""Concealed text in a JSON body; it is always a whole string."""


class Kind(NamedTuple):
    """One kind of sealed thing: the column of a table whose value names the master key it needs.

    there: which rows hold one. needs: value -> numbers of masters. stale: which rows may need another than the newest.
    renew: row -> the columns' values under the newest. opens: tries a whole row; raises KeyMissing. rows: of a batch.
    """

    name: str
    table: Table
    column: str
    there: ColumnElement[bool]
    stale: Callable[[int], ColumnElement[bool]]
    needs: Callable[[Any], set[int]]
    renew: Callable[[Keys, Any], dict[str, Any]]
    opens: Callable[[Store, Keys, Any], object]
    rows: int = BATCH_ROWS

    @property
    def place(self) -> list[Any]:
        """The primary key's columns."""
        return list(self.table.primary_key.columns)


class Done(NamedTuple):
    """A batch that is committed: of which kind, and how many rows it brought under the newest master key."""

    kind: str
    rows: int


class Need(NamedTuple):
    """rows of a kind that need a master key; opened: how many of a sample did open, of how many tried."""

    kind: str
    master: int
    rows: int
    opened: int
    tried: int


def rotate(store: Store, keys: Keys) -> Iterator[Done]:
    """Brings everything under the newest master key, a batch a transaction; raises KeyMissing where one is closed."""
    newest = keys.newest
    for _ in range(PASSES):
        done = False
        for kind in KINDS:
            for rows in _batches(store, kind, newest):
                yield Done(kind.name, _renewed(store, keys, kind, rows))
                done = True
        if not done:
            return


def is_stale(store: Store, keys: Keys) -> bool:
    """Whether anything needs a master key older than the newest."""
    return any(next(_batches(store, kind, keys.newest), None) is not None for kind in KINDS)


def needs(store: Store, keys: Keys) -> list[Need]:
    """What needs which master key, all of it counted and a sample of it opened."""
    return [
        Need(kind.name, master, rows, *_opened(store, keys, kind, master))
        for kind in KINDS
        for master, rows in sorted(_count(store, kind).items())
    ]


def newest_opened(store: Store, keys: Keys) -> dict[str, bool]:
    """Kind -> whether its newest row opens, of those kinds there are rows of."""
    found: dict[str, bool] = {}
    for kind in KINDS:
        newest = select(kind.table).where(kind.there).order_by(*(column.desc() for column in kind.place)).limit(1)
        with store.read() as connection:
            row = connection.execute(newest).one_or_none()
        if row is not None:
            found[kind.name] = _opens(store, keys, kind, row)
    return found


def _batches(store: Store, kind: Kind, newest: int) -> Iterator[list[Any]]:
    """Rows that need another master key than the newest, by primary key."""
    after: tuple[Any, ...] | None = None
    while True:
        asked = select(*kind.place, kind.table.c[kind.column]).where(kind.there, kind.stale(newest))
        if after is not None:
            asked = asked.where(tuple_(*kind.place) > tuple_(*map(literal, after)))
        with store.read() as connection:
            rows = list(connection.execute(asked.order_by(*kind.place).limit(kind.rows)))
        if stale := [row for row in rows if kind.needs(getattr(row, kind.column)) - {newest}]:
            yield stale
        if len(rows) < kind.rows:
            return
        after = tuple(getattr(rows[-1], column.name) for column in kind.place)


def _renewed(store: Store, keys: Keys, kind: Kind, rows: list[Any]) -> int:
    """How many rows were still as they were read, and are under the newest master key now."""
    as_read = (*kind.place, kind.table.c[kind.column])
    made = [
        {**{f"read_{column.name}": getattr(row, column.name) for column in as_read}, **kind.renew(keys, row)}
        for row in rows
    ]
    unchanged = [column == bindparam(f"read_{column.name}") for column in as_read]
    values: dict[str, Any] = {name: bindparam(name) for name in made[0] if not name.startswith("read_")}
    with store.write("rotate") as connection:
        return connection.execute(update(kind.table).where(*unchanged).values(values), made).rowcount


def _count(store: Store, kind: Kind) -> Counter[int]:
    found: Counter[int] = Counter()
    with store.read() as connection:
        asked = select(kind.table.c[kind.column]).where(kind.there)
        for value in connection.execute(asked.execution_options(yield_per=1_000)).scalars():
            found.update(kind.needs(value))
    return found


def _opened(store: Store, keys: Keys, kind: Kind, master: int) -> tuple[int, int]:
    """How many of the newest rows under a master key open, of how many."""
    newest_first = select(kind.table).where(kind.there).order_by(*(column.desc() for column in kind.place))
    sample: list[Any] = []
    with store.read() as connection:
        for row in connection.execute(newest_first.execution_options(yield_per=100)):
            if master in kind.needs(getattr(row, kind.column)):
                sample.append(row)
            if len(sample) == SAMPLE_ROWS:
                break
    return sum(_opens(store, keys, kind, row) for row in sample), len(sample)


def _opens(store: Store, keys: Keys, kind: Kind, row: Any) -> bool:
    try:
        kind.opens(store, keys, row)
    except GatewayError:
        return False
    return True


# ---- the kinds -------------------------------------------------------------------------------------------------------


def _wrapped(
    name: str, table: Table, opens: Callable[[Store, Keys, Any], object], rows: int = BATCH_ROWS
) -> Kind:  # fmt: skip
    """A table whose column `key` is a wrapped data key."""

    def stale(newest: int) -> ColumnElement[bool]:
        return func.substr(table.c.key, 1, 4) != newest.to_bytes(4, "big")

    return Kind(
        name, table, "key", table.c.key != b"", stale, lambda key: {wrapped_by(key)},
        lambda keys, row: {"key": keys.wrap(keys.unwrap(row.key))}, opens, rows,
    )  # fmt: skip


def _concealing(table: Table) -> Kind:
    """A table whose JSON bodies hold concealed text."""
    there = table.c.body.like(f'%"{CONCEALED}%')
    return Kind(
        f"concealed in {table.name}", table, "body", there, lambda _: there,
        lambda body: {int(found[2]) for found in _TEXT.finditer(body)},
        lambda keys, row: {"body": _TEXT.sub(lambda found: f'"{_again(keys, found[1])}"', row.body)},
        lambda _, keys, row: [keys.reveal(found[1]) for found in _TEXT.finditer(row.body)],
    )  # fmt: skip


def _again(keys: Keys, text: str) -> str:
    return keys.conceal(keys.reveal(text))


def _ssn_renewed(keys: Keys, row: Any) -> dict[str, Any]:
    """The SSN under a new data key, and its keyed hash: both are under one master key at any time."""
    place = bound(row.sponsor_id, row.person_id)
    ssn = keys.disclose(row.ssn, place)
    return {"ssn": keys.enclose(ssn, place), "ssn_hash": keys.fingerprint(ssn)}


def _open_ssn(_: Store, keys: Keys, row: Any) -> None:
    ssn = keys.disclose(row.ssn, bound(row.sponsor_id, row.person_id))
    if enclosed_by(row.ssn) == keys.newest and row.ssn_hash != keys.fingerprint(ssn):
        raise KeyMissing("an SSN's keyed hash")


def _open_upload(store: Store, keys: Keys, row: Any) -> None:
    """A received file's first row; what is still arriving may have none."""
    key = keys.unwrap(row.key)
    if row.state == "received":
        sealed.get(store, row.id, key, 0, sealed.rows_of(row.size) == 1)


KINDS: tuple[Kind, ...] = (
    _wrapped("files received", upload, _open_upload),
    _wrapped("files sent", outbox, lambda _, keys, row: parcels.open_body(keys, row), PARCEL_ROWS),
    _wrapped("payments", remittance,
             lambda _, keys, row: unseal(keys.unwrap(row.key), row.body, row.trace.encode()), PARCEL_ROWS),
    Kind("SSNs", person, "ssn", person.c.ssn.is_not(None),
         lambda newest: func.substr(person.c.ssn, 3, 4) != newest.to_bytes(4, "big"),
         lambda ssn: {enclosed_by(ssn)}, _ssn_renewed, _open_ssn),
    *map(_concealing, (document, staged, funding_request)),
)  # fmt: skip
"""Everything that needs a master key. Documents are never overwritten otherwise: here they keep saying the same."""
