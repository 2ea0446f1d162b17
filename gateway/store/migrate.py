"""Brings a database to this version's schema. alembic is imported only when a migration runs: start-up is imports."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect, text

from gateway.errors import ConfigError, StateTooNew
from gateway.store.engine import Store

REVISIONS = ("0001",)
"""Every revision in order; the last is this version's."""


def revision(store: Store) -> str:
    """The revision the database stands at, "" when it is empty."""
    with store.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        return str(connection.execute(text("select version_num from alembic_version")).scalar_one())


def require_current(store: Store) -> None:
    """Raises StateTooNew or ConfigError unless the database stands at this version's revision."""
    found = revision(store)
    if found and found not in REVISIONS:
        raise StateTooNew(f"revision {found}")
    if found != REVISIONS[-1]:
        raise ConfigError("the database is not at this version's schema; run `gateway migrate`")


def upgrade(store: Store) -> None:
    """Runs every missing migration; raises StateTooNew when the database is ahead of this version."""
    found = revision(store)
    if found and found not in REVISIONS:
        raise StateTooNew(f"revision {found}")
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with store.write("migrate") as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    store.create_blobs()
