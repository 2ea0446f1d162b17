"""Pay: plan freezes decided claims into a run and asks for money; issue releases it; payee pays; close sends; settle
ends.

All steps of a sponsor stand in lane P/<sponsor>. Nothing leaves before its money is posted, its approvals are given and
its run date has come; each payee of a run is paid in one transaction that can happen only once.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection, case, func, insert, select, update

from gateway.errors import NotPermitted, UsageError
from gateway.flow import answers, books, holds
from gateway.flow.adjudicate import plans_of
from gateway.flow.context import Context
from gateway.flow.envelopes import interchange, time_of_day
from gateway.flow.parties import Parties, Sponsor
from gateway.plan import balancing, calendar, funding, ledger, nacha, payment
from gateway.plan.funding_request import Asked, DepositAccount
from gateway.plan.funding_request import document as funding_document
from gateway.plan.payment import ForwardBalance, Payable, Payee, PayeePlan
from gateway.plan.records import Decision, ProviderRow
from gateway.store import audit, counters, documents, installation, outbox, queue
from gateway.store.keys import new_key, seal, unseal
from gateway.store.order import ord_of
from gateway.store.outbox import Parcel
from gateway.store.queue import Work
from gateway.store.schema import approval, deposit, forward_balance, funding_request, pay_run
from gateway.store.schema import claim as claim_table
from gateway.store.schema import decision as decision_table
from gateway.store.schema import remittance as remittance_table
from mappings import remittance as x835
from mappings.records import Claim, Remittance

log = structlog.get_logger()

PAYEES_A_STEP = 50
"""Payees one transaction pays: with 20 decisions each that is 1,000 rows, about 20 ms of SQLite's writer."""

WAITING = ("awaiting-approval", "awaiting-funds", "awaiting-date")
"""States of a run that still has to be issued; which one says what it waits for first."""


def enqueue(connection: Connection, context: Context, kind: str, sponsor_id: str, run_no: int = 0, **more: Any) -> None:
    """A step of the sponsor's money lane, behind those that wait there."""
    number = counters.take(connection, f"pay-step/{sponsor_id}")
    body = {"run_no": run_no, **more.pop("body", {})}
    queue.enqueue(connection, context.now_us, kind, lane=f"P/{sponsor_id}", partner=f"sponsor/{sponsor_id}",
                  sponsor_id=sponsor_id, ord=ord_of(0, ordinal=number), body=body, **more)  # fmt: skip


# ---- plan ------------------------------------------------------------------------------------------------------------


def plan(context: Context, work: Work) -> None:
    """The step: freezes what was decided since the last run, and asks the employer for what is missing."""
    with context.store.write("plan") as connection:
        queue.finish(connection, work)
        today = installation.business_date(connection)
        sponsor = Parties(connection, today).sponsor(work.sponsor_id)
        if not has_unplanned(connection, sponsor.id):
            return
        run_no = counters.take(connection, f"run/{sponsor.id}")
        connection.execute(update(decision_table).where(*_free(sponsor.id)).values(run_no=run_no))
        totals = _totals(connection, sponsor.id, run_no)
        run_on = funding.run_date(sponsor.funding, today)
        number = _request(connection, context, sponsor, run_no, run_on, totals, today)
        connection.execute(
            insert(pay_run).values(
                sponsor_id=sponsor.id, run_no=run_no, state="awaiting-approval", planned_on=today.isoformat(),
                run_on=run_on.isoformat(), need_cents=totals.need_cents, claims=totals.claims,
                request_no=number, issued_on="",
            )
        )  # fmt: skip
        enqueue(connection, context, "issue", sponsor.id, run_no)
        if run_on > today:
            enqueue(connection, context, "issue", sponsor.id, run_no, due_on=run_on.isoformat())
    log.info("run planned", sponsor=work.sponsor_id, run_no=run_no, claims=totals.claims, need_cents=totals.need_cents)


def has_unplanned(connection: Connection, sponsor_id: str) -> bool:
    """Whether anything was decided that stands in no run."""
    return connection.execute(select(decision_table.c.icn).where(*_free(sponsor_id)).limit(1)).first() is not None


def _free(sponsor_id: str) -> tuple[Any, ...]:
    return (
        decision_table.c.sponsor_id == sponsor_id,
        decision_table.c.run_no == 0,
        decision_table.c.outcome.in_(("paid", "denied", "reversal")),
    )


