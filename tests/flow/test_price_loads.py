"""Laws of loading prices: previews store nothing and say which paid claims would be priced otherwise; twice is once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import BadData
from gateway.flow import loading, price_files
from gateway.flow.loading import Loads
from gateway.settings import shipped
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import audit, decision, document, fee, network_member
from tests.flow.world import World, golden

FEES = "npi,code,allowed,per,effective_from,effective_to\n"
C1, C5, C8 = "26096000001", "26096000005", "26096000008"
LAKESIDE, METRO = "1234567893", "1245319599"
KINDS = {"fee": ("fee",), "network": ("network", "network_member"), "provider": ("provider",)}


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """The golden claims, decided: C1, C4, C5, C6, C7 and C8 are paid."""
    made = World(store, keys, tmp_path)
    made.advance("2026-04-06")
    made.send("bluebonnet", "enrol.834", golden("in.834"))
    made.send("clearpath", "claims.837", golden("in.837p"))
    return made


Load = Callable[..., Loads]


@pytest.fixture
def load(world: World, tmp_path: Path) -> Load:
    """Loads a file of prices, or looks at it."""

    def load(kind: str, text: str, preview: bool = False, suffix: str = ".csv") -> Loads:
        file = tmp_path / f"prices{suffix}"
        file.write_text(text)
        return loading.load_prices(world.context, [file], "ann", KINDS[kind], preview)

    return load


PREVIEWS = [
    (f"{LAKESIDE},99214,120.00,line,2026-03-16,", (C1,), -500),
    (f"{LAKESIDE},99214,120.00,line,2026-03-17,", (), 0),
    (f"{LAKESIDE},99214,120.00,line,2026-01-01,2026-03-15", (C1,), -12_500),  # the row of January ends: no price
    (f"{METRO},J9271,60.00,unit,2026-03-20,", (C5,), 30_000),  # 200 x 1.50; C8 has the row of April
    (f"{METRO},J9271,60.00,unit,2026-04-01,", (C8,), 30_000),  # 300 x 1.00
    (f"{LAKESIDE},99215,120.00,line,2026-01-01,", (), 0),
    (f"{LAKESIDE},80053,500.00,line,2026-03-01,", (C1,), 3_500),  # never above the charge of 60.00
]


def test_a_preview_names_the_paid_claims_a_price_would_change(world: World, load: Load) -> None:
    """Claims of the code, the provider and the days whose price would be another, by how much; nothing is stored."""
    before = [world.rows(table) for table in (fee, audit, decision)]
    for row, icns, cents in PREVIEWS:
        found = load("fee", FEES + row, preview=True)
        assert (found.affected.icns, found.affected.claims, found.affected.allowed_cents) == (icns, len(icns), cents)
        assert found.affected.pended == (cents == -12_500) and not found.stored
    assert [world.rows(table) for table in (fee, audit, decision)] == before


def test_a_load_is_what_its_preview_said_and_twice_is_once(world: World, load: Load) -> None:
    """The load tells the same as the preview, is one commit with its audit row, and again changes nothing."""
    text = f"{FEES}{LAKESIDE},99214,120.00,line,2026-03-16,\n{LAKESIDE},11402,1400.00,line,2026-01-01,\n"
    looked, done, again = load("fee", text, preview=True), load("fee", text), load("fee", text)
    assert looked.files == done.files and looked.affected == done.affected
    assert (done.files[0].new, done.files[0].changed, done.affected.claims) == (1, 1, 2)
    assert (again.files[0].new, again.files[0].changed, again.affected.claims) == (0, 0, 0)
    assert world.count(audit, audit.c.action == "load", audit.c.actor == "ann") == 2


CONTRACT = """
network = "SUMMIT"
first = 2026-03-01
lesser_of = "line"
[[modifiers]]
modifier = "80"
percent = 16
[[terms]]
name = "physicians"
method = "schedule"
schedule = "SUMMIT-PHYS"
[[unit_limits]]
codes = ["J9271"]
most = 250
"""


def test_a_contract_is_loaded_with_its_preview(world: World, load: Load) -> None:
    """A limit of 250 units would deny C8's 300 of J9271; the contract is a dated document, loaded once."""
    looked = load("network", CONTRACT, preview=True, suffix=".toml")
    assert (looked.affected.icns, looked.affected.pended) == ((C8,), 1)
    assert world.count(document, document.c.kind == "network") == 0
    assert load("network", CONTRACT, suffix=".toml").files[0].new == 1
    assert load("network", CONTRACT, suffix=".toml").files[0].new == 0


