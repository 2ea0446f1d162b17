"""The roll: every row and outcome of domain 4.2 and 4.6, and every claims trap of domain 0, has a test of its name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parent

EDITS = (
    "1_front_end", "2_unknown_original", "2_replacement_reverses_first",
    "3_mbr_waits", "3_pr_31", "3_reject_setting", "3_pr_32", "3_pr_140", "3_mbr_several", "3_newborn",
    "4_pr_26", "4_pr_27", "4_pr_200", "4_pr_238", "4_oa_239", "4_cob_cobra_unpaid",
    "5_pr_19_20_21", "5_acc", "5_oa_22_ma04", "5_oa_109",
    "6_co_b7", "6_co_185", "6_co_208", "6_pr_242", "6_prv",
    "7_oa_18", "7_oa_b13", "7_dup", "7_modifiers_clear",
    "8_co_29", "8_pr_29", "8_tim_delay_reason",
    "9_co_4", "9_co_5", "9_co_6", "9_co_7", "9_co_11", "9_co_236", "9_co_97", "9_co_16",
    "10_pr_96_204_55_oa_254_168", "10_co_50", "10_med",
    "11_co_222_n362", "11_pr_119",
    "12_co_197", "12_co_198", "12_co_210", "12_auth",
    "13_co_45", "13_pr_45", "13_oa_94", "13_prc", "14_oa_23",
    "15_pr_1_deductible_pr_2_coinsurance", "15_pr_3", "15_caps", "16_paid_adds_up", "16_aud",
    "0_first_objection_decides",
)  # fmt: skip
"""Rows of domain 4.2 with their outcomes."""

COORDINATION = (
    "dependency", "active_before_retired", "birthday_earlier", "birthday_tie", "decree_then_custodial",
    "cobra_after_active", "longer_coverage", "medicare_working_aged_20", "medicare_disability_100",
    "medicare_esrd_30", "tricare", "medicaid_last", "method_standard", "method_maintenance", "method_non_duplication",
    "rfi_1696", "clp02", "b6", "no_savings_bank", "accumulators_count", "disagreement_on_sbr01",
)  # fmt: skip
"""Rules and rows of domain 4.6."""

TRAPS = ("1", "6", "7", "8", "9", "11", "17", "18")
"""Traps of domain 0 that a decision can fall into."""

ELSEWHERE = {
    "row 11: PR-35, a lifetime maximum of the plan": (
        "plan/test_benefit_limits.py", "test_lifetime_maximum_of_the_plan",
    ),
    "row 11: PR-119 and PR-149, dollars of a year and of a lifetime": (
        "plan/test_benefit_limits.py", "test_dollars_of_a_year_and_of_a_lifetime",
    ),
    "row 11: PR-179, a waiting period": (
        "plan/test_benefit_limits.py", "test_waiting_period_from_the_first_covered_day",
    ),
    "row 12: CO-197, a penalty in its place": (
        "plan/test_benefit_limits.py", "test_a_penalty_in_place_of_a_denial",
    ),
    "row 13: the No Surprises Act keeps the share, and whom it protects": (
        "plan/test_pricing.py", "test_what_the_no_surprises_act_protects",
    ),
    "row 13: the qualifying payment amount, N859 and N862": (
        "plan/test_pricing.py", "test_an_emergency_is_priced_by_the_qualifying_payment_amount",
    ),
    "row 13: CO-222, more units than the contract allows": (
        "plan/test_pricing.py", "test_more_units_than_agreed_are_denied",
    ),
    "row 13: OA-109, a service the network sends elsewhere": (
        "plan/test_pricing.py", "test_services_carved_out_are_not_the_networks",
    ),
    "row 13: RPR, a repricer declined": ("plan/test_pricing.py", "test_a_declined_repricing_waits_for_a_person"),
    "row 13: one procedure denied, the others priced without it": (
        "plan/test_pricing_claims.py", "test_a_denied_line_takes_no_place_among_several_procedures",
    ),
    "trap 10: no 835 pays less than nothing": (
        "plan/test_payment.py", "test_negative_net_is_forwarded_under_this_trace_and_nothing_is_paid",
    ),
    "trap 13: nothing is paid twice": ("store/test_outbox.py", "test_a_name_leaves_once"),
    "trap 18: a file again, a batch again": (
        "flow/test_repeats.py", "test_an_accepted_batch_under_a_new_number_waits_for_a_person",
    ),
}  # fmt: skip
"""Rows and traps whose law stands in another room: what it is, and where."""


def names_of(path: Path) -> list[str]:
    """The names of a module's tests."""
    tree = ast.parse(path.read_text())
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


@pytest.mark.parametrize(
    ("file", "rows"),
    [
        ("test_rule_edits.py", EDITS),
        ("test_rule_coordination.py", COORDINATION),
        ("test_rule_traps.py", tuple(f"trap_{each}" for each in TRAPS)),
    ],
)
def test_every_row_has_a_test(file: str, rows: tuple[str, ...]) -> None:
    """No row of the tables is without a test that bears its name."""
    names = names_of(HERE / file)
    assert [row for row in rows if not any(f"{name}_".startswith(f"test_{row}_") for name in names)] == []


@pytest.mark.parametrize("law", sorted(ELSEWHERE))
def test_laws_of_other_rooms_are_tested_there(law: str) -> None:
    """The test a law is left to exists."""
    file, name = ELSEWHERE[law]
    assert name in names_of(HERE.parent / file)