def _nets(connection: Connection, sponsor_id: str, run_no: int) -> dict[Payee, int]:
    grouped = select(decision_table.c.tin, decision_table.c.npi, func.sum(decision_table.c.paid_cents)).where(
        decision_table.c.sponsor_id == sponsor_id, decision_table.c.run_no == run_no
    )
    rows = connection.execute(grouped.group_by(decision_table.c.tin, decision_table.c.npi))
    return {Payee(tin, npi): int(cents) for tin, npi, cents in rows}


def _waiting_payees(connection: Connection, sponsor_id: str) -> set[Payee]:
    """The payees of runs that still have to be issued."""
    runs = select(pay_run.c.run_no).where(pay_run.c.sponsor_id == sponsor_id, pay_run.c.state.in_((*WAITING, "paying")))
    mine = select(decision_table.c.tin, decision_table.c.npi).distinct().where(
        decision_table.c.sponsor_id == sponsor_id, decision_table.c.run_no.in_(runs)
    )
    return {Payee(tin, npi) for tin, npi in connection.execute(mine)}


def _balances(connection: Connection, sponsor_id: str) -> dict[Payee, list[ForwardBalance]]:
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


def _totals(connection: Connection, sponsor_id: str, run_no: int) -> payment.RunTotals:
    """The run in figures, from sums by payee. Balances that an earlier waiting run will recover are left to it."""
    signs = select(
        func.count(),
        func.coalesce(func.sum(case((decision_table.c.paid_cents > 0, decision_table.c.paid_cents), else_=0)), 0),
        func.coalesce(func.sum(case((decision_table.c.paid_cents < 0, decision_table.c.paid_cents), else_=0)), 0),
    ).where(decision_table.c.sponsor_id == sponsor_id, decision_table.c.run_no == run_no)  # fmt: skip
    claims, approved, taken_back = connection.execute(signs).one()
    balances, others = _balances(connection, sponsor_id), _waiting_payees(connection, sponsor_id)
    settled = [
        payment.settle(cents, () if payee in others else balances.get(payee, ()))
        for payee, cents in _nets(connection, sponsor_id, run_no).items()
    ]
    return payment.RunTotals(
        claims=int(claims), payments=sum(one.payment_cents > 0 for one in settled), approved_cents=int(approved),
        reversed_cents=int(taken_back), forwarded_cents=sum(one.forwarded_cents for one in settled),
        recovered_cents=sum(b.cents for one in settled for b in one.recovered),
        need_cents=sum(one.payment_cents for one in settled),
    )  # fmt: skip


def _request(
    connection: Connection, context: Context, sponsor: Sponsor, run_no: int, run_on: date, totals: payment.RunTotals,
    today: date,
) -> str:  # fmt: skip
    """Raises a funding request for what the run lacks; its number, "" when nothing is lacking."""
    others = select(func.coalesce(func.sum(pay_run.c.need_cents), 0)).where(
        pay_run.c.sponsor_id == sponsor.id, pay_run.c.state.in_(WAITING)
    )
    other_holds = int(connection.execute(others).scalar_one())
    available = books.balance(connection, sponsor.id, "1010") + books.balance(connection, sponsor.id, "2020")
    asked = books.balance(connection, sponsor.id, "1100")
    cents = funding.run_request_cents(sponsor.funding, totals.need_cents, other_holds, available, asked)
    if cents == 0:
        return ""
    open_ = select(funding_request).where(funding_request.c.sponsor_id == sponsor.id, funding_request.c.state == "open")
    unpaid = tuple(
        (row.number, date.fromisoformat(row.requested_on), row.amount_cents - row.paid_cents)
        for row in connection.execute(open_.order_by(funding_request.c.number))
    )
    ours = Parties(connection, today).administrator
    number = f"FR-{counters.take(connection, f'FR/{sponsor.id}'):04d}"
    request = Asked(
        number=number, usage=context.usage, employer=sponsor.name, plan=", ".join(sorted(set(sponsor.plans.values()))),
        run=f"{sponsor.id}/{run_no}", run_date=run_on, first=today, last=today, issued=today, due=run_on,
        minimum_cents=sponsor.funding.minimum_balance_cents, available_cents=available, other_holds_cents=other_holds,
        asked_cents=asked, unpaid=unpaid, contact=ours.payer.contact,
        deposit=DepositAccount(bank=ours.bank_name, holder=ours.name, routing=ours.payer.account.routing,
                               account=ours.payer.account.number),
    )  # fmt: skip
    connection.execute(
        insert(funding_request).values(
            sponsor_id=sponsor.id, number=number, run_no=run_no, requested_on=today.isoformat(), amount_cents=cents,
            paid_cents=0, state="open", body=msgspec.json.encode(funding_document(request, totals)).decode(),
        )
    )  # fmt: skip
    books.post(connection, context.now_us, sponsor.id, [ledger.funding_requested(number, today, cents)])
    queue.enqueue(connection, context.now_us, "paper", lane=f"N/{sponsor.id}", sponsor_id=sponsor.id,
                  partner=f"sponsor/{sponsor.id}", ord=ord_of(0), body={"number": number})  # fmt: skip
    return number


