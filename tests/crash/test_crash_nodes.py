"""Two nodes on one PostgreSQL, and a database that goes away."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import psycopg

from tests.crash import dying
from tests.crash.dying import Death
from tests.crash.effects import differences
from tests.crash.scenario import CHAPTERS
from tests.crash.shelf import Shelf
from tests.crash.world import World, alive, died
from tests.patience import wait

HELD = "select id from work where owner = :who and kind <> 'chain'"


def test_a_node_dies_in_the_middle(postgresql_shelf: Shelf, tmp_path: Path) -> None:
    """The golden run on two nodes, one killed while it holds a step: the other gives it back and ends with the same."""
    first = postgresql_shelf.open("enrol", tmp_path)
    second = World(tmp_path / "second")
    shutil.copytree(first.folder, second.folder)
    dying.plan(second.deaths, [Death("claim", HELD, "after", skip=4, node=True)])
    first.start()
    second.start(doors=False)
    chapters = list(CHAPTERS)
    for chapter in chapters[chapters.index("enrol") :]:
        first.play(chapter)
    assert second.daemon is not None
    second.daemon.join(1)
    assert second.daemon.exitcode == -signal.SIGKILL
    assert [(m.death.cause, m.committed) for m in died(second)] == [("claim", True)]
    assert "node silent" in first.log.read_text()
    first.stop()
    assert differences(first.effects(), postgresql_shelf.ends[chapters[-1]]) == {}
    second.close()
    postgresql_shelf.drop(first)


def test_the_database_goes_away(postgresql_shelf: Shelf, tmp_path: Path, postgres_server: str) -> None:
    """A worker dies while the database answers nobody: what it held is given back as soon as it answers again."""
    world = postgresql_shelf.open("claims", tmp_path)
    dying.plan(world.deaths, [Death("adjudicate", "select count(*) from decision", "before", hang=True)])
    world.start()
    name = world.folder.name
    with psycopg.connect(host=postgres_server, user="postgres", autocommit=True) as operator:
        world.act(CHAPTERS["claims"][0])
        marker = wait(lambda: died(world), "the worker that stands still")[0]
        operator.execute(f"alter database {name} with allow_connections false")
        operator.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'")
        os.kill(marker.pid, signal.SIGKILL)
        wait(lambda: not alive(marker.pid), "its end")
        time.sleep(1.5)  # longer than a beat: the daemon has tried, and will try again
        operator.execute(f"alter database {name} with allow_connections true")
    world.context.store.engine.dispose()  # its connections were ended with the others
    world.settle()
    world.stop()
    assert differences(world.effects(), postgresql_shelf.ends["claims"]) == {}
    postgresql_shelf.drop(world)
