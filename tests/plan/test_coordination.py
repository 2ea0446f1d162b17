"""Laws of coordination: the three methods, what the provider waives, and claims that tell less."""

from __future__ import annotations

import msgspec
import pytest
from plan_cases import ACME, C6, ELI, OPENING, PLAN, case, codes

from gateway.plan.claims import adjudication
from gateway.plan.claims.coordination import Coordinated, Prior, coordinate, prior_of
from gateway.plan.claims.costshare import Shares
from gateway.plan.rounding import part
from mappings.records import Adjustment, LinePayment, OtherCoverage


def twenty_percent(allowed: int) -> Shares:
    """A plan without deductible."""
    return Shares(coinsurance=part(allowed, 2000))


@pytest.mark.parametrize(
    ("method", "paid", "coinsurance", "uncovered"),
    [("standard", 24000, 0, 0), ("maintenance", 19200, 4800, 0), ("non_duplication", 0, 0, 24000)],
)
def test_methods(method: str, paid: int, coinsurance: int, uncovered: int) -> None:
    """Charge 1,000, primary allowed 800 and paid 560, ours 700 at 80%: 240, 192 or nothing; OA-23 760 in each."""
    split = coordinate(method, 100000, 70000, Prior(56000, 24000), twenty_percent)
    assert (split.paid, split.shares.coinsurance, split.uncovered) == (paid, coinsurance, uncovered)
    assert (split.prior, split.contract, split.allowable) == (76000, 0, 80000)


def test_the_part_above_our_contract_is_waived() -> None:
    """Charge 500, primary 300 + CO 125, our price 65 paid in full: OA-23 425, CO-45 10."""
    split = coordinate("standard", 50000, 6500, Prior(30000, 7500), lambda allowed: Shares())
    assert (split.paid, split.prior, split.contract) == (6500, 42500, 1000)


def test_what_the_primary_does_not_cover_is_ours_alone() -> None:
    """A primary that left everything to the patient changes nothing: our price, our share, CO-45 for the rest."""
    split = coordinate("standard", 80000, 56000, Prior(0, 80000), twenty_percent)
    assert split == Coordinated(44800, 0, 24000, Shares(coinsurance=11200), 0, 56000)


def test_an_unmet_deductible_is_the_patients_as_far_as_something_is_left() -> None:
    """The member owes of our deductible only what the primary left: 120.00, and only that accumulates."""
    decision = adjudication.adjudicate(case(C6, ELI), C6.last)
    assert decision.paid_cents == 0
    assert codes(decision.lines[0]) == [("OA", "23", 68000), ("PR", "1", 12000)]
    assert {(each.kind, each.cents) for each in decision.entries} == {("deductible", 12000), ("oop", 12000)}


def test_a_claim_told_only_as_a_whole_is_spread_over_its_lines() -> None:
    """Without 2430 the payment and the patient's part of 2320 are spread by charge, and no cent is lost."""
    lines = tuple(
        msgspec.structs.replace(C6.lines[0], number=at, charge_cents=cents, payments=())
        for at, cents in ((1, 10000), (2, 20000), (3, 3333))
    )
    told = OtherCoverage(
        responsibility="P",
        payer_id="ACME1",
        paid_cents=10001,
        adjustments=(Adjustment(group="PR", reason="2", cents=5002),),
    )
    claim = msgspec.structs.replace(C6, lines=lines, other=(told,), charge_cents=33333)
    for other, left in (
        (told, 5002),
        (msgspec.structs.replace(told, remaining_cents=4999), 4999),
        (msgspec.structs.replace(told, adjustments=()), 33333 - 10001),
    ):
        prior = prior_of(msgspec.structs.replace(claim, other=(other,)))
        assert sum(each.paid for each in prior.values()) == 10001
        assert sum(each.left for each in prior.values()) == left


def test_the_last_earlier_payer_says_what_is_left() -> None:
    """As third payer we add up what two paid, and take what the second left; a later payer's word does not count."""
    first = LinePayment(
        payer_id="ACME1", paid_cents=40000, adjustments=(Adjustment(group="PR", reason="1", cents=40000),)
    )
    second = LinePayment(payer_id="BETA", paid_cents=30000, remaining_cents=10000)
    later = LinePayment(payer_id="OMEGA", paid_cents=999, remaining_cents=1)
    line = msgspec.structs.replace(C6.lines[0], payments=(second, first, later))
    beta, omega = (OtherCoverage(responsibility=at, payer_id=payer) for at, payer in (("S", "BETA"), ("A", "OMEGA")))
    claim = msgspec.structs.replace(C6, responsibility="T", lines=(line,), other=(beta, omega, ACME))
    assert prior_of(claim) == {1: Prior(70000, 10000, 2)}
    decision = adjudication.adjudicate(case(claim, ELI, totals=OPENING), C6.last)
    assert (decision.status, decision.paid_cents) == ("3", 10000)


def test_a_line_without_charge_that_nobody_tells_of_is_nothing() -> None:
    """The 2430 of the charged line counts, as if the free one were not there (golden C6)."""
    free = msgspec.structs.replace(C6.lines[0], number=2, charge_cents=0, payments=())
    both = msgspec.structs.replace(C6, lines=(*C6.lines, free))
    assert prior_of(both) == {1: Prior(48000, 12000), 2: Prior(0, 0, 0)}
    found = adjudication.adjudicate(case(both, ELI, totals=OPENING), C6.last)
    assert (found.paid_cents, [codes(line) for line in found.lines]) == (12000, [[("OA", "23", 68000)], []])


def test_the_last_earlier_payer_may_tell_only_of_the_whole_claim() -> None:
    """The first tells its lines, the second only the claim: what the second left counts, and both paid."""
    second = OtherCoverage(
        responsibility="S",
        payer_id="BETA",
        paid_cents=10000,
        adjustments=(Adjustment(group="OA", reason="23", cents=68000), Adjustment(group="PR", reason="2", cents=2000)),
    )
    claim = msgspec.structs.replace(C6, responsibility="T", other=(second, ACME))
    assert prior_of(claim) == {1: Prior(58000, 2000, 2)}
    silent = msgspec.structs.replace(claim, other=(second, msgspec.structs.replace(ACME, paid_cents=None)))
    assert prior_of(silent) == {1: Prior(58000, 2000, 2)}


def test_a_secondary_claim_without_payment_waits_or_is_denied() -> None:
    """By the plan's choice: OA-22 with MA04, or a pend in queue COB."""
    other = msgspec.structs.replace(ACME, paid_cents=None)
    silent = msgspec.structs.replace(C6, other=(other,), lines=(msgspec.structs.replace(C6.lines[0], payments=()),))
    denied = adjudication.adjudicate(case(silent, ELI), C6.last)
    assert (codes(denied.lines[0]), denied.lines[0].remarks) == ([("OA", "22", 80000)], ("MA04",))
    patient = msgspec.structs.replace(PLAN, cob_missing="pend")
    waiting = adjudication.adjudicate(case(silent, ELI, plan=patient), C6.last)
    assert waiting.pend is not None and waiting.pend.queue == "COB"
