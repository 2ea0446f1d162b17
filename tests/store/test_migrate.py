"""From an empty database to this version's schema, and no further."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect, text

from gateway.errors import ConfigError, StateTooNew
from gateway.store import migrate
from gateway.store.engine import Store
from gateway.store.schema import metadata


def test_empty_becomes_current(empty_url: str) -> None:
    """An empty database is refused until it is migrated; then it has every table of this version."""
    store = Store(empty_url)
    assert migrate.revision(store) == ""
    with pytest.raises(ConfigError):
        migrate.require_current(store)
    migrate.upgrade(store)
    migrate.require_current(store)
    tables = set(inspect(store.engine).get_table_names()) | set(inspect(store.blobs).get_table_names())
    assert tables == set(metadata.tables) | {"alembic_version"}
    store.close()


def test_columns_are_as_written(store: Store) -> None:
    """A migrated database has the columns and indices that the schema text names."""
    for name, table in metadata.tables.items():
        found = inspect(store.blobs if name == "blob" else store.engine)
        assert {c["name"]: c["nullable"] for c in found.get_columns(name)} == {c.name: c.nullable for c in table.c}
        unique = {i["name"] for i in found.get_indexes(name) if not i.get("duplicates_constraint")}
        assert {i.name for i in table.indexes} == unique


def test_current_stays(store: Store) -> None:
    """Migrating a current database changes nothing and loses nothing."""
    with store.write("row") as connection:
        connection.execute(text("insert into counter (scope, next) values ('icn', 7)"))
    migrate.upgrade(store)
    with store.read() as connection:
        assert connection.execute(text("select next from counter")).scalar_one() == 7


def test_too_new_is_refused(empty_url: str) -> None:
    """A database written by a newer version is neither used nor touched."""
    store = Store(empty_url)
    migrate.upgrade(store)
    with store.write("newer") as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    for step in (migrate.require_current, migrate.upgrade):
        with pytest.raises(StateTooNew):
            step(store)
    assert migrate.revision(store) == "9999"
    store.close()


def test_newest_revision_is_this_version() -> None:
    """The list of revisions and the migration files agree."""
    from pathlib import Path

    files = sorted((Path(migrate.__file__).parent / "migrations" / "versions").glob("[0-9]*.py"))
    assert tuple(file.name.split("_")[0] for file in files) == migrate.REVISIONS
