"""Plan: freezes what was decided since the last run, and asks the employer for what is missing."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection, case, func, insert, select, update

from gateway.flow import books
from gateway.flow.context import Context
from gateway.flow.parties import Parties, Sponsor
from gateway.flow.pay.lane import enqueue
from gateway.flow.pay.sums import needed, unpaid
from gateway.plan.money import funding, ledger, payment
from gateway.plan.money.funding_request import Asked, DepositAccount
from gateway.plan.money.funding_request import document as funding_document
from gateway.store import counters, installation, queue
from gateway.store.order import ord_of
from gateway.store.queue import Work
from gateway.store.schema import decision as decision_table
from gateway.store.schema import funding_request, pay_run

log = structlog.get_logger()


def plan(context: Context, work: Work) -> None:
    """The step: freezes what was decided since the last run, and asks the employer for what is missing."""
    with context.store.write("plan") as connection:
        queue.finish(connection, work)
        today = installation.business_date(connection)
        sponsor = Parties(connection, today).sponsor(work.sponsor_id)
        if not has_unplanned(connection, sponsor.id):
            return
        run_no = counters.take(connection, f"run/{sponsor.id}")
        connection.execute(update(decision_table).where(*unplanned(sponsor.id)).values(run_no=run_no))
        owed = unpaid(connection, sponsor.id, planned=run_no)
        totals = _totals(connection, sponsor.id, run_no, [one.settled for one in owed.pop(run_no).values()])
        run_on = funding.run_date(sponsor.funding, today)
        number = _request(connection, context, sponsor, run_no, run_on, totals, needed(owed.values()), today)
        connection.execute(
            insert(pay_run).values(
                sponsor_id=sponsor.id, run_no=run_no, state="awaiting-approval", planned_on=today.isoformat(),
                run_on=run_on.isoformat(), need_cents=totals.need_cents, claims=totals.claims,
                request_no=number, issued_on="",
            )
        )  # fmt: skip
        enqueue(connection, context, "issue", sponsor.id)
        if run_on > today:
            enqueue(connection, context, "issue", sponsor.id, due_on=run_on.isoformat())
    log.info("run planned", sponsor=work.sponsor_id, run_no=run_no, claims=totals.claims, need_cents=totals.need_cents)


def has_unplanned(connection: Connection, sponsor_id: str) -> bool:
    """Whether anything was decided that stands in no run."""
    return connection.execute(select(decision_table.c.icn).where(*unplanned(sponsor_id)).limit(1)).first() is not None


def unplanned(sponsor_id: str) -> tuple[Any, ...]:
    """What a decision is that no run has taken: conditions of a query."""
    return (
        decision_table.c.sponsor_id == sponsor_id,
        decision_table.c.run_no == 0,
        decision_table.c.outcome.in_(("paid", "denied", "reversal")),
    )


def _totals(
    connection: Connection, sponsor_id: str, run_no: int, settled: list[payment.Settlement]
) -> payment.RunTotals:  # fmt: skip
    """The run in figures. settled: what its payees come to."""
    signs = select(
        func.count(),
        func.coalesce(func.sum(case((decision_table.c.paid_cents > 0, decision_table.c.paid_cents), else_=0)), 0),
        func.coalesce(func.sum(case((decision_table.c.paid_cents < 0, decision_table.c.paid_cents), else_=0)), 0),
    ).where(decision_table.c.sponsor_id == sponsor_id, decision_table.c.run_no == run_no)  # fmt: skip
    claims, approved, taken_back = connection.execute(signs).one()
    return payment.RunTotals(
        claims=int(claims), payments=sum(one.payment_cents > 0 for one in settled), approved_cents=int(approved),
        reversed_cents=int(taken_back), forwarded_cents=sum(one.forwarded_cents for one in settled),
        recovered_cents=sum(b.cents for one in settled for b in one.recovered),
        need_cents=sum(one.payment_cents for one in settled),
    )  # fmt: skip


def _request(
    connection: Connection, context: Context, sponsor: Sponsor, run_no: int, run_on: date, totals: payment.RunTotals,
    other_holds: int, today: date,
) -> str:  # fmt: skip
    """Raises a funding request for what the run lacks; its number, "" when nothing is lacking.

    other_holds: cents that earlier runs still wait for.
    """
    available = books.balance(connection, sponsor.id, "1010") + books.balance(connection, sponsor.id, "2020")
    asked = books.balance(connection, sponsor.id, "1100")
    cents = funding.run_request_cents(sponsor.funding, totals.need_cents, other_holds, available, asked)
    if cents == 0:
        return ""
    open_ = select(funding_request).where(funding_request.c.sponsor_id == sponsor.id, funding_request.c.state == "open")
    unpaid = tuple(
        (row.number, date.fromisoformat(row.requested_on), row.amount_cents - row.paid_cents)
        for row in connection.execute(open_.order_by(funding_request.c.number))
    )
    ours = Parties(connection, today).administrator
    number = f"FR-{counters.take(connection, f'FR/{sponsor.id}'):04d}"
    request = Asked(
        number=number, usage=context.usage, employer=sponsor.name, plan=", ".join(sorted(set(sponsor.plans.values()))),
        run=f"{sponsor.id}/{run_no}", run_date=run_on, first=today, last=today, issued=today, due=run_on,
        minimum_cents=sponsor.funding.minimum_balance_cents, available_cents=available, other_holds_cents=other_holds,
        asked_cents=asked, unpaid=unpaid, contact=ours.payer.contact,
        deposit=DepositAccount(bank=ours.bank_name, holder=ours.name, routing=ours.payer.account.routing,
                               account=ours.payer.account.number),
    )  # fmt: skip
    connection.execute(
        insert(funding_request).values(
            sponsor_id=sponsor.id, number=number, run_no=run_no, requested_on=today.isoformat(), amount_cents=cents,
            paid_cents=0, state="open", body=msgspec.json.encode(funding_document(request, totals)).decode(),
        )
    )  # fmt: skip
    books.post(connection, context.now_us, sponsor.id, [ledger.funding_requested(number, today, cents)])
    queue.enqueue(connection, context.now_us, "paper", lane=f"N/{sponsor.id}", sponsor_id=sponsor.id,
                  partner=f"sponsor/{sponsor.id}", ord=ord_of(0), body={"number": number})  # fmt: skip
    return number
