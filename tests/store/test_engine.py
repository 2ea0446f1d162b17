"""The unit of work, on both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from gateway.store import installation
from gateway.store.engine import Store


def test_commit_and_rollback(store: Store) -> None:
    """A block that ends commits, a block that raises leaves nothing."""
    with store.write("one") as connection:
        installation.put(connection, "a", "1")
    with pytest.raises(ZeroDivisionError), store.write("two") as connection:
        installation.put(connection, "a", "2")
        raise ZeroDivisionError
    with store.read() as connection:
        assert installation.get(connection, "a") == "1"
