"""Statements on the way of every file: their text is made once, and goes to the driver past SQLAlchemy's own machinery,
which takes ten times as long as the database does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler


class Prepared:
    """A statement of Core without lists. columns: of the row it gives that is written, where none of them is a literal.

    Values go to the driver as they are: integers, text, bytes and None are all this schema has.
    """

    def __init__(self, statement: ClauseElement, columns: tuple[str, ...] | None = None) -> None:
        self._statement, self._columns = statement, columns
        self._text = lru_cache(maxsize=2)(self._compiled)  # one an engine

    def run(self, connection: Connection, **values: Any) -> Any:
        """Executes it; returns the driver's cursor. Raises what SQLAlchemy would."""
        return self.run_with(connection, values)

    def run_with(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The same with values that are there already; more of them than are asked for do not matter."""
        text, names, fixed = self._text(connection.dialect)
        driver: Any = connection.connection.dbapi_connection
        given = {**fixed, **values}
        errors = connection.dialect.loaded_dbapi.Error
        try:
            return driver.execute(text, given if names is None else [given[name] for name in names])
        except errors as error:
            told = DBAPIError.instance(text, None, error, errors, hide_parameters=True, dialect=connection.dialect)
            raise told from error

    def run_all(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Executes it for each row. Raises KeyError where one lacks what is asked for; more does not matter."""
        text, names, _ = self._text(connection.dialect)
        given = [dict(row) if names is None else tuple(row[name] for name in names) for row in rows]
        connection.exec_driver_sql(text, given)

    def _compiled(self, dialect: Dialect) -> tuple[str, list[str] | None, dict[str, Any]]:
        keys = None if self._columns is None else [*self._columns]
        compiled = self._statement.compile(dialect=dialect, column_keys=keys)
        assert isinstance(compiled, SQLCompiler)
        assert not compiled.post_compile_params
        return str(compiled), compiled.positiontup, dict(compiled.params)
