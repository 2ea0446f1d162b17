"""Notify: what the carrier must hear, what the employer must read, what the carrier owes. Never in the way of money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from gateway import paper as papers
from gateway.flow import books, holds, roster
from gateway.flow.agreements import Document
from gateway.flow.context import Context
from gateway.flow.parties import Parties, Sponsor
from gateway.flow.takeover import TAKEN_OVER
from gateway.plan import ledger, notices, stoploss
from gateway.plan.stoploss import Fact, Key, Notice, Paid, Policy, RecoveryClaim
from gateway.store import counters, documents, installation, outbox, queue
from gateway.store.outbox import Parcel
from gateway.store.queue import Work
from gateway.store.schema import claim as claim_table
from gateway.store.schema import decision as decision_table
from gateway.store.schema import fact as fact_table
from gateway.store.schema import funding_request, recovery, remittance
from gateway.store.schema import notice as notice_table
from mappings.records import Claim

PREPARED_BY = "ASO Gateway"
"""Who a notice says it was prepared by."""

NOW = "9" * 31
"""An order key after every event: what is known today."""

FACTS_A_STEP = 500
"""Facts one transaction looks at; few of them become a notice."""


@lru_cache(maxsize=64)
def _policy(text: str) -> Policy:
    return stoploss.parse(text)


def policy_of(connection: Connection, sponsor: Sponsor, on: date) -> Policy | None:
    """The stop-loss policy of an employer in force on a date."""
    found = documents.at(connection, "policy", sponsor.policy, on, Document) if sponsor.policy else None
    return None if found is None else _policy(found.text)


# ---- notices ---------------------------------------------------------------------------------------------------------


def notify(context: Context, work: Work) -> None:
    """The step: every fact not yet looked at, in order; each notice once per policy, subject, kind and group."""
    with context.store.read() as connection:
        today = installation.business_date(connection)
        parties = Parties(connection, today)
        sponsor = parties.sponsor(work.sponsor_id)
        policy = policy_of(connection, sponsor, today)
        rows = _unseen(connection, sponsor.id)
        first = counters.peek(connection, f"notice/{sponsor.id}")
        made = list(_made(connection, context, sponsor, policy, rows, first)) if policy else []
    with context.store.write("notify") as connection:
        if made:
            _take(connection, f"notice/{sponsor.id}", first, len(made))
        for seq, (each, document, pdf) in enumerate(made, first):
            _send(connection, context, parties, sponsor, seq, each, document, pdf, today)
        for row in rows:
            mine = (
                fact_table.c.sponsor_id == sponsor.id,
                fact_table.c.icn == row.icn,
                fact_table.c.version == row.version,
            )
            connection.execute(update(fact_table).where(*mine).values(seen=1))
        if len(rows) == FACTS_A_STEP:
            queue.later(connection, work, context.now_us)
        else:
            queue.finish(connection, work)


def _take(connection: Connection, scope: str, first: int, count: int) -> None:
    """Takes the numbers that documents already carry. The lane is the series' only user."""
    if counters.take(connection, scope, count) != first:
        raise queue.Fenced


def _unseen(connection: Connection, sponsor_id: str) -> list[Any]:
    mine = select(fact_table).where(fact_table.c.sponsor_id == sponsor_id, fact_table.c.seen == 0)
    return list(
        connection.execute(mine.order_by(fact_table.c.ord, fact_table.c.icn, fact_table.c.version).limit(FACTS_A_STEP))
    )


def _fact(row: Any, root: str) -> Fact:
    return Fact(
        person_id=row.person_id, icn=row.icn, version=row.version, incurred=date.fromisoformat(row.incurred),
        paid_cents=row.paid_cents, diagnoses=msgspec.json.decode(row.diagnoses, type=tuple[str, ...]),
        on=date.fromisoformat(row.decided_on), family_root=root,
    )  # fmt: skip


