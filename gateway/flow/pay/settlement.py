"""Settle: the bank has paid what was issued; the cash leaves the books.

EFTs settle by a timer in a test installation; checks, and everything in production, when a person says so.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from gateway.errors import NotPermitted, UsageError
from gateway.flow import books
from gateway.flow.context import Context
from gateway.flow.parties import Parties
from gateway.flow.pay.lane import enqueue
from gateway.plan import calendar
from gateway.plan.money import ledger
from gateway.store import audit, installation, queue
from gateway.store.order import ord_of
from gateway.store.queue import Work
from gateway.store.schema import pay_run
from gateway.store.schema import remittance as remittance_table
from gateway.store.schema import work as work_table


def ask(connection: Connection, context: Context, sponsor_id: str, run_no: int, user: str) -> None:
    """A person says that the bank has paid what was issued of a run, its checks too.

    Raises UsageError for a run that is not on file, NotPermitted when the bank can have paid nothing of it, or when it
    was said before.
    """
    name = f"{sponsor_id}/{run_no}"
    mine = select(pay_run.c.state).where(pay_run.c.sponsor_id == sponsor_id, pay_run.c.run_no == run_no)
    state = connection.execute(mine).scalar_one_or_none()
    if state is None:
        raise UsageError(f"no run {name}")
    issued = select(remittance_table.c.effective).where(
        remittance_table.c.sponsor_id == sponsor_id, remittance_table.c.run_no == run_no,
        remittance_table.c.state == "issued",
    )  # fmt: skip
    days = connection.execute(issued).scalars().all()
    if not days:
        raise NotPermitted(f"run {name} is {state}: nothing of it is issued and not settled")
    if min(days) > installation.business_date(connection).isoformat():
        raise NotPermitted(f"the bank pays what is left of run {name} on {min(days)}")
    key = f"settle/{name}"
    if connection.execute(select(work_table.c.id).where(work_table.c.key == key)).first():
        raise NotPermitted(f"run {name} is being settled already")
    enqueue(connection, context, "settle", sponsor_id, run_no, key=key)
    audit.note(connection, context.now_us, user, "settle", f"run {name}")


def settle(context: Context, work: Work) -> None:
    """The step: the bank has paid what was issued up to today (`checks` false: but no checks)."""
    with context.store.write("settle") as connection:
        queue.finish(connection, work)
        today = installation.business_date(connection)
        sponsor = Parties(connection, today).sponsor(work.sponsor_id)
        due = (
            remittance_table.c.sponsor_id == sponsor.id, remittance_table.c.run_no == work.body["run_no"],
            remittance_table.c.state == "issued", remittance_table.c.effective <= today.isoformat(),
            *(() if work.body.get("checks", True) else (remittance_table.c.method != "CHK",)),
        )  # fmt: skip
        rows = list(connection.execute(select(remittance_table).where(*due).order_by(remittance_table.c.trace)))
        journals = [ledger.payment_settled(r.trace, today, r.amount_cents) for r in rows if r.amount_cents]
        books.post(connection, context.now_us, sponsor.id, journals)
        connection.execute(update(remittance_table).where(*due).values(state="settled", settled_on=today.isoformat()))
        open_ = select(func.count()).select_from(remittance_table).where(
            remittance_table.c.sponsor_id == sponsor.id, remittance_table.c.run_no == work.body["run_no"],
            remittance_table.c.state != "settled",
        )  # fmt: skip
        if connection.execute(open_).scalar_one() == 0:
            mine = update(pay_run).where(
                pay_run.c.sponsor_id == sponsor.id, pay_run.c.run_no == work.body["run_no"], pay_run.c.state == "issued"
            )
            connection.execute(mine.values(state="settled"))
        if rows:
            next_day = calendar.add_business_days(today, 1).isoformat()
            queue.enqueue(connection, context.now_us, "recover", lane=f"N/{sponsor.id}", sponsor_id=sponsor.id,
                          partner=f"sponsor/{sponsor.id}", ord=ord_of(0), due_on=next_day)  # fmt: skip
