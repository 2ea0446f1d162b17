"""The funding request an employer receives: how its amount comes about, where to send it, what else is unpaid.

Totals only: a request goes to people who may not see claims.
"""

from __future__ import annotations

from datetime import date

import msgspec

from gateway.plan.money.funding import hold_step, request_cents
from gateway.plan.money.payment import RunTotals
from mappings.records import Contact, Record


class DepositAccount(Record, frozen=True, kw_only=True):
    """Where the employer sends its money."""

    bank: str = ""
    holder: str = ""
    routing: str = ""
    account: str = ""


class Asked(Record, frozen=True, kw_only=True):
    """A funding request on its way: who is asked, for which run, from what balance, and what else is unpaid.

    available_cents, other_holds_cents, asked_cents: as in request_cents. unpaid: (number, issued, open cents) of
    earlier requests. usage: T or P.
    """

    number: str
    usage: str
    employer: str
    plan: str
    run: str
    run_date: date
    first: date
    last: date
    issued: date
    due: date
    minimum_cents: int
    available_cents: int
    other_holds_cents: int = 0
    asked_cents: int = 0
    deposit: DepositAccount = DepositAccount()
    contact: Contact = Contact()
    unpaid: tuple[tuple[str, date, int], ...] = ()


def document(asked: Asked, totals: RunTotals) -> dict[str, object]:
    """The funding request as plain data for paper, page and mail: totals only, nothing of any person.

    Its `lines` (label, cents, total?) add up from approved claims to `amount_due_cents`; lines of zero are left out.
    """
    due = request_cents(
        totals.need_cents, asked.minimum_cents, asked.other_holds_cents, asked.available_cents, asked.asked_cents
    )
    return {
        "number": asked.number,
        "usage": asked.usage,
        "employer": asked.employer,
        "plan": asked.plan,
        "run": asked.run,
        "run_date": asked.run_date.isoformat(),
        "first": asked.first.isoformat(),
        "last": asked.last.isoformat(),
        "issued": asked.issued.isoformat(),
        "due": asked.due.isoformat(),
        "claims": totals.claims,
        "payments": totals.payments,
        "lines": _lines(asked, totals, due),
        "amount_due_cents": due,
        "deposit": msgspec.to_builtins(asked.deposit),
        "contact": {"name": asked.contact.name, "number": asked.contact.number},
        "unpaid": [_unpaid(asked.issued, *request) for request in asked.unpaid],
    }


def _lines(asked: Asked, totals: RunTotals, due: int) -> list[dict[str, object]]:
    """From what was approved to what must be paid, and from there to what must be sent."""
    rows = (
        ("Claims approved", totals.approved_cents, False),
        ("Claims reversed", totals.reversed_cents, False),
        ("Interest and other provider adjustments", totals.adjusted_cents, False),
        ("Overpayments carried forward", totals.forwarded_cents, False),
        ("Overpayments recovered", -totals.recovered_cents, False),
        ("Payments of this run", totals.need_cents, True),
        ("Earlier runs waiting for funds", asked.other_holds_cents, False),
        ("Minimum balance", asked.minimum_cents, False),
        ("Balance available", -asked.available_cents, False),
        ("Requested before and not yet received", -asked.asked_cents, False),
        ("Amount due", due, True),
    )
    return [{"label": label, "cents": cents, "total": total} for label, cents, total in rows if cents or total]


def _unpaid(today: date, number: str, issued: date, cents: int) -> dict[str, object]:
    age = (today - issued).days
    return {"number": number, "issued": issued.isoformat(), "age_days": age, "cents": cents, "step": hold_step(age)}
