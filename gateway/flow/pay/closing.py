"""Close: the 835s, the EFT file and the register leave, in one transaction with the run's new state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection, select, update

from gateway.flow import holds
from gateway.flow.context import Context
from gateway.flow.envelopes import Draft, draft, named, send, time_of_day
from gateway.flow.parties import Parties
from gateway.flow.pay.lane import enqueue, try_again
from gateway.flow.pay.sums import parts_of, unpaid
from gateway.plan.money import nacha, register
from gateway.store import counters, installation, outbox, queue
from gateway.store.keys import unseal
from gateway.store.outbox import Parcel
from gateway.store.queue import Work
from gateway.store.schema import pay_run
from gateway.store.schema import remittance as remittance_table
from mappings import remittance as x835
from mappings.records import Remittance

log = structlog.get_logger()

FILE_IDS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
"""File id modifiers of one day's EFT files, in order."""


def close(context: Context, work: Work) -> None:
    """The step: the 835s and the EFT file leave, in one transaction with the run's new state."""
    with context.store.read() as connection:
        closing = _Closing(connection, context, work)
    with context.store.write("close") as connection:
        queue.finish(connection, work)
        closing.send(connection)
        closing.end(connection)
    log.info("run issued", sponsor=work.sponsor_id, run_no=closing.run_no, payments=len(closing.made))


def open_remittance(context: Context, row: Any) -> Remittance:
    """The remittance of a row, unsealed."""
    plain = unseal(context.keys.unwrap(row.key), row.body, row.trace.encode())
    return msgspec.json.decode(plain, type=Remittance)


