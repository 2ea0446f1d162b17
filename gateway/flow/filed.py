"""Claims on file as replacements and voids ask for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from gateway.plan.claims.replacing import Filed
from gateway.plan.records import Decision
from gateway.store.rows import IDS_A_QUERY, parts
from gateway.store.schema import claim, decision
from mappings.records import Claim

NEWEST = (
    (decision.c.sponsor_id == claim.c.sponsor_id)
    & (decision.c.icn == claim.c.icn)
    & (decision.c.version == claim.c.version)
)
"""Joins a claim with its newest decision."""


def read(connection: Connection, sponsor_id: str, icns: Iterable[str]) -> dict[str, Filed]:
    """The claims of these numbers that the sponsor has, by ICN."""
    wanted = sorted(set(icns))
    if not wanted:  # as in nearly every batch: no claim of it corrects another
        return {}
    columns = [
        claim.c[name] for name in ("icn", "ord", "state", "version", "person_id", "family_root", "replaced_by", "body")
    ]
    rows: list[Any] = []
    for part in parts(wanted, IDS_A_QUERY):
        mine = select(*columns, decision.c.body.label("decided")).select_from(claim.outerjoin(decision, NEWEST)).where(
            claim.c.sponsor_id == sponsor_id, claim.c.icn.in_(part)
        )  # fmt: skip
        rows += connection.execute(mine).all()
    return {
        row.icn: Filed(
            icn=row.icn, ord=row.ord, state=row.state, version=row.version, person_id=row.person_id,
            family_root=row.family_root, replaced_by=row.replaced_by,
            claim=msgspec.json.decode(row.body, type=Claim),
            decision=msgspec.json.decode(row.decided, type=Decision) if row.decided else None,
        )
        for row in rows
    }  # fmt: skip
