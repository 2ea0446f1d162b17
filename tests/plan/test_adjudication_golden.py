"""The golden scenario's claims, exact to the cent, and its variants that concern decisions."""

from __future__ import annotations

import json
from datetime import date

import msgspec
import pytest
from plan_cases import (
    GOLDEN,
    GOLDEN_CLAIMS,
    H1_ICN,
    PLAN,
    TODAY,
    WHO,
    case,
    codes,
    decide,
)

from gateway.plan.claims import accumulators, adjudication
from gateway.plan.claims.case import PriorClaim

EXPECTED = json.loads((GOLDEN / "expected.json").read_text())
ORDER = tuple(GOLDEN_CLAIMS)
PEOPLE = ("M01", "M02", "M03", "M04", "M05", "M06")


@pytest.mark.parametrize("name", ORDER)
def test_golden_claim(name: str) -> None:
    """Every golden claim has the status, amounts, codes and order of codes the independent computation gives."""
    expected, decision = EXPECTED["claims"][name], decide(ORDER)[0][name]
    assert (decision.icn, decision.status) == (expected["icn"], expected["status"])
    assert decision.charge_cents == expected["charge"]
    assert (decision.paid_cents, decision.patient_cents) == (expected["paid"], expected["pr"])
    lines = [[line.paid_cents, [list(code) for code in codes(line)]] for line in decision.lines]
    assert lines == [line[1:] for line in expected["lines"]]


def test_golden_accumulators() -> None:
    """After the eight claims every person and both families stand where the scenario says."""
    totals = decide(ORDER)[1]
    for word, kind in (("ded", "deductible"), ("oop", "oop"), ("paid", "paid")):
        sums = {each: accumulators.person_sum(totals, each, 2026, kind) for each in PEOPLE}
        assert {each: cents for each, cents in sums.items() if cents} == {
            each: cents for each, cents in EXPECTED[word].items() if cents
        }
    reeds = {key: cents for key, cents in totals.items() if key[0] in ("M01", "M02", "M03")}
    assert accumulators.family_sum(reeds, 2026, "deductible") == 200000
    assert accumulators.family_sum(reeds, 2026, "oop") == 409500
    assert accumulators.family_sum(reeds, 2026, "paid") == 2725500


def test_golden_details_the_remittance_needs() -> None:
    """C2 tells the last covered day and 0 units paid, C6 the COB allowable, C7 its original, the reversal why."""
    decisions, _ = decide(ORDER)
    assert decisions["C2"].coverage_end == date(2026, 2, 28)
    assert decisions["C2"].outcome == decisions["C3"].outcome == "denied"
    assert decisions["C2"].lines[0].denied and decisions["C2"].lines[0].allowed_cents is None
    assert decisions["C6"].lines[0].allowed_cents == 60000
    assert decisions["C7"].original_icn == H1_ICN
    assert decisions["H1"].remarks == ("N694",)
    assert [line.allowed_cents for line in decisions["C5"].lines] == [1170000, 30000]
    assert decisions["C5"].lines[0].authorisation == "PA7781"


def test_reversal_of_h1_repeats_its_codes() -> None:
    """The reversal of a taken-over claim negates each original adjustment and keeps the ICN."""
    reversal = decide(("C7",))[0]["H1"]
    assert (reversal.icn, reversal.status, reversal.outcome) == (H1_ICN, "22", "reversal")
    assert (reversal.charge_cents, reversal.paid_cents) == (-200000, -40000)
    assert codes(reversal.lines[0]) == [("CO", "45", -50000), ("PR", "1", -100000), ("PR", "2", -10000)]
    assert reversal.reverses == (H1_ICN, 1)


def test_variant_1_order_decides_the_money() -> None:
    """With Bianca before Alan she takes the whole deductible and his laboratory line pays 20.00."""
    decisions, totals = decide(("C5", "C1", "C2", "C3", "C4", "C6", "C7", "C8"))
    assert codes(decisions["C5"].lines[0]) == [("CO", "45", 430000), ("PR", "1", 100000), ("PR", "2", 200000)]
    assert decisions["C5"].paid_cents == 900000
    assert codes(decisions["C1"].lines[1]) == [("CO", "45", 3500), ("PR", "2", 500)]
    assert decisions["C1"].paid_cents == 11500
    reeds = {key: cents for key, cents in totals.items() if key[0] in ("M01", "M02", "M03")}
    assert accumulators.family_sum(reeds, 2026, "oop") == 407500


def test_variant_2_the_same_batch_again_pays_nothing() -> None:
    """Released again, paid claims are duplicates (OA-18) and the denied one is denied for its own reason (PR-27)."""
    decisions, totals = decide(ORDER)
    for name in ("C1", "C2", "C4", "C5", "C6", "C8"):
        claim, who = GOLDEN_CLAIMS[name], WHO[name]
        paid = decisions[name].outcome == "paid"
        history = (PriorClaim(icn=decisions[name].icn, claim=claim),) if paid else ()
        again = adjudication.adjudicate(case(claim, who, icn="26096000011", totals=totals, history=history), TODAY)
        assert (again.outcome, again.paid_cents, again.entries) == ("denied", 0, ())
        wanted = ("OA", "18") if paid else ("PR", "27")
        assert [(each.group, each.reason) for line in again.lines for each in line.adjustments] == [
            wanted for _ in claim.lines
        ]


def test_variant_7_void_gives_everything_back() -> None:
    """The void of C8 takes 18,000.00 off Bianca's paid amount and leaves her cost share alone."""
    decisions, totals = decide(ORDER)
    after = accumulators.apply(totals, adjudication.reverse(decisions["C8"], 2).entries)
    assert accumulators.person_sum(after, "M02", 2026, "paid") == 900000
    assert accumulators.person_sum(after, "M02", 2026, "oop") == 300000


def test_variant_8_non_duplication_pays_nothing_second() -> None:
    """Under a carve-out C6 pays 0.00: OA-23 680 and PR-275 120, which the patient owes."""
    carve_out = msgspec.structs.replace(PLAN, cob_method="non_duplication")
    decision = decide(("C6",), carve_out)[0]["C6"]
    assert (decision.paid_cents, decision.patient_cents, decision.status) == (0, 12000, "2")
    assert codes(decision.lines[0]) == [("OA", "23", 68000), ("PR", "275", 12000)]
    assert not decision.lines[0].denied


def test_every_settled_amount_has_its_sentence() -> None:
    """Each adjustment and each payment of the golden claims is told by a step with the same amount."""
    for decision in decide(ORDER)[0].values():
        if decision.outcome == "reversal":
            continue
        for line in decision.lines:
            told = [step.cents for step in line.steps]
            assert line.paid_cents in told or line.denied
            for each in line.adjustments:
                assert each.cents in told or (each.reason == "45" and line.allowed_cents in told)