def test_a_claim_is_priced_by_contract_schedule_and_membership(store: Store, keys: Keys, tmp_path: Path) -> None:
    """Loaded contract, schedule and membership price a claim as the files say: an outsider's row of the schedule."""
    sample = (shipped() / "providers" / "sample.toml").read_text()
    files = {"contract.toml": CONTRACT, "providers.toml": sample.replace('networks = ["SUMMIT"]\n', ""),
             "members.csv": f"network,npi,effective_from,effective_to\nSUMMIT,{LAKESIDE},2026-03-01,\n",
             "schedule.csv": "schedule,code,locality,allowed,per,effective_from,effective_to\n"
             "SUMMIT-PHYS,99214,,110.00,line,2026-01-01,\nSUMMIT-PHYS,99214,787,115.00,line,2026-01-01,\n"
             "SUMMIT-PHYS,80053,,20.00,line,2026-01-01,\nSUMMIT-PHYS,11402,TX,1000.00,line,2026-01-01,\n"}  # fmt: skip
    made = World(store, keys, tmp_path, fees=f"{FEES}{METRO},J9271,58.50,unit,2026-01-01,\n")
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    loading.load(made.context, [tmp_path / name for name in files], "ann")
    made.advance("2026-04-06")
    made.send("bluebonnet", "enrol.834", golden("in.834"))
    made.send("clearpath", "claims.837", golden("in.837p"))
    paid = {row.icn: row.paid_cents for row in made.claims()}
    # 99214 at 115.00 less the copay of 30.00; the lab's 20.00 is deductible
    assert paid[C1] == 8_500
    # 11402 at 1,000.00: 700.00 deductible, 20% of 300.00
    assert paid["26096000004"] == 24_000
    assert made.count(network_member) == 1


def test_the_price_of_what_is_covered_instead_is_read(store: Store, keys: Keys, tmp_path: Path) -> None:
    """99214 covered as 99213 at 98.00: less the copay 68.00 is paid; another price of 99213 would change that claim,
    though not what is allowed of 99214."""
    sample = (shipped() / "plans" / "bluebonnet-ppo.toml").read_text()
    name = 'name = "office visit"\n'
    assert name in sample
    plan = sample.replace(name, f'{name}alternates = {{ "99214" = "99213" }}\n')
    made = World(store, keys, tmp_path, plan=plan)
    (tmp_path / "fees.csv").write_text(f"{FEES}{LAKESIDE},99213,98.00,line,2026-01-01,\n")
    loading.load(made.context, [tmp_path / "fees.csv"], "ann")
    made.advance("2026-04-06")
    made.send("bluebonnet", "enrol.834", golden("in.834"))
    made.send("clearpath", "claims.837", golden("in.837p"))
    assert {row.icn: row.paid_cents for row in made.claims()}[C1] == 6_800
    (tmp_path / "fees.csv").write_text(f"{FEES}{LAKESIDE},99213,90.00,line,2026-01-01,\n")
    found = loading.load_prices(made.context, [tmp_path / "fees.csv"], "ann", KINDS["fee"], preview=True)
    assert (found.affected.icns, found.affected.allowed_cents) == ((C1,), 0)


