"""Settle: the bank has paid what was issued; the cash leaves the books."""

from __future__ import annotations

from sqlalchemy import func, select, update

from gateway.flow import books
from gateway.flow.context import Context
from gateway.flow.parties import Parties
from gateway.plan import calendar, ledger
from gateway.store import installation, queue
from gateway.store.order import ord_of
from gateway.store.queue import Work
from gateway.store.schema import pay_run
from gateway.store.schema import remittance as remittance_table


def settle(context: Context, work: Work) -> None:
    """The step: the bank has paid what was issued up to today; the cash leaves the books."""
    with context.store.write("settle") as connection:
        queue.finish(connection, work)
        today = installation.business_date(connection)
        sponsor = Parties(connection, today).sponsor(work.sponsor_id)
        due = (
            remittance_table.c.sponsor_id == sponsor.id, remittance_table.c.run_no == work.body["run_no"],
            remittance_table.c.state == "issued", remittance_table.c.effective <= today.isoformat(),
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
        if rows and sponsor.policy:
            next_day = calendar.add_business_days(today, 1).isoformat()
            queue.enqueue(connection, context.now_us, "recover", lane=f"N/{sponsor.id}", sponsor_id=sponsor.id,
                          partner=f"sponsor/{sponsor.id}", ord=ord_of(0), due_on=next_day)  # fmt: skip