class _Closing:
    """The payments of a run that have not been told yet, and what tells them, written before the transaction."""

    def __init__(self, connection: Connection, context: Context, work: Work) -> None:
        self.context, self.sponsor_id, self.run_no = context, work.sponsor_id, work.body["run_no"]
        self.today = installation.business_date(connection)
        self.parties = Parties(connection, self.today)
        rows = list(
            connection.execute(select(remittance_table).where(*self._untold).order_by(remittance_table.c.trace))
        )
        self.made = [open_remittance(context, row) for row in rows]
        by_receiver: dict[str, list[Remittance]] = defaultdict(list)
        for row, record in zip(rows, self.made, strict=True):
            by_receiver[row.receiver].append(record)
        known = {who: told for who, told in sorted(by_receiver.items()) if who in self.parties.partners}
        self.drafts = [(who, *one) for who, told in known.items() for one in self._drafts(who, told)]
        self.homeless = len(rows) - sum(map(len, known.values()))

    @property
    def _untold(self) -> tuple[Any, ...]:
        columns = remittance_table.c
        return columns.sponsor_id == self.sponsor_id, columns.run_no == self.run_no, columns.state == "made"

    def _drafts(self, receiver: str, told: list[Remittance]) -> Iterator[tuple[int, Draft]]:
        """The 835 files of a receiver, as its profile cuts them; each with its number, 0 when it holds all of them."""
        partner = self.parties.partner(receiver)
        alone = partner.profile.sets == "one"
        for number, some in enumerate([[one] for one in told], 1) if alone else [(0, told)]:
            sets = [x835.write(one, f"{n:04d}") for n, one in enumerate(some, 1)]
            identifiers = [value for one in some for value in x835.identifiers(one)]
            yield number, draft(self.context, self.parties, partner, self.today, x835.GUIDE, sets, identifiers)

    def send(self, connection: Connection) -> None:
        """Everything that leaves; a run that is paid in parts closes more than once, and its files are told apart."""
        part = counters.take(connection, parts_of(self.sponsor_id, self.run_no))
        base = f"{self.sponsor_id}-run{self.run_no:04d}" + (f"-{part}" if part > 1 else "")
        self._tell_what_stays(connection)
        self._send_eft(connection, base)
        self._send_register(connection, base)
        for receiver, number, made in self.drafts:
            partner, sent = self.parties.partner(receiver), send(connection, made)
            fields = {"kind": "835", "run": base, "number": str(number)}
            name = named(partner, partner.profile.remittance, self.today, sent, fields)
            self._post(connection, receiver, "835", name, *sent)

    def _tell_what_stays(self, connection: Connection) -> None:
        """What this gateway cannot send by itself is a person's to do, and said."""
        ach, checks = (sum(one.method == method for one in self.made) for method in ("ACH", "CHK"))
        stays = (
            (self.homeless, "remittances have no partner on file to receive them"),
            (checks, "payments are checks: print and send them"),
            (ach if self._bank is None else 0, "payments have no bank on file to send their EFT file to"),
        )
        for count, what in stays:
            if count:
                holds.open_(connection, self.context.now_us, "undelivered", self.sponsor_id, f"run {self.run_no}",
                            f"{count} {what}")  # fmt: skip

    @property
    def _bank(self) -> str | None:
        """The partner EFT files go to."""
        bank = self.parties.administrator.bank
        return bank if bank in self.parties.partners else None

    def _post(
        self, connection: Connection, partner: str, kind: str, name: str, body: bytes, control: str = "",
        group: str = "", folder: str = "outbound",
    ) -> None:  # fmt: skip
        parcel = Parcel(partner=partner, kind=kind, name=name, body=body, sponsor_id=self.sponsor_id, control=control,
                        group=group, cause=f"run {self.run_no}", folder=folder)  # fmt: skip
        outbox.post(connection, self.context.keys, self.context.now_us, self.today.isoformat(), parcel)

    def _send_eft(self, connection: Connection, base: str) -> None:
        """The EFT file to our bank, its addenda joining each payment to its 835."""
        ours, paid = self.parties.administrator, [one for one in self.made if one.method == "ACH"]
        if not paid or self._bank is None:
            return
        originator = nacha.Originator(company_id=ours.payer.company_id, company_name=ours.name,
                                      routing=ours.payer.account.routing, bank_name=ours.bank_name)  # fmt: skip
        entries = [
            nacha.Entry(trace=r.trace, account=r.to_account, cents=r.amount_cents, name=r.payee.name, id=r.payee.npi)
            for r in paid
        ]
        number = counters.take(connection, f"EFT/{self.today.isoformat()}")
        file_id = FILE_IDS[(number - 1) % len(FILE_IDS)]
        time = time_of_day(self.context.now_us)
        body = nacha.write(entries, originator, paid[0].effective, self.today, time, file_id)
        self._post(connection, self._bank, "EFT", f"{base}.ach", body)

    def _send_register(self, connection: Connection, base: str) -> None:
        """The claims register for the employer's plan administrator: no names, no diagnoses."""
        sponsor = self.parties.sponsor(self.sponsor_id)
        if not self.made or sponsor.partner not in self.parties.partners:
            return
        document = register.document(self.made, usage=self.context.usage, employer=sponsor.name, run_no=self.run_no,
                                     issued=self.today)  # fmt: skip
        body = msgspec.json.format(msgspec.json.encode(document), indent=1)
        self._post(connection, sponsor.partner, "register", f"{base}-register.json", body, folder="reports")

    def end(self, connection: Connection) -> None:
        """The payments are told; the run waits for the rest of its money, or for its settlement."""
        connection.execute(update(remittance_table).where(*self._untold).values(state="issued"))
        left = unpaid(connection, self.sponsor_id).get(self.run_no)
        mine = update(pay_run).where(pay_run.c.sponsor_id == self.sponsor_id, pay_run.c.run_no == self.run_no)
        connection.execute(mine.values(state="awaiting-funds" if left else "issued"))
        try_again(connection, self.context, self.sponsor_id)
        by_timer = [one.effective for one in self.made if one.method != "CHK"]
        if self.context.usage == "T" and by_timer:  # a check clears when its payee brings it to the bank
            enqueue(connection, self.context, "settle", self.sponsor_id, self.run_no,
                    due_on=max(by_timer).isoformat(), body={"checks": False})  # fmt: skip
