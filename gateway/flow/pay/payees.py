"""Payee: pays a chunk of payees - remittance, payment, journals, each keyed (run, payee), so that it happens once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, insert, select

from gateway.flow import books, concealed, holds
from gateway.flow.agreements import plans_of
from gateway.flow.context import Context
from gateway.flow.parties import Parties, Sponsor
from gateway.flow.pay.lane import try_again
from gateway.flow.pay.sums import next_part, paid_of, unpaid
from gateway.plan.claims.look import row_on
from gateway.plan.money import balancing, funding, nacha, payment
from gateway.plan.money.payment import ForwardBalance, Payable, Payee, PayeePlan
from gateway.plan.records import Decision, ProviderRow
from gateway.store import counters, documents, installation, queue
from gateway.store.keys import new_key, seal
from gateway.store.queue import Work
from gateway.store.schema import claim as claim_table
from gateway.store.schema import decision as decision_table
from gateway.store.schema import forward_balance, pay_run
from gateway.store.schema import remittance as remittance_table
from mappings.records import Claim, Remittance


class _Payment(NamedTuple):
    """One payee of a run: what it is paid, where, and its remittance, which waits for its number."""

    plan: PayeePlan
    provider: ProviderRow
    draft: Remittance


def payee(context: Context, work: Work) -> None:
    """The step: pays a chunk of payees - remittance, payment, journals, each keyed (run, payee).

    Everything is computed before the transaction, and numbers are taken for what is really paid. A step that comes
    late, parked while its part of the run was closed, pays nobody: its money may be another's. The run looks again.
    """
    sponsor_id, run_no = work.sponsor_id, work.body["run_no"]
    with context.store.read() as connection:
        today = installation.business_date(connection)
        pays = _pays(connection, context, work, today)
    with context.store.write("payee") as connection:
        queue.finish(connection, work)
        mine = select(pay_run.c.state).where(pay_run.c.sponsor_id == sponsor_id, pay_run.c.run_no == run_no)
        state = connection.execute(mine.with_for_update()).scalar_one()
        if (state, work.body["part"]) != ("paying", next_part(connection, sponsor_id, run_no)):
            try_again(connection, context, sponsor_id)
            return
        paid = paid_of(connection, sponsor_id, run_no)
        checked = [(pay, _wrong_with(pay)) for pay in pays if pay.plan.payee not in paid]
        for pay, reason in checked:
            if reason:
                _hold(connection, context, sponsor_id, run_no, pay.plan.payee, reason)
        sound = [pay for pay, reason in checked if not reason]
        first = counters.take(connection, "TRN", len(sound)) if sound else 0
        for number, pay in enumerate(sound, first):
            _book(connection, context, sponsor_id, run_no, pay, today, number)


def _pays(connection: Connection, context: Context, work: Work, today: date) -> list[_Payment]:
    """The payees of a step that are still unpaid, with everything but the numbers of their payments."""
    parties = Parties(connection, today)
    sponsor, run_no = parties.sponsor(work.sponsor_id), work.body["run_no"]
    owed = unpaid(connection, sponsor.id).get(run_no, {})
    plans = [
        _plan_of(connection, sponsor, run_no, one, each.balances)
        for one, each in owed.items()
        if list(one) in work.body["payees"]
    ]
    rows = list(documents.every(connection, "provider", [plan.payee.npi for plan in plans], ProviderRow))
    payer = concealed.party(parties.administrator, context.keys.reveal).payer
    effective = funding.effective_date(sponsor.funding, today)
    pays = []
    for plan in plans:
        provider = _provider(context, plan, rows, today)
        receiver = parties.partners.get(provider.era_receiver)
        draft = payment.issue(plan, _trace(plan, provider, today, 0), provider, payer, today, effective,
                              receiver.application if receiver else "")  # fmt: skip
        pays.append(_Payment(plan, provider, draft))
    return pays


def _trace(plan: PayeePlan, provider: ProviderRow, today: date, number: int) -> str:
    return payment.trace(payment.prefix(plan.payment_cents, provider.method), today, number)


def _provider(context: Context, plan: PayeePlan, rows: Iterable[ProviderRow], today: date) -> ProviderRow:
    """The payee as it is on file, its account readable; one not on file is what its claim says, paid by check."""
    billing = plan.payables[0].claim.billing
    found = row_on(rows, plan.payee.npi, today, plan.payee.tin)
    if found is None:
        return ProviderRow(npi=plan.payee.npi, tin=plan.payee.tin, name=billing.name, address=billing.address,
                           first=today)  # fmt: skip
    revealed: ProviderRow = concealed.party(found, context.keys.reveal)
    return revealed


def _wrong_with(pay: _Payment) -> str:
    """Why a payment may not leave - its bank would refuse it, or its 835 does not balance; "" when it may."""
    unfit = nacha.unfit(pay.provider.account) if pay.draft.method == "ACH" else ""
    return unfit or next((finding.message for finding in balancing.check(pay.draft)), "")


def _hold(connection: Connection, context: Context, sponsor_id: str, run_no: int, payee: Payee, reason: str) -> None:
    """Sets a payee of a run aside until a person releases the hold."""
    holds.open_(connection, context.now_us, "remittance", sponsor_id, f"run {run_no}, payee {payee.npi}", reason,
                kind="payee", body={"run_no": run_no, "payees": [payee]})  # fmt: skip


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


def _book(
    connection: Connection, context: Context, sponsor_id: str, run_no: int, pay: _Payment, today: date, number: int
) -> None:  # fmt: skip
    plan, provider = pay.plan, pay.provider
    trace = _trace(plan, provider, today, number)
    made = payment.numbered(pay.draft, trace)
    key = new_key()
    connection.execute(
        insert(remittance_table).values(
            sponsor_id=sponsor_id, trace=trace, run_no=run_no, tin=plan.payee.tin, npi=plan.payee.npi,
            method=made.method, amount_cents=made.amount_cents, plb_cents=sum(a.cents for a in made.adjustments),
            effective=made.effective.isoformat(), receiver=provider.era_receiver, state="made", settled_on="",
            body=seal(key, msgspec.json.encode(made), trace.encode()), key=context.keys.wrap(key),
        )
    )  # fmt: skip
    _move_balances(connection, sponsor_id, plan, trace)
    books.post(connection, context.now_us, sponsor_id, payment.journals(plan, trace, today))


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
