"""Replay, resend, watches, legal holds and retention killed before and after each of their commits, and done again."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.errors import NotPermitted
from gateway.flow import parked, replay, retention, watches, worker
from gateway.flow.context import Context
from gateway.settings import Retention
from gateway.store import installation
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import outbox
from tests.crash import dying
from tests.crash.dying import Death
from tests.flow.test_wraps import agree
from tests.flow.world import World, golden


@pytest.fixture
def world(sqlite_template: Path, keys: Keys, tmp_path: Path) -> Iterator[World]:
    """An installation that expects a file, seven years after one that was refused and one that was answered."""
    shutil.copytree(sqlite_template, tmp_path / "state")
    store = Store(f"sqlite:///{tmp_path}/state/state.db")
    made = World(store, keys, tmp_path, taken_over=False)
    made.advance("2026-04-06")
    made.send("clearpath", "a.837", b"no x12")
    made.send("clearpath", "b.837", golden("in.837p"))
    with store.write("years") as connection:
        installation.put(connection, "business_date", "2033-04-07")
    agree(made, tmp_path, 'expected = [{ kind = "837", by = "00:00" }]')
    yield made
    made.store.close()


def _replay(context: Context) -> None:
    with context.store.write("replay") as connection:
        replay.replay(connection, context, 1, "ann")


def _resend(context: Context) -> None:
    with context.store.read() as connection:
        outbox_id = connection.execute(outbox.select().where(outbox.c.kind == "999")).one().id
    with context.store.write("resend") as connection:
        replay.resend(connection, context, outbox_id, "ann")


def _watch(context: Context) -> None:
    parked.release_owner(context, "mortal")
    with context.store.write("asked") as connection:
        watches.enqueue(connection, context.now_us, installation.business_date(connection), 1)
    while worker.work_once(context, "mortal"):
        pass


def _hold(context: Context) -> None:
    with context.store.read() as connection:
        if retention.holds(connection):
            return
    with context.store.write("legal-hold") as connection:
        retention.hold(connection, context, "all", "", "a dispute", "ann")


def _remove(context: Context) -> None:
    retention.run(context, Retention(), "ann")


ACTS = [
    ("replay", _replay, ["select count(*) from receipt"], 3),
    ("resend", _resend, ["select sum(resent) from outbox"], 1),
    ("watch", _watch, ["select count(*) from hold where kind = 'late'"], 1),
    ("legal-hold", _hold, ["select count(*) from legal_hold"], 1),
    ("retention", _remove, ["select count(*) from outbox where state = 'removed'",
                            "select count(*) from upload where state = 'removing'",
                            "select count(*) from upload where state = 'removed'"], 2),
]  # fmt: skip
"""Cause, what makes it, what its commits change in order, and the last answer when it was done once."""


@pytest.mark.parametrize(("cause", "act", "witnesses", "once"), ACTS, ids=[act[0] for act in ACTS])
def test_death_around_the_file(
    world: World, tmp_path: Path, cause: str, act: Callable[[Context], None], witnesses: list[str], once: int
) -> None:
    """Killed before each commit, after it, and done once more, it was done once."""
    folder = tmp_path / "deaths"
    dying.plan(folder, [Death(cause, one, moment) for one in witnesses for moment in ("before", "after")])
    ends = [_in_child(world.context, folder, act) for _ in range(2 * len(witnesses) + 1)]
    assert ends == [-signal.SIGKILL] * (2 * len(witnesses)) + [0]
    assert [mark.committed for mark in dying.markers(folder)] == [False, True] * len(witnesses)
    with world.store.read() as connection:
        assert connection.execute(text(witnesses[-1])).scalar_one() == once
        kept = connection.execute(text("select count(*) from small")).scalar_one()  # both files are small ones
    assert kept == (0 if cause == "retention" else 2)


def _in_child(context: Context, folder: Path, act: Callable[[Context], None]) -> int:
    """How a process that does it ended; a signal is negative."""
    context.store.close()
    pid = os.fork()
    if pid == 0:
        try:
            with suppress(NotPermitted):  # it was done before the process died
                act(dying.mortal(context, folder, "mortal"))
        except BaseException:
            os._exit(70)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
