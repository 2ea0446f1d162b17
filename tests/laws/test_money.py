"""Laws of money under random claims, reversals and deposits: remittances balance, and cash is never overdrawn."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.plan.money import balancing, funding, ledger, payment
from gateway.plan.money.funding import Floor, Policy
from gateway.plan.money.payment import ForwardBalance, Payable, Payee, PayeePlan, Payer
from gateway.plan.records import Decision, Journal, LineDecision, ProviderRow
from mappings.records import (
    Adjustment,
    BankAccount,
    Claim,
    Person,
    Procedure,
    Provider,
    ProviderAdjustment,
    ServiceLine,
)

DAY = date(2026, 4, 6)
PAYER = Payer(name="PAYER", payer_id="P", tin="749998887")
PROVIDERS = {
    npi: ProviderRow(npi=npi, tin=f"74{npi[:7]}", name="N", first=DAY, method=method, account=BankAccount(number="1"))
    for npi, method in (("1234567893", "ACH"), ("1245319599", "CHK"), ("1679576722", "ACH"))
}
PATIENT = Person(last="L", first="F", id_qualifier="MI", id="M")

Split = tuple[int, int, int, int]
"""What one line came to in cents: contractual, other payer, patient, paid."""


def decided_line(number: int, split: Split, sign: int) -> LineDecision:
    """A line of that split; sign -1 is its reversal."""
    contractual, other, patient, paid = (sign * part for part in split)
    parts = (("CO", "45", contractual), ("OA", "23", other), ("PR", "2", patient))
    return LineDecision(
        number=number,
        procedure=Procedure(code="99213"),
        charge_cents=contractual + other + patient + paid,
        paid_cents=paid,
        allowed_cents=patient + paid,
        adjustments=tuple(Adjustment(group=g, reason=r, cents=c) for g, r, c in parts),
        first=DAY,
        last=DAY,
    )


def payable(number: int, npi: str, splits: list[Split], reverses: bool = False) -> Payable:
    """A decided claim of a provider, or its reversal."""
    sign, icn = (-1 if reverses else 1), f"26096{number:06d}"
    lines = tuple(decided_line(n, split, sign) for n, split in enumerate(splits, 1))
    charge, paid = sum(one.charge_cents for one in lines), sum(one.paid_cents for one in lines)
    billed = tuple(
        ServiceLine(number=one.number, procedure=one.procedure, charge_cents=abs(one.charge_cents), first=DAY, last=DAY)
        for one in lines
    )
    claim = Claim(
        pcn=f"PCN{number}",
        charge_cents=abs(charge),
        billing=Provider(npi=npi, tin=PROVIDERS[npi].tin),
        subscriber=PATIENT,
        patient=PATIENT,
        lines=billed,
    )
    decision = Decision(
        icn=icn,
        version=2 if reverses else 1,
        outcome="reversal" if reverses else "paid",
        status="22" if reverses else "1",
        charge_cents=charge,
        paid_cents=paid,
        patient_cents=sign * sum(split[2] for split in splits),
        lines=lines,
    )
    ord = f"{number + (1000 if reverses else 0):032d}"
    return Payable(icn=icn, version=decision.version, ord=ord, claim=claim, decision=decision, received=DAY)


CENTS = st.integers(0, 50_000)
SPLITS = st.lists(st.tuples(CENTS, CENTS, CENTS, CENTS), min_size=1, max_size=3)
CLAIMS = st.lists(st.tuples(st.sampled_from(sorted(PROVIDERS)), SPLITS, st.booleans()), max_size=12)
BALANCES = st.lists(st.integers(1, 60_000), max_size=3)


def issued(plan: PayeePlan, number: int, on: date = DAY) -> payment.Remittance:
    """The remittance of a payee's plan, its trace from a counter."""
    row = PROVIDERS[plan.payee.npi]
    trace = payment.trace(payment.prefix(plan.payment_cents, row.method), on, number)
    return payment.issue(plan, trace, row, PAYER, on, on + timedelta(4))


