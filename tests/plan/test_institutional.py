"""Laws of institutional claims: several bills of a stay, late charges, what a hospital caused, duplicates."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from plan_cases import BIANCA, PLAN, case, codes
from priced import agreed, charged, row, stay

from gateway.plan.claims import adjudication
from gateway.plan.claims.case import PriorClaim
from gateway.plan.records import Decision
from mappings.records import Claim

DRG = """
[[packages]]
name = "inpatient"
kinds = ["I"]
bill_types = ["11"]
method = "{method}"
{words}
"""
ONE_PRICE = agreed(DRG.format(method="drg", words='schedule = "D"'))
BY_DAY = agreed(DRG.format(method="per_diem", words="amount = 1000"))
WAIVED = replace(PLAN, in_network=replace(PLAN.in_network, coinsurance=0, deductible=replace(
    PLAN.in_network.deductible, individual_cents=0, family_cents=0)))  # fmt: skip
ROOM, DRUGS = charged(1, "", 9_000_00, revenue="0120", units="3"), charged(2, "", 3_000_00, revenue="0250")


def admitted(frequency: str, *lines: Any, **changed: Any) -> Claim:
    """A bill of a stay that began on the 20th of March."""
    claim = stay(*lines or (ROOM, DRUGS), drg="194", frequency=frequency, **changed)
    assert claim.stay is not None
    return replace(claim, stay=replace(claim.stay, admitted=claim.stay.first))


def decided(claim: Claim, *history: PriorClaim, contract: Any = ONE_PRICE, plan: Any = WAIVED, **more: Any) -> Decision:
    fees = (row("194", 8_000_00, "D"),)
    seen = case(claim, BIANCA, plan=plan, contracts=(contract,), fees=fees, history=history, **more)
    return adjudication.adjudicate(seen, seen.received)


def billed(claim: Claim, icn: str, *allowed: int, waits: bool = False) -> PriorClaim:
    """An earlier bill, its lines allowed so much."""
    return PriorClaim(icn=icn, claim=claim, allowed=dict(enumerate(allowed, 1)), waits=waits)


def later(claim: Claim, lines: tuple[Any, ...] = (ROOM, DRUGS)) -> Claim:
    """The bill of the days after another one's."""
    assert claim.stay is not None
    first, last = claim.stay.last.replace(day=24), claim.stay.last.replace(day=28)
    return replace(claim, stay=replace(claim.stay, first=first, last=last),
                   lines=tuple(replace(line, first=first, last=last) for line in lines))  # fmt: skip


@pytest.mark.parametrize(("frequency", "had"), [("3", 8_000_00), ("4", 8_000_00), ("4", 6_000_00), ("4", 0)])
def test_a_stay_has_one_price_over_its_bills(frequency: str, had: int) -> None:
    """The first, continuing and last bills of a stay are allowed its price of 8,000.00 once, together; one that nothing
    is left for is CO-97."""
    before = billed(admitted("2"), "1", had * 3 // 4, had // 4)
    made = decided(later(admitted(frequency)), before)
    if had == 8_000_00:
        assert [codes(line) for line in made.lines] == [[("CO", "97", 9_000_00)], [("CO", "97", 3_000_00)]]
    assert sum(line.allowed_cents or 0 for line in made.lines) == 8_000_00 - had


def test_days_are_paid_by_each_bill() -> None:
    """Per diem, each interim bill is paid its own days: 4 days of the second, whatever the first had."""
    made = decided(later(admitted("4")), billed(admitted("2"), "1", 3_000_00, 0), contract=BY_DAY)
    assert sum(line.allowed_cents or 0 for line in made.lines) == 4_000_00


def test_an_earlier_bill_that_waits_is_waited_for() -> None:
    """Nobody knows what is left of the price while an earlier bill of the stay waits."""
    made = decided(later(admitted("4")), billed(admitted("2"), "77", waits=True))
    assert made.pend is not None and made.pend.queue == "PRC" and "77" in made.pend.reason


def test_earlier_bills_had_more() -> None:
    """Where the earlier bills were allowed more than the stay's price, a person asks for a correction."""
    made = decided(later(admitted("4")), billed(admitted("2"), "1", 8_000_01, 0))
    assert made.pend is not None and "8,000.01" in made.pend.reason


def test_a_whole_bill_is_no_interim_bill() -> None:
    """Admission through discharge (xx1) is priced for itself: a second stay of the same day is no part of the first."""
    made = decided(later(admitted("1")), billed(admitted("2"), "1", 8_000_00, 0))
    assert sum(line.allowed_cents or 0 for line in made.lines) == 8_000_00


def test_late_charges_want_their_bill() -> None:
    """A bill of late charges (xx5) is CO-107 without the one it adds to, and contained in a price that is paid."""
    late = admitted("5", charged(1, "", 400_00, revenue="0270"))
    assert codes(decided(late).lines[0]) == [("CO", "107", 400_00)]
    assert codes(decided(late, billed(admitted("1"), "1", 6_000_00, 2_000_00)).lines[0]) == [("CO", "97", 400_00)]


@pytest.mark.parametrize(("present", "outcome"), [("Y", "paid"), ("W", "paid"), ("N", "MED"), ("U", "MED"), ("", "16")])
def test_what_a_hospital_caused(present: str, outcome: str) -> None:
    """A listed diagnosis that was not present on admission waits for a clinician (N, U); unsaid it is CO-16 N434."""
    claim = admitted("1", diagnoses=("J189", "T8141XA"), present=("Y", present))
    made = decided(claim, plan=replace(WAIVED, hospital_acquired=("T814",)))
    told = made.pend.queue if made.pend else made.outcome
    if outcome == "16":
        assert [(line.adjustments[0].reason, line.remarks) for line in made.lines] == [("16", ("N434",))] * 2
    else:
        assert told == outcome


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, "18"),
        ({"facility_code": "13"}, "paid"),
        ({"lines": (replace(ROOM, revenue="0130"),)}, "paid"),
        ({"lines": (replace(ROOM, charge_cents=100),)}, "DUP"),
    ],
)
def test_duplicates_of_hospitals(changed: dict[str, Any], told: str) -> None:
    """The same revenue code of the same days is a copy; another type of bill or revenue code is none, another charge
    resembles it."""
    prior = billed(admitted("1", ROOM), "1", 8_000_00)
    lines = changed.get("lines", (ROOM,))
    claim = replace(admitted("1", *lines), **{key: value for key, value in changed.items() if key != "lines"})
    contract = agreed('[[terms]]\nname = "all"\nmethod = "percent_of_charge"\npercent = 50')
    made = decided(claim, prior, contract=contract)
    assert told == (
        made.pend.queue if made.pend else "paid" if made.outcome == "paid" else made.lines[0].adjustments[0].reason
    )


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=6), st.data())
def test_bills_of_a_stay_add_up(charges: list[int], data: st.DataObject) -> None:
    """However a stay is cut into bills, in whatever order they come, they are allowed its price together."""
    charges = [each + 8_000_00 for each in charges]
    history: list[PriorClaim] = []
    for at, cents in enumerate(data.draw(st.permutations(charges))):
        frequency = data.draw(st.sampled_from(("2", "3", "4", "5"))) if history else "2"
        claim = admitted(frequency, charged(1, "", cents, revenue=f"01{at}0"))
        made = decided(claim, *history)
        assert made.pend is None
        history.append(billed(claim, str(at), made.lines[0].allowed_cents or 0))
    assert sum(each.allowed[1] for each in history) == 8_000_00
