"""What payees earned in a run and what they still owe: the sums every step of the lane asks for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, func, select

from gateway.flow.pay.lane import WAITING
from gateway.plan.money import funding, payment
from gateway.plan.money.payment import ForwardBalance, Payee, Settlement
from gateway.store import counters
from gateway.store.schema import claim as claim_table
from gateway.store.schema import decision as decision_table
from gateway.store.schema import forward_balance, hold, pay_run
from gateway.store.schema import remittance as remittance_table


class Unpaid(NamedTuple):
    """One payee of a run: the forward balances the run may recover, what it comes to with them, and what waits."""

    balances: tuple[ForwardBalance, ...]
    settled: Settlement
    due: funding.Due


def nets(connection: Connection, sponsor_id: str, run_no: int) -> dict[Payee, int]:
    """What each payee of a run is due, in cents; negative where more was taken back than approved."""
    grouped = select(decision_table.c.tin, decision_table.c.npi, func.sum(decision_table.c.paid_cents)).where(
        decision_table.c.sponsor_id == sponsor_id, decision_table.c.run_no == run_no
    )
    rows = connection.execute(grouped.group_by(decision_table.c.tin, decision_table.c.npi))
    return {Payee(tin, npi): int(cents) for tin, npi, cents in rows}


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


def unpaid(connection: Connection, sponsor_id: str, planned: int = 0) -> dict[int, dict[Payee, Unpaid]]:
    """The unpaid payees of every run that waits or is being paid, oldest run first; planned: one not yet on file.

    A forward balance is counted once, for the oldest run that can recover it.
    """
    runs = select(pay_run.c.run_no).where(pay_run.c.sponsor_id == sponsor_id, pay_run.c.state.in_((*WAITING, "paying")))
    numbers = sorted({*connection.execute(runs).scalars(), *([planned] if planned else [])})
    left = [_without(nets(connection, sponsor_id, n), paid_of(connection, sponsor_id, n)) for n in numbers]
    offered = payment.offers(left, balances_of(connection, sponsor_id))
    return {
        run_no: _unpaid(connection, sponsor_id, run_no, cents, balances)
        for run_no, cents, balances in zip(numbers, left, offered, strict=True)
    }


def set_aside(connection: Connection, sponsor_id: str) -> set[tuple[int, Payee]]:
    """(run, payee) that an open hold keeps from being paid: refused, or in a step that was parked."""
    open_ = select(hold.c.body).where(
        hold.c.sponsor_id == sponsor_id, hold.c.kind.in_(("remittance", "parked")), hold.c.state == "open"
    )
    bodies = [msgspec.json.decode(body) for body in connection.execute(open_).scalars()]
    steps = [body["body"] for body in bodies if body["kind"] == "payee"]
    return {(step["run_no"], Payee(*payee)) for step in steps for payee in step["payees"]}


def next_part(connection: Connection, sponsor_id: str, run_no: int) -> int:
    """The number of the part of a run that is being paid, or will be next: its close takes it."""
    return counters.peek(connection, parts_of(sponsor_id, run_no))


def parts_of(sponsor_id: str, run_no: int) -> str:
    """The counter of the parts in which a run is paid."""
    return f"close/{sponsor_id}/{run_no}"


def needed(owed: Iterable[dict[Payee, Unpaid]]) -> int:
    """What payees that have not been paid need, in cents."""
    return sum(one.due.cents for payees in owed for one in payees.values())


def paid_of(connection: Connection, sponsor_id: str, run_no: int) -> set[Payee]:
    """The payees of a run that have their remittance."""
    mine = select(remittance_table.c.tin, remittance_table.c.npi).where(
        remittance_table.c.sponsor_id == sponsor_id, remittance_table.c.run_no == run_no
    )
    return {Payee(tin, npi) for tin, npi in connection.execute(mine)}


def _without(earned: dict[Payee, int], paid: set[Payee]) -> dict[Payee, int]:
    return {payee: cents for payee, cents in sorted(earned.items()) if payee not in paid}


def _unpaid(
    connection: Connection, sponsor_id: str, run_no: int, left: dict[Payee, int],
    balances: dict[Payee, tuple[ForwardBalance, ...]],
) -> dict[Payee, Unpaid]:  # fmt: skip
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
    found = {}
    for payee, net_cents in left.items():
        settled, (received, icn) = payment.settle(net_cents, balances[payee]), since[payee]
        due = funding.Due(key=str(payee), cents=settled.payment_cents, received=received, icn=icn)
        found[payee] = Unpaid(balances[payee], settled, due)
    return found
