"""From decided claims to payments: one payment, one 835 set, for one payee out of one employer's money.

A payee is a TIN and NPI. What a payee owes (forward balances) is recovered only here, from the same employer's
payments: money of one plan never makes up for another's. No payment is ever negative: what cannot be recovered is
forwarded under this payment's own trace (835 PLB FB).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Literal, NamedTuple

from msgspec.structs import replace

from gateway.plan.money import ledger
from gateway.plan.money.remittance import remit
from gateway.plan.records import Decision, Journal, ProviderRow
from mappings.records import (
    Address,
    BankAccount,
    Claim,
    Contact,
    Organisation,
    Provider,
    ProviderAdjustment,
    Record,
    Remittance,
)

INTEREST = "L6"
"""PLB03-1 of interest owed; its reference is the ICN of the claim it is for, its amount negative: it adds."""

Prefix = Literal["EFT", "CHK", "RA"]


class Payee(NamedTuple):
    """Who is paid: billing TIN and NPI. Sorts as payments are numbered; str() is its sub-ledger key."""

    tin: str
    npi: str

    def __str__(self) -> str:
        return f"{self.tin}/{self.npi}"


class ForwardBalance(NamedTuple):
    """What a payee still owes from an earlier remittance: its TRN02 and positive cents."""

    trace: str
    cents: int


class Payable(Record, frozen=True, kw_only=True):
    """One decided claim version, or reversal of one, that a remittance must tell. received: of the file behind it."""

    icn: str
    version: int
    ord: str
    claim: Claim
    decision: Decision
    received: date
    filing_code: str = "12"

    def __post_init__(self) -> None:
        if self.decision.outcome not in ("paid", "denied", "reversal"):
            raise ValueError(f"claim {self.icn} is {self.decision.outcome} and cannot be remitted")

    @property
    def payee(self) -> Payee:
        """The billing provider, who is paid."""
        return Payee(self.claim.billing.tin, self.claim.billing.npi)


class Settlement(Record, frozen=True, kw_only=True):
    """How a payee's net and its open balances meet: net = payment + recovered - forwarded."""

    payment_cents: int
    recovered: tuple[ForwardBalance, ...] = ()
    forwarded_cents: int = 0


class PayeePlan(Record, frozen=True, kw_only=True):
    """What one payee gets in a run. adjustments: PLB items besides forward balances (interest L6, WO, 72)."""

    payee: Payee
    payables: tuple[Payable, ...]
    net_cents: int
    payment_cents: int
    recovered: tuple[ForwardBalance, ...] = ()
    forwarded_cents: int = 0
    adjustments: tuple[ProviderAdjustment, ...] = ()


class RunPlan(Record, frozen=True, kw_only=True):
    """One run of one employer: payees by (TIN, NPI); need_cents is the money that must be in the bank."""

    payees: tuple[PayeePlan, ...]
    need_cents: int


class RunTotals(Record, frozen=True, kw_only=True):
    """A run in seven figures: what was approved, and why the payments are not the same amount.

    approved, reversed: claims paid above and below 0. adjusted: PLB items other than forward balances, as they change
    the payments. Raises ValueError unless approved + reversed + adjusted + forwarded - recovered = need.
    """

    claims: int
    payments: int
    approved_cents: int
    reversed_cents: int = 0
    adjusted_cents: int = 0
    forwarded_cents: int = 0
    recovered_cents: int = 0
    need_cents: int

    def __post_init__(self) -> None:
        claims_cents = self.approved_cents + self.reversed_cents + self.adjusted_cents
        if claims_cents + self.forwarded_cents - self.recovered_cents != self.need_cents:
            raise ValueError("the totals of a run do not add up")


class Payer(Record, frozen=True, kw_only=True):
    """The administrator as the 835 names it. payer_id: REF*2U. tin: BPR10 without its leading 1. account: pays."""

    name: str
    payer_id: str
    tin: str
    address: Address = Address()
    contact: Contact = Contact(function="BL")
    account: BankAccount = BankAccount()

    @property
    def company_id(self) -> str:
        """BPR10, TRN03 and the company identification of the EFT file."""
        return f"1{self.tin}"