def _made(
    connection: Connection, context: Context, sponsor: Sponsor, policy: Policy, rows: list[Any], first: int
) -> Iterator[tuple[Notice, dict[str, Any], bytes]]:
    """The notices the facts cause, each with its document and its page, numbered from first."""
    people = roster.by_id(connection, sponsor.id, {row.person_id for row in rows}, NOW)
    roots = {person_id: member.family_root for person_id, member in people.items()}
    totals = _totals(connection, sponsor, policy, set(roots.values() if policy.per == "family" else roots))
    already = _already(connection, sponsor.id, policy)
    for row in rows:
        fact = _fact(row, roots.get(row.person_id, ""))
        who = stoploss.subject(policy, fact.person_id, fact.family_root)
        for notice in stoploss.notices(policy, totals[who], fact, already):
            already.add(notice.key)
            document = notices.document(
                notice, policy, people[fact.person_id], number=f"SN-{first:04d}", usage=context.usage,
                employer=sponsor.name, prepared_by=PREPARED_BY,
                figures=_figures(connection, sponsor.id, policy, fact.person_id),
            )  # fmt: skip
            first += 1
            yield notice, document, papers.stop_loss_notice(document)
        totals[who] += stoploss.eligible_cents(policy, fact)


def _figures(connection: Connection, sponsor_id: str, policy: Policy, person_id: str) -> notices.Figures:
    """What a person's claims came to in the policy's time."""
    mine = select(claim_table).where(
        claim_table.c.sponsor_id == sponsor_id, claim_table.c.person_id == person_id,
        claim_table.c.first.between(policy.first.isoformat(), policy.last.isoformat()),
    )  # fmt: skip
    rows = list(connection.execute(mine.order_by(claim_table.c.ord)))
    decided = [row for row in rows if row.state == "decided"]
    diagnoses = [code for row in decided for code in msgspec.json.decode(row.body, type=Claim).diagnoses]
    return notices.Figures(
        first=date.fromisoformat(min(row.first for row in rows)) if rows else None,
        last=date.fromisoformat(max(row.last for row in rows)) if rows else None,
        charge_cents=sum(row.charge_cents for row in decided),
        allowed_cents=sum(row.paid_cents + row.patient_cents for row in decided),
        pended_cents=sum(row.charge_cents for row in rows if row.state == "pended"),
        diagnoses=tuple(dict.fromkeys(diagnoses)),
    )


def _totals(
    connection: Connection, sponsor: Sponsor, policy: Policy, subjects: set[str]
) -> dict[str, int]:  # fmt: skip
    """Eligible cents of each subject from the facts looked at before."""
    column = claim_table.c.family_root if policy.per == "family" else fact_table.c.person_id
    joined = fact_table.join(
        claim_table, (claim_table.c.sponsor_id == fact_table.c.sponsor_id) & (claim_table.c.icn == fact_table.c.icn)
    )
    seen = select(fact_table, claim_table.c.family_root).select_from(joined).where(
        fact_table.c.sponsor_id == sponsor.id, fact_table.c.seen == 1, column.in_(sorted(subjects))
    )
    totals: dict[str, int] = defaultdict(int)
    for row in connection.execute(seen):
        fact = _fact(row, row.family_root)
        totals[stoploss.subject(policy, fact.person_id, fact.family_root)] += stoploss.eligible_cents(policy, fact)
    return totals


def _already(connection: Connection, sponsor_id: str, policy: Policy) -> set[Key]:
    mine = select(notice_table.c.subject, notice_table.c.kind, notice_table.c.grp).where(
        notice_table.c.sponsor_id == sponsor_id, notice_table.c.policy_no == policy.number
    )
    return {(subject, kind, group) for subject, kind, group in connection.execute(mine)}


