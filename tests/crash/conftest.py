"""Worlds: installations on either database, as an undisturbed run of the golden scenario left each chapter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crash import processes
from tests.crash.shelf import Shelf
from tests.crash.world import World


@pytest.fixture(scope="session", autouse=True)
def _forks() -> None:
    """The processes of this room come from a server that has imported the gateway."""
    processes.preload()


@pytest.fixture(scope="session")
def sqlite_shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """The chapters on SQLite."""
    shelf = Shelf(tmp_path_factory.mktemp("shelf"), "")
    shelf.write()
    return shelf


@pytest.fixture(scope="session")
def postgresql_shelf(tmp_path_factory: pytest.TempPathFactory, postgres_server: str) -> Shelf:
    """The chapters on PostgreSQL."""
    shelf = Shelf(tmp_path_factory.mktemp("shelf"), postgres_server)
    shelf.write()
    return shelf


@pytest.fixture(params=["sqlite", "postgresql"])
def shelf(request: pytest.FixtureRequest) -> Shelf:
    """The chapters, once on each engine."""
    found: Shelf = request.getfixturevalue(f"{request.param}_shelf")
    return found


@pytest.fixture
def world_of(shelf: Shelf, tmp_path: Path) -> Iterator[Callable[..., World]]:
    """(chapter, settings) -> an installation where that chapter begins; removed after the test."""
    made: list[World] = []

    def make(chapter: str, **values: str) -> World:
        made.append(shelf.open(chapter, tmp_path, **values))
        return made[-1]

    yield make
    for world in made:
        shelf.drop(world)
