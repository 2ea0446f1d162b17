"""Takeover: what a former administrator hands over with an employer - members, history, accumulators, cash.

Everything is checked and booked in one transaction, once; its known time lies before every file.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
from sqlalchemy import Connection, insert, select

from gateway.errors import BadData, InputOutput
from gateway.flow import books, roster
from gateway.flow.context import Context
from gateway.plan.money import ledger
from gateway.plan.records import AccidentAnswer, Authorisation, Decision, Entry, Member, Posting
from gateway.store import audit
from gateway.store.order import ord_of
from gateway.store.schema import claim as claim_table
from gateway.store.schema import decision as decision_table
from gateway.store.schema import entry, evidence, fact, journal
from mappings.records import Claim, Record

TAKEN_OVER = -1
"""run_no of decisions another administrator paid: no run of ours ever takes them."""


class PaidClaim(Record, frozen=True, kw_only=True):
    """A claim the former administrator decided; decision.icn is the number providers know it by."""

    received_on: date
    decided_on: date
    claim: Claim
    decision: Decision


class Takeover(Record, frozen=True, kw_only=True):
    """The file. members: with their spans. accumulators: credits that stand in no claim below. cash_cents: in bank."""

    sponsor: str
    as_of: date
    cash_cents: int = 0
    members: tuple[Member, ...] = ()
    accumulators: tuple[Entry, ...] = ()
    claims: tuple[PaidClaim, ...] = ()
    authorisations: tuple[Authorisation, ...] = ()
    accidents: tuple[AccidentAnswer, ...] = ()


def read(path: Path) -> Takeover:
    """The file, checked; raises BadData or InputOutput."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Takeover)
    except OSError as error:
        raise InputOutput(str(path)) from error
    except (msgspec.DecodeError, ValueError) as error:
        raise BadData(f"{path.name}: {error}") from error


def apply(context: Context, file: Takeover, user: str) -> bool:
    """Books a takeover; False when this sponsor's was booked already. Raises BadData for a person nobody knows."""
    _check(file)
    with context.store.write("takeover") as connection:
        opening = ledger.opening(file.sponsor, file.as_of, _balances(file))
        booked = select(journal.c.key).where(journal.c.sponsor_id == file.sponsor, journal.c.key == opening.key)
        if connection.execute(booked).first():
            return False
        for member in file.members:
            _member(connection, context, file.sponsor, member)
        for n, each in enumerate(file.accumulators):
            _entry(connection, file.sponsor, "", 0, n, each)
        for paid in file.claims:
            _claim(connection, context, file.sponsor, paid)
        _evidence(connection, file)
        books.post(connection, context.now_us, file.sponsor, [opening])
        audit.note(
            connection, context.now_us, user, "takeover", f"sponsor {file.sponsor}", f"{len(file.claims)} claims"
        )
    return True


def _check(file: Takeover) -> None:
    known = {member.person_id for member in file.members}
    named = [e.person_id for e in file.accumulators] + [p.decision.person_id for p in file.claims]
    named += [a.person_id for a in file.authorisations] + [a.person_id for a in file.accidents]
    strangers = len([one for one in named if one not in known])
    if strangers:
        raise BadData(f"{strangers} rows name a person who is not among the members")


def _balances(file: Takeover) -> list[Posting]:
    cash = [Posting(account="1010", cents=file.cash_cents)] if file.cash_cents else []
    paid = [(p.decision.icn, p.decision.paid_cents) for p in file.claims if p.decision.paid_cents]
    return [*cash, *(Posting(account="5010", cents=cents, sub=icn) for icn, cents in paid)]


def _member(connection: Connection, context: Context, sponsor_id: str, member: Member) -> None:
    ssn = member.person.id if member.person.id_qualifier == "34" else ""
    person = msgspec.structs.replace(member.person, id="", id_qualifier="")
    bare = msgspec.structs.replace(member, person=person)
    roster.save(connection, context.keys, sponsor_id, bare, ssn)
    for span in member.spans:
        roster.change_span(connection, sponsor_id, member.person_id, None, span, ord_of(0))


def _entry(connection: Connection, sponsor_id: str, icn: str, version: int, n: int, each: Entry) -> None:
    key = {"sponsor_id": sponsor_id, "icn": icn, "version": version, "n": n}
    connection.execute(insert(entry).values(**key, **msgspec.structs.asdict(each)))


def _claim(connection: Connection, context: Context, sponsor_id: str, paid: PaidClaim) -> None:
    claim, decision = paid.claim, paid.decision
    connection.execute(
        insert(claim_table).values(
            sponsor_id=sponsor_id, icn=decision.icn, ord=ord_of(0), partner="", person_id=decision.person_id,
            family_root=decision.family_root, match="", pcn=claim.pcn, state="decided", original_icn="", replaced_by="",
            received_on=paid.received_on.isoformat(), first=claim.first.isoformat(), last=claim.last.isoformat(),
            version=decision.version, status=decision.status, denied=int(decision.outcome == "denied"),
            charge_cents=decision.charge_cents, paid_cents=decision.paid_cents, patient_cents=decision.patient_cents,
            body=msgspec.json.encode(claim).decode(), answer="[]",
        )
    )  # fmt: skip
    connection.execute(
        insert(decision_table).values(
            sponsor_id=sponsor_id, icn=decision.icn, version=decision.version, outcome=decision.outcome, ord=ord_of(0),
            run_no=TAKEN_OVER, tin=claim.billing.tin, npi=claim.billing.npi, paid_cents=decision.paid_cents,
            person_id=decision.person_id, family_root=decision.family_root, decided_on=paid.decided_on.isoformat(),
            decided_us=context.now_us, body=msgspec.json.encode(decision).decode(),
        )
    )  # fmt: skip
    for n, each in enumerate(decision.entries):
        _entry(connection, sponsor_id, decision.icn, decision.version, n, each)
    connection.execute(
        insert(fact).values(
            sponsor_id=sponsor_id, icn=decision.icn, version=decision.version, ord=ord_of(0),
            person_id=decision.person_id, incurred=claim.first.isoformat(), decided_on=paid.decided_on.isoformat(),
            paid_cents=decision.paid_cents, diagnoses=msgspec.json.encode(claim.diagnoses).decode(), seen=1,
        )
    )  # fmt: skip


def _evidence(connection: Connection, file: Takeover) -> None:
    rows = [("authorisation", a.person_id, a.number, a) for a in file.authorisations]
    rows += [("accident", a.person_id, str(n), a) for n, a in enumerate(file.accidents)]  # type: ignore[misc]
    for kind, person_id, number, record in rows:
        body = msgspec.json.encode(record).decode()
        values = {"sponsor_id": file.sponsor, "kind": kind, "person_id": person_id, "number": number, "body": body}
        connection.execute(insert(evidence).values(**values))
