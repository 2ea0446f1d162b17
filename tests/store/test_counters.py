"""Numbers that leave have no gaps."""

from __future__ import annotations

import threading

import pytest

from gateway.store import counters
from gateway.store.engine import Store


def test_blocks_follow_each_other(store: Store) -> None:
    """A series begins at 1, each block where the last one ended; series know nothing of each other."""
    with store.write("numbers") as connection:
        assert counters.peek(connection, "icn") == 1
        assert [counters.take(connection, "icn", count) for count in (1, 5, 2)] == [1, 2, 7]
        assert counters.take(connection, "isa") == 1
        assert counters.peek(connection, "icn") == 9


def test_rollback_leaves_no_gap(store: Store) -> None:
    """A number whose transaction fails is given again."""
    with store.write("first") as connection:
        counters.take(connection, "icn")
    with pytest.raises(ZeroDivisionError), store.write("lost") as connection:
        assert counters.take(connection, "icn", 10) == 2
        raise ZeroDivisionError
    with store.write("next") as connection:
        assert counters.take(connection, "icn") == 2


def test_gapless_under_concurrency(store: Store) -> None:
    """Six threads, some of whose transactions fail, take numbers of one new series: exactly 1..n, none twice."""
    taken: list[int] = []
    start = threading.Barrier(6)

    def take(n: int) -> None:
        start.wait()
        for turn in range(8):
            count = 1 + (n + turn) % 3
            try:
                with store.write("numbers") as connection:
                    low = counters.take(connection, "new")
                    if count == 3:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                continue
            taken.append(low)

    threads = [threading.Thread(target=take, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(1, len(taken) + 1))
    assert len(taken) == 32
