"""Laws of stop-loss in the pipeline: which policy year, what is netted, what is taken back, what a notice says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import BadData
from gateway.flow import loading
from gateway.settings import shipped
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import notice, recovery
from tests.flow.world import METRO_C8, World, asked, begun, changed, golden, only, play_golden, recounted, renumbered
from tests.golden.test_golden_variants import received, void_of_c8

POLICY = (shipped() / "policies" / "bluebonnet.toml").read_text()
RENEWAL = (("first = 2026-01-01", "first = 2027-01-01"), ("last = 2026-12-31", "last = 2027-12-31"))


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation before the golden scenario."""
    return begun(store, keys, tmp_path, day=None)


def load(world: World, folder: Path, *changes: tuple[str, str]) -> None:
    """Loads the sample policy with pieces replaced."""
    text = POLICY
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "policy.toml").write_text(text)
    loading.load(world.context, [folder / "policy.toml"], "test")


def kinds(world: World) -> list[str]:
    """Kinds of the notices, in order."""
    return [kind for kind, *_ in world.notices()]


def paid(world: World) -> None:
    """The golden run paid and settled, SL-0001 filed, nothing received."""
    received(world)
    world.plan_run("ann", "ben")
    world.deposit(asked(world), "WIRE-1")
    for day in ("2026-04-10", "2026-04-14", "2026-04-15"):
        world.advance(day)


# ---- policy years ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("renewed", [False, True], ids=["not renewed", "renewed under the same number"])
def test_year_end_money_is_claimed_in_the_new_year(world: World, tmp_path: Path, renewed: bool) -> None:
    """What settled on the last days of a policy is claimed under it, although the step runs in the next year."""
    if renewed:
        load(world, tmp_path, *RENEWAL)
    world.advance("2026-04-06")
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    world.advance("2026-12-22")
    world.send("clearpath", "claims.837", golden("in.837p").replace(b"260406", b"261222"))
    world.plan_run("ann", "ben")
    world.deposit(asked(world), "WIRE-1")
    world.advance("2027-01-10")
    assert world.recoveries() == [("SL-0001", 17_000_00, "filed")]
    assert world.books()["1200"] == 17_000_00


def test_run_out_counts_under_the_policy_that_ended(world: World, tmp_path: Path) -> None:
    """Under 12/15 what was incurred in 2026 and is paid in January 2027 is the old policy's, notices and money."""
    load(world, tmp_path, ('basis = "12/12"', 'basis = "12/15"'))
    load(world, tmp_path, ('number = "HRL-2026-0417"', 'number = "HRL-2027-0417"'), *RENEWAL)
    world.advance("2026-04-06")
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    world.advance("2027-01-08")
    world.send("clearpath", "claims.837", golden("in.837p").replace(b"260406", b"270108"))
    assert kinds(world) == ["TRIGDX", "SPEC50", "SPEC100"]
    world.plan_run("ann", "ben")
    world.deposit(asked(world), "WIRE-1")
    world.advance("2027-01-25")
    (claim,) = world.rows(recovery)
    assert (claim.amount_cents, claim.policy_no) == (17_000_00, "HRL-2026-0417 2026-01-01")


def test_a_policy_of_somebody_else_is_not_loaded(world: World, tmp_path: Path) -> None:
    """A sponsor cannot name a policy that insures another employer."""
    with pytest.raises(BadData, match="insures lakeline, not sponsor bluebonnet"):
        load(world, tmp_path, ('employer = "bluebonnet"', 'employer = "lakeline"'))


# ---- taking back -----------------------------------------------------------------------------------------------------


def test_a_void_before_the_carrier_paid_withdraws_the_claim(world: World) -> None:
    """What the carrier has not paid is withdrawn, not owed: 1200 and 5900 go back to zero and 2200 stays empty."""
    paid(world)
    assert world.recoveries() == [("SL-0001", 17_000_00, "filed")]
    world.send("clearpath", "void.837", void_of_c8())
    world.plan_run()
    world.advance("2026-04-30")
    books = world.books()
    assert (books["1200"], books["5900"], books.get("2200", 0)) == (0, 0, 0)
    assert world.recoveries() == [("SL-0001", 0, "withdrawn")]
    with pytest.raises(BadData, match=r"has 0\.00 open"):
        world.carrier_pays("SL-0001", 1)


def test_what_the_carrier_paid_of_a_voided_claim_is_owed(world: World) -> None:
    """Of 17,000.00 filed and 5,000.00 received, a void withdraws 12,000.00 and leaves 5,000.00 the carrier's."""
    paid(world)
    world.carrier_pays("SL-0001", 5_000_00)
    world.send("clearpath", "void.837", void_of_c8())
    world.plan_run()
    world.advance("2026-04-30")
    books = world.books()
    assert (books["1200"], books["5900"], books["2200"]) == (0, 0, -5_000_00)


# ---- notices ---------------------------------------------------------------------------------------------------------


def test_a_claim_replaced_by_itself_tells_nothing(world: World) -> None:
    """A replacement takes back and pays in one event: the total never fell, so no notice says it did."""
    play_golden(world, last="2026-04-15")
    world.advance("2026-04-16")
    before = kinds(world)
    again = changed(
        only(golden("in.837p"), METRO_C8),
        ("CLM*MOG-9002*25000***11:B:1*", "CLM*MOG-9002*25000***11:B:7*"),
        ("REF*G1*PA7781", "REF*G1*PA7781~\nREF*F8*26096000008"),
    )
    world.send("clearpath", "again.837", recounted(renumbered(again, "000000209", "REPL")))
    assert [row.paid_cents for row in world.claims() if row.pcn == "MOG-9002"] == [0, 18_000_00]
    assert kinds(world) == before


def figures(world: World) -> list[tuple[str, Any]]:
    """Kind and figures of every notice."""
    return [(row.kind, json.loads(row.body)["claims"]) for row in world.rows(notice)]


def test_the_figures_of_a_notice_are_of_one_moment(world: World) -> None:
    """Charge, allowed and paid of a notice are of the claims decided up to the one it names; among them one of the
    former administrator, 4,500.00 charged, 3,000.00 allowed and all of it the patient's."""
    received(world)
    names = ("charge_cents", "allowed_cents", "paid_to_date_cents", "pended_cents")
    found = [(kind, *(told[name] for name in names)) for kind, told in figures(world)]
    c5, both = (16_500_00, 12_000_00, 9_000_00, 0), (41_500_00, 30_000_00, 27_000_00, 0)
    assert found == [("TRIGDX", *c5), ("SPEC50", *c5), ("SPEC100", *both)]
