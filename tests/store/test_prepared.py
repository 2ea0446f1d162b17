"""Statements that go to the driver past SQLAlchemy's machinery."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from gateway.store.engine import Store
from gateway.store.prepared import Prepared
from gateway.store.schema import installation

PUT = Prepared(insert(installation), ("name", "value"))
GET = Prepared(
    select(installation.c.value)
    .where(installation.c.name == bindparam("name"), installation.c.value != "hidden")
    .order_by(installation.c.name)
    .limit(1)
)


def test_it_says_what_core_says(store: Store) -> None:
    """A prepared statement writes and reads what the same statement of Core does; its own literals go along."""
    with store.write("test") as connection:
        PUT.run_with(connection, {"name": "a", "value": "1", "more": "does not matter"})
        PUT.run(connection, name="b", value="hidden")
    with store.read() as connection:
        said = {row.name: row.value for row in connection.execute(select(installation))}
        assert {name: said[name] for name in ("a", "b")} == {"a": "1", "b": "hidden"}
        assert tuple(GET.run(connection, name="a").fetchone()) == ("1",)
        assert GET.run(connection, name="b").fetchone() is None


def test_it_raises_what_core_raises(store: Store) -> None:
    """An error of the driver is SQLAlchemy's, tells no value, and undoes what was begun."""
    with store.write("test") as connection:
        PUT.run(connection, name="a", value="1")
    with pytest.raises(IntegrityError) as told, store.write("test") as connection:
        PUT.run(connection, name="c", value="2")
        PUT.run(connection, name="a", value="secret")
    assert "secret" not in str(told.value)
    with store.read() as connection:
        assert GET.run(connection, name="c").fetchone() is None
