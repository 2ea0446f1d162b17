"""Close: the 835s, the EFT file and the register leave, in one transaction with the run's new state."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection, select, update

from gateway.flow import answers, holds
from gateway.flow.context import Context
from gateway.flow.envelopes import interchange, time_of_day
from gateway.flow.parties import Parties
from gateway.flow.pay.lane import enqueue
from gateway.flow.pay.sums import unpaid
from gateway.plan import nacha
from gateway.store import counters, installation, outbox, queue
from gateway.store.keys import unseal
from gateway.store.outbox import Parcel
from gateway.store.queue import Work
from gateway.store.schema import pay_run
from gateway.store.schema import remittance as remittance_table
from mappings import remittance as x835
from mappings.records import Remittance

log = structlog.get_logger()


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
        left = unpaid(connection, sponsor_id, run_no)
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
