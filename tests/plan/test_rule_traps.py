"""The traps that toy systems fall into (domain 0), those that touch the decision of claims: test_trap_NUMBER."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from plan_cases import ALAN, BIANCA, C1, C6, ELI, OPENING, case, codes, decide, h1_decision, service
from rule_cases import covered, decided, lines, one, told

from gateway.flow.parties import Sponsor
from gateway.flow.route import shard_of
from gateway.plan.claims import adjudication
from gateway.plan.claims.case import PriorClaim
from gateway.plan.records import LineDecision
from mappings.records import Adjustment, Procedure


def test_trap_1_money_is_whole_cents() -> None:
    """Three lines of 33.33 at 20% are 6.67 each, 20.01 in all, and every amount of the decision is an integer."""
    met = {("M01", 2026, "in", "deductible"): 100000}
    third = msgspec.structs.replace(service(1, "80053", 0, date(2026, 3, 16)), charge_cents=3333)
    thirds = lines(*(msgspec.structs.replace(third, number=at) for at in (1, 2, 3)))
    fees = tuple(msgspec.structs.replace(row, allowed_cents=3333) for row in case(C1, ALAN).fees)
    decision = decided(case(thirds, ALAN, fees=fees, totals=met))
    assert [codes(line) for line in decision.lines] == [[("PR", "2", 667)]] * 3
    amounts = [cents for line in decision.lines for _, _, cents in codes(line)]
    assert {type(each) for each in (decision.paid_cents, decision.patient_cents, *amounts)} == {int}


@pytest.mark.parametrize(("last", "result"), [(date(2026, 3, 16), "paid"), (date(2026, 3, 15), "PR-27")])
def test_trap_6_the_last_covered_day_is_covered(last: date, result: str) -> None:
    """DTP*349 is inclusive: a service on that day is paid, on the next one denied."""
    assert told(case(one(), covered((date(2026, 1, 1), last)))) == [result]


def test_trap_7_the_familys_deductible_limits_the_persons() -> None:
    """Golden C5 takes 975.00 of deductible and not 1,000.00: the family has 1,025.00 of its 2,000.00."""
    decisions, _ = decide(["C1", "C5"])
    assert ("PR", "1", 97500) in codes(decisions["C5"].lines[0])


def test_trap_8_the_maximum_is_met_inside_a_line() -> None:
    """Golden C5: of 2,145.00 coinsurance 2,025.00 are left, the rest of the line and the next line pay 100%; so does
    the whole of C8."""
    decisions, _ = decide(["C1", "C5", "C8"])
    first, second = decisions["C5"].lines
    assert codes(first) == [("CO", "45", 430000), ("PR", "1", 97500), ("PR", "2", 202500)]
    assert (first.paid_cents, second.paid_cents, codes(second)) == (870000, 30000, [("CO", "45", 20000)])
    assert [line.paid_cents for line in decisions["C8"].lines] == [1770000, 30000]


def test_trap_9_a_reversal_repeats_the_original_negated() -> None:
    """H1 taken back: CO-45, PR-1 and PR-2 as they were, negated, no group CR, and the accumulators given back."""
    back = adjudication.reverse(h1_decision(), 2, "N694")
    assert codes(back.lines[0]) == [("CO", "45", -50000), ("PR", "1", -100000), ("PR", "2", -10000)]
    assert [(each.kind, each.cents) for each in back.entries] == [
        ("deductible", -100000), ("oop", -110000), ("paid", -40000),
    ]  # fmt: skip


def test_trap_11_a_secondary_claim_repeats_nothing_of_the_primary_as_45() -> None:
    """Golden C6: the primary's 200.00 are in OA-23 and in no CO-45; only a share we leave to the patient is PR."""
    assert codes(decided(case(C6, ELI, totals=OPENING)).lines[0]) == [("OA", "23", 68000)]
    unmet = decided(case(C6, ELI))
    assert codes(unmet.lines[0]) == [("OA", "23", 68000), ("PR", "1", 12000)]


def test_trap_17_a_family_has_one_lane() -> None:
    """Everybody of a family is decided in one lane, however many a sponsor has; the order of claims then tells who
    takes the family's deductible (domain 4.8)."""
    many = Sponsor(id="x", name="X", groups=(), partner="x", plans={}, shards=8)
    assert len({shard_of(each.family_root, many) for each in (ALAN, BIANCA)}) == 1
    first, _ = decide(["C1", "C5"])
    swapped, _ = decide(["C5", "C1"])
    assert (first["C1"].paid_cents, swapped["C1"].paid_cents) == (9500, 11500)
    assert ("PR", "1", 100000) in codes(swapped["C5"].lines[0])


def test_trap_18_a_claim_is_a_duplicate_whatever_file_brought_it() -> None:
    """The third level: the same service in another claim, with another patient control number, is OA-18."""
    renamed = msgspec.structs.replace(C1, pcn="OTHER", clearinghouse_no="NEW")
    assert told(case(renamed, ALAN, history=(PriorClaim(icn="1", claim=C1),))) == ["OA-18", "OA-18"]


def test_a_line_that_does_not_balance_cannot_be_made() -> None:
    """Charge is paid plus adjustments, or the record refuses (domain 5.2)."""
    wrong = (Adjustment(group="CO", reason="45", cents=1),)
    with pytest.raises(ValueError, match="does not balance"):
        LineDecision(
            number=1, procedure=Procedure(code="x"), charge_cents=100, paid_cents=100, adjustments=wrong,
            first=date(2026, 3, 16), last=date(2026, 3, 16),
        )  # fmt: skip
