"""Whose money, how much of it, and when: what an employer is asked for and which payments its money lets go.

The administrator never advances its own money and never lends one employer's to another: a payment is released only
against cash that is posted, above the floor, and not promised to anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Literal

from gateway.plan.calendar import add_business_days, next_weekday, on_or_after
from gateway.plan.money.payment import PayeePlan
from mappings.records import Record

Method = Literal["per-run", "level"]
Floor = Literal["hard", "soft"]
Policy = Literal["all-or-nothing", "fifo", "smallest-first"]
State = Literal["awaiting-approval", "awaiting-funds", "awaiting-date"]


class Funding(Record, frozen=True, kw_only=True):
    """A sponsor's funding settings.

    method: per-run (each run is asked for, with what restores the minimum balance), level (twelve equal deposits; runs
    ask for nothing).
    floor: hard, the minimum balance is never paid from; soft, it is, and the next request restores it.
    approvals: how many named people must approve a run above approval_limit_cents.
    run_weekday: 0 Monday .. 6 Sunday. eft_days: business days from the run to settlement.
    """

    method: Method = "per-run"
    minimum_balance_cents: int = 0
    floor: Floor = "hard"
    release: Policy = "all-or-nothing"
    approval_limit_cents: int = 25_000_00
    approvals: int = 2
    run_weekday: int = 4
    eft_days: int = 2


class Due(Record, frozen=True, kw_only=True):
    """One payment that waits for money. received, icn: of its oldest claim, the order of FIFO release."""

    key: str
    cents: int
    received: date
    icn: str


class Bank(Record, frozen=True, kw_only=True):
    """What a sponsor's account looks like today.

    weekly_paid_cents: average of the last weeks. largest_cents: the largest payment that waits. uncleared_days: age of
    the oldest payment issued and not cleared.
    """

    balance_cents: int
    weekly_paid_cents: int = 0
    largest_cents: int = 0
    unidentified_cents: int = 0
    uncleared_days: int = 0


UNCLEARED_DAYS = 90
"""A check is stale after 180 days: at half of that somebody should ask the payee."""

HOLD_STEPS: tuple[tuple[int, str], ...] = (
    (0, "request"),
    (3, "reminder"),
    (5, "escalation"),
    (10, "notice to the employer's finance and broker"),
    (30, "prompt-pay exposure report"),
)
"""Age of an unpaid request in days, and what is due from that age on."""


def request_cents(due: int, minimum: int, other_holds: int, available: int, asked: int = 0) -> int:
    """What to ask the employer for, all in cents.

    available: bank balance - issued and uncleared - reserved for other runs. other_holds: earlier runs that still wait.
    asked: open requests, whose money is on its way and must not be asked for twice.
    """
    return max(0, due + minimum + other_holds - available - asked)


def run_request_cents(funding: Funding, due: int, other_holds: int, available: int, asked: int = 0) -> int:
    """What a run asks for under the sponsor's method: level funding is billed by the month, not by the run."""
    if funding.method == "level":
        return 0
    return request_cents(due, funding.minimum_balance_cents, other_holds, available, asked)


def releasable_cents(cash: int, outstanding: int, reserved: int, minimum: int, floor: Floor) -> int:
    """Posted cash that payments may use, in cents: less issued and uncleared, less reserved, less a hard floor."""
    return max(0, cash - outstanding - reserved - (minimum if floor == "hard" else 0))


def due(plan: PayeePlan) -> Due:
    """A planned payment as it waits for money."""
    received, icn = min(((p.received, p.icn) for p in plan.payables), default=(date.max, ""))
    return Due(key=str(plan.payee), cents=plan.payment_cents, received=received, icn=icn)


