"""The unit of work: `read` and `write` are the only places where a transaction opens.

A write begins IMMEDIATE on SQLite (a deferred transaction that later writes fails at once, busy_timeout is not
honoured there); a read begins DEFERRED. `cause` names what the commit is for, as `receipt`, `stage`, `adjudicate`.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url

from gateway.clock import Clock, utc_us
from gateway.store.schema import blob, metadata

BUSY_MS = 30_000
"""How long a writer waits for SQLite's one writer: a thousand times the 30 ms that a transaction may hold it."""

CACHE_KIB = 32 * 1024
"""Pages a connection to SQLite keeps: a million claims have some 20 MB of inner index pages, its default is 2 MB."""

CHUNK_CLAIMS = 100
"""Claims one transaction may write: 100 x 14 rows hold SQLite's writer for about 20 ms."""

CHUNK_ROWS = 1_000
"""Plain rows one transaction may write; about as long as 100 claims."""

_POSTGRES_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


class Store:
    """One installation's database: engines, the unit of work and the clock. Thread-safe; makes no calls by itself."""

    def __init__(self, url: str, clock: Clock = utc_us) -> None:
        self.url = make_url(url)
        if self.url.drivername == "postgresql":  # which SQLAlchemy would take for another driver than ours
            self.url = self.url.set(drivername="postgresql+psycopg")
        self.clock = clock
        self.engine = _engine(self.url)
        self._snapshot: dict[str, Any] = {} if self.is_sqlite else _POSTGRES_SNAPSHOT
        self._turns = f"{self.url.database}-turn"
        self.blobs = _engine(_blobs_url(self.url)) if self.is_sqlite else self.engine

    @property
    def is_sqlite(self) -> bool:
        """True on the embedded engine."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def write(self, cause: str) -> Iterator[Connection]:
        """One read-write transaction: commits at the end of the block, rolls back when it raises."""
        writing = self.engine.connect().execution_options(immediate=True)
        with self._turn(), writing as connection, connection.begin():
            yield connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """SQLite's writers look for their turn now and then, and who looks least often waits longest: here they queue,
        in the kernel, which wakes the next at once and gives back what a dead process held."""
        if not self.is_sqlite:
            yield
            return
        turn = os.open(self._turns, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)  # opened anew: threads queue, too
        try:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield
        finally:
            os.close(turn)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One read-only transaction over one snapshot, which PostgreSQL must be asked for."""
        with self.engine.connect().execution_options(**self._snapshot) as connection, connection.begin():
            yield connection

    @contextmanager
    def write_blob(self) -> Iterator[Connection]:
        """A transaction on the file of sealed rows; durable before the receipt that binds them."""
        with self.blobs.connect().execution_options(immediate=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def read_blob(self) -> Iterator[Connection]:
        """A read on the file of sealed rows."""
        with self.blobs.connect() as connection, connection.begin():
            yield connection

    def create_blobs(self) -> None:
        """Makes the sealed rows' table where it lies in a file of its own."""
        metadata.create_all(self.blobs, tables=[blob])

    def close(self) -> None:
        """Gives every connection back."""
        self.engine.dispose()
        self.blobs.dispose()


def upsert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that may say what happens when the key is there already, in the words both engines share."""
    return inserting(connection.dialect.name)(table)


def inserting(engine: str) -> Callable[[Table], postgresql.Insert | sqlite.Insert]:
    """The same for who knows the engine's name alone."""
    return postgresql.insert if engine == "postgresql" else sqlite.insert


def _blobs_url(url: URL) -> URL:
    return url.set(database=str(Path(url.database or "").with_name("blobs.db")))


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=False, pool_size=8, hide_parameters=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_MS / 1000}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN is ours: pysqlite would begin late and deferred
    cursor = connection.cursor()
    wanted = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_MS}",
              f"cache_size={-CACHE_KIB}")  # fmt: skip
    for pragma in wanted:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN DEFERRED")
