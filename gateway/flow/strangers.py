"""What named no sponsor we knew: it goes to the one it names now, as a new event."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from gateway.errors import NotPermitted
from gateway.flow import holds, reruns
from gateway.flow.context import Context
from gateway.flow.inbound import NOBODY, set_key, staged_key
from gateway.flow.parties import Parties
from gateway.store import installation
from gateway.store.schema import claim as claim_table
from gateway.store.schema import staged, x12_set
from mappings.records import Claim, EnrolmentHeader

STRANGER = "no sponsor its sender may send for has the group number it names; load that sponsor or partner first"
"""Why what named nobody still waits."""


def released(connection: Connection, context: Context, row: Any, body: dict[str, Any]) -> str:
    """The release of the hold of one or many claims that named no sponsor we knew."""
    return _adopt(connection, context, body.get("icns") or [body["icn"]])


def _adopt(connection: Connection, context: Context, icns: list[str]) -> str:
    """Claims that named no sponsor we knew go to the one they name now, each as a new event."""
    parties = Parties(connection, installation.business_date(connection))
    waiting = select(claim_table.c.icn, claim_table.c.partner, claim_table.c.body).where(
        claim_table.c.sponsor_id == NOBODY, claim_table.c.icn.in_(icns), claim_table.c.state == "pended"
    )
    rows = connection.execute(waiting.order_by(claim_table.c.ord)).all()
    told = [(row.icn, row.partner, msgspec.json.decode(row.body, type=Claim).group_no) for row in rows]
    found = [(icn, _sponsor_of(parties, partner_id, group_no)) for icn, partner_id, group_no in told]
    adopted = [(icn, sponsor_id) for icn, sponsor_id in found if sponsor_id]
    if rows and not adopted:
        raise NotPermitted(STRANGER)
    for icn, sponsor_id in adopted:
        mine = update(claim_table).where(claim_table.c.sponsor_id == NOBODY, claim_table.c.icn == icn)
        connection.execute(mine.values(sponsor_id=sponsor_id))
        holds.close_about(connection, "pend", NOBODY, f"claim {icn}")
        reruns.enqueue(connection, context, sponsor_id, icn, answered=False)
    return f"{len(adopted)} of {len(rows)} claims go to the sponsor they name"


def adopt_file(connection: Connection, step: dict[str, Any]) -> str:
    """Gives the rows of a file that named no sponsor we knew to the one it names now, which it returns."""
    set_row = connection.execute(select(x12_set.c.partner, x12_set.c.header).where(*set_key(step))).one()
    header = msgspec.json.decode(set_row.header, type=EnrolmentHeader)
    parties = Parties(connection, installation.business_date(connection))
    sponsor_id = _sponsor_of(parties, set_row.partner, header.master_policy)
    if not sponsor_id:
        raise NotPermitted(STRANGER)
    connection.execute(update(staged).where(*staged_key(step)).values(sponsor_id=sponsor_id))
    return sponsor_id


def _sponsor_of(parties: Parties, partner_id: str, group_no: str) -> str:
    """The sponsor a group number names now, among those the partner may send for now; "" if none."""
    partner = parties.partners.get(partner_id)
    return parties.sponsor_of_group(partner, group_no) if partner else ""