def release(dues: Iterable[Due], releasable: int, policy: Policy) -> tuple[tuple[Due, ...], tuple[Due, ...]]:
    """Splits payments into (released, waiting), each in the policy's order; the same input gives the same split.

    A payment that does not fit holds back those behind it, so that a large one is not overtaken forever. A payment of
    zero needs no money and waits only under all-or-nothing.
    """
    ordered = sorted(dues, key=_ORDER[policy])
    if policy == "all-or-nothing":
        fits = sum(d.cents for d in ordered) <= releasable
        return (tuple(ordered), ()) if fits else ((), tuple(ordered))
    return _as_far_as_it_goes(ordered, releasable)


def issuable(
    funding: Funding, dues: Iterable[Due], releasable: int, *, need_cents: int, approvals: int, run_on: date,
    today: date,
) -> tuple[tuple[Due, ...], State | None]:  # fmt: skip
    """Which payments of a run may be made today; or none, and what the run waits for first.

    need_cents: of the whole run, what approvals are counted by. approvals: how many people have given theirs.
    """
    released = release(dues, releasable, funding.release)[0]
    waits: tuple[tuple[bool, State], ...] = (
        (approvals < approvals_needed(funding, need_cents), "awaiting-approval"),
        (not released, "awaiting-funds"),
        (run_on > today, "awaiting-date"),
    )
    state = next((state for applies, state in waits if applies), None)
    return (() if state else released), state


def _as_far_as_it_goes(ordered: Sequence[Due], left: int) -> tuple[tuple[Due, ...], tuple[Due, ...]]:
    released: list[Due] = []
    waiting: list[Due] = []
    for item in ordered:
        if item.cents == 0 or (not waiting and item.cents <= left):
            released.append(item)
            left -= item.cents
        else:
            waiting.append(item)
    return tuple(released), tuple(waiting)


_ORDER: dict[Policy, Callable[[Due], tuple[object, ...]]] = {
    "all-or-nothing": lambda d: (d.key,),
    "fifo": lambda d: (d.received, d.icn, d.key),
    "smallest-first": lambda d: (d.cents, d.received, d.icn, d.key),
}


def apply_deposit(cents: int, asked: Sequence[tuple[str, int]]) -> tuple[tuple[tuple[str, int], ...], int]:
    """Spreads a deposit over open requests (number, open cents), oldest first.

    Returns: what each request gets, and what is left over (a credit that lowers the next request).
    """
    applied = []
    for number, open_cents in asked:
        part = min(cents, open_cents)
        if part > 0:
            applied.append((number, part))
            cents -= part
    return tuple(applied), cents


def approvals_needed(funding: Funding, need_cents: int) -> int:
    """How many named people must approve a run of this size."""
    return funding.approvals if need_cents > funding.approval_limit_cents else 0


def run_date(funding: Funding, on: date) -> date:
    """The next run day on or after a business date; a bank holiday moves it to the next business day."""
    return on_or_after(next_weekday(on, funding.run_weekday))


def effective_date(funding: Funding, issued: date) -> date:
    """BPR16 and the EFT's effective entry date."""
    return add_business_days(issued, funding.eft_days)


def hold_step(age_days: int) -> str:
    """What an unpaid request of this age calls for."""
    return [step for days, step in HOLD_STEPS if days <= age_days][-1]


def alerts(funding: Funding, bank: Bank) -> tuple[str, ...]:
    """What a person should look at today, a sentence each; empty when nothing."""
    return tuple(text for applies, text in _ALERTS if applies(funding, bank))


_ALERTS: tuple[tuple[Callable[[Funding, Bank], bool], str], ...] = (
    (lambda f, b: b.balance_cents < f.minimum_balance_cents, "The balance is below the minimum."),
    (lambda _, b: 2 * b.weekly_paid_cents > b.balance_cents, "Two average weeks of payments exceed the balance."),
    (lambda _, b: b.largest_cents > b.balance_cents, "A single payment exceeds the balance."),
    (lambda _, b: b.unidentified_cents > 0, "A deposit is not identified."),
    (lambda _, b: b.uncleared_days > UNCLEARED_DAYS, f"A payment has not cleared for {UNCLEARED_DAYS} days."),
)