@given(CLAIMS, st.dictionaries(st.sampled_from(sorted(PROVIDERS)), BALANCES))
def test_every_remittance_balances(claims: list[tuple[str, list[Split], bool]], owed: dict[str, list[int]]) -> None:
    """Whatever is decided and owed, each 835 keeps the equations and the rules of codes, and pays 0 or more."""
    payables = [payable(n, npi, splits, reverses) for n, (npi, splits, reverses) in enumerate(claims)]
    balances = {
        Payee(PROVIDERS[npi].tin, npi): [ForwardBalance(f"RA{npi}{n}", cents) for n, cents in enumerate(amounts)]
        for npi, amounts in owed.items()
    }
    run = payment.plan_run(payables, balances)
    remittances = [issued(plan, n) for n, plan in enumerate(run.payees)]
    assert balancing.check_all(remittances) == ()
    assert run.need_cents == sum(r.amount_cents for r in remittances)
    assert sum(len(r.claims) for r in remittances) == len(payables)


@given(st.integers(-100_000, 100_000), BALANCES)
def test_settlement_makes_and_loses_no_money(net: int, amounts: list[int]) -> None:
    """net = paid + recovered - forwarded; a balance is only forwarded when nothing is paid."""
    settled = payment.settle(net, [ForwardBalance(f"RA{n}", cents) for n, cents in enumerate(amounts)])
    recovered = sum(b.cents for b in settled.recovered)
    assert net == settled.payment_cents + recovered - settled.forwarded_cents
    assert settled.payment_cents >= 0 <= settled.forwarded_cents
    assert settled.payment_cents == 0 or settled.forwarded_cents == 0
    assert settled.recovered or settled.forwarded_cents == max(-net, 0)


@given(st.permutations(range(9)), CLAIMS)
def test_a_plan_does_not_depend_on_the_order_of_its_input(
    order: list[int], claims: list[tuple[str, list[Split], bool]]
) -> None:
    """The same claims in any order give the same plan."""
    payables = [payable(n, npi, splits, reverses) for n, (npi, splits, reverses) in enumerate(claims)]
    shuffled = sorted(payables, key=lambda p: order[int(p.icn) % 9])
    assert payment.plan_run(shuffled) == payment.plan_run(payables)


DUES = st.lists(st.integers(0, 1000), max_size=8)


@given(DUES, st.integers(0, 5000), st.sampled_from(["all-or-nothing", "fifo", "smallest-first"]))
def test_release_spends_only_what_there_is(amounts: list[int], releasable: int, policy: Policy) -> None:
    """What is released fits the money, nothing is lost, and what waits would still wait if asked again."""
    dues = [funding.Due(key=str(n), cents=c, received=DAY, icn=str(n)) for n, c in enumerate(amounts)]
    released, waiting = funding.release(dues, releasable, policy)
    spent = sum(d.cents for d in released)
    assert spent <= releasable
    assert sorted([*released, *waiting], key=lambda d: d.key) == dues
    assert funding.release(waiting, releasable - spent, policy) == ((), waiting)


