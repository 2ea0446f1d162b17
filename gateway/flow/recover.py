"""Recover: what the stop-loss carrier owes the employer, what it has paid, and what is taken back from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

import msgspec
from sqlalchemy import Connection, insert, select, update

from gateway import paper as papers
from gateway.errors import BadData, UsageError
from gateway.flow import agreements, books, roster
from gateway.flow.agreements import Insured
from gateway.flow.context import Context
from gateway.flow.paper import Paper, leave, take_numbers
from gateway.flow.parties import Parties, Sponsor
from gateway.flow.takeover import TAKEN_OVER
from gateway.plan import stoploss
from gateway.plan.money import ledger
from gateway.plan.records import Journal
from gateway.plan.rounding import dollars
from gateway.plan.stoploss import Filed, Paid, RecoveryClaim, letters
from gateway.store import counters, installation, queue
from gateway.store.queue import Work
from gateway.store.schema import decision as decision_table
from gateway.store.schema import fact as fact_table
from gateway.store.schema import recovery, remittance


class Filing(msgspec.Struct, frozen=True, kw_only=True):
    """A reimbursement claim with its number and its document."""

    insured: Insured
    claim: RecoveryClaim
    number: str
    paper: Paper


def recover(context: Context, work: Work) -> None:
    """The step: files what carriers owe for claims whose payments have settled, and takes back what was taken back."""
    with context.store.read() as connection:
        today = installation.business_date(connection)
        parties = Parties(connection, today)
        sponsor = parties.sponsor(work.sponsor_id)
        first = counters.peek(connection, f"SL/{sponsor.id}")
        paid = _settled(connection, sponsor.id)
        claims = _recoveries(connection, sponsor, paid)
        due = [(insured, claim) for insured, claim in claims if claim.amount_cents > 0]
        made = _filings(connection, context, sponsor, due, paid, first, today)
    with context.store.write("recover") as connection:
        queue.finish(connection, work)
        take_numbers(connection, f"SL/{sponsor.id}", first, len(made))
        for filing in made:
            _file(connection, context, parties, sponsor, filing, today)
        for insured, claim in claims:
            if claim.amount_cents < 0:
                _take_back(connection, context, sponsor, insured, claim, today)


def receive(connection: Connection, context: Context, sponsor_id: str, number: str, cents: int) -> None:
    """Books the carrier's payment; raises UsageError for a claim nobody filed, BadData for more than is open."""
    mine = (recovery.c.sponsor_id == sponsor_id, recovery.c.number == number)
    row = connection.execute(select(recovery).where(*mine).with_for_update()).one_or_none()
    if row is None:
        raise UsageError(f"no reimbursement claim {number} of {sponsor_id}")
    received = row.received_cents + cents
    if cents <= 0 or received > row.amount_cents:
        raise BadData(f"{number} has {dollars(max(0, row.amount_cents - row.received_cents))} open")
    today = installation.business_date(connection)
    version = counters.take(connection, f"received/{sponsor_id}/{number}")
    books.post(connection, context.now_us, sponsor_id, [ledger.reimbursement_received(number, version, today, cents)])
    connection.execute(
        update(recovery).where(*mine).values(received_cents=received, state=_state(row.amount_cents, received))
    )


def _state(amount_cents: int, received_cents: int) -> str:
    if amount_cents == 0:
        return "withdrawn"
    return "paid" if received_cents >= amount_cents else "filed"


# ---- what is due -----------------------------------------------------------------------------------------------------


def _recoveries(
    connection: Connection, sponsor: Sponsor, paid: list[Paid]
) -> list[tuple[Insured, RecoveryClaim]]:  # fmt: skip
    """What is to be claimed, and taken back, under every policy the employer ever had."""
    insured = agreements.insured(connection, sponsor.id)
    policy_of = stoploss.assign([each.policy for each in insured], paid)
    found = []
    for each in insured:
        mine = [one for one in paid if policy_of.get((one.icn, one.version)) is each.policy]
        filed = _filed(connection, sponsor.id, each.policy.term)
        found += [(each, claim) for claim in stoploss.recoveries(each.policy, mine, filed)]
    return found


def _filed(connection: Connection, sponsor_id: str, term: str) -> dict[str, int]:
    """Cents claimed before, by subject."""
    filed: dict[str, int] = defaultdict(int)
    mine = select(recovery.c.subject, recovery.c.amount_cents).where(
        recovery.c.sponsor_id == sponsor_id, recovery.c.policy_no == term
    )
    for who, cents in connection.execute(mine):
        filed[who] += cents
    return filed


