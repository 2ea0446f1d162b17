"""Laws of an employer's money: whose balance, whose reserve, which payees, which day."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.errors import BadData, NotPermitted
from gateway.flow import concealed, loading, pay
from gateway.plan.records import ProviderRow
from gateway.settings import shipped
from gateway.store import documents
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import pay_run, remittance
from mappings.records import BankAccount
from tests.flow.world import LAKESIDE, SPONSOR, World, asked, begun, golden, only, renumbered
from tests.golden.test_golden_variants import one_claim, received, segments

HILLCREST_FEE = "Hillcrest,1679576722,73110,500.00,line,2026-01-01,\n"
METRO_NPI = "1245319599"


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation before the golden scenario."""
    return begun(store, keys, tmp_path, day=None)


def runs(world: World) -> dict[int, str]:
    """State of every run of the sponsor."""
    return {row.run_no: row.state for row in world.rows(pay_run, pay_run.c.sponsor_id == SPONSOR)}


def load(world: World, folder: Path, name: str, text: str) -> None:
    """Loads a file a person wrote."""
    file = folder / name
    file.write_text(text)
    loading.load(world.context, [file], "test")


def put_account(world: World, npi: str, account: BankAccount) -> None:
    """A payee's bank account as an older release let it in: nobody looked at it."""
    with world.store.write("account") as connection:
        (row,) = documents.every(connection, "provider", [npi], ProviderRow)
        changed = concealed.party(replace(row, account=account), world.context.keys.conceal)
        documents.put(connection, 0, "provider", npi, row.first, row.last, changed)


# ---- forward balances and reserves -----------------------------------------------------------------------------------


def test_a_balance_is_the_oldest_waiting_runs(store: Store, keys: Keys, tmp_path: Path) -> None:
    """Three waiting runs that could recover one balance are asked for less of it once, and all are paid."""
    fees = (Path(__file__).parents[1] / "golden" / "fees.csv").read_text() + HILLCREST_FEE
    world = World(store, keys, tmp_path, fees=fees)
    received(world)
    world.plan_run("ann", "ben")
    world.deposit(asked(world), "WIRE-1")
    world.advance("2026-04-16")
    assert (world.books()["1010"], world.books()["1300"]) == (5_000_00, 120_00)
    for n, day in enumerate(("20260401", "20260402", "20260403")):
        world.send("clearpath", f"k{n}.837", one_claim(f"K{n}", "700", control=400 + n, name="73110", on=day))
        world.plan_run()
    assert [row.need_cents for row in world.rows(pay_run)][1:] == [280_00, 400_00, 400_00]
    cash = world.books()["1010"]
    assert cash + asked(world) == 280_00 + 400_00 + 400_00 + 5_000_00
    world.deposit(asked(world), "REST")
    world.advance("2026-05-20")
    assert set(runs(world).values()) == {"settled"}
    assert world.books()["1300"] == 0


def test_a_later_run_leaves_the_older_its_money(world: World) -> None:
    """A small run that comes later is not paid out of what an older run still waits for; both are, when it is there."""
    received(world)
    world.plan_run("ann", "ben")
    world.advance("2026-04-07")
    world.deposit(17_000_00, "SHORT")
    again = renumbered(only(golden("in.837p"), LAKESIDE), "000000700", "AGAIN")
    world.send("clearpath", "later.837", again.replace(b"20260316", b"20260402").replace(b"LFC-", b"NEW-"))
    world.plan_run("ann", "ben")
    assert set(runs(world)) == {1, 2}
    world.advance("2026-04-10")
    assert runs(world) == {1: "awaiting-funds", 2: "awaiting-funds"}
    world.deposit(asked(world), "REST")
    assert runs(world) == {1: "issued", 2: "issued"}
    world.books()


# ---- bank accounts ---------------------------------------------------------------------------------------------------

BAD = (
    ('routing = "113000023"', 'routing = "113000024"', "check digit"),
    (', number = "900002"', "", "no account number"),
)


@pytest.mark.parametrize(("old", "new", "said"), BAD, ids=["check digit", "no number"])
def test_an_account_a_bank_would_refuse_is_not_loaded(
    world: World, tmp_path: Path, old: str, new: str, said: str
) -> None:  # fmt: skip
    """A payee paid by EFT has a routing number whose check digit is right and an account; every payee is told."""
    text = (shipped() / "providers" / "sample.toml").read_text()
    with pytest.raises(BadData) as caught:
        load(world, tmp_path, "providers.toml", text.replace(old, new))
    assert caught.value.detail.count(said) == text.count(old)


def test_a_bad_account_holds_its_payee_alone(world: World) -> None:
    """A payee whose account no bank would take is held before anything is booked; the others are paid, later runs
    too; corrected and released it is paid once."""
    received(world)
    put_account(world, METRO_NPI, BankAccount(routing="113000024", number="900002"))
    world.plan_run("ann", "ben")
    world.deposit(asked(world), "WIRE-1")
    world.advance("2026-04-10")
    assert {row.npi for row in world.rows(remittance)} == {"1234567893", "1679576722"}
    assert [row.trace[-3:] for row in world.rows(remittance)] == ["001", "002"]
    assert runs(world) == {1: "awaiting-funds"}
    world.deposit(1, "A-CENT")
    (held,) = world.holds("remittance")
    assert held.subject == f"run 1, payee {METRO_NPI}" and "check digit" in held.reason
    assert world.books()["2020"] == -656_06
    put_account(world, METRO_NPI, BankAccount(routing="113000023", number="900002"))
    world.release("remittance")
    assert [row.amount_cents for row in world.rows(remittance)] == [656_06, 27_000_00, 0]
    assert runs(world) == {1: "issued"}
    assert len(world.sent("EFT")) == 2
    assert world.holds("remittance") == []
    world.advance("2026-04-20")
    assert runs(world) == {1: "settled"}
    world.books()


# ---- checks ----------------------------------------------------------------------------------------------------------


def test_a_check_is_dated_when_made_and_clears_when_a_person_says_so(world: World, tmp_path: Path) -> None:
    """BPR16 of a check is its own date; the timer that settles EFTs does not clear it."""
    text = (shipped() / "providers" / "sample.toml").read_text()
    load(world, tmp_path, "providers.toml", text.replace('method = "ACH"', 'method = "CHK"'))
    received(world)
    world.plan_run("ann", "ben")
    world.deposit(asked(world), "WIRE-1")
    world.advance("2026-04-10")
    paid = {(one[4], one[16]) for body in world.sent("835") for one in segments(body, "BPR")}
    assert paid == {("CHK", "20260410"), ("NON", "20260410")}
    world.advance("2026-04-20")
    assert runs(world) == {1: "issued"}
    assert world.books()["2020"] == -27_656_06
    with world.store.write("settle") as connection:
        pay.ask(connection, world.context, SPONSOR, 1, "ann")
    world.run()
    assert runs(world) == {1: "settled"} and world.books()["2020"] == 0


def test_only_an_issued_run_settles(world: World) -> None:
    """Nobody can say that the bank has paid what was not issued."""
    received(world)
    world.plan_run("ann", "ben")
    with pytest.raises(NotPermitted), world.store.write("settle") as connection:
        pay.ask(connection, world.context, SPONSOR, 1, "ann")
