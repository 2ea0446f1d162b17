"""What payees earned in a run and what they still owe: the sums every step of the lane asks for."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from sqlalchemy import Connection, func, select

from gateway.flow.pay.lane import WAITING
from gateway.plan import funding, payment
from gateway.plan.payment import ForwardBalance, Payee
from gateway.store.schema import claim as claim_table
from gateway.store.schema import decision as decision_table
from gateway.store.schema import forward_balance, pay_run
from gateway.store.schema import remittance as remittance_table


def nets(connection: Connection, sponsor_id: str, run_no: int) -> dict[Payee, int]:
    """What each payee of a run is due, in cents; negative where more was taken back than approved."""
    grouped = select(decision_table.c.tin, decision_table.c.npi, func.sum(decision_table.c.paid_cents)).where(
        decision_table.c.sponsor_id == sponsor_id, decision_table.c.run_no == run_no
    )
    rows = connection.execute(grouped.group_by(decision_table.c.tin, decision_table.c.npi))
    return {Payee(tin, npi): int(cents) for tin, npi, cents in rows}


def waiting_payees(connection: Connection, sponsor_id: str) -> set[Payee]:
    """The payees of runs that still have to be issued."""
    runs = select(pay_run.c.run_no).where(pay_run.c.sponsor_id == sponsor_id, pay_run.c.state.in_((*WAITING, "paying")))
    mine = (
        select(decision_table.c.tin, decision_table.c.npi)
        .distinct()
        .where(decision_table.c.sponsor_id == sponsor_id, decision_table.c.run_no.in_(runs))
    )
    return {Payee(tin, npi) for tin, npi in connection.execute(mine)}


def balances_of(connection: Connection, sponsor_id: str) -> dict[Payee, list[ForwardBalance]]:
    """The open forward balances of an employer, oldest first: those of one origin whose entries do not sum to 0."""
    sums = select(
        forward_balance.c.tin, forward_balance.c.npi, forward_balance.c.of_trace, func.sum(forward_balance.c.cents),
        func.min(forward_balance.c.seq),
    ).where(forward_balance.c.sponsor_id == sponsor_id)  # fmt: skip
    grouped = sums.group_by(forward_balance.c.tin, forward_balance.c.npi, forward_balance.c.of_trace)
    open_: dict[Payee, list[ForwardBalance]] = defaultdict(list)
    for tin, npi, trace, cents, _ in sorted(connection.execute(grouped), key=lambda row: row[4]):
        if cents:
            open_[Payee(tin, npi)].append(ForwardBalance(trace, int(cents)))
    return open_


def unpaid(connection: Connection, sponsor_id: str, run_no: int) -> dict[Payee, tuple[int, funding.Due]]:
    """Unpaid payees of a run: (net, what it needs)."""
    paid = select(remittance_table.c.tin, remittance_table.c.npi).where(
        remittance_table.c.sponsor_id == sponsor_id, remittance_table.c.run_no == run_no
    )
    done = {Payee(tin, npi) for tin, npi in connection.execute(paid)}
    balances = balances_of(connection, sponsor_id)
    oldest = select(
        decision_table.c.tin, decision_table.c.npi, func.min(claim_table.c.received_on), func.min(decision_table.c.icn)
    ).join(
        claim_table,
        (claim_table.c.sponsor_id == decision_table.c.sponsor_id) & (claim_table.c.icn == decision_table.c.icn),
    )
    rows = oldest.where(decision_table.c.sponsor_id == sponsor_id, decision_table.c.run_no == run_no)
    since = {
        Payee(tin, npi): (date.fromisoformat(received), icn)
        for tin, npi, received, icn in connection.execute(rows.group_by(decision_table.c.tin, decision_table.c.npi))
    }
    plans = {}
    for payee, net in sorted(nets(connection, sponsor_id, run_no).items()):
        if payee not in done:
            cents = payment.settle(net, balances.get(payee, ())).payment_cents
            received, icn = since[payee]
            plans[payee] = (net, funding.Due(key=str(payee), cents=cents, received=received, icn=icn))
    return plans


def still_needed(connection: Connection, sponsor_id: str) -> int:
    """What the payees of waiting and paying runs have not been paid yet, in cents."""
    runs = select(pay_run.c.run_no).where(pay_run.c.sponsor_id == sponsor_id, pay_run.c.state.in_((*WAITING, "paying")))
    numbers = connection.execute(runs).scalars().all()
    return sum(due.cents for run_no in numbers for _, due in unpaid(connection, sponsor_id, run_no).values())