class Employer:
    """One employer's money over several runs, booked and paid by the rooms under test."""

    def __init__(self, policy: Policy, floor: Floor, minimum: int) -> None:
        self.policy, self.floor, self.minimum = policy, floor, minimum
        self.journals: list[Journal] = []
        self.owed: defaultdict[Payee, list[ForwardBalance]] = defaultdict(list)
        self.waiting: list[PayeePlan] = []
        self.current: dict[str, int] = {}
        self.traces = 0

    def balance(self, account: str) -> int:
        """What an account stands at."""
        return ledger.trial_balance(p for j in self.journals for p in j.postings).get(account, 0)

    def decide(self, payables: list[Payable]) -> None:
        """Books each decision when it is made."""
        for p in payables:
            paid = p.decision.paid_cents
            if paid > 0:
                self.journals.append(ledger.claim_approved(p.icn, p.version, DAY, paid, str(p.payee)))
            elif paid < 0:
                self.journals.append(ledger.claim_reversed(p.icn, p.version, DAY, -paid, str(p.payee)))
            self.current[p.icn] = self.current.get(p.icn, 0) + paid

    def plan(self, payables: list[Payable]) -> None:
        """Freezes a run: overpayments are taken and forwarded now, payments wait for money."""
        for plan in payment.plan_run(payables, self.owed).payees:
            self.traces += 1
            trace = f"RA{self.traces:04d}"
            for balance in plan.recovered:
                self.owed[plan.payee].remove(balance)
                self.journals.append(
                    ledger.forward_balance_recovered(balance.trace, DAY, balance.cents, str(plan.payee))
                )
            if plan.forwarded_cents:
                self.owed[plan.payee].append(ForwardBalance(trace, plan.forwarded_cents))
                self.journals.append(ledger.forward_balance_created(trace, DAY, plan.forwarded_cents, str(plan.payee)))
            self.waiting += [plan] if plan.payment_cents else []

    def deposit(self, number: int, cents: int) -> None:
        """Money arrives that nobody asked for in particular."""
        if cents:
            self.journals.append(ledger.deposit_received(f"D{number}", DAY, (), cents))

    def pay(self) -> None:
        """Releases what the posted money allows, and settles it at the bank at once."""
        money = funding.releasable_cents(self.balance("1010"), -self.balance("2020"), 0, self.minimum, self.floor)
        dues = [queued(n, plan) for n, plan in enumerate(self.waiting)]
        released, waiting = funding.release(dues, money, self.policy)
        assert sum(d.cents for d in released) <= self.balance("1010")
        for due in released:
            plan = self.waiting[int(due.key)]
            self.traces += 1
            trace = f"EFT{self.traces:04d}"
            self.journals.append(ledger.payment_issued(trace, DAY, due.cents, str(plan.payee)))
            self.journals.append(ledger.payment_settled(trace, DAY, due.cents))
        self.waiting = [self.waiting[int(due.key)] for due in waiting]


def queued(number: int, plan: PayeePlan) -> funding.Due:
    """A waiting payment, known by its place in the queue."""
    one = funding.due(plan)
    return funding.Due(key=str(number), cents=one.cents, received=one.received, icn=one.icn)


RUNS = st.lists(st.tuples(CLAIMS, st.integers(0, 300_000)), min_size=1, max_size=4)


@given(
    RUNS,
    st.sampled_from(["all-or-nothing", "fifo", "smallest-first"]),
    st.sampled_from(["hard", "soft"]),
    st.integers(0, 20_000),
)
def test_the_books_hold_over_many_runs(
    runs: list[tuple[list[tuple[str, list[Split], bool]], int]], policy: Policy, floor: Floor, minimum: int
) -> None:
    """Cash is never negative nor paid below a hard floor; 5010, 1300 and 2010 are the lists they stand for."""
    employer = Employer(policy, floor, minimum)
    for number, (claims, deposit) in enumerate(runs):
        originals = [payable(100 * number + n, npi, splits) for n, (npi, splits, _) in enumerate(claims)]
        reversals = [
            payable(100 * number + n, npi, splits, True) for n, (npi, splits, undone) in enumerate(claims) if undone
        ]
        employer.decide(originals + reversals)
        employer.plan(originals)
        employer.plan(reversals)
        employer.deposit(number, deposit)
        before = employer.balance("1010")
        employer.pay()
        assert employer.balance("1010") >= min(before, minimum if floor == "hard" else 0)
    assert ledger.verify(employer.journals) == ()
    assert employer.balance("5010") == sum(employer.current.values())
    assert employer.balance("1300") == sum(b.cents for balances in employer.owed.values() for b in balances)
    assert -employer.balance("2010") == sum(plan.payment_cents for plan in employer.waiting)
    assert employer.balance("2020") == 0


def test_a_manual_adjustment_is_part_of_the_payment() -> None:
    """PLB items beside claims change the payment by their sign: positive takes away."""
    taken = ProviderAdjustment(reason="WO", reference="26096000001", cents=300)
    plan = payment.plan_payee(Payee("t", "1234567893"), [payable(1, "1234567893", [(0, 0, 0, 1000)])], (), (taken,))
    remittance = issued(plan, 1)
    assert remittance.amount_cents == 700
    assert balancing.check(remittance) == ()
