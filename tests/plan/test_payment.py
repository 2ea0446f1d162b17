"""Laws of payments: who is paid what, and how an overpayment is carried to the next run."""

from __future__ import annotations

import msgspec
import pytest
from golden_claims import EFFECTIVE, HILLCREST, LAKESIDE, METRO, PAYER, RUN, golden_payables

from gateway.plan.payment import ForwardBalance, Payee, PayeePlan, issue, plan_payee, plan_run, prefix, settle, trace
from mappings.records import ProviderAdjustment, Remittance

HILLCREST_PAYEE = Payee(HILLCREST.tin, HILLCREST.npi)
OWED = ForwardBalance("RA0410003", 12000)


def next_run(earned_cents: int, *owed: ForwardBalance) -> PayeePlan:
    """Hillcrest's next run: one PLB lump earned in place of claims, and what it owes."""
    earned = ProviderAdjustment(reason="LS", reference="TEST", cents=-earned_cents)
    return plan_payee(HILLCREST_PAYEE, (), owed, (earned,))


def remitted(plan: PayeePlan, trace: str) -> Remittance:
    """Hillcrest's 835 for a plan."""
    return issue(plan, trace, HILLCREST, PAYER, RUN, EFFECTIVE, "CLEARPATH")


def test_golden_run_pays_each_payee_its_sum() -> None:
    """A run groups claims by payee in (TIN, NPI) order, and needs the sum of its positive payments."""
    run = plan_run(reversed(golden_payables().values()))
    assert [(p.payee.npi, p.net_cents, p.payment_cents, p.forwarded_cents) for p in run.payees] == [
        (LAKESIDE.npi, 65606, 65606, 0),
        (METRO.npi, 2700000, 2700000, 0),
        (HILLCREST.npi, -12000, 0, 12000),
    ]
    assert run.need_cents == 2765606


def test_reversal_stands_right_before_its_correction() -> None:
    """Claims keep their ord, except that a reversal comes right before the correction of the same ICN."""
    hillcrest = plan_run(golden_payables().values()).payees[2]
    assert [(p.icn, p.decision.outcome) for p in hillcrest.payables] == [
        ("26096000006", "paid"),
        ("26072000001", "reversal"),
        ("26096000007", "paid"),
    ]


def test_negative_net_is_forwarded_under_this_trace_and_nothing_is_paid() -> None:
    """A payee whose net is negative gets an H/NON 835 of 0 with a PLB FB that gives the deficit back."""
    remittance = remitted(plan_run(golden_payables().values()).payees[2], "RA0410003")
    assert (remittance.handling, remittance.method, remittance.format) == ("H", "NON", "")
    assert (remittance.amount_cents, remittance.effective) == (0, RUN)
    assert remittance.adjustments == (ProviderAdjustment(reason="FB", reference="RA0410003", cents=-12000),)


def test_next_run_recovers_the_whole_balance_when_it_can() -> None:
    """A later run that earns enough takes the balance with a positive FB under the previous trace."""
    remittance = remitted(next_run(50000, OWED), "EFT0417009")
    assert remittance.amount_cents == 38000
    assert remittance.adjustments[1:] == (ProviderAdjustment(reason="FB", reference="RA0410003", cents=12000),)


def test_next_run_that_earns_too_little_takes_all_and_forwards_the_rest() -> None:
    """A partial recovery tells both: the old balance taken whole, the rest given back under this trace."""
    remittance = remitted(next_run(5000, OWED), "RA0417009")
    assert remittance.amount_cents == 0
    assert remittance.adjustments[1:] == (
        ProviderAdjustment(reason="FB", reference="RA0410003", cents=12000),
        ProviderAdjustment(reason="FB", reference="RA0417009", cents=-7000),
    )


@pytest.mark.parametrize(
    ("net", "payment", "recovered", "forwarded"),
    [
        (100, 0, ("A",), 0),
        (120, 0, ("A", "B"), 30),
        (150, 0, ("A", "B"), 0),
        (151, 1, ("A", "B"), 0),
        (0, 0, (), 0),
        (-10, 0, (), 10),
    ],
)
def test_balances_are_taken_oldest_first(net: int, payment: int, recovered: tuple[str, ...], forwarded: int) -> None:
    """Only balances a positive net reaches are touched, in the order given."""
    settled = settle(net, (ForwardBalance("A", 100), ForwardBalance("B", 50)))
    assert settled.payment_cents == payment
    assert tuple(b.trace for b in settled.recovered) == recovered
    assert settled.forwarded_cents == forwarded


def test_interest_is_paid_on_top_of_the_claims() -> None:
    """A negative PLB L6 adds money to the payment."""
    interest = ProviderAdjustment(reason="L6", reference="26096000001", cents=-1234)
    lakeside = Payee(LAKESIDE.tin, LAKESIDE.npi)
    run = plan_run(golden_payables().values(), adjustments={lakeside: (interest,)})
    assert run.payees[0].payment_cents == 65606 + 1234


def test_checks_carry_no_bank_accounts() -> None:
    """Only an EFT names bank accounts; a check names its method and date."""
    by_check = msgspec.structs.replace(LAKESIDE, method="CHK")
    remittance = issue(plan_run(golden_payables().values()).payees[0], "CHK0410001", by_check, PAYER, RUN, RUN)
    assert (remittance.handling, remittance.method, remittance.format) == ("I", "CHK", "")
    assert (remittance.from_account.number, remittance.to_account.number) == ("", "")


def test_trace_says_the_method_and_the_day() -> None:
    """TRN02 is a prefix by method, month and day, and a counter of three digits or more."""
    assert trace(prefix(65606, "ACH"), RUN, 1) == "EFT0410001"
    assert trace(prefix(1, "CHK"), RUN, 20) == "CHK0410020"
    assert trace(prefix(0, "ACH"), RUN, 12345) == "RA041012345"


def test_a_pended_claim_cannot_be_remitted() -> None:
    """Only paid, denied and reversal decisions are told in an 835."""
    c1 = golden_payables()["C1"]
    pended = msgspec.structs.replace(c1.decision, outcome="pended")
    with pytest.raises(ValueError, match="pended"):
        type(c1)(icn=c1.icn, version=1, ord=c1.ord, claim=c1.claim, decision=pended, received=c1.received)
