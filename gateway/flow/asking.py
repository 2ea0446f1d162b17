"""Asking for information about a pended claim: a letter to the provider or the member, and the clock stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, select

from gateway import paper as papers
from gateway.errors import NotPermitted, UsageError
from gateway.flow import acts, pends, roster
from gateway.flow.context import Context
from gateway.flow.paper import Paper, leave
from gateway.flow.parties import Parties
from gateway.plan.claims import inquiry, look
from gateway.plan.claims.inquiry import Reader
from gateway.plan.records import ProviderRow
from gateway.store import documents, installation
from gateway.store.schema import claim as claim_table
from mappings.records import Claim

To = Literal["provider", "member"]
"""Whom a letter is written to."""


def request(context: Context, icn: str, user: str, to: To, text: str, *, extend: bool) -> str:
    """Writes the letter, sends it, and stops the clock. extend: it says, too, that the decision takes the extension.

    Raises UsageError while an answer is awaited, NotPermitted for an extension that comes too late or again.
    """
    with context.store.read() as connection:
        made = _Letter(connection, context, icn, to, text, extend)
    with context.store.write("pend") as connection:
        acts.opened(connection, icn)
        if len(pends.events(connection, [icn])[icn]) != made.before:
            raise UsageError(f"somebody did something about claim {icn} meanwhile; look at it again")
        acts.tell(connection, context, icn, user, pends.REQUEST, text, f"to {to}", to=to, extended=extend,
                  document=made.paper.document)  # fmt: skip
        leave(connection, context, made.parties, made.partner, made.sponsor_id, made.paper, made.today)
    return f"asked; the clock stands until the answer, at most until {made.until}"


def page(told: list[pends.Event]) -> bytes:
    """The newest letter as a PDF, for who posts it by hand; raises UsageError when none was written."""
    for each in reversed(told):
        if each.act == pends.REQUEST:
            return papers.letter(each.body["document"])
    raise UsageError("no letter was written about it")


class _Letter:
    """A letter and where it goes, read before anything is written. before: how many acts the claim had seen."""

    def __init__(self, connection: Connection, context: Context, icn: str, to: To, text: str, extend: bool) -> None:
        self.today = installation.business_date(connection)
        self.parties = Parties(connection, self.today)
        pended, told = pends.one(connection, self.today, icn), pends.events(connection, [icn])[icn]
        if pends.asked(told):
            raise UsageError(f"claim {icn} waits for an answer already; note that first")
        self.before, self.sponsor_id = len(told), pended.sponsor_id
        mine = select(claim_table).where(claim_table.c.sponsor_id == pended.sponsor_id, claim_table.c.icn == icn)
        row = connection.execute(mine).one()
        claim = msgspec.json.decode(row.body, type=Claim)
        clock, stands = pends.due(claim, pended.received, told, self.today)
        if extend and (stands.extended or self.today > stands.due):
            raise NotPermitted("an extension is told once, before the days for the decision are over")
        self.until = pends.answer_until(clock, told, self.today)
        reader, self.partner = self._reader(connection, row, claim, to)
        document = inquiry.document(
            f"{icn}-{self.before + 1}", icn, claim, reader, text, stands, self.today, self.until, usage=context.usage,
            prepared_by=self.parties.administrator.name,
            extended_to=stands.due + timedelta(days=clock.extension_days) if extend else None,
        )  # fmt: skip
        self.paper = Paper(kind="letter", name=f"{icn}-letter-{self.before + 1}", document=document,
                           pdf=papers.letter(document), cause=f"claim {icn}")  # fmt: skip

    def _reader(self, connection: Connection, row: Any, claim: Claim, to: To) -> tuple[Reader, str]:
        """Who reads it, and the partner whose folder it goes to; "" for nobody's, then a person posts it.

        The provider: where its remittances go, else who sent the claim. A member whose enrolment is restricted (834
        INS13 R) may want letters elsewhere than at the address on file: only a person knows.
        """
        if to == "provider":
            rows = documents.every(connection, "provider", [claim.billing.npi], ProviderRow)
            known = look.row_on(rows, claim.billing.npi, self.today, claim.billing.tin)
            return inquiry.provider(claim.billing), (known.era_receiver if known else "") or row.partner
        people = roster.by_id(connection, row.sponsor_id, [row.person_id], roster.NOW)
        if row.person_id not in people:
            raise UsageError("the patient is not on file; ask the provider")
        patient = people[row.person_id]
        reader = inquiry.member(patient, claim, self.today)
        return reader, "" if patient.restricted else self.parties.administrator.mail
