"""Laws of where a charge went."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from plan_cases import C5, GOLDEN_CLAIMS, decide

from gateway.plan.claims import breakdown, codes, explanation
from gateway.plan.claims.breakdown import PARTS
from gateway.plan.records import LineDecision
from mappings.records import Adjustment, Procedure

DECIDED = decide(GOLDEN_CLAIMS)[0]
ADJUSTMENTS = st.lists(
    st.builds(
        Adjustment, group=st.sampled_from(("CO", "PR", "OA", "PI")),
        reason=st.sampled_from([row.code for row in codes.REASONS]), cents=st.integers(-10_000, 10_000),
    ), max_size=6,
)  # fmt: skip


@given(ADJUSTMENTS, st.integers(0, 50_000), st.booleans())
def test_the_parts_of_a_charge_add_up_to_it(taken: list[Adjustment], paid: int, denied: bool) -> None:
    """Charge = contract + denied + member + other payers + plan, whatever the codes, line by line and together."""
    day = date(2026, 3, 1)
    charge = paid + sum(each.cents for each in taken)
    line = LineDecision(number=1, procedure=Procedure(code="99213"), charge_cents=charge, paid_cents=paid,
                        denied=denied, adjustments=tuple(taken), first=day, last=day)  # fmt: skip
    assert sum(part.cents for part in breakdown.parts(line)) == charge
    assert sum(breakdown.totals([line, line]).values()) == 2 * charge
    assert tuple(breakdown.totals([line])) == PARTS


def test_every_amount_of_the_golden_claims_names_the_step_that_decided_it() -> None:
    """No amount stands without a reason, and a step that says an amount of a part says that part's."""
    for decision in DECIDED.values():
        for line in decision.lines if decision.outcome != "reversal" else ():
            for part in breakdown.parts(line):
                assert part.because or (line.denied and part.where == "plan"), (decision.icn, part)
                if part.where == "member":
                    assert part.cents in [step.cents for step in part.because]


def test_the_reader_sees_it_add_up() -> None:
    """C5: 16,000.00 is discount, member's share and payment; with its second line 16,500.00 (domain 10.3)."""
    told = explanation.lines(DECIDED["C5"], C5)
    assert "  16,000.00 = 4,300.00 provider's discount + 3,000.00 member's share + 8,700.00 plan pays" in told
    assert (
        told[-1] == "Together 16,500.00 = 4,500.00 provider's discount + 3,000.00 member's share + 9,000.00 plan pays"
    )
    assert breakdown.equation(DECIDED["C6"].lines) == "800.00 = 680.00 other payers + 120.00 plan pays"
    assert breakdown.equation(DECIDED["C2"].lines) == "150.00 = 150.00 not covered + 0.00 plan pays"
