"""Issue: starts paying what may be paid of a run - approved, funded, and its date come - or says what it waits for."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select, update

from gateway.flow import books
from gateway.flow.context import Context
from gateway.flow.parties import Parties, Sponsor
from gateway.flow.pay.lane import WAITING, enqueue
from gateway.flow.pay.sums import needed, unpaid
from gateway.plan.money import funding
from gateway.plan.money.payment import Payee
from gateway.store import installation, queue
from gateway.store.queue import Work
from gateway.store.schema import approval, pay_run

PAYEES_A_STEP = 50
"""Payees one transaction pays: with 20 decisions each that is 1,000 rows, about 20 ms of SQLite's writer."""


def issue(context: Context, work: Work) -> None:
    """The step: starts paying what may be paid of a run, or says what it waits for."""
    with context.store.write("issue") as connection:
        queue.finish(connection, work)
        today = installation.business_date(connection)
        sponsor = Parties(connection, today).sponsor(work.sponsor_id)
        mine = (pay_run.c.sponsor_id == sponsor.id, pay_run.c.run_no == work.body["run_no"])
        run = connection.execute(select(pay_run).where(*mine)).one()
        if run.state not in WAITING:
            return
        if _is_paying(connection, sponsor.id):  # its money is not off the books yet; its close has every run look again
            return
        released, state = _released(connection, sponsor, run, today)
        if not released:
            connection.execute(update(pay_run).where(*mine).values(state=state))
            return
        connection.execute(update(pay_run).where(*mine).values(state="paying", issued_on=today.isoformat()))
        for start in range(0, len(released), PAYEES_A_STEP):
            part = [list(payee) for payee in released[start : start + PAYEES_A_STEP]]
            enqueue(connection, context, "payee", sponsor.id, run.run_no, body={"payees": part})
        enqueue(connection, context, "close", sponsor.id, run.run_no)


def _is_paying(connection: Connection, sponsor_id: str) -> bool:
    mine = select(pay_run.c.run_no).where(pay_run.c.sponsor_id == sponsor_id, pay_run.c.state == "paying")
    return connection.execute(mine.limit(1)).first() is not None


def _released(
    connection: Connection, sponsor: Sponsor, run: Any, today: date
) -> tuple[list[Payee], funding.State | None]:  # fmt: skip
    """Who may be paid now, by (TIN, NPI), or nobody and what the run waits for. Older runs' needs are reserved."""
    owed = unpaid(connection, sponsor.id)
    reserved = needed(payees for run_no, payees in owed.items() if run_no < run.run_no)
    rules, mine = sponsor.funding, owed[run.run_no]
    cash, outstanding = books.balance(connection, sponsor.id, "1010"), -books.balance(connection, sponsor.id, "2020")
    given = (
        select(func.count())
        .select_from(approval)
        .where(approval.c.sponsor_id == sponsor.id, approval.c.run_no == run.run_no)
    )
    released, state = funding.issuable(
        rules, [one.due for one in mine.values()],
        funding.releasable_cents(cash, outstanding, reserved, rules.minimum_balance_cents, rules.floor),
        need_cents=run.need_cents, approvals=connection.execute(given).scalar_one(),
        run_on=date.fromisoformat(run.run_on), today=today,
    )  # fmt: skip
    keys = {due.key for due in released}
    return [payee for payee, one in mine.items() if one.due.key in keys], state