# ---- issue -----------------------------------------------------------------------------------------------------------


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
        if _paying(connection, sponsor.id):  # the money it was released is not off the books yet: look after it
            enqueue(connection, context, "issue", sponsor.id, run.run_no)
            return
        plans = _payee_plans(connection, sponsor.id, run.run_no)
        released, state = _released(connection, sponsor, run, plans, today)
        if not released:
            connection.execute(update(pay_run).where(*mine).values(state=state))
            return
        connection.execute(update(pay_run).where(*mine).values(state="paying", issued_on=today.isoformat()))
        for start in range(0, len(released), PAYEES_A_STEP):
            part = [list(payee) for payee in released[start : start + PAYEES_A_STEP]]
            enqueue(connection, context, "payee", sponsor.id, run.run_no, body={"payees": part})
        enqueue(connection, context, "close", sponsor.id, run.run_no)


def _paying(connection: Connection, sponsor_id: str) -> bool:
    mine = select(pay_run.c.run_no).where(pay_run.c.sponsor_id == sponsor_id, pay_run.c.state == "paying")
    return connection.execute(mine.limit(1)).first() is not None


def _payee_plans(connection: Connection, sponsor_id: str, run_no: int) -> dict[Payee, tuple[int, funding.Due]]:
    """Unpaid payees of a run: (net, what it needs)."""
    paid = select(remittance_table.c.tin, remittance_table.c.npi).where(
        remittance_table.c.sponsor_id == sponsor_id, remittance_table.c.run_no == run_no
    )
    done = {Payee(tin, npi) for tin, npi in connection.execute(paid)}
    balances = _balances(connection, sponsor_id)
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
    for payee, net in sorted(_nets(connection, sponsor_id, run_no).items()):
        if payee not in done:
            cents = payment.settle(net, balances.get(payee, ())).payment_cents
            received, icn = since[payee]
            plans[payee] = (net, funding.Due(key=str(payee), cents=cents, received=received, icn=icn))
    return plans


def _released(
    connection: Connection, sponsor: Sponsor, run: Any, plans: dict[Payee, tuple[int, funding.Due]], today: date
) -> tuple[list[Payee], str]:  # fmt: skip
    """Who may be paid now, by (TIN, NPI), or nobody and what the run waits for."""
    given = select(func.count()).select_from(approval).where(
        approval.c.sponsor_id == sponsor.id, approval.c.run_no == run.run_no
    )
    if connection.execute(given).scalar_one() < funding.approvals_needed(sponsor.funding, run.need_cents):
        return [], "awaiting-approval"
    if not _funded(connection, sponsor, plans):
        return [], "awaiting-funds"
    if date.fromisoformat(run.run_on) > today:
        return [], "awaiting-date"
    keys = {due.key for due in _funded(connection, sponsor, plans)}
    return [payee for payee in plans if str(payee) in keys], ""


def _funded(
    connection: Connection, sponsor: Sponsor, plans: dict[Payee, tuple[int, funding.Due]]
) -> tuple[funding.Due, ...]:  # fmt: skip
    cash = books.balance(connection, sponsor.id, "1010")
    outstanding = -books.balance(connection, sponsor.id, "2020")
    rules = sponsor.funding
    releasable = funding.releasable_cents(cash, outstanding, 0, rules.minimum_balance_cents, rules.floor)
    return funding.release([due for _, due in plans.values()], releasable, rules.release)[0]


# ---- payee -----------------------------------------------------------------------------------------------------------


