"""Payee: pays a chunk of payees - remittance, payment, journals, each keyed (run, payee), so that it happens once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec
from sqlalchemy import Connection, insert, select

from gateway.flow import books, concealed, holds
from gateway.flow.agreements import plans_of
from gateway.flow.context import Context
from gateway.flow.parties import Parties, Sponsor
from gateway.flow.pay.lane import enqueue
from gateway.flow.pay.sums import unpaid
from gateway.plan.claims.look import row_on
from gateway.plan.money import balancing, funding, nacha, payment
from gateway.plan.money.payment import ForwardBalance, Payable, Payee, PayeePlan
from gateway.plan.records import Decision, ProviderRow
from gateway.store import counters, documents, installation, queue
from gateway.store.keys import new_key, seal
from gateway.store.queue import Work
from gateway.store.schema import claim as claim_table
from gateway.store.schema import decision as decision_table
from gateway.store.schema import forward_balance, hold, pay_run
from gateway.store.schema import remittance as remittance_table
from mappings.records import Claim


def payee(context: Context, work: Work) -> None:
    """The step: pays a chunk of payees - remittance, payment, journals, each keyed (run, payee)."""
    with context.store.read() as connection:
        today = installation.business_date(connection)
        parties = Parties(connection, today)
        sponsor = parties.sponsor(work.sponsor_id)
        run_no = work.body["run_no"]
        owed = unpaid(connection, sponsor.id).get(run_no, {})
        plans = [
            _plan_of(connection, sponsor, run_no, one, each.balances)
            for one, each in owed.items()
            if list(one) in work.body["payees"]
        ]
        rows = documents.every(connection, "provider", [plan.payee.npi for plan in plans], ProviderRow)
        paid = [(plan, _provider(context, plan, rows, today)) for plan in plans]
    sound = [(plan, provider) for plan, provider in paid if not _unpayable(plan, provider)]
    with context.store.write("payee") as connection:
        queue.finish(connection, work)
        for plan, provider in paid:
            if reason := _unpayable(plan, provider):
                _hold(connection, context, sponsor, run_no, plan, reason)
        first = counters.take(connection, "TRN", len(sound)) if sound else 0
        for number, (plan, provider) in enumerate(sound, first):
            _pay(connection, context, parties, sponsor, run_no, plan, provider, today, number)
        mine = select(pay_run.c.state).where(pay_run.c.sponsor_id == sponsor.id, pay_run.c.run_no == run_no)
        if connection.execute(mine).scalar_one() != "paying":  # its close went by while this step was parked
            enqueue(connection, context, "close", sponsor.id, run_no)


def _provider(context: Context, plan: PayeePlan, rows: Iterable[ProviderRow], today: date) -> ProviderRow:
    """The payee as it is on file, its account readable; one not on file is what its claim says, paid by check."""
    billing = plan.payables[0].claim.billing
    found = row_on(rows, plan.payee.npi, today, plan.payee.tin)
    if found is None:
        return ProviderRow(npi=plan.payee.npi, tin=plan.payee.tin, name=billing.name, address=billing.address,
                           first=today)  # fmt: skip
    revealed: ProviderRow = concealed.party(found, context.keys.reveal)
    return revealed


def _unpayable(plan: PayeePlan, provider: ProviderRow) -> str:
    """Why the bank would refuse the payment; "" when it would not. Asked before anything of it is booked."""
    return nacha.unfit(provider.account) if plan.payment_cents and provider.method == "ACH" else ""


def _hold(
    connection: Connection, context: Context, sponsor: Sponsor, run_no: int, plan: PayeePlan, reason: str
) -> None:  # fmt: skip
    """One hold about a payee of a run, however often the run looks again."""
    subject = _subject(run_no, plan)
    mine = select(hold.c.id).where(hold.c.kind == "remittance", hold.c.sponsor_id == sponsor.id,
                                   hold.c.subject == subject, hold.c.state == "open")  # fmt: skip
    if connection.execute(mine).first() is None:
        holds.open_(connection, context.now_us, "remittance", sponsor.id, subject, reason)


def _subject(run_no: int, plan: PayeePlan) -> str:
    return f"run {run_no}, payee {plan.payee.npi}"


def _plan_of(
    connection: Connection, sponsor: Sponsor, run_no: int, one: Payee, balances: Sequence[ForwardBalance]
) -> PayeePlan:  # fmt: skip
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
    return payment.plan_payee(one, payables, balances)


def _pay(
    connection: Connection, context: Context, parties: Parties, sponsor: Sponsor, run_no: int, plan: PayeePlan,
    provider: ProviderRow, today: date, number: int,
) -> None:  # fmt: skip
    trace = payment.trace(payment.prefix(plan.payment_cents, provider.method), today, number)
    receiver = parties.partners.get(provider.era_receiver)
    payer = concealed.party(parties.administrator, context.keys.reveal).payer
    made = payment.issue(
        plan, trace, provider, payer, today, funding.effective_date(sponsor.funding, today),
        receiver.application if receiver else "",
    )  # fmt: skip
    wrong = balancing.check(made)
    if wrong:
        _hold(connection, context, sponsor, run_no, plan, wrong[0].message)
        return
    holds.close_about(connection, "remittance", sponsor.id, _subject(run_no, plan))
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
    books.post(connection, context.now_us, sponsor.id, payment.journals(plan, trace, today))


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
