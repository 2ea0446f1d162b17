"""Workers that die at commits of a file's way, in this process."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection

from gateway.store.engine import Store
from tests.flow.world import Died

APART = 5
"""A worker dies at each fifth commit: the next has done its step by then, and none is parked for three deaths."""


class Deaths:
    """A worker dies before or after each fifth of the commits of some causes. count: how many did."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, causes: Collection[str], moment: str) -> None:
        self.causes, self.moment = causes, moment
        self.passed = self.first = self.count = 0
        real = Store.write

        @contextmanager
        def write(store: Store, cause: str) -> Iterator[Connection]:
            dies = self._dies(cause)
            with real(store, cause) as connection:
                yield connection
                if dies and self.moment == "before":
                    raise Died
            if dies:
                raise Died

        monkeypatch.setattr(Store, "write", write)

    def begin(self, first: int) -> None:
        """Counts the commits anew; the one with this number, modulo APART, is a worker's last."""
        self.passed, self.first = 0, first

    def _dies(self, cause: str) -> bool:
        self.passed += cause in self.causes
        dies = cause in self.causes and self.passed % APART == self.first
        self.count += dies
        return dies