def settle(net_cents: int, balances: Sequence[ForwardBalance]) -> Settlement:
    """Recovers open balances, oldest first, out of a positive net; forwards what is left over (835 rules for PLB FB).

    A balance that is touched is taken whole, and its unrecovered rest forwarded; others stay under their own trace.
    """
    left, recovered = net_cents, []
    for balance in balances:
        if left <= 0:
            break
        recovered.append(balance)
        left -= balance.cents
    return Settlement(payment_cents=max(left, 0), recovered=tuple(recovered), forwarded_cents=max(-left, 0))


def offers(
    nets: Iterable[Mapping[Payee, int]], balances: Mapping[Payee, Sequence[ForwardBalance]]
) -> tuple[dict[Payee, tuple[ForwardBalance, ...]], ...]:
    """The forward balances each run may recover. nets: cents by payee of each run, oldest run first.

    A balance is the oldest run's that can take it: what one run recovers is not there for the next, whichever of them
    is issued first, so that each pays what it was planned to.
    """
    left = {payee: tuple(owed) for payee, owed in balances.items()}
    found = []
    for run in nets:
        offered = {payee: left.get(payee, ()) for payee in run}
        found.append(offered)
        for payee, net_cents in run.items():
            left[payee] = offered[payee][len(settle(net_cents, offered[payee]).recovered) :]
    return tuple(found)


def plan_payee(
    payee: Payee,
    payables: Iterable[Payable],
    balances: Sequence[ForwardBalance] = (),
    adjustments: Sequence[ProviderAdjustment] = (),
) -> PayeePlan:
    """One payee's part of a run, claims in the order they are told."""
    told = in_order(payables)
    net = sum(p.decision.paid_cents for p in told) - sum(a.cents for a in adjustments)
    settled = settle(net, balances)
    return PayeePlan(
        payee=payee,
        payables=told,
        net_cents=net,
        payment_cents=settled.payment_cents,
        recovered=settled.recovered,
        forwarded_cents=settled.forwarded_cents,
        adjustments=tuple(adjustments),
    )


def plan_run(
    payables: Iterable[Payable],
    forward_balances: Mapping[Payee, Sequence[ForwardBalance]] | None = None,
    adjustments: Mapping[Payee, Sequence[ProviderAdjustment]] | None = None,
) -> RunPlan:
    """Groups decided claims of one employer by payee and says what each is paid; the same claims give the same plan.

    Args: forward_balances: open ones of this employer, oldest first, without those a plan that still waits has taken.
    adjustments: other PLB items; a payee with nothing but these is paid too.
    """
    forward_balances, adjustments = forward_balances or {}, adjustments or {}
    groups: defaultdict[Payee, list[Payable]] = defaultdict(list)
    for payable in payables:
        groups[payable.payee].append(payable)
    payees = tuple(
        plan_payee(payee, groups.get(payee, ()), forward_balances.get(payee, ()), adjustments.get(payee, ()))
        for payee in sorted(groups.keys() | adjustments.keys())
    )
    return RunPlan(payees=payees, need_cents=sum(p.payment_cents for p in payees))


def totals(run: RunPlan) -> RunTotals:
    """The figures of a run, as a funding request explains them."""
    paid = [p.decision.paid_cents for plan in run.payees for p in plan.payables]
    return RunTotals(
        claims=len(paid),
        payments=sum(plan.payment_cents > 0 for plan in run.payees),
        approved_cents=sum(cents for cents in paid if cents > 0),
        reversed_cents=sum(cents for cents in paid if cents < 0),
        adjusted_cents=-sum(a.cents for plan in run.payees for a in plan.adjustments),
        forwarded_cents=sum(plan.forwarded_cents for plan in run.payees),
        recovered_cents=sum(balance.cents for plan in run.payees for balance in plan.recovered),
        need_cents=run.need_cents,
    )