def _send(
    connection: Connection, context: Context, parties: Parties, sponsor: Sponsor, seq: int, each: Notice,
    document: dict[str, Any], pdf: bytes, today: date,
) -> None:  # fmt: skip
    connection.execute(
        insert(notice_table).values(
            sponsor_id=sponsor.id, seq=seq, policy_no=document["policy"]["number"], subject=each.subject,
            person_id=each.person_id, kind=each.kind, grp=each.group, icn=each.icn, made_on=today.isoformat(),
            body=msgspec.json.encode(document).decode(),
        )
    )  # fmt: skip
    name = f"{sponsor.id}-notice-{seq:04d}"
    _post(connection, context, parties, sponsor.carrier, sponsor.id, "notice", name, document, pdf, today,
          f"claim {each.icn}")  # fmt: skip


def _post(
    connection: Connection, context: Context, parties: Parties, partner: str, sponsor_id: str, kind: str, name: str,
    document: dict[str, Any], pdf: bytes, today: date, cause: str,
) -> None:  # fmt: skip
    """A document and its PDF twin into the partner's outbound folder; a partner not on file is a person's matter."""
    if partner not in parties.partners:
        reason = f"nobody is on file to receive {kind} documents"
        holds.open_(connection, context.now_us, "undelivered", sponsor_id, name, reason)
        return
    body = msgspec.json.format(msgspec.json.encode(document), indent=1)
    for suffix, content in (("json", body), ("pdf", pdf)):
        parcel = Parcel(
            partner=partner, kind=kind, name=f"{name}.{suffix}", body=content, sponsor_id=sponsor_id, cause=cause
        )
        outbox.post(connection, context.keys, context.now_us, today.isoformat(), parcel)


# ---- documents -------------------------------------------------------------------------------------------------------


def paper(context: Context, work: Work) -> None:
    """The step: a funding request leaves for the employer."""
    with context.store.read() as connection:
        today = installation.business_date(connection)
        parties = Parties(connection, today)
        sponsor = parties.sponsor(work.sponsor_id)
        mine = select(funding_request.c.body).where(
            funding_request.c.sponsor_id == sponsor.id, funding_request.c.number == work.body["number"]
        )
        document = msgspec.json.decode(connection.execute(mine).scalar_one())
    document["deposit"]["account"] = context.keys.reveal(document["deposit"]["account"])
    number, pdf = work.body["number"], papers.funding_request(document)
    with context.store.write("paper") as connection:
        queue.finish(connection, work)
        _post(connection, context, parties, sponsor.partner, sponsor.id, "funding-request",
              f"{sponsor.id}-{number}", document, pdf, today, f"request {number}")  # fmt: skip


# ---- reimbursement ---------------------------------------------------------------------------------------------------


def recover(context: Context, work: Work) -> None:
    """The step: files what the carrier owes for claims whose payments have settled."""
    with context.store.read() as connection:
        today = installation.business_date(connection)
        parties = Parties(connection, today)
        sponsor = parties.sponsor(work.sponsor_id)
        policy = policy_of(connection, sponsor, today)
        first = counters.peek(connection, f"SL/{sponsor.id}")
        claims = _recoveries(connection, sponsor, policy) if policy else ()
        filed = [each for each in claims if each.amount_cents > 0]
        made = (
            [_filing(connection, context, sponsor, policy, each, n, today) for n, each in enumerate(filed, first)]
            if policy
            else []
        )
    with context.store.write("recover") as connection:
        queue.finish(connection, work)
        if made:
            _take(connection, f"SL/{sponsor.id}", first, len(made))
        for each, number, document, pdf in made:
            _file(connection, context, parties, sponsor, each, number, document, pdf, today)
        for each in claims:
            if each.amount_cents < 0:
                _owe(connection, context, sponsor, each, today)


