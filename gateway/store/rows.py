"""Many rows at once.

What SQLAlchemy's own executemany does for each row takes longer than the database does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, insert

from gateway.store.engine import upsert
from gateway.store.prepared import Prepared

T = TypeVar("T")

IDS_A_QUERY = 500
"""Ids in one IN list: far below both engines' limits, and one query serves a chunk of 100 claims."""

ROWS_A_LOOK = 1_000
"""Dated rows compared and written at once: at most six variables of a query each, and SQLite takes 32,766."""


def parts(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Values in their order, at most so many at a time."""
    return (values[start : start + size] for start in range(0, len(values), size))


def insert_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows of the same columns, those of the first one; nothing for none. Raises KeyError where one lacks a
    column of the first."""
    if rows:
        _into(table, tuple(rows[0])).run_all(connection, rows)


@lru_cache(maxsize=128)  # each table that is written in bulk, with each set of columns
def _into(table: Table, names: tuple[str, ...]) -> Prepared:
    return Prepared(insert(table), names)


def put_dated(
    connection: Connection, table: Table, key: tuple[str, ...], rows: Sequence[T],
    stored: Callable[[Connection, Sequence[T]], list[T]], values: Callable[[T], dict[str, Any]],
) -> tuple[int, int]:  # fmt: skip
    """Stores dated rows, each in place of one with the same key; returns how many are new, and how many changed.

    key: columns of the table, and names of a row. stored: what is on file that some rows may stand in place of.
    values: a row as columns.
    """
    new = changed = 0
    for part in parts(rows, ROWS_A_LOOK):
        before = {key_of(key, row): row for row in stored(connection, part)}
        fresh = [row for row in part if before.get(key_of(key, row)) != row]
        changed += sum(key_of(key, row) in before for row in fresh)
        new += sum(key_of(key, row) not in before for row in fresh)
        if fresh:
            into = upsert(connection, table)
            others = {column.name: into.excluded[column.name] for column in table.c if column.name not in key}
            statement = into.on_conflict_do_update(index_elements=key, set_=others)
            connection.execute(statement, [values(row) for row in fresh])
    return new, changed


def key_of(key: tuple[str, ...], row: Any) -> tuple[Any, ...]:
    """What tells a dated row from another."""
    return tuple(getattr(row, name) for name in key)
