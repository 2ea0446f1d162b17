"""Issue: starts paying what may be paid - approved, funded, its date come - or says what each run waits for.

One run is paid at a time, the oldest that can be: the money of one being paid is not off the books yet. Its close has
the others look again, so that whatever comes while it is paid needs no second event.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select, update

from gateway.flow import books
from gateway.flow.context import Context
from gateway.flow.parties import Parties, Sponsor
from gateway.flow.pay.lane import WAITING, enqueue
from gateway.flow.pay.sums import needed, next_part, set_aside, unpaid
from gateway.plan.money import funding
from gateway.plan.money.payment import Payee
from gateway.store import installation, queue
from gateway.store.queue import Work
from gateway.store.rows import parts
from gateway.store.schema import approval, pay_run

PAYEES_A_STEP = 50
"""Payees one transaction pays: with 20 decisions each that is 1,000 rows, about 20 ms of SQLite's writer."""


def issue(context: Context, work: Work) -> None:
    """The step: the oldest waiting run that may be paid starts; the older ones say what they wait for."""
    with context.store.write("issue") as connection:
        queue.finish(connection, work)
        today = installation.business_date(connection)
        sponsor = Parties(connection, today).sponsor(work.sponsor_id)
        if _is_paying(connection, sponsor.id):
            return
        waiting = select(pay_run).where(pay_run.c.sponsor_id == sponsor.id, pay_run.c.state.in_(WAITING))
        for run in connection.execute(waiting.order_by(pay_run.c.run_no)).all():
            released, state = _released(connection, sponsor, run, today)
            mine = update(pay_run).where(pay_run.c.sponsor_id == sponsor.id, pay_run.c.run_no == run.run_no)
            if released:
                connection.execute(mine.values(state="paying", issued_on=today.isoformat()))
                _pay(connection, context, sponsor.id, run.run_no, released)
                return
            connection.execute(mine.values(state=state))


def _pay(connection: Connection, context: Context, sponsor_id: str, run_no: int, released: list[Payee]) -> None:
    """The steps that pay a part of a run, and the one that closes it."""
    part = next_part(connection, sponsor_id, run_no)
    for some in parts(released, PAYEES_A_STEP):
        payees = [list(payee) for payee in some]
        enqueue(connection, context, "payee", sponsor_id, run_no, body={"part": part, "payees": payees})
    enqueue(connection, context, "close", sponsor_id, run_no)


def _is_paying(connection: Connection, sponsor_id: str) -> bool:
    mine = select(pay_run.c.run_no).where(pay_run.c.sponsor_id == sponsor_id, pay_run.c.state == "paying")
    return connection.execute(mine.limit(1)).first() is not None


def _released(
    connection: Connection, sponsor: Sponsor, run: Any, today: date
) -> tuple[list[Payee], funding.State | None]:  # fmt: skip
    """Who may be paid now, by (TIN, NPI), or nobody and what the run waits for.

    What older runs need is reserved. Payees set aside keep their place and their money: a person may release them.
    """
    owed, aside = unpaid(connection, sponsor.id), set_aside(connection, sponsor.id)
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
    found = [payee for payee, one in mine.items() if one.due.key in keys and (run.run_no, payee) not in aside]
    return found, state or (None if found else "awaiting-funds")
