"""The shelf: the state before each chapter of the scenario on one database, and what an undisturbed run came to."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import psycopg

from gateway.demo import Demo
from gateway.flow import beginning
from tests.crash.scenario import CHAPTERS, FIRST_DAY
from tests.crash.world import World

_numbers = itertools.count(1)


class Shelf:
    """Where each chapter of one database begins, and what it comes to when nobody dies."""

    def __init__(self, folder: Path, socket: str) -> None:
        self._folder, self._socket = folder, socket
        self.start: dict[str, list[str]] = {}
        self.ends: dict[str, dict[str, list[str]]] = {}

    def write(self) -> None:
        """Plays the scenario once, undisturbed, keeping the state before each chapter."""
        world = World(self._folder / "live")
        self.begin(world)
        Demo(world.folder, "golden", lambda _: None).load()
        self.start = world.effects()
        for chapter in CHAPTERS:
            world.close()
            self._copy("live", chapter)
            world.play_undisturbed(chapter)
            self.ends[chapter] = world.effects()
        world.close()

    def open(self, chapter: str, target: Path, **values: str) -> World:
        """A copy of the state a chapter begins with."""
        folder = target / f"world{next(_numbers)}"
        self._copy(chapter, folder.name, folder)
        beginning.change(folder / "gateway.toml", **values)
        return World(folder)

    def begin(self, world: World) -> None:
        """Makes a folder with settings, and an empty database."""
        self._sql(f'create database "{world.folder.name}"')
        free_ports = {"sftp.port": "0", "http.port": "0"}
        beginning.begin(world.folder, "T", first_business_date=FIRST_DAY, workers="1", **free_ports,
                        **{"database.url": self._url(world.folder.name)})  # fmt: skip
        world.deaths.mkdir()

    def blank(self, target: Path) -> World:
        """An installation of which only the folder exists, with the keys of the others."""
        world = World(target / f"world{next(_numbers)}")
        self.begin(world)
        for keys in ("keys", "partners"):
            shutil.rmtree(world.folder / keys, ignore_errors=True)
            shutil.copytree(self._folder / "live" / keys, world.folder / keys)
        return world

    def _copy(self, name: str, copy: str, folder: Path | None = None) -> None:
        folder = folder or self._folder / copy
        shutil.copytree(self._folder / name, folder)
        self._sql(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'")
        self._sql(f'create database "{copy}" template "{name}"')
        beginning.change(folder / "gateway.toml", **{"database.url": self._url(copy)})

    def _url(self, name: str) -> str:
        return (
            f'"postgresql+psycopg://postgres@/{name}?host={self._socket}"' if self._socket else '"sqlite:///state.db"'
        )

    def _sql(self, statement: str) -> None:
        if self._socket:
            with psycopg.connect(host=self._socket, user="postgres", autocommit=True) as connection:
                connection.execute(statement)

    def drop(self, world: World) -> None:
        """Removes a world."""
        world.close()
        self._sql(f"drop database {world.folder.name} with (force)")
