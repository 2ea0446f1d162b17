"""Many rows at once: what SQLAlchemy's own executemany does for each row takes longer than the database does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table, insert
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

Given = Callable[[Mapping[str, Any]], Any]
"""A row as its driver takes it."""


def insert_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows of the same columns, those of the first one; nothing for none.

    Values go to the driver as they are: integers, text, bytes and None are all this schema has. Raises KeyError where a
    row lacks a column of the first one.
    """
    if rows:
        text, given = _prepared(connection.dialect, table, tuple(rows[0]))
        connection.exec_driver_sql(text, [*map(given, rows)])


@lru_cache(maxsize=256)  # each table that is written in bulk, on each engine
def _prepared(dialect: Dialect, table: Table, names: tuple[str, ...]) -> tuple[str, Given]:
    """The statement, and how a row is given to it: by place to sqlite3, by name to psycopg."""
    compiled = insert(table).compile(dialect=dialect, column_keys=[*names])
    assert isinstance(compiled, SQLCompiler)
    return str(compiled), itemgetter(*compiled.positiontup) if compiled.positiontup else dict