def _settled(connection: Connection, sponsor_id: str) -> list[Paid]:
    """Every fact whose money has left, and what a former administrator paid."""
    paid_on = (
        select(fact_table, decision_table.c.run_no, decision_table.c.family_root, remittance.c.settled_on)
        .join(
            decision_table,
            (decision_table.c.sponsor_id == fact_table.c.sponsor_id) & (decision_table.c.icn == fact_table.c.icn)
            & (decision_table.c.version == fact_table.c.version),
        )
        .outerjoin(
            remittance,
            (remittance.c.sponsor_id == decision_table.c.sponsor_id) & (remittance.c.run_no == decision_table.c.run_no)
            & (remittance.c.tin == decision_table.c.tin) & (remittance.c.npi == decision_table.c.npi)
            & (remittance.c.state == "settled"),
        )
        .where(fact_table.c.sponsor_id == sponsor_id)
    )  # fmt: skip
    return [
        Paid(person_id=row.person_id, icn=row.icn, version=row.version, incurred=date.fromisoformat(row.incurred),
             paid_on=date.fromisoformat(row.settled_on or row.decided_on), paid_cents=row.paid_cents,
             family_root=row.family_root, kind=row.kind)
        for row in connection.execute(paid_on)
        if row.settled_on or row.run_no == TAKEN_OVER
    ]  # fmt: skip


# ---- filing and taking back ------------------------------------------------------------------------------------------


def _filings(
    connection: Connection, context: Context, sponsor: Sponsor, due: list[tuple[Insured, RecoveryClaim]],
    paid: list[Paid], first: int, today: date,
) -> list[Filing]:  # fmt: skip
    """The claims to file with their documents and pages, numbered from first."""
    person_of = {one.icn: one.person_id for one in paid}
    members = roster.by_id(connection, sponsor.id, {person_of[claim.icns[0]] for _, claim in due}, roster.NOW)
    made = []
    for n, (insured, claim) in enumerate(due, first):
        number = f"SL-{n:04d}"
        document = letters.claim_document(
            claim, insured.policy, members[person_of[claim.icns[0]]], paid, number=number, usage=context.usage,
            employer=sponsor.name, filed_on=today,
        )  # fmt: skip
        paper = Paper(kind="reimbursement-claim", name=f"{sponsor.id}-{number}", document=document,
                      pdf=papers.stop_loss_notice(document), cause=number)  # fmt: skip
        made.append(Filing(insured=insured, claim=claim, number=number, paper=paper))
    return made


def _file(
    connection: Connection, context: Context, parties: Parties, sponsor: Sponsor, filing: Filing, today: date
) -> None:  # fmt: skip
    claim, number = filing.claim, filing.number
    connection.execute(
        insert(recovery).values(
            sponsor_id=sponsor.id, number=number, policy_no=filing.insured.policy.term, subject=claim.subject,
            amount_cents=claim.amount_cents, received_cents=0, filed_on=today.isoformat(), state="filed",
            body=msgspec.json.encode(filing.paper.document).decode(),
        )
    )  # fmt: skip
    books.post(connection, context.now_us, sponsor.id, [ledger.stop_loss_filed(number, 1, today, claim.amount_cents)])
    leave(connection, context, parties, filing.insured.carrier, sponsor.id, filing.paper, today)


def _take_back(
    connection: Connection, context: Context, sponsor: Sponsor, insured: Insured, claim: RecoveryClaim, today: date
) -> None:  # fmt: skip
    """Claims that were filed for were taken back: what the carrier has not paid is withdrawn, what it has is owed."""
    mine = (recovery.c.sponsor_id == sponsor.id, recovery.c.policy_no == insured.policy.term,
            recovery.c.subject == claim.subject)  # fmt: skip
    rows = {row.number: row for row in connection.execute(select(recovery).where(*mine).with_for_update())}
    filed = [
        Filed(number=row.number, amount_cents=row.amount_cents, received_cents=row.received_cents)
        for _, row in sorted(rows.items(), reverse=True)
    ]
    for each in stoploss.take_back(-claim.amount_cents, filed):
        row = rows[each.number]
        books.post(connection, context.now_us, sponsor.id, _taken_back(connection, sponsor.id, each, today))
        left = row.amount_cents - each.withdrawn_cents - each.owed_cents
        that = update(recovery).where(recovery.c.sponsor_id == sponsor.id, recovery.c.number == each.number)
        connection.execute(that.values(amount_cents=left, state=_state(left, row.received_cents)))


def _taken_back(
    connection: Connection, sponsor_id: str, each: stoploss.TakenBack, today: date
) -> Iterable[Journal]:  # fmt: skip
    version = counters.take(connection, f"taken-back/{sponsor_id}/{each.number}")
    if each.withdrawn_cents:
        yield ledger.stop_loss_withdrawn(each.number, version, today, each.withdrawn_cents)
    if each.owed_cents:
        yield ledger.reimbursement_owed(each.number, version, today, each.owed_cents)
