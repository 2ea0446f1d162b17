"""Opens or creates the installation a settings file names; refuses rather than starts half."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from gateway.cache import FolderCache
from gateway.errors import ConfigError
from gateway.flow.context import Context
from gateway.flow.wraps import secrets_of
from gateway.settings import Settings
from gateway.store import installation, keys, migrate
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.newest import require_readable
from parsers.forms import with_aliases
from parsers.limits import limits_of

if TYPE_CHECKING:
    from sftp_drop.directory.tree import Tree


def create(settings: Settings, today: date) -> None:
    """Makes the database, the facts of the installation and, where there is none, a master key."""
    folder = settings.path(settings.keys.folder)
    store = Store(settings.database_url)
    migrate.upgrade(store)
    with store.read() as connection:
        known = bool(installation.get(connection, "usage"))
    if not known and not any(folder.glob("master-*")):  # an installation that lost its key must not get another one
        keys.create_master(folder)
    first = settings.first_business_date if settings.usage == "T" else None
    with store.write("create") as connection:
        if not installation.get(connection, "usage"):
            installation.put(connection, "usage", settings.usage)
            installation.put(connection, "business_date", (first or today).isoformat())
            installation.put(connection, "created_us", str(store.clock()))
    store.close()


def open_context(settings: Settings) -> Context:
    """What every step is given; raises ConfigError, StateTooNew or KeyMissing."""
    store = Store(settings.database_url)
    migrate.require_current(store)
    master = Keys(settings.path(settings.keys.folder))
    with store.read() as connection:
        usage = installation.get(connection, "usage")
    if usage != settings.usage:
        raise ConfigError(f"the state is of usage {usage or 'unknown'}, the settings say {settings.usage}")
    require_readable(store, master)
    return Context(
        store, master, usage, FolderCache(settings.cache), aliases=with_aliases(settings.guides.aliases),
        limits=limits_of(settings.limits), certified_only=settings.certified_only,
        pgp_secrets=secrets_of([settings.path(one) for one in settings.pgp.secrets]), directory=tree_of(settings),
    )  # fmt: skip


def tree_of(settings: Settings) -> Tree | None:
    """Where partners' folders lie; None when no root is set, and then nothing of them is imported."""
    said = settings.directory
    if not said.root:
        return None
    from sftp_drop.directory.tree import Tree

    work = settings.path(said.work).resolve() if said.work else None
    return Tree(settings.path(said.root).resolve(), work, frozenset(said.partners))
