"""The unit of work: what commits, what a read sees, how a transaction begins, what the tables refuse."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import event, insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.store import installation
from gateway.store.engine import Store
from gateway.store.schema import counter, metadata, upload


def test_commit_and_rollback(store: Store) -> None:
    """A block that ends commits, a block that raises leaves nothing."""
    with store.write("one") as connection:
        installation.put(connection, "a", "1")
    with pytest.raises(ZeroDivisionError), store.write("two") as connection:
        installation.put(connection, "a", "2")
        raise ZeroDivisionError
    with store.read() as connection:
        assert installation.get(connection, "a") == "1"


def test_read_is_one_snapshot(store: Store) -> None:
    """What commits while a read is open is not seen by its later statements."""
    with store.read() as connection:
        assert installation.get(connection, "a") == ""
        with store.write("meanwhile") as other:
            installation.put(other, "a", "1")
        assert installation.get(connection, "a") == ""
    with store.read() as connection:
        assert installation.get(connection, "a") == "1"


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_read_cannot_write(store: Store) -> None:
    """PostgreSQL refuses a write inside a read, and the connection's next transaction may write again."""
    with pytest.raises(DBAPIError), store.read() as connection:
        installation.put(connection, "a", "1")
    with store.write("after") as connection:
        installation.put(connection, "a", "1")


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_how_transactions_begin(store: Store) -> None:
    """A write begins IMMEDIATE, so that it waits for its turn; a read begins DEFERRED, so that it never waits."""
    begun: list[str] = []
    store.close()  # so that every connection is made anew, and tells
    event.listen(store.engine, "connect", lambda raw, _: raw.set_trace_callback(begun.append))
    with store.write("w") as connection:
        connection.execute(text("select 1"))
    with store.read() as connection:
        connection.execute(text("select 1"))
    assert [line for line in begun if line.startswith("BEGIN")] == ["BEGIN IMMEDIATE", "BEGIN DEFERRED"]


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_sqlite_is_durable_and_strict(store: Store) -> None:
    """Every connection has a write-ahead log, full synchronisation and foreign keys; every table is STRICT."""
    with store.read() as connection:
        pragmas = [connection.exec_driver_sql(f"pragma {name}").scalar_one() for name in
                   ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")]  # fmt: skip
        strict = dict(
            connection.exec_driver_sql("select name, strict from pragma_table_list where schema='main'").all()
        )
    assert pragmas == ["wal", 2, 1, 30_000]
    assert {strict[name] for name in metadata.tables if name != "blob"} == {1}
    with store.read_blob() as connection:
        made = "select strict from pragma_table_list where name='blob'"
        assert connection.exec_driver_sql(made).scalar_one() == 1


def test_columns_refuse_the_wrong_type(store: Store) -> None:
    """Text does not go into a number's column, on either engine."""
    with pytest.raises(DBAPIError), store.write("wrong") as connection:
        connection.execute(text("insert into counter (scope, next) values ('x', 'many')"))


def test_flags_are_0_or_1(store: Store) -> None:
    """A flag that is neither 0 nor 1 is refused."""
    row = {
        "id": "u",
        "partner": "p",
        "name": "n",
        "state": "open",
        "size": 0,
        "sha256": "",
        "key": b"k",
        "touched_us": 1,
    }
    with pytest.raises(IntegrityError), store.write("wrong") as connection:
        connection.execute(insert(upload).values(**row, hidden=2))


def test_writers_wait_for_each_other(store: Store) -> None:
    """Eight threads that each add 1 to a number ten times make it 80: no update is lost and none fails."""
    with store.write("start") as connection:
        connection.execute(insert(counter).values(scope="n", next=0))

    def add_ten() -> None:
        for _ in range(10):
            with store.write("add") as connection:
                connection.execute(counter.update().values(next=counter.c.next + 1))

    threads = [threading.Thread(target=add_ten) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as connection:
        assert connection.execute(counter.select()).one().next == 80


def test_short_postgres_url() -> None:
    """An operator's `postgresql://` means the driver we ship."""
    store = Store("postgresql://somebody@/db")
    assert store.engine.url.drivername == "postgresql+psycopg"
    store.close()
