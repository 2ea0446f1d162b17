"""Laws of the books, and the golden journal."""

from __future__ import annotations

import json
from datetime import date

import msgspec
import pytest
from golden_claims import GOLDEN, HILLCREST, LAKESIDE, METRO, RUN, golden_payables

from gateway.plan.money import ledger
from gateway.plan.money.payment import Payee
from gateway.plan.records import Journal, Posting

DECIDED, SETTLED = date(2026, 4, 6), date(2026, 4, 14)
LAKESIDE_KEY, METRO_KEY, HILLCREST_KEY = (str(Payee(p.tin, p.npi)) for p in (LAKESIDE, METRO, HILLCREST))


def golden_journals() -> list[Journal]:
    """The scenario's entries from the takeover to the carrier's money."""
    payables = golden_payables()
    paid = [payables[name] for name in ("C1", "C4", "C5", "C6", "C7", "C8")]
    taken_over = (Posting(account="1010", cents=1500000), Posting(account="5010", sub="26072000001", cents=40000))
    return [
        ledger.opening("takeover", date(2026, 4, 1), taken_over),
        *(ledger.claim_approved(p.icn, 1, DECIDED, p.decision.paid_cents, str(p.payee)) for p in paid),
        ledger.claim_reversed("26072000001", 2, DECIDED, 40000, HILLCREST_KEY),
        ledger.funding_requested("FR-0001", DECIDED, 1765606),
        ledger.deposit_received("DEP1", date(2026, 4, 9), (("FR-0001", 1765606),)),
        ledger.payment_issued("EFT0410001", RUN, 65606, LAKESIDE_KEY),
        ledger.payment_issued("EFT0410002", RUN, 2700000, METRO_KEY),
        ledger.forward_balance_created("RA0410003", RUN, 12000, HILLCREST_KEY),
        ledger.payment_settled("EFT0410001", SETTLED, 65606),
        ledger.payment_settled("EFT0410002", SETTLED, 2700000),
        ledger.stop_loss_filed("SL-0001", 1, date(2026, 4, 15), 1700000),
        ledger.reimbursement_received("SL-0001", 1, date(2026, 5, 20), 1700000),
    ]


def postings(journals: list[Journal]) -> list[Posting]:
    """Every posting of some journals."""
    return [posting for journal in journals for posting in journal.postings]


def test_golden_trial_balance() -> None:
    """The scenario's journals come to the scenario's trial balance, which sums to zero."""
    expected = json.loads((GOLDEN / "expected.json").read_text())["trial_balance"]
    balance = ledger.trial_balance(postings(golden_journals()))
    assert {ledger.CHART[number].label: cents for number, cents in balance.items()} == expected
    assert sum(balance.values()) == 0


def test_golden_books_agree_day_by_day() -> None:
    """Every account moves by the scenario's amounts on every day of the scenario."""
    entries = json.loads((GOLDEN / "expected.json").read_text())["journal"]
    for day in sorted({on for on, _, _ in entries}):
        wanted = [Posting(account=name[:4], cents=c) for on, _, rows in entries if on == day for name, c in rows]
        made = postings([j for j in golden_journals() if j.on.isoformat() == day])
        assert ledger.trial_balance(made) == ledger.trial_balance(wanted)


def test_golden_books_verify_and_leave_one_open_balance() -> None:
    """The books are sound; the only open item of a payee is Hillcrest's forward balance."""
    made = postings(golden_journals())
    assert ledger.verify(golden_journals()) == ()
    assert ledger.by_sub(made, "1300") == {"RA0410003": 12000}
    assert ledger.by_sub(made, "2010") == {}
    assert ledger.by_sub(made, "2020") == {}
    assert ledger.by_sub(made, "5010")["26096000008"] == 1800000
    assert "26072000001" not in ledger.by_sub(made, "5010")


def test_a_partial_recovery_moves_only_what_was_earned() -> None:
    """Taking a balance of 120 and forwarding 70 leaves 70 open and uses 50 of the payable."""
    made = postings(
        [
            ledger.forward_balance_created("RA1", RUN, 12000, "P"),
            ledger.claim_approved("X", 1, RUN, 5000, "P"),
            ledger.forward_balance_recovered("RA1", RUN, 12000, "P"),
            ledger.forward_balance_created("RA2", RUN, 7000, "P"),
            ledger.claim_reversed("Y", 2, RUN, 12000, "P"),
        ]
    )
    assert ledger.by_sub(made, "1300") == {"RA2": 7000}
    assert ledger.by_sub(made, "2010") == {}


def test_a_returned_payment_is_owed_again() -> None:
    """A return, before or after settlement, puts the books back to where the payment was not yet issued."""
    issued = ledger.payment_issued("EFT1", RUN, 500, "P")
    uncashed = [issued, ledger.payment_returned("EFT1", SETTLED, 500, "P")]
    settled = [issued, ledger.payment_settled("EFT1", SETTLED, 500)]
    settled.append(ledger.payment_returned("EFT1", SETTLED, 500, "P", settled=True))
    assert set(ledger.trial_balance(postings(uncashed)).values()) == {0}
    assert set(ledger.trial_balance(postings(settled)).values()) == {0}


