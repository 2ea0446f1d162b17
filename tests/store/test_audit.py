"""The audit chain notices what was changed."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select, update

from gateway.store import audit
from gateway.store.engine import Store
from gateway.store.schema import audit as table


def write(store: Store, count: int) -> None:
    """Writes audit rows."""
    with store.write("audit") as connection:
        for n in range(count):
            audit.note(connection, n // 3, "op", "release", f"hold {n}")


def chained(store: Store) -> int:
    """Runs one chain step."""
    with store.write("chain") as connection:
        return audit.chain(connection)


def test_chain_takes_all_in_steps(store: Store) -> None:
    """Chaining takes the committed rows a block at a time, goes on where it stopped, and the chain holds."""
    write(store, audit.CHAIN_ROWS + 7)
    assert [chained(store) for _ in range(3)] == [audit.CHAIN_ROWS, 7, 0]
    write(store, 1)
    assert chained(store) == 1
    with store.read() as connection:
        assert audit.broken_at(connection) is None
        places = connection.execute(select(table.c.seq).order_by(table.c.seq)).scalars().all()
    assert places == list(range(1, audit.CHAIN_ROWS + 9))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (update(table).where(table.c.seq == 4).values(actor="somebody"), 4),
        (update(table).where(table.c.seq == 4).values(detail="x"), 4),
        (update(table).where(table.c.seq == 1).values(at_us=99), 1),
        (delete(table).where(table.c.seq == 4), 5),
        (update(table).where(table.c.seq == 9).values(seq=0), 0),
    ],
)
def test_tampering_is_found(store: Store, change: object, place: int) -> None:
    """A chained row that was changed, removed or moved breaks the chain, and the first broken place is told."""
    write(store, 9)
    chained(store)
    with store.write("tamper") as connection:
        connection.execute(change)  # type: ignore[call-overload]
        assert audit.broken_at(connection) == place
