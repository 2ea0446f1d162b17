"""Laws of payments: who is paid what, and how an overpayment is carried to the next run."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from golden_claims import EFFECTIVE, HILLCREST, LAKESIDE, METRO, PAYER, RUN, cas, golden_payables, line

from gateway.plan.money import balancing, ledger
from gateway.plan.money.funding import request_cents
from gateway.plan.money.payment import (
    ForwardBalance,
    Payable,
    Payee,
    PayeePlan,
    RunPlan,
    issue,
    plan_payee,
    plan_run,
    prefix,
    settle,
    trace,
)
from gateway.plan.records import LineDecision, Posting
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


# ---- variants of the golden run --------------------------------------------------------------------------------------


def redone(name: str, *lines: LineDecision, **changes: object) -> Payable:
    """A golden claim decided otherwise: lines, and what follows from them."""
    old = golden_payables()[name]
    figures = {
        "lines": lines,
        "charge_cents": sum(one.charge_cents for one in lines),
        "paid_cents": sum(one.paid_cents for one in lines),
        "patient_cents": sum(a.cents for one in lines for a in one.adjustments if a.group == "PR"),
    }
    decision = msgspec.structs.replace(old.decision, **(figures | changes))
    return msgspec.structs.replace(old, decision=decision, version=decision.version)


def booked(payables: list[Payable], run: RunPlan) -> dict[str, int]:
    """The trial balance after the takeover of H1, these decisions and this run's forward balances."""
    journals = [ledger.opening("takeover", RUN, (Posting(account="5010", sub="26072000001", cents=40000),))]
    for p in payables:
        book = ledger.claim_approved if p.decision.paid_cents > 0 else ledger.claim_reversed
        if p.decision.paid_cents:
            journals.append(book(p.icn, p.version, RUN, abs(p.decision.paid_cents), str(p.payee)))
    for plan in run.payees:
        if plan.forwarded_cents:
            journals.append(ledger.forward_balance_created("RA", RUN, plan.forwarded_cents, str(plan.payee)))
    return ledger.trial_balance(posting for journal in journals for posting in journal.postings)


def test_variant_order_swapped() -> None:
    """C5 before C1: Alan's lab pays 20.00, Lakeside gets 676.06 and the request is 17,676.06."""
    on = date(2026, 3, 16)
    visit = golden_payables()["C1"].decision.lines[0]
    lab = line(2, "80053", on, 6000, 2000, cas(("CO", "45", 3500), ("PR", "2", 500)), 2500, "C1L2")
    run = plan_run((golden_payables() | {"C1": redone("C1", visit, lab)}).values())
    assert (run.payees[0].payment_cents, run.need_cents) == (67606, 2767606)
    assert request_cents(run.need_cents, 500000, 0, 1500000) == 1767606


def test_variant_cobra_reinstates_a_denied_claim() -> None:
    """Frank's C2 reversed and paid 68.00: one remittance tells -150.00 / 0.00 and then 150.00 / 68.00."""
    on = date(2026, 3, 9)
    back = line(1, "99213", on, -15000, 0, cas(("PR", "27", -15000)), None, "C2L1")
    again = line(1, "99213", on, 15000, 6800, cas(("CO", "45", 5200), ("PR", "3", 3000)), 9800, "C2L1")
    reversal = redone("C2", back, outcome="reversal", status="22", version=2, reverses=("26096000002", 1))
    correction = redone("C2", again, outcome="paid", version=3, coverage_end=None)
    run = plan_run([correction, reversal])
    told = issue(run.payees[0], "EFT0511011", LAKESIDE, PAYER, RUN, EFFECTIVE)
    assert [(c.status, c.charge_cents, c.paid_cents) for c in told.claims] == [("22", -15000, 0), ("1", 15000, 6800)]
    assert (told.amount_cents, balancing.check(told)) == (6800, ())


def test_variant_void_of_a_paid_claim() -> None:
    """C8 voided after it was paid: Metro's net is -18,000.00, all of it forwarded, nothing paid."""
    lines = [
        line(1, "J9271", date(2026, 4, 1), -2450000, -1770000, cas(("CO", "45", -680000)), -1770000, "C8L1", 300),
        line(2, "96413", date(2026, 4, 1), -50000, -30000, cas(("CO", "45", -20000)), -30000, "C8L2"),
    ]
    void = redone("C8", *lines, outcome="reversal", status="22", version=2, reverses=("26096000008", 1))
    run = plan_run([void])
    told = issue(run.payees[0], "RA0601014", METRO, PAYER, RUN, EFFECTIVE)
    assert (run.need_cents, run.payees[0].forwarded_cents) == (0, 1800000)
    assert (told.method, told.amount_cents, balancing.check(told)) == ("NON", 0, ())


def test_variant_non_duplication_plan() -> None:
    """C6 pays nothing: Hillcrest owes 240.00, the need is unchanged, claims expense is 27,816.06."""
    nothing = line(
        1, "25600", date(2026, 3, 11), 80000, 0, cas(("OA", "23", 68000), ("PR", "275", 12000)), 60000, "C6L1"
    )
    payables = golden_payables() | {"C6": redone("C6", nothing)}
    run = plan_run(payables.values())
    books = booked(list(payables.values()), run)
    assert (run.payees[2].net_cents, run.need_cents) == (-24000, 2765606)
    assert (books["5010"], books["1300"]) == (2781606, 24000)
    assert payables["C6"].decision.patient_cents == 12000