def in_order(payables: Iterable[Payable]) -> tuple[Payable, ...]:
    """By ord; a reversal stands right before the correction of the same claim when both are here."""
    payables = tuple(payables)
    corrected = {p.decision.original_icn: p.ord for p in payables if _corrects(p)}

    def key(p: Payable) -> tuple[str, bool, str, int]:
        reversal = p.decision.outcome == "reversal"
        return (corrected.get(p.icn, p.ord) if reversal else p.ord, not reversal, p.icn, p.version)

    return tuple(sorted(payables, key=key))


def _corrects(payable: Payable) -> bool:
    return bool(payable.decision.original_icn) and payable.decision.outcome != "reversal"


def prefix(payment_cents: int, method: Literal["ACH", "CHK"]) -> Prefix:
    """What a trace starts with: RA when no money moves, else EFT or CHK."""
    if payment_cents == 0:
        return "RA"
    return "EFT" if method == "ACH" else "CHK"


def trace(start: Prefix, on: date, number: int) -> str:
    """TRN02: prefix, month and day, a number of at least three digits from a counter that never restarts."""
    return f"{start}{on:%m%d}{number:03d}"


def issue(
    plan: PayeePlan,
    trace: str,
    provider: ProviderRow,
    payer: Payer,
    produced: date,
    effective: date,
    receiver: str = "",
) -> Remittance:
    """The 835 set of one payee's payment.

    Args: trace: TRN02. effective: day an EFT settles; a check and a payment of zero are dated `produced` (BPR16).
    receiver: REF*EV when the file goes to someone else than the payee.
    """
    zero = plan.payment_cents == 0
    interest = {a.reference: -a.cents for a in plan.adjustments if a.reason == INTEREST}
    ach = not zero and provider.method == "ACH"
    return Remittance(
        trace=trace,
        handling="H" if zero else "I",
        method="NON" if zero else provider.method,
        format="CCP" if ach else "",
        amount_cents=plan.payment_cents,
        effective=effective if ach else produced,
        company_id=payer.company_id,
        from_account=payer.account if ach else BankAccount(),
        to_account=provider.account if ach else BankAccount(),
        receiver=receiver,
        produced=produced,
        payer=Organisation(name=payer.name, address=payer.address),
        payer_contact=payer.contact,
        payer_ref=payer.payer_id,
        payee=Provider(
            npi=provider.npi, name=provider.name, tin=provider.tin, tin_qualifier="EI", address=provider.address
        ),
        claims=tuple(remit(p.claim, p.decision, p.received, p.filing_code, interest.get(p.icn)) for p in plan.payables),
        adjustments=provider_adjustments(plan, trace),
        fiscal_end=date(produced.year, 12, 31),
    )


def numbered(draft: Remittance, trace: str) -> Remittance:
    """A remittance that was issued under a provisional trace, under its own: TRN02, and PLB FB it forwards under it."""
    adjustments = (replace(a, reference=trace) if a.reference == draft.trace else a for a in draft.adjustments)
    return replace(draft, trace=trace, adjustments=tuple(adjustments))


def provider_adjustments(plan: PayeePlan, trace: str) -> tuple[ProviderAdjustment, ...]:
    """The PLB items: others, then balances taken (positive), then the one forwarded under this trace (negative)."""
    taken = [ProviderAdjustment(reason="FB", reference=b.trace, cents=b.cents) for b in plan.recovered]
    given = [ProviderAdjustment(reason="FB", reference=trace, cents=-plan.forwarded_cents)]
    return (*plan.adjustments, *taken, *(given if plan.forwarded_cents else ()))


def journals(plan: PayeePlan, trace: str, on: date) -> tuple[Journal, ...]:
    """How the books tell a payee's payment: balances recovered, the payment, the balance forwarded under its trace."""
    name = str(plan.payee)
    recovered = [ledger.forward_balance_recovered(b.trace, on, b.cents, name) for b in plan.recovered]
    paid = [ledger.payment_issued(trace, on, plan.payment_cents, name)] if plan.payment_cents else []
    given = [ledger.forward_balance_created(trace, on, plan.forwarded_cents, name)] if plan.forwarded_cents else []
    return (*recovered, *paid, *given)
