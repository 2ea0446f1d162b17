"""Many rows at once: what SQLAlchemy's own executemany does for each row takes longer than the database does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table, insert

from gateway.store.prepared import Prepared


def insert_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows of the same columns, those of the first one; nothing for none. Raises KeyError where one lacks a
    column of the first."""
    if rows:
        _into(table, tuple(rows[0])).run_all(connection, rows)


@lru_cache(maxsize=128)  # each table that is written in bulk, with each set of columns
def _into(table: Table, names: tuple[str, ...]) -> Prepared:
    return Prepared(insert(table), names)
