"""Laws of the money lane's steps: late ones, dead ones, and money that comes between any two of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import update

from gateway.errors import NotPermitted
from gateway.flow import envelopes, parked, pay, worker
from gateway.flow.pay import closing, payees
from gateway.plan.money import balancing
from gateway.settings import shipped
from gateway.store import queue
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.queue import Work
from gateway.store.schema import counter, decision, pay_run, remittance, work
from mappings.records import Remittance
from parsers.findings import Finding
from tests.flow.world import LAKESIDE, METRO_C5, METRO_C8, SPONSOR, World, asked, begun, golden, only, renumbered

METRO_NPI = "1245319599"

SHIPPED = 'minimum_balance_cents = 500000\nfloor = "hard"                  # the minimum balance never pays claims\n'
FIFO = (
    (SHIPPED + 'release = "all-or-nothing"', 'minimum_balance_cents = 0\nfloor = "soft"\nrelease = "fifo"'),
    ("approval_limit_cents = 2500000", "approval_limit_cents = 9900000000"),
    ("run_weekday = 4 ", "run_weekday = 0 "),
)
"""An employer that pays as far as its money goes, on the day the files come, with nobody's approval."""


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation whose employer pays as far as its money goes; its people are enrolled."""
    text = (shipped() / "sponsors" / "sample.toml").read_text()
    for old, new in FIFO:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return begun(store, keys, tmp_path, day=None, enrolled=True, sponsors=text, first="2026-04-06")


def plan(world: World) -> None:
    """Asks for a run; no step of it is done."""
    with world.store.write("plan") as connection:
        pay.enqueue(connection, world.context, "plan", SPONSOR)


def deposit(world: World, cents: int, reference: str) -> None:
    """The employer's money; no step that follows is done."""
    with world.store.write("deposit") as connection:
        pay.post_deposit(connection, world.context, SPONSOR, cents, reference)


def until(world: World, kind: str) -> Work:
    """Does steps up to the first of a kind, which is taken and not done."""
    for _ in range(1000):
        with world.store.write("claim") as connection:
            taken = queue.claim(connection, "test:slow", world.context.now_us)
        if taken is not None and taken.kind == kind:
            return taken
        if taken is not None:
            worker.STEPS[taken.kind](world.context, taken)
        else:
            assert world._jump(), f"no {kind} step comes"
    raise AssertionError("the work does not end")


def park(world: World, taken: Work) -> None:
    """The third worker that took the step dies, and the rest is done."""
    with world.store.write("deaths") as connection:
        connection.execute(update(work).where(work.c.id == taken.id).values(attempt=queue.DEATHS))
    parked.release_owner(world.context, taken.owner)
    rest(world)


def rest(world: World) -> None:
    """Does what is due; it must end."""
    for _ in range(500):
        if not world.step() and not world._jump():
            return
    raise AssertionError("the work does not end")


def runs(world: World) -> dict[int, str]:
    """State of every run of the sponsor."""
    return {row.run_no: row.state for row in world.rows(pay_run, pay_run.c.sponsor_id == SPONSOR)}


def paid(world: World) -> list[tuple[int, int]]:
    """(run, cents) of every remittance, in order."""
    return sorted((row.run_no, row.amount_cents) for row in world.rows(remittance))


def numbers_are_used(world: World) -> bool:
    """Whether as many trace numbers were taken as there are remittances."""
    (taken,) = world.rows(counter, counter.c.scope == "TRN")
    return bool(taken.next - 1 == world.count(remittance))


# ---- late steps ------------------------------------------------------------------------------------------------------


def test_a_late_step_takes_no_other_runs_money(world: World) -> None:
    """A payee step released after its run was closed pays nothing by itself; the cash is never overdrawn."""
    world.send("clearpath", "c.837", only(golden("in.837p"), METRO_C5, METRO_C8))
    plan(world)
    rest(world)
    deposit(world, asked(world), "WIRE-1")
    park(world, until(world, "payee"))
    assert (runs(world), paid(world)) == ({1: "awaiting-funds"}, [])
    world.send("clearpath", "d.837", renumbered(only(golden("in.837p"), LAKESIDE), "000000999", "OTHER"))
    plan(world)
    rest(world)
    assert paid(world) == []  # all cash is what run 1 was funded with
    world.release("parked")
    assert paid(world) == [(1, 27_000_00)]
    deposit(world, asked(world), "WIRE-2")
    rest(world)
    assert runs(world) == {1: "issued", 2: "issued"}
    world.advance("2026-04-20")
    assert (world.books()["1010"], world.books()["2020"]) == (0, 0)