def test_a_void_after_reimbursement_is_owed_to_the_carrier() -> None:
    """A reimbursed claim that is reversed turns the recovery into a debt to the carrier, until repaid."""
    filed = [
        ledger.stop_loss_filed("SL-0001", 1, RUN, 1700000),
        ledger.reimbursement_received("SL-0001", 1, RUN, 1700000),
        ledger.reimbursement_owed("SL-0001", 1, RUN, 1700000),
    ]
    assert ledger.trial_balance(postings(filed)) == {"1010": 1700000, "1200": 0, "2200": -1700000, "5900": 0}
    filed.append(ledger.reimbursement_repaid("SL-0001", 1, RUN, 1700000))
    assert set(ledger.trial_balance(postings(filed)).values()) == {0}


def test_interest_is_its_own_expense() -> None:
    """Interest is owed to the payee with the claim but is not claims expense."""
    journal = ledger.claim_approved("X", 1, RUN, 10000, "P", interest_cents=123)
    assert ledger.trial_balance(journal.postings) == {"2010": -10123, "5010": 10000, "5020": 123}


def test_a_surplus_deposit_is_unasked_funding() -> None:
    """What a deposit brings above its requests is the employer's funding and lowers the next request."""
    journal = ledger.deposit_received("D", RUN, (("FR-1", 100),), surplus_cents=50)
    assert ledger.trial_balance(journal.postings) == {"1010": 150, "1100": -100, "3010": -50}


MOVES = (
    (ledger.funding_cancelled("FR-1", RUN, 5), "3010", "1100"),
    (ledger.deposit_unidentified("D", RUN, 5), "1010", "2090"),
    (ledger.deposit_identified("D", RUN, 5, "FR-1"), "2090", "1100"),
    (ledger.surplus_returned("S", RUN, 5), "3010", "1010"),
    (ledger.fee_taken("F", RUN, 5), "6010", "1010"),
    (ledger.premium_taken("P", RUN, 5), "6020", "1010"),
    (ledger.check_escheated("CHK1", RUN, 5), "2020", "2300"),
    (ledger.refund_received("R", RUN, 5, "RA1"), "1010", "1300"),
    (ledger.overpayment_written_off("RA1", RUN, 5), "5030", "1300"),
    (ledger.stop_loss_denied("SL-1", 1, RUN, 5), "5900", "1200"),
    (ledger.advance_received("A", RUN, 5), "1010", "2250"),
    (ledger.advance_repaid("A", 1, RUN, 5), "2250", "1010"),
)


@pytest.mark.parametrize(("journal", "debit", "credit"), MOVES, ids=lambda value: getattr(value, "key", value))
def test_events_post_to_their_two_accounts(journal: Journal, debit: str, credit: str) -> None:
    """Each event debits and credits the accounts of the posting table."""
    assert ledger.trial_balance(journal.postings) == {debit: 5, credit: -5}


def test_the_carriers_share_of_a_recovery_is_owed_to_it() -> None:
    """A third party's money is split between the plan and the stop-loss carrier."""
    journal = ledger.subrogation_recovered("S", RUN, 100, "X", carrier_cents=40)
    assert ledger.trial_balance(journal.postings) == {"1010": 100, "2200": -40, "5910": -60}
    with pytest.raises(ValueError, match="carrier"):
        ledger.subrogation_recovered("S", RUN, 100, "X", carrier_cents=101)


@pytest.mark.parametrize("cents", [0, -1])
def test_an_amount_is_positive(cents: int) -> None:
    """An event never posts nothing or backwards: undoing is an event of its own."""
    with pytest.raises(ValueError, match="positive"):
        ledger.payment_issued("EFT1", RUN, cents, "P")
    with pytest.raises(ValueError, match="positive"):
        ledger.claim_approved("X", 1, RUN, cents, "P")
    with pytest.raises(ValueError, match="positive"):
        ledger.deposit_received("D", RUN, (("FR-1", cents),))


def test_verify_names_what_is_wrong() -> None:
    """A repeated key, an unknown account, a nameless key and a changed sum are each told in a sentence."""
    good = ledger.payment_settled("EFT1", RUN, 5)
    strange = Journal(key="x", on=RUN, text="", postings=(Posting(account="9999", cents=0),))
    broken = msgspec.structs.replace(good, key="payment_settled/EFT2/1")
    msgspec.structs.force_setattr(broken, "postings", (Posting(account="1010", cents=5),))
    assert ledger.verify([good, good, strange, broken]) == (
        "journal x posts to the unknown account 9999",
        "journal x moves nothing on some line",
        "journal x has a key that is not event/entity/version",
        "journal payment_settled/EFT2/1 does not sum to zero",
        "journal payment_settled/EFT1/1 is posted 2 times",
    )
