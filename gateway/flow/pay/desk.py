"""What people do to runs: deposits and approvals; what waits looks again."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from gateway.errors import BadData, NotPermitted, UsageError
from gateway.flow import books
from gateway.flow.context import Context
from gateway.flow.pay.lane import WAITING, try_again
from gateway.plan.money import funding, ledger
from gateway.plan.rounding import dollars
from gateway.store import audit, installation
from gateway.store.schema import approval, deposit, funding_request, pay_run


def post_deposit(connection: Connection, context: Context, sponsor_id: str, cents: int, reference: str) -> bool:
    """Posts the employer's money against its open requests, oldest first; False when it was posted before.

    Raises BadData when another amount was posted under the reference.
    """
    mine = (deposit.c.sponsor_id == sponsor_id, deposit.c.reference == reference)
    before = connection.execute(select(deposit.c.amount_cents).where(*mine)).scalar_one_or_none()
    if before not in (None, cents):
        raise BadData(f"{reference} was posted before, as {dollars(before)}")
    if before is not None:
        return False
    today = installation.business_date(connection)
    asked = select(funding_request).where(funding_request.c.sponsor_id == sponsor_id, funding_request.c.state == "open")
    rows = list(connection.execute(asked.order_by(funding_request.c.number).with_for_update()))
    applied, surplus = funding.apply_deposit(cents, [(r.number, r.amount_cents - r.paid_cents) for r in rows])
    values = {"sponsor_id": sponsor_id, "reference": reference, "posted_on": today.isoformat(), "amount_cents": cents}
    connection.execute(insert(deposit).values(**values))
    for number, part in applied:
        row = next(r for r in rows if r.number == number)
        paid = row.paid_cents + part
        that = update(funding_request).where(
            funding_request.c.sponsor_id == sponsor_id, funding_request.c.number == number
        )
        connection.execute(that.values(paid_cents=paid, state="paid" if paid == row.amount_cents else "open"))
    books.post(connection, context.now_us, sponsor_id, [ledger.deposit_received(reference, today, applied, surplus)])
    try_again(connection, context, sponsor_id)
    return True


def approve(connection: Connection, context: Context, sponsor_id: str, run_no: int, user: str) -> None:
    """One person's approval of a run; raises UsageError, or NotPermitted when it is too late or was given already."""
    name = f"{sponsor_id}/{run_no}"
    mine = (pay_run.c.sponsor_id == sponsor_id, pay_run.c.run_no == run_no)
    state = connection.execute(select(pay_run.c.state).where(*mine)).scalar_one_or_none()
    if state is None:
        raise UsageError(f"no run {name}")
    if state not in WAITING:
        raise NotPermitted(f"run {name} is {state}")
    key = {"sponsor_id": sponsor_id, "run_no": run_no, "user": user}
    if connection.execute(select(approval.c.user).where(*[approval.c[n] == v for n, v in key.items()])).first():
        raise NotPermitted(f"{user} has approved run {name} already; another person must")
    connection.execute(insert(approval).values(**key, at_us=context.now_us))
    audit.note(connection, context.now_us, user, "approve", f"run {name}")
    try_again(connection, context, sponsor_id)
