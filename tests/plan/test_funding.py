"""Laws of funding: what is asked for, and what posted money lets go."""

from __future__ import annotations

from datetime import date

import pytest
from golden_claims import golden_payables

from gateway.plan.money import funding
from gateway.plan.money.funding import Bank, Due, Funding
from gateway.plan.money.funding_request import Asked, document
from gateway.plan.money.payment import RunTotals, plan_run, totals

BLUEBONNET = Funding(minimum_balance_cents=500000)
LAKESIDE = Due(key="741234567/1234567893", cents=65606, received=date(2026, 4, 6), icn="26096000001")
METRO = Due(key="742345678/1245319599", cents=2700000, received=date(2026, 4, 6), icn="26096000005")
HILLCREST = Due(key="743456789/1679576722", cents=0, received=date(2026, 4, 6), icn="26096000006")
RUN = (METRO, HILLCREST, LAKESIDE)


def test_golden_request_restores_the_minimum() -> None:
    """Due 27,656.06 with a minimum of 5,000 and 15,000 available asks for 17,656.06."""
    assert funding.run_request_cents(BLUEBONNET, 2765606, 0, 1500000) == 1765606


def test_nothing_is_asked_when_enough_is_there() -> None:
    """A request is never negative."""
    assert funding.request_cents(100, 50, 0, 1000) == 0


def test_money_already_asked_for_is_not_asked_twice() -> None:
    """A second run asks only for what the first request does not bring."""
    first = funding.request_cents(2765606, 500000, 0, 1500000)
    both = funding.request_cents(50000, 500000, 2765606, 1500000, asked=first)
    assert both == 50000


def test_level_funding_is_not_asked_by_the_run() -> None:
    """A level-funded sponsor is billed by the month."""
    assert funding.run_request_cents(Funding(method="level"), 2765606, 0, 0) == 0


def test_golden_deposit_releases_exactly_the_need() -> None:
    """32,656.06 in the bank above a hard floor of 5,000 lets 27,656.06 go, all of the run."""
    available = funding.releasable_cents(1500000 + 1765606, 0, 0, 500000, "hard")
    assert available == 2765606
    released, waiting = funding.release(RUN, available, "all-or-nothing")
    assert (len(released), waiting) == (3, ())


def test_short_deposit_releases_nothing_under_all_or_nothing() -> None:
    """A deposit 656.06 short holds the whole run."""
    released, waiting = funding.release(RUN, funding.releasable_cents(3200000, 0, 0, 500000, "hard"), "all-or-nothing")
    assert (released, len(waiting)) == ((), 3)


def test_short_deposit_releases_the_oldest_under_fifo() -> None:
    """Under FIFO Lakeside goes first and Metro waits, as 26,343.94 is less than 27,000.00; zero needs no money."""
    available = funding.releasable_cents(3200000, 0, 0, 500000, "hard")
    released, waiting = funding.release(RUN, available, "fifo")
    assert released == (LAKESIDE, HILLCREST)
    assert waiting == (METRO,)
    assert available - sum(d.cents for d in released) == 2634394


def test_a_soft_floor_may_be_paid_from() -> None:
    """A soft minimum is used for release; issued and reserved money never is."""
    assert funding.releasable_cents(1000, 200, 100, 500, "soft") == 700
    assert funding.releasable_cents(1000, 200, 100, 500, "hard") == 200
    assert funding.releasable_cents(100, 200, 0, 0, "soft") == 0


def test_a_payment_that_does_not_fit_is_not_overtaken() -> None:
    """Under FIFO a younger small payment waits behind an older large one; under smallest-first it goes."""
    small = Due(key="s", cents=10, received=date(2026, 4, 7), icn="26097000001")
    assert funding.release((METRO, small), 100, "fifo") == ((), (METRO, small))
    assert funding.release((METRO, small), 100, "smallest-first") == ((small,), (METRO,))


def test_a_deposit_pays_requests_oldest_first() -> None:
    """A deposit goes to open requests in order and leaves a surplus only when all are paid."""
    assert funding.apply_deposit(150, (("FR-1", 100), ("FR-2", 100))) == ((("FR-1", 100), ("FR-2", 50)), 0)
    assert funding.apply_deposit(250, (("FR-1", 100), ("FR-2", 100))) == ((("FR-1", 100), ("FR-2", 100)), 50)