def payee(context: Context, work: Work) -> None:
    """The step: pays a chunk of payees - remittance, payment, journals, each keyed (run, payee)."""
    with context.store.read() as connection:
        today = installation.business_date(connection)
        parties = Parties(connection, today)
        sponsor = parties.sponsor(work.sponsor_id)
        payees = [Payee(*pair) for pair in work.body["payees"]]
        run_no = work.body["run_no"]
        plans = [_plan_of(connection, sponsor, run_no, one) for one in payees]
        rows = {p.npi: p for p in documents.every(connection, "provider", [p.npi for p in payees], ProviderRow)}
    with context.store.write("payee") as connection:
        queue.finish(connection, work)
        first = counters.take(connection, "TRN", len(plans))
        for number, one in enumerate(plans, first):
            _pay(connection, context, parties, sponsor, run_no, one, rows, today, number)


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
    return payment.plan_payee(one, payables, _balances(connection, sponsor.id).get(one, ()))


def _pay(
    connection: Connection, context: Context, parties: Parties, sponsor: Sponsor, run_no: int, plan: PayeePlan,
    rows: dict[str, ProviderRow], today: date, number: int,
) -> None:  # fmt: skip
    claim = plan.payables[0].claim
    provider = rows.get(plan.payee.npi) or ProviderRow(
        npi=plan.payee.npi, tin=plan.payee.tin, name=claim.billing.name, address=claim.billing.address, first=today
    )
    trace = payment.trace(payment.prefix(plan.payment_cents, provider.method), today, number)
    receiver = parties.partners.get(provider.era_receiver)
    made = payment.issue(
        plan, trace, provider, parties.administrator.payer, today, funding.effective_date(sponsor.funding, today),
        receiver.application if receiver else "",
    )  # fmt: skip
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


# ---- close -----------------------------------------------------------------------------------------------------------


def close(context: Context, work: Work) -> None:
    """The step: the 835s and the EFT file leave, in one transaction with the run's new state."""
    run_no, sponsor_id = work.body["run_no"], work.sponsor_id
    made = (
        remittance_table.c.sponsor_id == sponsor_id, remittance_table.c.run_no == run_no,
        remittance_table.c.state == "made",
    )  # fmt: skip
    with context.store.write("close") as connection:
        queue.finish(connection, work)
        today = installation.business_date(connection)
        parties = Parties(connection, today)
        rows = list(connection.execute(select(remittance_table).where(*made).order_by(remittance_table.c.trace)))
        records = {row.trace: open_remittance(context, row) for row in rows}
        by_receiver: dict[str, list[Remittance]] = defaultdict(list)
        for row in rows:
            by_receiver[row.receiver].append(records[row.trace])
        base = _base_name(connection, sponsor_id, run_no)
        for receiver, told in sorted(by_receiver.items()):
            _send_835(connection, context, parties, sponsor_id, run_no, base, receiver, told, today)
        by_ach = [r for r in records.values() if r.method == "ACH"]
        _send_eft(connection, context, parties, sponsor_id, run_no, base, by_ach, today)
        _send_register(connection, context, parties, sponsor_id, run_no, base, list(records.values()), today)
        connection.execute(update(remittance_table).where(*made).values(state="issued"))
        left = _payee_plans(connection, sponsor_id, run_no)
        mine = update(pay_run).where(pay_run.c.sponsor_id == sponsor_id, pay_run.c.run_no == run_no)
        connection.execute(mine.values(state="awaiting-funds" if left else "issued"))
        if context.usage == "T" and records:
            effective = max(r.effective for r in records.values())
            enqueue(connection, context, "settle", sponsor_id, run_no, due_on=effective.isoformat())
    log.info("run issued", sponsor=sponsor_id, run_no=run_no, payments=len(rows))


def _base_name(connection: Connection, sponsor_id: str, run_no: int) -> str:
    """How the files of a close are named: a run that is paid in parts closes more than once."""
    part = counters.take(connection, f"close/{sponsor_id}/{run_no}")
    return f"{sponsor_id}-run{run_no:04d}" + (f"-{part}" if part > 1 else "")


def open_remittance(context: Context, row: Any) -> Remittance:
    """The remittance of a row, unsealed."""
    plain = unseal(context.keys.unwrap(row.key), row.body, row.trace.encode())
    return msgspec.json.decode(plain, type=Remittance)


