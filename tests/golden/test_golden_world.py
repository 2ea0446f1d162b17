"""The golden scenario in one process, on both databases, and what it becomes when prices or the order change."""

from __future__ import annotations

import json
from pathlib import Path

import plain_arithmetic as plain
import pytest

from gateway.store.engine import Store
from gateway.store.keys import Keys
from tests.flow.world import HILLCREST, LAKESIDE, METRO_C5, METRO_C8, World, golden, only, play_golden

HERE = Path(__file__).parent
EXPECTED = json.loads((HERE / "expected.json").read_text())
PEOPLE = ("M01", "M02", "M03", "M04", "M05", "M06")


def check(world: World, worked: plain.Worked, order: tuple[str, ...] = plain.ORDER) -> None:
    """What the gateway came to is what the pencil came to."""
    found = world.result()
    claims = {name: found["claims"][n] for n, name in enumerate(order)}
    assert {n: (c["paid_cents"], c["patient_cents"]) for n, c in claims.items()} == worked.claims
    assert {n: c["icn"] for n, c in claims.items()} == {n: str(26096000001 + k) for k, n in enumerate(order)}
    assert found["accumulators"] == [
        {"member": m, "deductible_cents": worked.deductible.get(m, 0), "oop_cents": worked.oop.get(m, 0)}
        for m in PEOPLE
    ]
    paid = {row["payee_npi"]: (row["bpr02_cents"], row["plb_cents"]) for row in found["remittances"]}
    assert paid == {npi: (max(0, cents), min(0, cents)) for npi, cents in worked.net.items()}
    assert (found["funding_request_cents"], found["disbursed_cents"]) == (worked.request, worked.disbursed)
    assert {a: c for a, c in world.books().items() if c} == worked.trial_balance()
    metro = {name: claims[name]["icn"] for name in ("C5", "C8")}
    assert found["notices"] == [
        {"kind": kind, "member": "M02", "claim": metro[name]}
        for kind, name in (("TRIGDX", "C5"), ("SPEC50", "C5"), ("SPEC100", "C8"))
    ]
    assert found["acks"] == {"999": 2, "277CA": 1, "TA1": 0}


def test_pencil_agrees_with_the_published_answers() -> None:
    """The independent arithmetic of these tests gives the scenario's published answers."""
    worked = plain.work_out()
    assert worked.claims == {name: (c["paid"], c["pr"]) for name, c in EXPECTED["claims"].items()}
    assert worked.deductible == EXPECTED["ded"]
    assert worked.oop == EXPECTED["oop"]
    assert list(worked.net.values()) == [65606, 2700000, -12000]
    assert worked.request == EXPECTED["funding_request"]
    published = {account[:4]: cents for account, cents in EXPECTED["trial_balance"].items() if cents}
    assert worked.trial_balance() == published


@pytest.mark.parametrize("fees", [plain.FEES, plain.a_cent_more()], ids=["as published", "a cent more"])
def test_golden(store: Store, keys: Keys, tmp_path: Path, fees: str) -> None:
    """The scenario gives its answers on both databases, and follows when every fee is a cent higher."""
    world = World(store, keys, tmp_path, fees=fees)
    play_golden(world)
    check(world, plain.work_out(fees))


def test_order_of_claims(store: Store, keys: Keys, tmp_path: Path) -> None:
    """With C5 before C1 Bianca's deductible comes first and Alan's laboratory is paid: the money follows the order."""
    order = ("C5", "C1", "C2", "C3", "C4", "C6", "C7", "C8")
    world = World(store, keys, tmp_path)
    play_golden(world, only(golden("in.837p"), METRO_C5, LAKESIDE, HILLCREST, METRO_C8))
    worked = plain.work_out(order=order)
    check(world, worked, order)
    assert worked.claims["C1"] == (11500, 3500)
    assert (worked.net[plain.LAKESIDE], worked.disbursed, worked.request) == (67606, 2767606, 1767606)
    assert worked.deductible["M02"] == 100000
    assert sum(worked.oop.get(m, 0) for m in ("M01", "M02", "M03")) == 407500