def test_only_runs_above_the_limit_need_approval() -> None:
    """Two people approve a run above 25,000.00, nobody one of exactly that."""
    assert funding.approvals_needed(BLUEBONNET, 2500000) == 0
    assert funding.approvals_needed(BLUEBONNET, 2500001) == 2


@pytest.mark.parametrize(
    ("on", "runs"),
    [
        (date(2026, 4, 6), date(2026, 4, 10)),
        (date(2026, 4, 10), date(2026, 4, 10)),
        (date(2026, 12, 24), date(2026, 12, 28)),
    ],
)
def test_runs_are_on_their_weekday_or_the_business_day_after(on: date, runs: date) -> None:
    """A run is on the next Friday, and on the business day after it when banks are shut."""
    assert funding.run_date(BLUEBONNET, on) == runs


def test_golden_effective_date() -> None:
    """An EFT of Friday 04-10 settles two business days later, Tuesday 04-14."""
    assert funding.effective_date(BLUEBONNET, date(2026, 4, 10)) == date(2026, 4, 14)


@pytest.mark.parametrize(
    ("age", "step"),
    [
        (0, "request"),
        (2, "request"),
        (3, "reminder"),
        (9, "escalation"),
        (10, "notice to the employer's finance and broker"),
    ],
)
def test_an_unpaid_request_ages(age: int, step: str) -> None:
    """The older an unpaid request, the louder the step."""
    assert funding.hold_step(age) == step


ASKED = Asked(
    number="FR-0001",
    usage="T",
    employer="Bluebonnet Tool & Die",
    plan="PPO 2026",
    run="RUN-1",
    run_date=date(2026, 4, 10),
    first=date(2026, 4, 6),
    last=date(2026, 4, 6),
    issued=date(2026, 4, 6),
    due=date(2026, 4, 9),
    minimum_cents=500000,
    available_cents=1500000,
    unpaid=(("FR-0000", date(2026, 3, 30), 1200),),
)


def test_golden_request_explains_its_amount() -> None:
    """The request's lines lead from the claims approved to the payments, and from there to the amount due."""
    request = document(ASKED, totals(plan_run(golden_payables().values())))
    lines = [(line["label"], line["cents"]) for line in request["lines"]]  # type: ignore[union-attr]
    assert lines == [
        ("Claims approved", 2793606),
        ("Claims reversed", -40000),
        ("Overpayments carried forward", 12000),
        ("Payments of this run", 2765606),
        ("Minimum balance", 500000),
        ("Balance available", -1500000),
        ("Amount due", 1765606),
    ]
    assert (request["amount_due_cents"], request["claims"], request["payments"]) == (1765606, 9, 2)
    assert request["unpaid"] == [
        {"number": "FR-0000", "issued": "2026-03-30", "age_days": 7, "cents": 1200, "step": "escalation"}
    ]


def test_a_request_tells_nothing_of_any_person() -> None:
    """Totals only: no name, member id, patient control number or ICN of the run's claims."""
    payables = golden_payables().values()
    text = str(document(ASKED, totals(plan_run(payables))))
    for p in payables:
        for value in (p.icn, p.claim.pcn, p.claim.patient.last, p.claim.patient.first, p.claim.subscriber.id):
            assert value not in text


def test_run_totals_must_add_up() -> None:
    """Figures that do not lead to the need are refused."""
    with pytest.raises(ValueError, match="add up"):
        RunTotals(claims=1, payments=1, approved_cents=100, need_cents=99)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({}, ""),
        ({"balance_cents": 499999}, "below the minimum"),
        ({"weekly_paid_cents": 500000}, "Two average weeks"),
        ({"largest_cents": 700000}, "single payment"),
        ({"unidentified_cents": 1}, "not identified"),
        ({"uncleared_days": 91}, "not cleared"),
    ],
)
def test_each_thing_to_look_at_is_told_once(change: dict[str, int], word: str) -> None:
    """One thing wrong with an account is one sentence; a sound account has none."""
    told = funding.alerts(BLUEBONNET, Bank(**{"balance_cents": 600000, "uncleared_days": 90} | change))
    assert len(told) == bool(word)
    assert all(word in sentence for sentence in told)