def test_a_provider_that_leaves_its_network_changes_shares(load: Load) -> None:
    """A row without the network from 1 April: C8 would no longer be in network, C5 of March would."""
    sample = (shipped() / "providers" / "sample.toml").read_text()
    metro = sample.split("[[provider]]")[2]
    left = "[[provider]]" + metro.replace("2026-01-01", "2026-04-01").replace('networks = ["SUMMIT"]\n', "")
    assert load("provider", left, preview=True, suffix=".toml").affected.icns == (C8,)
    other = left.replace('method = "ACH"', 'method = "CHK"').replace("2026-04-01", "2026-01-01")
    kept = other.replace('era_receiver = "clearpath"', 'era_receiver = "clearpath"\nnetworks = ["SUMMIT"]')
    assert load("provider", kept, preview=True, suffix=".toml").affected.claims == 0


def test_a_file_of_another_kind_is_refused(load: Load) -> None:
    """Fees are not loaded as a network, nor a contract as fees."""
    with pytest.raises(BadData, match="it holds fee rows"):
        load("network", f"{FEES}{LAKESIDE},99214,120.00,line,2026-03-16,")
    with pytest.raises(BadData, match="it holds network rows"):
        load("fee", CONTRACT, suffix=".toml")


# ---- the files -------------------------------------------------------------------------------------------------------

FULL = "npi,schedule,code,modifier,locality,allowed,per,weight,mean_days,effective_from,effective_to\n"
MEMBERS = "network,tin,npi,rendering,locality,effective_from,effective_to\n"


@pytest.mark.parametrize(
    ("head", "line", "said"),
    [
        (FULL, f"{LAKESIDE},S,1,,,1,line,,,2026-01-01,", "npi, schedule: one of them"),
        (FULL, ",,1,,,1,line,,,2026-01-01,", "npi, schedule: one of them"),
        (FULL, ",S,1,,texas,1,line,,,2026-01-01,", "locality"),
        (FULL, ",S,470,,,1,,1.9,,2026-01-01,", "allowed, weight: one of them"),
        (FULL, ",S,470,,,,,0.0000,,2026-01-01,", "weight: not a number"),
        (FULL, ",S,470,,,,,1.90051,,2026-01-01,", "weight: not a number"),
        (FULL, ",S,470,,,,line,1.9,,2026-01-01,", "per: neither"),
        (FULL, ",S,470,,,,,1.9,2.15,2026-01-01,", "mean_days: not a number"),
        (MEMBERS, "N,,,,,2026-01-01,", "none of them"),
        (MEMBERS, "N,12,,,,2026-01-01,", "tin: not nine digits"),
        (MEMBERS, "N,,1234567890,,,2026-01-01,", "npi: its check digit"),
        (MEMBERS, ",741234567,,,,2026-01-01,", "network: missing"),
        (MEMBERS, "N,741234567,,,,2026-02-01,2026-01-01", "before effective_from"),
    ],
)
def test_a_line_that_cannot_be_meant_is_told(head: str, line: str, said: str) -> None:
    """Each contradiction of a line is told once, with its number."""
    with pytest.raises(BadData) as caught:
        price_files.read(f"{head}{line}\n")
    assert f"line 2: {said}" in caught.value.detail or said in caught.value.detail
    assert caught.value.detail.count("line 2") == 1


def test_a_misspelt_column_is_refused() -> None:
    """A column nobody reads would be a price nobody meant."""
    with pytest.raises(BadData, match="columns unknown: localty"):
        price_files.read("schedule,code,localty,allowed,per,effective_from,effective_to\n")
    with pytest.raises(BadData, match="columns missing: code"):
        price_files.read("npi,allowed,per,effective_from,effective_to\n")


def test_weights_and_days_are_kept_whole() -> None:
    """1.9005 is 19,005 ten-thousandths, 2.1 days are 21 tenths."""
    (found,) = price_files.fees(f"{FULL},DRGS,470,,,,,1.9005,2.1,2026-10-01,2027-09-30\n")
    told: tuple[Any, ...] = (found.weight, found.mean_days, found.allowed_cents, found.first, found.last)
    assert told == (19_005, 21, 0, date(2026, 10, 1), date(2027, 9, 30))
