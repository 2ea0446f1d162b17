"""Payee: pays a chunk of payees - remittance, payment, journals, each keyed (run, payee), so that it happens once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select

from gateway.flow import books, concealed, holds
from gateway.flow.agreements import plans_of
from gateway.flow.context import Context
from gateway.flow.parties import Parties, Sponsor
from gateway.flow.pay.lane import enqueue
from gateway.flow.pay.sums import balances_of, unpaid
from gateway.plan import balancing, funding, ledger, payment
from gateway.plan.look import row_on
from gateway.plan.payment import Payable, Payee, PayeePlan
from gateway.plan.records import Decision, ProviderRow
from gateway.store import counters, documents, installation, queue
from gateway.store.keys import new_key, seal
from gateway.store.queue import Work
from gateway.store.schema import claim as claim_table
from gateway.store.schema import decision as decision_table
from gateway.store.schema import forward_balance, pay_run
from gateway.store.schema import remittance as remittance_table
from mappings.records import Claim


def payee(context: Context, work: Work) -> None:
    """The step: pays a chunk of payees - remittance, payment, journals, each keyed (run, payee)."""
    with context.store.read() as connection:
        today = installation.business_date(connection)
        parties = Parties(connection, today)
        sponsor = parties.sponsor(work.sponsor_id)
        run_no = work.body["run_no"]
        payees = [one for one in unpaid(connection, sponsor.id, run_no) if list(one) in work.body["payees"]]
        plans = [_plan_of(connection, sponsor, run_no, one) for one in payees]
        rows = documents.every(connection, "provider", [p.npi for p in payees], ProviderRow)
    with context.store.write("payee") as connection:
        queue.finish(connection, work)
        first = counters.take(connection, "TRN", len(plans))
        for number, one in enumerate(plans, first):
            _pay(connection, context, parties, sponsor, run_no, one, rows, today, number)
        mine = select(pay_run.c.state).where(pay_run.c.sponsor_id == sponsor.id, pay_run.c.run_no == run_no)
        if connection.execute(mine).scalar_one() != "paying":  # its close went by while this step was parked
            enqueue(connection, context, "close", sponsor.id, run_no)


def _plan_of(connection: Connection, sponsor: Sponsor, run_no: int, one: Payee) -> PayeePlan:
    told = (
        select(
            decision_table.c.body, decision_table.c.ord, claim_table.c.body.label("claim"), claim_table.c.received_on
        )
        .join(
            claim_table,
            (claim_table.c.sponsor_id == decision_table.c.sponsor_id) & (claim_table.c.icn == decision_table.c.icn),
        )
        .where(
            decision_table.c.sponsor_id == sponsor.id, decision_table.c.run_no == run_no,
            decision_table.c.tin == one.tin, decision_table.c.npi == one.npi,
        )
    )  # fmt: skip
    codes = {plan.id: plan.filing_code for plan in plans_of(connection, sponsor)}
    payables = []
    for row in connection.execute(told):
        decision, claim = msgspec.json.decode(row.body, type=Decision), msgspec.json.decode(row.claim, type=Claim)
        payables.append(
            Payable(icn=decision.icn, version=decision.version, ord=row.ord, decision=decision, claim=claim,
                    received=date.fromisoformat(row.received_on), filing_code=codes.get(decision.plan_id, "12"))
        )  # fmt: skip
    return payment.plan_payee(one, payables, balances_of(connection, sponsor.id).get(one, ()))


def _pay(
    connection: Connection, context: Context, parties: Parties, sponsor: Sponsor, run_no: int, plan: PayeePlan,
    rows: Iterable[ProviderRow], today: date, number: int,
) -> None:  # fmt: skip
    claim = plan.payables[0].claim
    provider = row_on(rows, plan.payee.npi, today, plan.payee.tin) or ProviderRow(
        npi=plan.payee.npi, tin=plan.payee.tin, name=claim.billing.name, address=claim.billing.address, first=today
    )
    trace = payment.trace(payment.prefix(plan.payment_cents, provider.method), today, number)
    receiver = parties.partners.get(provider.era_receiver)
    made = payment.issue(
        plan, trace, provider, parties.administrator.payer, today, funding.effective_date(sponsor.funding, today),
        receiver.application if receiver else "",
    )  # fmt: skip
    made = concealed.remittance(made, context.keys.reveal)
    wrong = balancing.check(made)
    if wrong:
        holds.open_(connection, context.now_us, "remittance", sponsor.id, f"payment {trace}", wrong[0].message)
        return
    key = new_key()
    connection.execute(
        insert(remittance_table).values(
            sponsor_id=sponsor.id, trace=trace, run_no=run_no, tin=plan.payee.tin, npi=plan.payee.npi,
            method=made.method, amount_cents=made.amount_cents, plb_cents=sum(a.cents for a in made.adjustments),
            effective=made.effective.isoformat(), receiver=provider.era_receiver, state="made", settled_on="",
            body=seal(key, msgspec.json.encode(made), trace.encode()), key=context.keys.wrap(key),
        )
    )  # fmt: skip
    _move_balances(connection, sponsor.id, plan, trace)
    books.post(connection, context.now_us, sponsor.id, _payment_journals(plan, trace, today))


def _move_balances(connection: Connection, sponsor_id: str, plan: PayeePlan, trace: str) -> None:
    moved = [(b.trace, -b.cents) for b in plan.recovered]
    moved += [(trace, plan.forwarded_cents)] if plan.forwarded_cents else []
    for of_trace, cents in moved:
        seq = counters.take(connection, f"forward-balance/{sponsor_id}")
        connection.execute(
            insert(forward_balance).values(
                sponsor_id=sponsor_id, trace=trace, of_trace=of_trace, tin=plan.payee.tin, npi=plan.payee.npi,
                cents=cents, seq=seq,
            )
        )  # fmt: skip


def _payment_journals(plan: PayeePlan, trace: str, today: date) -> list[Any]:
    name = str(plan.payee)
    journals = [ledger.forward_balance_recovered(b.trace, today, b.cents, name) for b in plan.recovered]
    if plan.payment_cents:
        journals.append(ledger.payment_issued(trace, today, plan.payment_cents, name))
    if plan.forwarded_cents:
        journals.append(ledger.forward_balance_created(trace, today, plan.forwarded_cents, name))
    return journals