def test_a_late_step_does_not_pay_for_the_part_that_is_being_paid(world: World) -> None:
    """A payee step released while a later part of its run is paid neither pays twice nor makes that part die."""
    world.send("clearpath", "c.837", golden("in.837p"))
    plan(world)
    park(world, until(world, "payee"))
    deposit(world, 12_000_00, "WIRE-1")
    (held,) = world.holds("parked")
    parked.release(world.context, held.id, "ann", "checked")
    until(world, "payee")  # the late step is taken, and the next part not yet released
    parked.release_owner(world.context, "test:slow")
    rest(world)
    deposit(world, asked(world), "WIRE-2")
    rest(world)
    assert (runs(world), paid(world)) == ({1: "issued"}, [(1, 0), (1, 656_06), (1, 27_000_00)])
    assert world.holds("parked") == [] and numbers_are_used(world)
    assert sum(body.count(b"TRN*") for body in world.sent("835")) == 3


def test_a_step_of_a_part_that_is_closed_pays_nobody(world: World) -> None:
    """What an earlier part of a run was released for is not paid in a later one that has no money for it."""
    world.send("clearpath", "c.837", golden("in.837p"))
    plan(world)
    late = until(world, "payee")
    with world.store.write("gone") as connection:
        queue.finish(connection, late)
    rest(world)
    assert len(paid(world)) == 2  # the close had the run look again: nobody's step was parked
    (metro,) = {(row.tin, row.npi) for row in world.rows(decision, decision.c.npi == METRO_NPI)}
    with world.store.write("again") as connection:
        queue.enqueue(connection, world.context.now_us, "payee", lane=late.lane, sponsor_id=SPONSOR, ord=late.ord,
                      body={**late.body, "payees": [list(metro)]})  # fmt: skip
    rest(world)
    assert len(paid(world)) == 2
    world.books()


# ---- money between two steps -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("kind", ["plan", "issue", "payee", "close"])
def test_money_that_comes_at_any_step_is_used(world: World, kind: str, after: bool) -> None:
    """A deposit before or after any step of a run pays what it covers, without another event."""
    world.send("clearpath", "c.837", golden("in.837p"))
    plan(world)
    taken = until(world, kind)
    pair: list[Callable[[], None]] = [
        lambda: deposit(world, 12_656_06, "WIRE"),
        lambda: worker.STEPS[kind](world.context, taken),
    ]
    for act in reversed(pair) if after else pair:
        act()
    rest(world)
    assert (runs(world), paid(world)) == ({1: "issued"}, [(1, 0), (1, 656_06), (1, 27_000_00)])
    assert numbers_are_used(world)
    world.books()


# ---- what cannot be paid ---------------------------------------------------------------------------------------------