def _send_835(
    connection: Connection, context: Context, parties: Parties, sponsor_id: str, run_no: int, base: str, receiver: str,
    told: list[Remittance], today: date,
) -> None:  # fmt: skip
    partner = parties.partners.get(receiver)
    if partner is None:
        reason = "no partner is on file to receive these 835s"
        holds.open_(connection, context.now_us, "remittance", sponsor_id, f"run {run_no}", reason)
        return
    sets = [list(x835.write(one, f"{n:04d}")) for n, one in enumerate(told, 1)]
    identifiers = [value for one in told for value in x835.identifiers(one)]
    body, isa13 = interchange(connection, context, parties, partner, today, [("HP", sets)], identifiers)
    answers.require_valid(context, parties, partner, body)
    _post(
        connection,
        context,
        partner.id,
        sponsor_id,
        run_no,
        today,
        "835",
        f"{base}.835.x12",
        body,
        isa13,
    )


def _post(
    connection: Connection, context: Context, partner: str, sponsor_id: str, run_no: int, today: date, kind: str,
    name: str, body: bytes, control: str = "", folder: str = "outbound",
) -> None:  # fmt: skip
    parcel = Parcel(partner=partner, kind=kind, name=name, body=body, sponsor_id=sponsor_id, control=control,
                    cause=f"run {run_no}", folder=folder)  # fmt: skip
    outbox.post(connection, context.keys, context.now_us, today.isoformat(), parcel)


def _send_eft(
    connection: Connection, context: Context, parties: Parties, sponsor_id: str, run_no: int, base: str,
    paid: list[Remittance], today: date,
) -> None:  # fmt: skip
    ours = parties.administrator
    if not paid or ours.bank not in parties.partners:
        return
    originator = nacha.Originator(company_id=ours.payer.company_id, company_name=ours.name,
                                  routing=ours.payer.account.routing, bank_name=ours.bank_name)  # fmt: skip
    entries = [
        nacha.Entry(trace=r.trace, account=r.to_account, cents=r.amount_cents, name=r.payee.name, id=r.payee.npi)
        for r in paid
    ]
    number = counters.take(connection, f"EFT/{today.isoformat()}")
    file_id = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[(number - 1) % 36]
    body = nacha.write(entries, originator, paid[0].effective, today, time_of_day(context.now_us), file_id)
    _post(connection, context, ours.bank, sponsor_id, run_no, today, "EFT", f"{base}.ach", body)


def _send_register(
    connection: Connection, context: Context, parties: Parties, sponsor_id: str, run_no: int, base: str,
    made: list[Remittance], today: date,
) -> None:  # fmt: skip
    """The claims register for the employer's plan administrator: no names, no diagnoses."""
    sponsor = parties.sponsor(sponsor_id)
    if not made or sponsor.partner not in parties.partners:
        return
    lines = [
        {"icn": c.icn, "status": c.status, "first": min(line.first for line in c.lines).isoformat() if c.lines else "",
         "received": c.received.isoformat() if c.received else "", "payee_npi": r.payee.npi, "trace": r.trace,
         "charge_cents": c.charge_cents, "paid_cents": c.paid_cents, "member_cents": c.patient_cents or 0}
        for r in made for c in r.claims
    ]  # fmt: skip
    document = {"usage": context.usage, "sponsor": sponsor.name, "run": run_no, "issued": today.isoformat(),
                "paid_cents": sum(r.amount_cents for r in made), "claims": lines}  # fmt: skip
    body = msgspec.json.format(msgspec.json.encode(document), indent=1)
    _post(connection, context, sponsor.partner, sponsor_id, run_no, today, "register",
          f"{base}-register.json", body, folder="reports")  # fmt: skip


# ---- settle ----------------------------------------------------------------------------------------------------------


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


# ---- the operator's part ---------------------------------------------------------------------------------------------


def post_deposit(connection: Connection, context: Context, sponsor_id: str, cents: int, reference: str) -> bool:
    """Posts the employer's money against its open requests, oldest first; False when the reference is known already."""
    mine = (deposit.c.sponsor_id == sponsor_id, deposit.c.reference == reference)
    if connection.execute(select(deposit.c.reference).where(*mine)).first():
        return False
    today = installation.business_date(connection)
    asked = select(funding_request).where(funding_request.c.sponsor_id == sponsor_id, funding_request.c.state == "open")
    rows = list(connection.execute(asked.order_by(funding_request.c.number)))
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


def try_again(connection: Connection, context: Context, sponsor_id: str) -> None:
    """Money, an approval or a date has come: every waiting run of the sponsor looks again, oldest first."""
    waiting = select(pay_run.c.run_no).where(pay_run.c.sponsor_id == sponsor_id, pay_run.c.state.in_(WAITING))
    for run_no in connection.execute(waiting.order_by(pay_run.c.run_no)).scalars().all():
        enqueue(connection, context, "issue", sponsor_id, run_no)
