"""Steps that fail three times: what they hold up, what passes them, and where a person's release puts them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.flow import enrol, intake, parked, route, worker
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.order import receipt_of
from gateway.store.schema import claim, enrolment, hold, pay_run, receipt, remittance, span, staged
from tests.flow.members import ALAN, BIANCA, CODY, DANA, ELI, enrolment_file, last_day, until
from tests.flow.world import LAKESIDE, Died, World, asked, begun, golden, only, run
from tests.golden.test_golden_variants import void_of_c8


def _die(*_: Any, **__: Any) -> Any:
    raise Died


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation on the day the files come."""
    return begun(store, keys, tmp_path)


@contextmanager
def poisonous(place: Any, name: str) -> Iterator[None]:
    """Whoever reaches the place dies."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(place, name, _die) if isinstance(place, dict) else patch.setattr(place, name, _die)
        yield


@contextmanager
def poisonous_for(sponsor_id: str) -> Iterator[None]:
    """Whoever takes the sponsor's route step dies."""
    real = worker.STEPS["route"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(worker.STEPS, "route", lambda c, w: _die() if w.sponsor_id == sponsor_id else real(c, w))
        yield


def of_two_sponsors() -> bytes:
    """The golden claims, the first of them another employer's."""
    first, *rest = golden("in.837p").decode().split("*BT1001*")
    return (first + "*LK2002*" + "*BT1001*".join(rest)).encode()


def told(world: World) -> list[str]:
    """The claim numbers our 277CAs tell, in order."""
    segments = [line.strip() for body in world.sent("277CA") for line in body.decode().split("~")]
    return [segment.removeprefix("REF*1K*") for segment in segments if segment.startswith("REF*1K*")]


def numbers(world: World) -> list[str]:
    """Every claim number given, whosever claim it is."""
    return sorted(row.icn for row in world.rows(claim, claim.c.partner == "clearpath"))


def test_half_an_enrolment_file_keeps_its_lane(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An 834 that cannot go on after its first rows lets no claim pass; released, it goes on where it was."""
    monkeypatch.setattr(enrol, "CHUNK_MEMBERS", 2)
    world.put("bluebonnet", "enrol.834", golden("in.834"))
    world.put("clearpath", "claims.837", golden("in.837p"))
    real, calls = enrol._Run._apply_chunk, iter(range(100))
    with monkeypatch.context() as patch:
        patch.setattr(enrol._Run, "_apply_chunk", lambda *a: real(*a) if next(calls) < 1 else _die())
        run(world)
    assert [row.reason for row in world.holds("parked")] == ["the route step failed three times"]
    assert world.count(claim, claim.c.partner == "clearpath") == 0
    assert world.release("parked") == "the step is tried again"
    paid = [row.paid_cents for row in world.claims() if row.partner == "clearpath"]
    assert paid == [9500, 0, 0, 56106, 900000, 12000, 16000, 1800000]
    assert [receipt_of(row.ord) for row in world.rows(enrolment)] == [1]


def test_a_file_that_was_not_begun_is_passed_and_comes_behind(world: World) -> None:
    """An 834 parked before its first row is passed by the claims; released, it is known from its new number on."""
    world.put("bluebonnet", "enrol.834", golden("in.834"))
    with poisonous(worker.STEPS, "route"):
        run(world)
    world.send("clearpath", "claims.837", golden("in.837p"))
    before = [(row.icn, row.state, row.paid_cents) for row in world.claims()]
    assert len(before) == 9
    world.release("parked")
    assert [receipt_of(row.ord) for row in world.rows(enrolment)] == [3]
    assert {receipt_of(row.known_from) for row in world.rows(span)} == {0, 3}
    assert [(row.icn, row.state, row.paid_cents) for row in world.claims()] == before
    assert world.holds("parked") == []


def test_a_set_released_in_parts_is_answered_whole(world: World) -> None:
    """One sponsor's part of a set is released after another's was decided: the one 277CA tells every claim once."""
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    world.put("clearpath", "claims.837", of_two_sponsors())
    with poisonous_for("lakeline"):
        run(world)
    assert (len(numbers(world)), told(world)) == (7, [])
    world.release("parked")
    assert (len(numbers(world)), told(world)) == (8, numbers(world))


def test_a_claim_decided_anew_is_told_by_its_sets_answer(world: World) -> None:
    """A pended claim of one sponsor is decided again before another's part is routed: the 277CA tells it still."""
    world.put("clearpath", "claims.837", of_two_sponsors().replace(b"MI*SBA100003", b"MI*SBA999999"))
    with poisonous_for("lakeline"):
        run(world)
    waits = next(row for row in world.holds("pend") if row.subject.startswith("claim"))
    parked.release(world.context, waits.id, "ann", "look again")
    world.run()
    world.release("parked")
    assert (len(numbers(world)), told(world)) == (8, numbers(world))


def test_a_release_moves_nobody_elses_rows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sponsor's part is released while another's is half routed: no claim of that one is lost or comes twice."""
    monkeypatch.setattr(route, "CHUNK_CLAIMS", 2)
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    world.put("clearpath", "claims.837", of_two_sponsors())
    real, calls = route._Batch.write, iter(range(100))

    def write(batch: Any, connection: Any) -> None:
        real(batch, connection) if batch.work.sponsor_id == "bluebonnet" and next(calls) < 1 else _die()

    with monkeypatch.context() as patch:
        patch.setattr(route._Batch, "write", write)
        run(world)
    assert len(numbers(world)) == 2
    for waits in sorted(world.holds("parked"), key=lambda row: row.sponsor_id, reverse=True):
        parked.release(world.context, waits.id, "ann", "try again")
    world.run()
    assert (len(numbers(world)), told(world)) == (8, numbers(world))
    assert world.count(staged) == 0


def test_a_file_that_could_not_be_read_gets_a_new_number(world: World) -> None:
    """A file parked with staged rows is read again from its start, behind the files that came meanwhile."""
    world.put("bluebonnet", "enrol.834", golden("in.834"))
    with poisonous(intake, "decide"):
        run(world)
    assert [row.state for row in world.rows(receipt)] == ["parked"]
    world.send("clearpath", "claims.837", golden("in.837p"))
    world.release("parked")
    assert [(row.receipt_no, row.partner, row.state) for row in world.rows(receipt)] == [
        (2, "clearpath", "decided"), (3, "bluebonnet", "decided"),
    ]  # fmt: skip
    assert {receipt_of(row.known_from) for row in world.rows(span)} == {0, 3}
    assert len(world.sent("999", "bluebonnet")) == 1


def test_the_rest_of_a_half_decided_file_comes_last(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that dies in its second interchange: released after a later file, the rest is known after that one."""
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    first, second = (enrolment_file(n, ELI, action="2", changes={ELI: until(f"20260{n}")}) for n in (731, 831))
    world.put("bluebonnet", "two.834", first + second)
    real = intake.decide
    with monkeypatch.context() as patch:
        patch.setattr(intake, "decide", lambda c, f, read, *a: _die() if read.number == 2 else real(c, f, read, *a))
        run(world)
    assert last_day(world, "M05") == "2026-07-31"
    world.send("bluebonnet", "later.834", enrolment_file(930, ELI, action="2", changes={ELI: until("20260930")}))
    assert last_day(world, "M05") == "2026-09-30"
    world.release("parked")
    assert last_day(world, "M05") == "2026-08-31"
    assert [(row.receipt_no, row.state) for row in world.rows(receipt)] == [(n, "decided") for n in (1, 2, 3)]


def test_ends_by_absence_released_late_are_known_last(world: World) -> None:
    """Released ends whose step was set aside end what a file said meanwhile, not what it replaced."""
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    left = enrolment_file(603, ALAN, BIANCA, CODY, DANA, created="20260405", effective="20260405")
    world.send("bluebonnet", "full.834", left)
    with poisonous(worker.STEPS, "end-absent"):
        parked.release(world.context, world.holds("absence")[0].id, "ann", "they left")
        run(world)
    later = enrolment_file(930, ELI, action="2", created="20260406", changes={ELI: until("20260930")})
    world.send("bluebonnet", "later.834", later)
    assert last_day(world, "M05") == "2026-09-30"
    world.release("parked")
    assert last_day(world, "M05") == "2026-04-04"


def test_a_claim_decided_again_late_sees_what_came_meanwhile(store: Store, keys: Keys, tmp_path: Path) -> None:
    """A released claim whose step was set aside is decided on every file received before it was tried again."""
    world = begun(store, keys, tmp_path, taken_over=False)
    world.send("clearpath", "claims.837", only(golden("in.837p"), LAKESIDE))
    (waits,) = [row for row in world.holds("pend") if row.subject == "claim 26096000004"]
    with poisonous(worker.STEPS, "rerun"):
        parked.release(world.context, waits.id, "ann", "look again")
        run(world)
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    world.release("parked")
    (row,) = [row for row in world.claims() if row.icn == "26096000004"]
    assert (row.state, row.match, receipt_of(row.ord)) == ("decided", "", 4)


def test_what_became_of_parked_claims_meanwhile_stands(world: World) -> None:
    """Claims parked before their decision, one of them voided before the release: the others are decided, once."""
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    world.put("clearpath", "claims.837", golden("in.837p"))
    with poisonous(worker.STEPS, "adjudicate"):
        run(world)
    assert {row.state for row in world.claims() if row.partner == "clearpath"} == {"pended"}
    world.send("clearpath", "void.837", void_of_c8())
    world.release("parked")
    found = [(row.state, row.paid_cents) for row in world.claims() if row.partner == "clearpath"]
    assert found[:6] == [("decided", cents) for cents in (9500, 0, 0, 56106, 900000, 12000)]
    assert found[6:] == [("decided", 16000), ("voided", 0), ("void", 0)]
    assert world.books()["5010"] == 9500 + 56106 + 900000 + 12000 + 16000


def test_a_payment_that_was_parked_is_made_and_told_later(world: World) -> None:
    """Payees whose step is parked are paid by its release, once, although their run was closed meanwhile."""
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    world.send("clearpath", "claims.837", golden("in.837p"))
    world.plan_run("ann", "ben")
    world.deposit(asked(world), "WIRE-1")
    with poisonous(worker.STEPS, "payee"):
        world.ask_day("2026-04-10")
        run(world)
    assert (world.count(remittance), world.sent("835"), len(world.holds("parked"))) == (0, [], 1)
    world.deposit(1, "A-CENT")  # whatever has the run look again meanwhile
    world.release("parked")
    assert [row.amount_cents for row in world.rows(remittance)] == [65606, 2700000, 0]
    assert len(world.sent("835")) == 1
    assert {row.state for row in world.rows(pay_run)} == {"issued"}
    world.books()


def test_a_hold_is_released_once(world: World) -> None:
    """A hold that was released cannot be released again."""
    world.put("bluebonnet", "enrol.834", golden("in.834"))
    with poisonous(intake, "decide"):
        run(world)
    (found,) = world.rows(hold, hold.c.kind == "parked")
    world.release("parked")
    with pytest.raises(parked.UsageError):
        parked.release(world.context, found.id, "ben", "again")
