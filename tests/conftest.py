"""What every room's tests share: a migrated store on either engine, master keys, the markers `program` and `corpus`.

And what makes a run quick without a law less: files in memory, modules compiled once, SQL compiled once.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Dialect

from gateway.store import migrate
from gateway.store.engine import Store
from gateway.store.keys import Keys, create_master
from gateway.store.schema import metadata
from tests import postgres

BUSINESS_DATE = "2026-01-05"
"""A Monday; the business date of every fresh store."""

_FACTS = f"insert into installation (name, value) values ('usage', 'T'), ('business_date', '{BUSINESS_DATE}')"
_LET_GO = (
    "select pg_terminate_backend(pid) from pg_stat_activity"
    " where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
)
_numbers = itertools.count(1)

_MEMORY = Path("/dev/shm")
_MEMORY_BYTES_MIN = 4 * 1024**3
"""Room for the folders of tests in memory: a whole run holds less than 1 GiB at a time."""

if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _MEMORY_BYTES_MIN:
    # No test cuts the power, so waiting for a disk at every commit (4 ms) shows nothing; kills are survived by memory.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
"""Some hundred processes of ours are started: each would compile the gateway again, half a second of it."""

_spoken: dict[str, tuple[Dialect, dict[object, object]]] = {}
"""Name of an engine -> how the first store of this process speaks to it, and the statements it compiled."""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """`@pytest.mark.program("sftp")` skips where the program is missing, and fails there when CI=true.

    `@pytest.mark.corpus` skips where X12_CORPUS names no folder; the report's property tells `.ci/run` that one ran.
    """
    if item.get_closest_marker("corpus"):
        if not Path(os.environ.get("X12_CORPUS", "nowhere")).is_dir():
            pytest.skip("X12_CORPUS names no folder of X12 files")
        item.user_properties.append(("corpus", "ran"))
    for marker in item.iter_markers("program"):
        name = marker.args[0]
        if shutil.which(name) is None:
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"needs the program {name}")
        if name == "sshd" and os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # where root's sshd puts its unprivileged part; its service makes it


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a migrated installation, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    _create(f"sqlite:///{folder}/state.db")
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The socket folder of a PostgreSQL whose database `gateway` holds a migrated installation."""
    with postgres.server() as socket:
        _run_sql(socket, "create database gateway")
        _create(_postgres_url(socket, "gateway"))
        yield socket


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a fresh migrated database (usage T), once on each engine.

    On PostgreSQL it is one database made empty again: that takes 2 ms, a new one 250 ms.
    """
    if request.param == "sqlite":
        folder: Path = request.getfixturevalue("tmp_path") / "state"
        shutil.copytree(request.getfixturevalue("sqlite_template"), folder)
        yield f"sqlite:///{folder}/state.db"
        return
    socket = request.getfixturevalue("postgres_server")
    _run_sql(socket, ";".join((_LET_GO, *(f"delete from {name}" for name in metadata.tables), _FACTS)), "gateway")
    yield _postgres_url(socket, "gateway")


@pytest.fixture
def empty_url(store_url: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database without a table, once on each engine."""
    if store_url.startswith("sqlite"):
        folder: Path = request.getfixturevalue("tmp_path") / "empty"
        folder.mkdir()
        yield f"sqlite:///{folder}/state.db"
        return
    socket, name = request.getfixturevalue("postgres_server"), f"empty{next(_numbers)}"
    _run_sql(socket, f"create database {name}")
    yield _postgres_url(socket, name)
    _run_sql(socket, f"drop database {name} with (force)")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A migrated store, once on each engine: usage T, business date BUSINESS_DATE."""
    opened = Store(store_url)
    _share_compiled(opened)
    yield opened
    opened.close()


def _share_compiled(store: Store) -> None:
    """Statements are compiled once per process, not once per test: a compiled one belongs to its dialect."""
    for engine in (store.engine, store.blobs):
        if engine.name not in _spoken:
            engine.connect().close()  # the first connection tells the dialect which server it speaks to
            _spoken[engine.name] = (engine.dialect, {})
        engine.dialect, compiled = _spoken[engine.name]
        engine.update_execution_options(compiled_cache=compiled)


@pytest.fixture(scope="session")
def master_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of master keys, to be copied: what was sealed for one test of a process may be copied for another."""
    folder = tmp_path_factory.mktemp("master") / "keys"
    create_master(folder)
    return folder


@pytest.fixture
def keys(tmp_path: Path, master_template: Path) -> Keys:
    """Master keys of the test's own."""
    shutil.copytree(master_template, tmp_path / "keys")
    return Keys(tmp_path / "keys")


def _create(url: str) -> None:
    store = Store(url)
    migrate.upgrade(store)
    with store.write("create") as connection:
        connection.exec_driver_sql(_FACTS)
    store.close()


def _postgres_url(socket: str, database: str) -> str:
    return f"postgresql+psycopg://postgres@/{database}?host={socket}"


def _run_sql(socket: str, statement: str, database: str = "postgres") -> None:
    with psycopg.connect(host=socket, user="postgres", dbname=database, autocommit=True) as connection:
        connection.execute(statement)
