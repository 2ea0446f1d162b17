"""The versions of a claim from its first coming to what is in force, each with what made it (domain 4.9).

A claim that replaces or voids another continues its chain; so does one that is decided again under its own number.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, or_, select

from gateway.errors import UsageError
from gateway.plan.claims.replacing import REPLACEMENT, VOID
from gateway.plan.records import Decision
from gateway.store.order import receipt_of
from gateway.store.schema import claim, decision
from mappings.records import Claim

CAME = {REPLACEMENT: "replacement in", VOID: "void in"}
"""What a claim's own coming was, by CLM05-3; the others are originals."""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One decision of a chain. n: its place in it; version: among those of its claim. cause: what made it."""

    n: int
    icn: str
    version: int
    outcome: str
    status: str
    paid_cents: int
    patient_cents: int
    on: date
    cause: str


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """Every version, oldest first. icns: the claims in it; in_force: the one that stands, "" when it was taken back."""

    icns: tuple[str, ...]
    in_force: str
    versions: tuple[Version, ...]


def read(connection: Connection, icn: str) -> Chain:
    """The chain a claim stands in; raises UsageError for one that is not on file."""
    row = connection.execute(select(claim).where(claim.c.icn == icn)).one_or_none()
    if row is None:
        raise UsageError(f"no claim {icn}")
    rows = _linked(connection, row)
    found = [version for each in rows for version in _versions(connection, each)]
    found.sort(key=lambda one: one[0])
    standing = [each.icn for each in rows if each.state == "decided" and not each.replaced_by]
    return Chain(
        icns=tuple(each.icn for each in rows), in_force=standing[-1] if standing else "",
        versions=tuple(msgspec.structs.replace(one, n=n) for n, (_, one) in enumerate(found, 1)),
    )  # fmt: skip


def _linked(connection: Connection, row: Any) -> list[Any]:
    """The claims whose places were taken by one another, with this one among them, in order."""
    found, fresh = {row.icn: row}, [row]
    while fresh:
        names = {name for each in fresh for name in (each.original_icn, each.replaced_by) if name}
        mine = select(claim).where(
            claim.c.sponsor_id == row.sponsor_id, or_(claim.c.icn.in_(names), claim.c.replaced_by.in_(list(found)))
        )
        near = connection.execute(mine).all()
        fresh = [each for each in near if each.icn not in found and _joined(each, found.values())]
        found |= {each.icn: each for each in fresh}
    return sorted(found.values(), key=lambda each: (each.ord, each.icn))


def _joined(one: Any, others: Any) -> bool:
    return any(one.replaced_by == other.icn or other.replaced_by == one.icn for other in others)


def _versions(connection: Connection, row: Any) -> list[tuple[tuple[int, str, int], Version]]:
    mine = select(decision.c.body, decision.c.decided_on, decision.c.decided_us).where(
        decision.c.sponsor_id == row.sponsor_id, decision.c.icn == row.icn
    )
    found = []
    for body, on, at_us in connection.execute(mine.order_by(decision.c.version)):
        made = msgspec.json.decode(body, type=Decision)
        place = (at_us, "" if made.outcome == "reversal" else made.icn, made.version)
        found.append((place, Version(
            n=0, icn=made.icn, version=made.version, outcome=made.outcome, status=made.status,
            paid_cents=made.paid_cents, patient_cents=made.patient_cents, on=date.fromisoformat(on),
            cause=made.cause or _came(row, made),
        )))  # fmt: skip
    return found


def _came(row: Any, made: Decision) -> str:
    """What made a decision that names no other cause: its claim's coming, or what a person did while it waited."""
    if not row.partner:
        return "taken over"
    if made.version > 1:
        return "decided after it waited"
    frequency = msgspec.json.decode(row.body, type=Claim).frequency
    return f"{CAME.get(frequency, 'received in')} receipt {receipt_of(row.ord)}"
