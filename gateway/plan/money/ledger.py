"""The double-entry books of one employer: append-only journals that each sum to zero.

Debit is positive. A journal's key is (event, entity, version), so the same event posted twice is posted once. Each
account's `by` says what its postings' `sub` names: sums by sub are the lists an auditor asks for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

from gateway.plan.records import Journal, Posting
from mappings.records import Record


class Account(Record, frozen=True, kw_only=True):
    """One account. normal: the side its balance usually has. by: what its sub-ledger is keyed by, "" for none."""

    number: str
    name: str
    normal: Literal["debit", "credit"]
    by: str = ""

    @property
    def label(self) -> str:
        """As reports print it."""
        return f"{self.number} {self.name}"


_ROWS: tuple[tuple[str, str, Literal["debit", "credit"], str], ...] = (
    ("1010", "Claims cash", "debit", ""),
    ("1100", "Funding receivable", "debit", "funding request"),
    ("1200", "Stop-loss receivable", "debit", "stop-loss claim"),
    ("1300", "Provider overpayment receivable", "debit", "trace of the forward balance"),
    ("2010", "Claims payable", "credit", "payee"),
    ("2020", "Payments in transit", "credit", "trace of the payment"),
    ("2090", "Unidentified deposits", "credit", "bank reference"),
    ("2200", "Due to stop-loss carrier", "credit", "stop-loss claim"),
    ("2250", "Carrier advances", "credit", "advance"),
    ("2300", "Unclaimed property", "credit", "trace of the payment"),
    ("3010", "Employer funding", "credit", ""),
    ("5010", "Claims expense", "debit", "claim"),
    ("5020", "Interest and penalties", "debit", "claim"),
    ("5030", "Overpayments written off", "debit", "trace of the forward balance"),
    ("5900", "Stop-loss recoveries", "credit", "stop-loss claim"),
    ("5910", "Other recoveries", "credit", "claim"),
    ("6010", "Administration fees", "debit", ""),
    ("6020", "Stop-loss premium", "debit", ""),
)
CHART = {number: Account(number=number, name=name, normal=side, by=by) for number, name, side, by in _ROWS}
"""Account number -> account. 5030 is apart so that 5010 is exactly what current claim versions paid."""

Side = tuple[str, str]
"""An account number and the sub it is posted for."""


def _journal(event: str, entity: str, version: int, on: date, text: str, sides: Sequence[tuple[Side, int]]) -> Journal:
    postings = tuple(Posting(account=account, sub=sub, cents=cents) for (account, sub), cents in sides if cents)
    return Journal(key=f"{event}/{entity}/{version}", on=on, text=text, postings=postings)


def _move(event: str, entity: str, version: int, on: date, text: str, cents: int, debit: Side, credit: Side) -> Journal:
    """A journal of one debit and one credit. Raises ValueError unless cents > 0: undoing is an event of its own."""
    if cents <= 0:
        raise ValueError(f"{event} of {entity} needs a positive amount")
    return _journal(event, entity, version, on, text, ((debit, cents), (credit, -cents)))


# ---- opening, claims -------------------------------------------------------------------------------------------------


def opening(name: str, on: date, balances: Sequence[Posting]) -> Journal:
    """Takes over another administrator's books: its balances, and the difference as the employer's funding."""
    rest = -sum(p.cents for p in balances)
    own = Posting(account="3010", cents=rest)
    return Journal(
        key=f"opening/{name}/1", on=on, text="Opening balance", postings=(*balances, *((own,) if rest else ()))
    )


def claim_approved(icn: str, version: int, on: date, paid_cents: int, payee: str, interest_cents: int = 0) -> Journal:
    """A claim version was approved: the plan owes the payee paid amount and interest. Paid 0 has no journal."""
    if paid_cents < 0 or interest_cents < 0 or paid_cents + interest_cents == 0:
        raise ValueError(f"claim_approved of {icn} needs a positive amount")
    owed = paid_cents + interest_cents
    sides = ((("5010", icn), paid_cents), (("5020", icn), interest_cents), (("2010", payee), -owed))
    return _journal("claim_approved", icn, version, on, f"Claim {icn} approved", sides)


def claim_reversed(icn: str, version: int, on: date, paid_cents: int, payee: str) -> Journal:
    """A version that had paid was taken back. version: of the reversal. paid_cents: positive, what was paid."""
    text = f"Claim {icn} reversed"
    return _move("claim_reversed", icn, version, on, text, paid_cents, ("2010", payee), ("5010", icn))


# ---- funding ---------------------------------------------------------------------------------------------------------


def funding_requested(number: str, on: date, cents: int) -> Journal:
    """The employer was asked for money."""
    return _move("funding_requested", number, 1, on, f"Funding request {number}", cents, ("1100", number), ("3010", ""))


def funding_cancelled(number: str, on: date, cents: int) -> Journal:
    """A request, or the open rest of it, was withdrawn."""
    text = f"Funding request {number} cancelled"
    return _move("funding_cancelled", number, 1, on, text, cents, ("3010", ""), ("1100", number))


def deposit_received(bank_ref: str, on: date, applied: Sequence[tuple[str, int]], surplus_cents: int = 0) -> Journal:
    """The employer's money is posted, against requests (number, cents); a surplus is funding nobody asked for."""
    cash = sum(cents for _, cents in applied) + surplus_cents
    if cash <= 0 or surplus_cents < 0 or any(cents <= 0 for _, cents in applied):
        raise ValueError(f"deposit_received of {bank_ref} needs positive amounts")
    requests = [(("1100", number), -cents) for number, cents in applied]
    sides = ((("1010", ""), cash), *requests, (("3010", ""), -surplus_cents))
    return _journal("deposit_received", bank_ref, 1, on, f"Deposit {bank_ref}", sides)


