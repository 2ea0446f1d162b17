"""Laws of accumulators: sums of entries, and what embedded, aggregate and crossed limits leave."""

from __future__ import annotations

import msgspec
import pytest
from plan_cases import ALAN, BIANCA, CODY, LAKELINE, PLAN, entry

from gateway.plan.claims import accumulators
from gateway.plan.claims.costshare import share


def test_entries_that_cancel_leave_nothing() -> None:
    """An entry and its negation restore the totals, which are never changed in place."""
    one = entry(ALAN, "oop", 500)
    before = accumulators.apply({}, (entry(BIANCA, "oop", 1),))
    after = accumulators.apply(before, (one, msgspec.structs.replace(one, cents=-500)))
    assert after == before == {("M02", 2026, "in", "oop"): 1}


def test_embedded_family_deductible_can_be_what_is_left() -> None:
    """Cody 1,000.00 and Alan 25.00 leave Bianca 975.00 of the family's 2,000.00, not her own 1,000.00."""
    totals = accumulators.apply({}, (entry(CODY, "deductible", 100000), entry(ALAN, "deductible", 2500)))
    room = accumulators.room(totals, PLAN, "in", "M02", 2026, alone=False)
    assert (room.deductible, room.family_deductible, room.deductible_left) == (0, 102500, 97500)


def test_other_years_and_kinds_do_not_count() -> None:
    """A benefit year starts at 0 whatever other years hold."""
    totals = accumulators.apply({}, (msgspec.structs.replace(entry(ALAN, "deductible", 100000), year=2025),))
    assert accumulators.room(totals, PLAN, "in", "M01", 2026, alone=False).deductible_left == 100000


@pytest.mark.parametrize(("alone", "left"), [(True, 170000), (False, 340000)])
def test_aggregate_has_no_individual_deductible_in_a_family(alone: bool, left: int) -> None:
    """With dependants the family amount must be met; an employee alone has the individual one."""
    assert accumulators.room({}, LAKELINE, "in", "M01", 2026, alone).deductible_left == left


def test_embedded_and_aggregate_of_one_member() -> None:
    """Allowed 1,800.00: embedded 1,000/2,000 at 20% pays 640.00, aggregate 2,000.00 pays nothing."""
    tier = PLAN.in_network
    aggregate = msgspec.structs.replace(tier.deductible, kind="aggregate")
    other = msgspec.structs.replace(PLAN, in_network=msgspec.structs.replace(tier, deductible=aggregate))
    benefit = LAKELINE.benefits[-1]
    for plan, deductible, coinsurance in ((PLAN, 100000, 16000), (other, 180000, 0)):
        shares = share(180000, benefit, tier, accumulators.room({}, plan, "in", "M01", 2026, False), True)
        assert (shares.deductible, shares.coinsurance) == (deductible, coinsurance)


def test_one_person_is_capped_in_an_aggregate_maximum() -> None:
    """The family maximum is aggregate, yet one person stops at the cap."""
    totals = accumulators.apply({}, (entry(ALAN, "oop", 1050000),))
    assert accumulators.room(totals, LAKELINE, "in", "M01", 2026, False).oop_left == 10000
    assert accumulators.room(totals, LAKELINE, "in", "M02", 2026, False).oop_left == 150000


@pytest.mark.parametrize(
    ("cross", "inside", "outside"), [("none", 0, 700), ("out_counts_to_in", 700, 700), ("shared", 1000, 1000)]
)
def test_crossing(cross: str, inside: int, outside: int) -> None:
    """What counts against the limits of a tier is the plan's choice."""
    far = msgspec.structs.replace(entry(ALAN, "deductible", 700), tier="out")
    near = entry(ALAN, "deductible", 300)
    plan = msgspec.structs.replace(LAKELINE, cross=cross)
    totals = accumulators.apply({}, (far, near) if cross == "shared" else (far,))
    used = [accumulators.room(totals, plan, tier, "M01", 2026, False).deductible for tier in ("in", "out")]
    assert used == [inside, outside]
