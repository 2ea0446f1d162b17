"""What a scenario came to for one employer: the record `gateway demo --json` prints, read from the books."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from gateway.flow import books
from gateway.store import installation
from gateway.store.order import receipt_of
from gateway.store.schema import claim, enrolment, entry, funding_request, notice, outbox, person, remittance

ACKS = ("999", "277CA", "TA1")
"""Kinds of acknowledgement, as the outbox names them."""


def of(connection: Connection, sponsor_id: str) -> dict[str, Any]:
    """Claims, accumulators, remittances, money and acknowledgements of one employer, as plain data in cents."""
    today = installation.business_date(connection)
    people = list(
        connection.execute(select(person).where(person.c.sponsor_id == sponsor_id).order_by(person.c.person_id))
    )
    names = {row.person_id: row.member_no or row.person_id for row in people}
    return {
        "sponsor": sponsor_id,
        "business_date": today.isoformat(),
        "claims": _claims(connection, sponsor_id),
        "accumulators": _accumulators(connection, sponsor_id, names, today.year),
        "remittances": _remittances(connection, sponsor_id),
        "funding_request_cents": _sum(
            connection, funding_request.c.amount_cents, funding_request.c.sponsor_id == sponsor_id
        ),
        "disbursed_cents": _sum(connection, remittance.c.amount_cents, remittance.c.sponsor_id == sponsor_id),
        "notices": _notices(connection, sponsor_id, names),
        "trial_balance": books.trial_balance(connection, sponsor_id),
        "acks": _acks(connection, sponsor_id),
    }


def _sum(connection: Connection, column: Any, where: Any) -> int:
    return int(connection.execute(select(func.coalesce(func.sum(column), 0)).where(where)).scalar_one())


def _claims(connection: Connection, sponsor_id: str) -> list[dict[str, Any]]:
    current = select(claim).where(
        claim.c.sponsor_id == sponsor_id, claim.c.state.not_in(("replaced", "void", "rejected"))
    )
    return [
        {"pcn": row.pcn, "icn": row.icn, "status": row.status, "charge_cents": row.charge_cents,
         "paid_cents": row.paid_cents, "patient_cents": row.patient_cents}
        for row in connection.execute(current.order_by(claim.c.icn))
    ]  # fmt: skip


def _accumulators(connection: Connection, sponsor_id: str, names: dict[str, str], year: int) -> list[dict[str, Any]]:
    grouped = (
        select(entry.c.person_id, entry.c.kind, func.sum(entry.c.cents))
        .where(entry.c.sponsor_id == sponsor_id, entry.c.year == year)
        .group_by(entry.c.person_id, entry.c.kind)
    )
    sums = {(who, kind): int(cents) for who, kind, cents in connection.execute(grouped)}
    return sorted(
        (
            {
                "member": name,
                "deductible_cents": sums.get((who, "deductible"), 0),
                "oop_cents": sums.get((who, "oop"), 0),
            }
            for who, name in names.items()
        ),
        key=lambda row: row["member"],
    )


def _remittances(connection: Connection, sponsor_id: str) -> list[dict[str, Any]]:
    rows = connection.execute(
        select(remittance).where(remittance.c.sponsor_id == sponsor_id).order_by(remittance.c.trace)
    )
    return [
        {
            "payee_npi": r.npi,
            "bpr02_cents": r.amount_cents,
            "method": r.method,
            "trn02": r.trace,
            "plb_cents": r.plb_cents,
        }
        for r in rows
    ]


def _notices(connection: Connection, sponsor_id: str, names: dict[str, str]) -> list[dict[str, Any]]:
    rows = connection.execute(select(notice).where(notice.c.sponsor_id == sponsor_id).order_by(notice.c.seq))
    return [{"kind": r.kind, "member": names[r.person_id], "claim": r.icn} for r in rows]


def _acks(connection: Connection, sponsor_id: str) -> dict[str, int]:
    """Acknowledgements of the files that brought the employer's members and claims, by kind."""
    orders = [
        connection.execute(select(table.c.ord).distinct().where(table.c.sponsor_id == sponsor_id)).scalars()
        for table in (enrolment, claim)
    ]
    causes = {f"receipt {receipt_of(ord_)}" for some in orders for ord_ in some}
    files = (outbox.c.kind.in_(ACKS), outbox.c.folder == "outbound", outbox.c.cause.in_(causes))
    mine = select(outbox.c.kind, func.count()).where(*files)
    found = {kind: int(count) for kind, count in connection.execute(mine.group_by(outbox.c.kind))}
    return {kind: found.get(kind, 0) for kind in ACKS}