def deposit_unidentified(bank_ref: str, on: date, cents: int) -> Journal:
    """Money came and nobody knows whose; it may not pay claims until it is identified."""
    text = f"Unidentified deposit {bank_ref}"
    return _move("deposit_unidentified", bank_ref, 1, on, text, cents, ("1010", ""), ("2090", bank_ref))


def deposit_identified(bank_ref: str, on: date, cents: int, number: str) -> Journal:
    """An unidentified deposit turned out to pay a funding request."""
    text = f"Deposit {bank_ref} identified"
    return _move("deposit_identified", bank_ref, 1, on, text, cents, ("2090", bank_ref), ("1100", number))


def surplus_returned(ref: str, on: date, cents: int) -> Journal:
    """Money left in the account went back to the employer."""
    return _move("surplus_returned", ref, 1, on, f"Surplus returned {ref}", cents, ("3010", ""), ("1010", ""))


def fee_taken(ref: str, on: date, cents: int) -> Journal:
    """The administration fee was paid out of the account."""
    return _move("fee_taken", ref, 1, on, f"Administration fee {ref}", cents, ("6010", ""), ("1010", ""))


def premium_taken(ref: str, on: date, cents: int) -> Journal:
    """The stop-loss premium was paid out of the account."""
    return _move("premium_taken", ref, 1, on, f"Stop-loss premium {ref}", cents, ("6020", ""), ("1010", ""))


# ---- payments --------------------------------------------------------------------------------------------------------


def payment_issued(trace: str, on: date, cents: int, payee: str) -> Journal:
    """An EFT or check left with its 835."""
    return _move("payment_issued", trace, 1, on, f"Payment {trace} issued", cents, ("2010", payee), ("2020", trace))


def payment_settled(trace: str, on: date, cents: int) -> Journal:
    """The bank paid it: the EFT settled or the check cleared."""
    return _move("payment_settled", trace, 1, on, f"Payment {trace} settled", cents, ("2020", trace), ("1010", ""))


def payment_returned(trace: str, on: date, cents: int, payee: str, settled: bool = False) -> Journal:
    """An EFT came back or a check was voided: owed again, to be issued anew. settled: cash had already left."""
    source = ("1010", "") if settled else ("2020", trace)
    return _move("payment_returned", trace, 1, on, f"Payment {trace} returned", cents, source, ("2010", payee))


def check_escheated(trace: str, on: date, cents: int) -> Journal:
    """A stale check became unclaimed property."""
    return _move("check_escheated", trace, 1, on, f"Check {trace} escheated", cents, ("2020", trace), ("2300", trace))


# ---- overpayments ----------------------------------------------------------------------------------------------------


def forward_balance_created(trace: str, on: date, cents: int, payee: str) -> Journal:
    """A payee's net was negative; it owes the plan under this remittance's trace (PLB FB negative)."""
    text = f"Forward balance {trace}"
    return _move("forward_balance_created", trace, 1, on, text, cents, ("1300", trace), ("2010", payee))


def forward_balance_recovered(trace: str, on: date, cents: int, payee: str) -> Journal:
    """A forward balance was taken whole from a later remittance (PLB FB positive). trace: of the balance."""
    text = f"Forward balance {trace} recovered"
    return _move("forward_balance_recovered", trace, 1, on, text, cents, ("2010", payee), ("1300", trace))


def refund_received(ref: str, on: date, cents: int, trace: str) -> Journal:
    """A provider sent money back for a forward balance; an overpayment not yet set up is reversed first."""
    return _move("refund_received", ref, 1, on, f"Provider refund {ref}", cents, ("1010", ""), ("1300", trace))


def overpayment_written_off(trace: str, on: date, cents: int) -> Journal:
    """A forward balance is given up."""
    text = f"Forward balance {trace} written off"
    return _move("overpayment_written_off", trace, 1, on, text, cents, ("5030", trace), ("1300", trace))