def test_runs_that_cannot_be_paid_come_to_rest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs whose remittance does not balance are each held once, take no number, and are paid when released."""
    real = balancing.check

    def check(made: Remittance) -> tuple[Finding, ...]:
        wrong = Finding(level="business", code="835:payment", snip=3, message="it does not balance")
        return (wrong,) if made.payee.npi == METRO_NPI else real(made)

    deposit(world, 90_000_00, "WIRE")
    with monkeypatch.context() as patch:
        patch.setattr(payees.balancing, "check", check)
        for n, loop in enumerate((METRO_C5, METRO_C8)):
            world.send("clearpath", f"c{n}.837", renumbered(only(golden("in.837p"), loop), f"00000099{n}", f"B{n}"))
            plan(world)
            rest(world)
        deposit(world, 1, "A-CENT")
        rest(world)
    assert (runs(world), paid(world)) == ({1: "awaiting-funds", 2: "awaiting-funds"}, [])
    held = world.holds("remittance")
    assert [one.subject for one in held] == [f"run 1, payee {METRO_NPI}", f"run 2, payee {METRO_NPI}"]
    assert world.rows(counter, counter.c.scope == "TRN") == []
    for one in held:
        parked.release(world.context, one.id, "ann", "mended")
        rest(world)
    assert (runs(world), len(paid(world))) == ({1: "issued", 2: "issued"}, 2)
    assert numbers_are_used(world)


# ---- settling --------------------------------------------------------------------------------------------------------


def ask(world: World) -> None:
    """A person says that the bank has paid run 1; no step that follows is done."""
    with world.store.write("settle") as connection:
        pay.ask(connection, world.context, SPONSOR, 1, "ann")


def test_a_run_that_is_paid_in_part_settles_in_part(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was issued of a run that waits for the rest of its money is settled when a person says so, once."""
    world.send("clearpath", "c.837", golden("in.837p"))
    world.context.usage = "P"
    plan(world)
    rest(world)
    assert (runs(world), paid(world)) == ({1: "awaiting-funds"}, [(1, 0), (1, 656_06)])
    ask(world)  # nothing but the remittance of 0.00 is due
    rest(world)
    assert world.books()["2020"] == -656_06
    with pytest.raises(NotPermitted, match="2026-04-08"):
        ask(world)
    world.advance("2026-04-08")
    ask(world)
    with pytest.raises(NotPermitted, match="already"):
        ask(world)
    rest(world)
    with pytest.raises(NotPermitted):
        ask(world)
    assert (runs(world), world.books()["2020"]) == ({1: "awaiting-funds"}, 0)
    deposit(world, asked(world), "WIRE")
    rest(world)
    assert runs(world) == {1: "issued"}
    world.advance("2026-04-10")
    ask(world)
    rest(world)
    assert (runs(world), world.books()["2020"]) == ({1: "settled"}, 0)


# ---- what our own validator refuses ----------------------------------------------------------------------------------


def numbers(world: World) -> list[tuple[str, int]]:
    """The counters of what leaves."""
    mine = counter.c.scope.like("ISA13/%") | counter.c.scope.like("GS06/%") | counter.c.scope.like("EFT/%")
    return sorted((row.scope, row.next) for row in world.rows(counter, mine))


def left(world: World) -> list[int]:
    """How many 835s, EFT files and registers have left."""
    return [len(world.sent(kind)) for kind in ("835", "EFT", "register")]


def test_a_run_whose_835_is_refused_waits_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An 835 our validator refuses parks the close for a person after three deaths: nothing of the run leaves and no
    number is taken; claims, plans and money are taken in meanwhile, and the release tells this run and the next, once.
    """
    deposit(world, 90_000_00, "WIRE")
    world.send("clearpath", "c0.837", renumbered(only(golden("in.837p"), METRO_C5), "000000990", "B0"))
    before = numbers(world)
    plan(world)
    real = closing.x835.write
    with monkeypatch.context() as patch:
        patch.setattr(closing.x835, "write", lambda told, st02: real(replace(told, amount_cents=1), st02))
        for _ in range(queue.DEATHS):
            assert world.holds("parked") == []
            with pytest.raises(envelopes.OutboundInvalid):
                rest(world)
            parked.release_owner(world.context, "test:")
        rest(world)
    assert [one.reason for one in world.holds("parked")] == ["the close step failed three times"]
    assert (left(world), numbers(world), runs(world)) == ([0, 0, 0], before, {1: "paying"})
    world.send("clearpath", "c1.837", renumbered(only(golden("in.837p"), METRO_C8), "000000991", "B1"))
    plan(world)
    deposit(world, 1, "A-CENT")
    rest(world)
    assert (runs(world), left(world)) == ({1: "paying", 2: "awaiting-approval"}, [0, 0, 0])
    world.release("parked")
    assert (runs(world), left(world), len(paid(world))) == ({1: "issued", 2: "issued"}, [2, 2, 2], 2)
    world.books()
