"""Takeover: what a former administrator hands over with an employer - members, history, accumulators, cash.

Everything is checked and booked in one transaction, once; its known time lies before every file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import msgspec
from sqlalchemy import Connection, insert, select

from gateway.errors import BadData, InputOutput
from gateway.flow import books, entries
from gateway.flow.context import Context
from gateway.flow.roster_changes import RosterChanges
from gateway.plan.money import ledger
from gateway.plan.records import AccidentAnswer, Authorisation, Decision, Entry, Member, Posting
from gateway.plan.rounding import dollars
from gateway.store import audit, documents
from gateway.store.order import ord_of
from gateway.store.rows import IDS_A_QUERY, parts
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
    """Books a takeover; False when this very file was booked already.

    Raises BadData for an employer that is not on file, persons who are not among the members, claim numbers that are
    taken, cash below zero, and for another file than the one that was booked.
    """
    _check(file)
    opening = ledger.opening(file.sponsor, file.as_of, _balances(file))
    opening = msgspec.structs.replace(opening, text=f"{opening.text}, takeover {_digest(file)}")
    with context.store.write("takeover") as connection:
        if file.sponsor not in documents.known(connection, "sponsor"):
            raise BadData(f"sponsor {file.sponsor} is not on file; load it first")
        booked = select(journal.c.text).where(journal.c.sponsor_id == file.sponsor, journal.c.key == opening.key)
        before = connection.execute(booked).scalar_one_or_none()
        if before == opening.text:
            return False
        if before is not None:
            raise BadData(f"another takeover of {file.sponsor} was booked before, and this one was not")
        if taken := _taken(connection, [paid.decision.icn for paid in file.claims]):
            raise BadData(f"{len(taken)} claim numbers are taken already, {taken[0]} for one")
        _members(connection, context, file.sponsor, file.members)
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
    icns = [paid.decision.icn for paid in file.claims]
    faults = (
        (strangers > 0, f"{strangers} rows name a person who is not among the members"),
        (len(icns) > len(set(icns)), "two claims have one number"),
        (file.cash_cents < 0, f"{dollars(file.cash_cents)} in bank: nobody hands over less than nothing"),
    )
    if wrong := [sentence for applies, sentence in faults if applies]:
        raise BadData("; ".join(wrong))


def _digest(file: Takeover) -> str:
    """What tells one takeover from another, whatever the file's blanks and order of names."""
    return hashlib.sha256(msgspec.json.encode(file, order="deterministic")).hexdigest()[:16]


def _taken(connection: Connection, icns: list[str]) -> list[str]:
    """The claim numbers some employer's claim has already: a number is never used again (domain 11.3)."""
    known: list[str] = []
    for part in parts(icns, IDS_A_QUERY):
        known += connection.execute(select(claim_table.c.icn).where(claim_table.c.icn.in_(part))).scalars()
    return sorted(known)


def _balances(file: Takeover) -> list[Posting]:
    cash = [Posting(account="1010", cents=file.cash_cents)] if file.cash_cents else []
    paid = [(p.decision.icn, p.decision.paid_cents) for p in file.claims if p.decision.paid_cents]
    return [*cash, *(Posting(account="5010", cents=cents, sub=icn) for icn, cents in paid)]


def _members(connection: Connection, context: Context, sponsor_id: str, members: Iterable[Member]) -> None:
    changes = RosterChanges(context.keys, sponsor_id, ord_of(0))
    for member in members:
        person = msgspec.structs.replace(member.person, id="", id_qualifier="")
        ssn = member.person.id if member.person.id_qualifier == "34" else ""
        changes.save(msgspec.structs.replace(member, person=person), ssn)
        for span in member.spans:
            changes.change_span(member.person_id, None, span)
    changes.write(connection)


def _entry(connection: Connection, sponsor_id: str, icn: str, version: int, n: int, each: Entry) -> None:
    connection.execute(insert(entry).values(**entries.row(sponsor_id, icn, version, n, each)))


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
