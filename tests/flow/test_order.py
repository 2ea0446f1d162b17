"""Order: what was received first is decided on first, however fast or slow, and by however many workers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.flow import loading, worker
from gateway.flow.context import Context
from gateway.store import queue
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.queue import Work
from gateway.store.schema import claim, decision, entry, person, receipt, span
from tests.flow.world import LAKESIDE, METRO_C5, World, begun, changed, golden, only, renumbered

RIVAL = """
[[partner]]
id = "rival"
first = 2026-01-01
name = "Rival Clearinghouse"
isa_id = "RIVAL"
roles = ["submitter"]
sponsors = ["bluebonnet"]
"""


def decided(world: World) -> list[Any]:
    """Everything that was decided about members and claims."""
    people = [(row.person_id, row.family_root, row.body, row.ssn_hash) for row in world.rows(person)]
    reasons = [(row.icn, row.version, row.ord, row.body) for row in world.rows(decision)]
    return [*(world.rows(table) for table in (claim, entry, span)), people, reasons]


def put_both(world: World) -> None:
    """The 834, and the 837 right behind it."""
    world.advance("2026-04-06")
    world.put("bluebonnet", "enrol.834", golden("in.834"))
    world.put("clearpath", "claims.837", golden("in.837p"))


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation before the scenario."""
    return begun(store, keys, tmp_path, day=None)


def hold_back(world: World, kind: str, partner: str) -> Work:
    """A first worker claims the partner's step and is slow; what else was due before it is done."""
    while True:
        with world.store.write("claim") as connection:
            work = queue.claim(connection, f"slow:{time.monotonic_ns()}", world.context.now_us)
        assert work is not None
        if (work.kind, work.partner) == (kind, partner):
            return work
        worker.STEPS[work.kind](world.context, work)


@pytest.mark.parametrize("slow", ["intake", "route"])
def test_claims_wait_for_the_enrolment_file_before_them(world: World, slow: str) -> None:
    """However long the 834's intake or its application takes, the claims behind it are decided on what it says."""
    put_both(world)
    held = hold_back(world, slow, "bluebonnet")
    world.run()
    assert len(world.sent("999", "clearpath")) == 1  # taken in and answered at once
    assert world.count(claim, claim.c.partner == "clearpath") == 0  # and no claim found a member before the 834 did
    worker.STEPS[held.kind](world.context, held)
    world.run()
    assert [row.state for row in world.rows(receipt)] == ["decided", "decided"]
    frank = {row.icn[-1]: (row.paid_cents, row.patient_cents) for row in world.claims()}["2"]
    assert frank == (0, 15000)


def test_both_orders_of_completion_decide_alike(
    store: Store, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers, the 834's intake fast or slow: the same decisions and coverage, to the byte."""
    found = []
    for number, delay_s in enumerate((0.0, 0.4)):
        folder = tmp_path / str(number)
        folder.mkdir()
        if number:
            _empty(store)
        world = World(store, keys, folder)
        put_both(world)
        with monkeypatch.context() as patch:
            patch.setitem(worker.STEPS, "intake", _slowed(worker.STEPS["intake"], "bluebonnet", delay_s))  # type: ignore[arg-type]
            _work_in_threads(world, 2)
        found.append(decided(world))
        assert len(found[-1][0]) == 9
    assert found[0] == found[1]


def test_a_second_clearinghouse_does_not_overtake_the_first(world: World, tmp_path: Path) -> None:
    """Two senders, one family: the file received first takes the deductible first, even when its intake is slow."""
    rival = tmp_path / "rival.toml"
    rival.write_text(RIVAL)
    loading.load(world.context, [rival], "test")
    world.advance("2026-04-06")
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    world.put("clearpath", "first.837", only(golden("in.837p"), LAKESIDE))
    from_rival = only(golden("in.837p"), METRO_C5)
    from_rival = changed(
        from_rival, ("*ZZ*CLEARPATH      *", "*ZZ*RIVAL          *"), ("GS*HC*CLEARPATH*", "GS*HC*RIVAL*")
    )
    world.put("rival", "second.837", renumbered(from_rival, "000000001", "RIVAL1"))
    held = hold_back(world, "intake", "clearpath")
    world.run()
    assert world.count(claim, claim.c.partner == "rival") == 0
    worker.STEPS[held.kind](world.context, held)
    world.run()
    deductibles = {row.person_id[-3:]: row.cents for row in world.rows(entry) if row.kind == "deductible"}
    assert (deductibles["M01"], deductibles["M02"]) == (2500, 97500)


def test_a_file_that_is_refused_holds_nobody(world: World) -> None:
    """Parked, quarantined and refused files do not hold the files behind them."""
    world.advance("2026-04-06")
    world.put("bluebonnet", "minutes.834", b"Minutes of the meeting\n")
    world.put("clearpath", "claims.837", golden("in.837p"))
    world.run()
    assert [row.state for row in world.rows(receipt)] == ["quarantined", "decided"]
    assert len(world.claims()) == 9


def _slowed(step: worker.Step, partner: str, delay_s: float) -> worker.Step:
    def slow(context: Context, work: Work) -> None:
        if work.partner == partner:
            time.sleep(delay_s)
        step(context, work)

    return slow


def _work_in_threads(world: World, count: int) -> None:
    """Workers side by side until nothing is left; what one of them raised is raised here."""
    raised: list[BaseException] = []

    def run(me: str) -> None:
        try:
            turn = 0
            while world.waiting() and not raised:
                turn += 1
                if not worker.work_once(world.context, f"{me}:{turn}"):
                    time.sleep(0.005)
        except BaseException as error:
            raised.append(error)

    _together([lambda n=n: run(f"thread{n}") for n in range(count)])  # type: ignore[misc]
    if raised:
        raise raised[0]


def _together(calls: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def _empty(store: Store) -> None:
    """Forgets everything but that it is a test installation."""
    from gateway.store import installation
    from gateway.store.schema import blob, metadata

    with store.write("empty") as connection:
        for table in reversed(metadata.sorted_tables):
            if table is not blob:
                connection.execute(table.delete())
        installation.put(connection, "usage", "T")
