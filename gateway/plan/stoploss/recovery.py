"""Specific claims on the carrier: what is reimbursable of what was really paid, less what was claimed before.

reimbursable = percent of (eligible paid above the deductible), less the aggregating deductible still open, at most the
annual maximum. Eligible is plan-paid money that was issued, funded and settled inside both windows, net of refunds and
voids; approval is not payment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from gateway.plan.rounding import part
from gateway.plan.stoploss.notice import subject
from gateway.plan.stoploss.policy import Kind, Policy, assign
from mappings.records import Record


class Paid(Record, frozen=True, kw_only=True):
    """One claim version whose money has left and settled, or a refund or void of one (negative).

    paid_on: the day of the payment (of the refund). incurred: first date of service.
    """

    person_id: str
    icn: str
    version: int
    incurred: date
    paid_on: date
    paid_cents: int
    family_root: str = ""
    kind: Kind = "medical"


class RecoveryClaim(Record, frozen=True, kw_only=True):
    """What is now to be claimed for one subject (a negative amount is owed to the carrier).

    eligible_cents - deductible_cents = excess; reimbursable_cents: all that may be claimed so far; before_cents: what
    was claimed earlier; amount_cents: the difference. icns: the claims that count, in order of payment.
    """

    subject: str
    eligible_cents: int
    deductible_cents: int
    reimbursable_cents: int
    before_cents: int
    amount_cents: int
    icns: tuple[str, ...]


class Filed(Record, frozen=True, kw_only=True):
    """A reimbursement claim on file: what it claims now and what the carrier has paid of it."""

    number: str
    amount_cents: int
    received_cents: int


class TakenBack(Record, frozen=True, kw_only=True):
    """What comes off one reimbursement claim: withdrawn from what is open, or owed to the carrier."""

    number: str
    withdrawn_cents: int
    owed_cents: int


class _Account:
    """One subject while its payments are walked through in order. steps: what each payment added to its excess."""

    def __init__(self) -> None:
        self.eligible = self.run_in = self.reimbursable = 0
        self.deductible: int | None = None
        self.icns: list[str] = []
        self.steps: list[_Step] = []


class _Step:
    """What one payment added to the excess of a subject, less what refunds of it took off again."""

    def __init__(self, account: _Account, cents: int) -> None:
        self.account, self.cents = account, cents


def recoveries(policy: Policy, paid: Iterable[Paid], filed: Mapping[str, int]) -> tuple[RecoveryClaim, ...]:
    """The claims to file now, in order of subject.

    paid: every settled fact of the policy's people (the aggregating deductible is taken in order of payment, so it
    needs them all). filed: cents claimed before, by subject. A small later claim waits (`subsequent_min`), money owed
    to the carrier never does.
    """
    accounts = _walked(policy, paid)
    found = (_claim(who, account, filed.get(who, 0), policy) for who, account in sorted(accounts.items()))
    return tuple(claim for claim in found if claim is not None)


def take_back(owed_cents: int, claims: Iterable[Filed]) -> tuple[TakenBack, ...]:
    """How money that turned out not to be the employer's comes off its claims, newest first.

    What the carrier has not paid is withdrawn before anything it has paid is owed back. claims: of one policy and
    subject, newest first; together they were filed for at least the amount owed.
    """
    left, claims = owed_cents, tuple(claims)
    withdrawn, owed = {}, {}
    for claim in claims:
        withdrawn[claim.number] = min(left, max(0, claim.amount_cents - claim.received_cents))
        left -= withdrawn[claim.number]
    for claim in claims:
        owed[claim.number] = min(left, claim.amount_cents - withdrawn[claim.number])
        left -= owed[claim.number]
    found = (TakenBack(number=n, withdrawn_cents=withdrawn[n], owed_cents=owed[n]) for n in withdrawn)
    return tuple(each for each in found if each.withdrawn_cents or each.owed_cents)


def recovery(policy: Policy, who: str, paid: Iterable[Paid], filed_cents: int = 0) -> RecoveryClaim | None:
    """The claim to file now for one subject; None when there is nothing to claim."""
    claims = recoveries(policy, paid, {who: filed_cents})
    return next((claim for claim in claims if claim.subject == who), None)


def excess_cents(policy: Policy, paid: Iterable[Paid]) -> int:
    """What all subjects were paid above the specific deductible: it does not count towards the aggregate cover.

    The gap between the specific deductible and a laser counts to neither cover.
    """
    accounts = _walked(policy, paid)
    return sum(max(0, each.eligible - policy.specific_cents) for each in accounts.values())


def _walked(policy: Policy, paid: Iterable[Paid]) -> dict[str, _Account]:
    accounts: dict[str, _Account] = defaultdict(_Account)
    steps: list[_Step] = []
    paid = tuple(paid)
    counted = assign((policy,), paid)
    for fact in sorted(paid, key=lambda f: (f.paid_on, f.icn, f.version)):
        if (fact.icn, fact.version) not in counted:
            continue
        account = accounts[subject(policy, fact.person_id, fact.family_root)]
        account.deductible = policy.deductible_cents(fact.person_id)
        before = _over(policy, account)
        _count(policy, account, fact)
        steps += _stepped(account, _over(policy, account) - before)
    _attribute(steps, policy.asd_cents)
    return accounts


def _count(policy: Policy, account: _Account, fact: Paid) -> None:
    """Add a payment; what was incurred before the policy only up to the run-in maximum."""
    account.icns.append(fact.icn)
    if fact.incurred < policy.first and policy.run_in_max_cents is not None:
        before = min(account.run_in, policy.run_in_max_cents)
        account.run_in += fact.paid_cents
        account.eligible += min(account.run_in, policy.run_in_max_cents) - before
    else:
        account.eligible += fact.paid_cents


def _over(policy: Policy, account: _Account) -> int:
    """The carrier's percentage of what lies above the deductible."""
    if account.deductible is None:
        return 0
    return part(max(0, account.eligible - account.deductible), policy.percent)


def _stepped(account: _Account, cents: int) -> list[_Step]:
    """The step a payment adds; a refund takes off the subject's own steps instead, the newest first."""
    if cents > 0:
        account.steps.append(_Step(account, cents))
        return account.steps[-1:]
    for step in reversed(account.steps):
        off = min(step.cents, -cents)
        step.cents -= off
        cents += off
    return []


def _attribute(steps: Iterable[_Step], asd_cents: int) -> None:
    """The first excess, in order of payment, stays with the employer (aggregating deductible, domain 7.3).

    Where a refund takes off a step the employer had borne, the next ones, whoever's they are, fill the deductible.
    """
    for step in steps:
        borne = min(step.cents, asd_cents)
        asd_cents -= borne
        step.account.reimbursable += step.cents - borne


def _claim(who: str, account: _Account, before_cents: int, policy: Policy) -> RecoveryClaim | None:
    most = (
        account.reimbursable if policy.annual_max_cents is None else min(account.reimbursable, policy.annual_max_cents)
    )
    amount = most - before_cents
    if amount == 0 or account.deductible is None:
        return None
    if before_cents and 0 < amount < policy.subsequent_min_cents:
        return None
    return RecoveryClaim(
        subject=who,
        eligible_cents=account.eligible,
        deductible_cents=account.deductible,
        reimbursable_cents=most,
        before_cents=before_cents,
        amount_cents=amount,
        icns=tuple(dict.fromkeys(account.icns)),
    )