def _recoveries(connection: Connection, sponsor: Sponsor, policy: Policy) -> tuple[RecoveryClaim, ...]:
    filed: dict[str, int] = defaultdict(int)
    mine = select(recovery.c.person_id, recovery.c.amount_cents).where(
        recovery.c.sponsor_id == sponsor.id, recovery.c.policy_no == policy.number
    )
    for who, cents in connection.execute(mine):
        filed[who] += cents
    return stoploss.recoveries(policy, _settled(connection, sponsor.id), filed)


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
             family_root=row.family_root)
        for row in connection.execute(paid_on)
        if row.settled_on or row.run_no == TAKEN_OVER
    ]  # fmt: skip


def _filing(
    connection: Connection,
    context: Context,
    sponsor: Sponsor,
    policy: Policy,
    each: RecoveryClaim,
    number: int,
    today: date,
) -> tuple[RecoveryClaim, str, dict[str, Any], bytes]:
    """A reimbursement claim with its document and its page."""
    name = f"SL-{number:04d}"
    paid = _settled(connection, sponsor.id)
    person_id = next(one.person_id for one in paid if one.icn in each.icns)
    member = roster.by_id(connection, sponsor.id, [person_id], NOW)[person_id]
    document = notices.claim_document(each, policy, member, paid, number=name, usage=context.usage,
                                      employer=sponsor.name, filed_on=today)  # fmt: skip
    return each, name, document, papers.stop_loss_notice(document)


def _file(
    connection: Connection, context: Context, parties: Parties, sponsor: Sponsor, each: RecoveryClaim, number: str,
    document: dict[str, Any], pdf: bytes, today: date,
) -> None:  # fmt: skip
    connection.execute(
        insert(recovery).values(
            sponsor_id=sponsor.id, number=number, policy_no=document["policy"]["number"], person_id=each.subject,
            amount_cents=each.amount_cents, received_cents=0, filed_on=today.isoformat(), state="filed",
            body=msgspec.json.encode(document).decode(),
        )
    )  # fmt: skip
    books.post(connection, context.now_us, sponsor.id, [ledger.stop_loss_filed(number, 1, today, each.amount_cents)])
    _post(connection, context, parties, sponsor.carrier, sponsor.id, "reimbursement-claim", f"{sponsor.id}-{number}",
          document, pdf, today, number)  # fmt: skip


def _owe(connection: Connection, context: Context, sponsor: Sponsor, each: RecoveryClaim, today: date) -> None:
    """A reimbursed claim was taken back: the money is the carrier's."""
    mine = (recovery.c.sponsor_id == sponsor.id, recovery.c.person_id == each.subject)
    row = connection.execute(select(recovery).where(*mine).order_by(recovery.c.number.desc()).limit(1)).one()
    owed = -each.amount_cents
    version = counters.take(connection, f"owed/{sponsor.id}/{row.number}")
    books.post(connection, context.now_us, sponsor.id, [ledger.reimbursement_owed(row.number, version, today, owed)])
    that = update(recovery).where(recovery.c.sponsor_id == sponsor.id, recovery.c.number == row.number)
    connection.execute(that.values(amount_cents=row.amount_cents - owed))


def receive(connection: Connection, context: Context, sponsor_id: str, number: str, cents: int) -> None:
    """Books the carrier's payment; raises ValueError for a claim nobody filed, or more than is open on it."""
    mine = (recovery.c.sponsor_id == sponsor_id, recovery.c.number == number)
    row = connection.execute(select(recovery).where(*mine).with_for_update()).one_or_none()
    if row is None:
        raise ValueError(f"no reimbursement claim {number} of {sponsor_id}")
    received = row.received_cents + cents
    if cents <= 0 or received > row.amount_cents:
        raise ValueError(f"{number} has {row.amount_cents - row.received_cents} cents open")
    today = installation.business_date(connection)
    version = counters.take(connection, f"received/{sponsor_id}/{number}")
    books.post(connection, context.now_us, sponsor_id, [ledger.reimbursement_received(number, version, today, cents)])
    state = "paid" if received == row.amount_cents else "filed"
    connection.execute(update(recovery).where(*mine).values(received_cents=received, state=state))