def subrogation_recovered(ref: str, on: date, cents: int, icn: str, carrier_cents: int = 0) -> Journal:
    """A third party paid. carrier_cents: the part of it that belongs to the stop-loss carrier."""
    if not 0 <= carrier_cents <= cents or cents == 0:
        raise ValueError(f"subrogation_recovered of {ref}: the carrier's share is not within the amount")
    sides = ((("1010", ""), cents), (("5910", icn), carrier_cents - cents), (("2200", ref), -carrier_cents))
    return _journal("subrogation_recovered", ref, 1, on, f"Subrogation recovery {ref}", sides)


# ---- stop-loss -------------------------------------------------------------------------------------------------------


def stop_loss_filed(number: str, version: int, on: date, cents: int) -> Journal:
    """A reimbursement claim, or a later addition to it, was filed: paid and due."""
    text = f"Stop-loss claim {number} filed"
    return _move("stop_loss_filed", number, version, on, text, cents, ("1200", number), ("5900", number))


def stop_loss_withdrawn(number: str, version: int, on: date, cents: int) -> Journal:
    """What a filed claim was for was taken back before the carrier paid it. version counts its withdrawals."""
    text = f"Stop-loss claim {number} withdrawn"
    return _move("stop_loss_withdrawn", number, version, on, text, cents, ("5900", number), ("1200", number))


def stop_loss_denied(number: str, version: int, on: date, cents: int) -> Journal:
    """The carrier denied this part of a filed claim."""
    text = f"Stop-loss claim {number} denied in part"
    return _move("stop_loss_denied", number, version, on, text, cents, ("5900", number), ("1200", number))


def reimbursement_received(number: str, version: int, on: date, cents: int) -> Journal:
    """The carrier paid, or advanced, money on a filed claim. version counts its payments."""
    text = f"Stop-loss claim {number} reimbursed"
    return _move("reimbursement_received", number, version, on, text, cents, ("1010", ""), ("1200", number))


def reimbursement_owed(number: str, version: int, on: date, cents: int) -> Journal:
    """A claim that had been reimbursed was reversed: the money is the carrier's."""
    text = f"Stop-loss claim {number} owed back"
    return _move("reimbursement_owed", number, version, on, text, cents, ("5900", number), ("2200", number))


def reimbursement_repaid(number: str, version: int, on: date, cents: int) -> Journal:
    """Money owed to the carrier was paid back."""
    text = f"Stop-loss claim {number} repaid"
    return _move("reimbursement_repaid", number, version, on, text, cents, ("2200", number), ("1010", ""))


def advance_received(ref: str, on: date, cents: int) -> Journal:
    """The carrier advanced money under an aggregate accommodation."""
    return _move("advance_received", ref, 1, on, f"Carrier advance {ref}", cents, ("1010", ""), ("2250", ref))


def advance_repaid(ref: str, version: int, on: date, cents: int) -> Journal:
    """An advance, or part of it, went back to the carrier. version counts its repayments."""
    text = f"Carrier advance {ref} repaid"
    return _move("advance_repaid", ref, version, on, text, cents, ("2250", ref), ("1010", ""))


# ---- reading the books -----------------------------------------------------------------------------------------------


def trial_balance(postings: Iterable[Posting]) -> dict[str, int]:
    """Cents by account number, in the order of the chart; only accounts that were posted to."""
    sums: Counter[str] = Counter()
    for posting in postings:
        sums[posting.account] += posting.cents
    return {number: sums[number] for number in sorted(sums)}


def by_sub(postings: Iterable[Posting], account: str) -> dict[str, int]:
    """Cents by sub of one account, those that came to zero left out: the open list behind its balance."""
    sums: Counter[str] = Counter()
    for posting in postings:
        if posting.account == account:
            sums[posting.sub] += posting.cents
    return {sub: cents for sub, cents in sorted(sums.items()) if cents}


def verify(journals: Iterable[Journal]) -> tuple[str, ...]:
    """What is wrong with the books, a sentence each; empty when nothing is."""
    wrong: list[str] = []
    keys: Counter[str] = Counter()
    for journal in journals:
        keys[journal.key] += 1
        wrong += _wrong_with(journal)
    return (*wrong, *(f"journal {key} is posted {count} times" for key, count in keys.items() if count > 1))


def _wrong_with(journal: Journal) -> list[str]:
    wrong = [
        f"journal {journal.key} posts to the unknown account {p.account}"
        for p in journal.postings
        if p.account not in CHART
    ]
    if sum(p.cents for p in journal.postings) != 0:
        wrong.append(f"journal {journal.key} does not sum to zero")
    if not journal.postings or any(p.cents == 0 for p in journal.postings):
        wrong.append(f"journal {journal.key} moves nothing on some line")
    if len(parts := journal.key.split("/")) < 3 or not parts[-1].isdigit():
        wrong.append(f"journal {journal.key} has a key that is not event/entity/version")
    return wrong
