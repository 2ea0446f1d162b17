"""What a drug manager is told each day: what other claims than its own have used of its members' limits.

A file holds the people whose sums are others than it was last told, each with the sums of the year, so that a file that
was lost is mended by the next one. It is made once a business day: asked for again, the same bytes come.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from gateway.errors import UsageError
from gateway.flow import drugs, roster
from gateway.flow.agreements import plans_of
from gateway.flow.context import Context
from gateway.flow.parties import Parties, Partner
from gateway.plan.claims.benefits import Plan, choose
from gateway.plan.claims.drugs import KEPT
from gateway.plan.records import Kind, Member
from gateway.store import audit, outbox
from gateway.store.engine import upsert
from gateway.store.outbox import Parcel
from gateway.store.schema import claim, drug_accumulator, entry
from gateway.store.schema import outbox as outbox_table
from mappings.drugs import write_accumulators
from mappings.records import Record

NAME = "accumulators"
"""Kind of the outbox row, and what its file is called."""

SUMS: dict[Kind, str] = {"deductible": "deductible_cents", "credit": "deductible_cents", "oop": "oop_cents"}
"""Kind of entry -> the sum it is told in."""

Sums = dict[tuple[str, str, int], dict[str, int]]
"""By sponsor, person and benefit year: cents of each sum."""


class Told(Record, frozen=True, kw_only=True):
    """The file of a day. made: now, or it was made before on this day; people: whose sums it tells."""

    partner: str
    day: date
    name: str
    people: int
    made: bool
    body: bytes


def tell(context: Context, name: str, user: str) -> Told:
    """The file of the business date, which leaves for its manager; raises UsageError for one that wants none."""
    with context.store.read() as connection:
        partner, parties = drugs.manager(connection, name)
        layout = partner.drugs.accumulators if partner.drugs else None
        if layout is None:
            raise UsageError(f"partner {partner.id} has no layout for accumulators")
        if before := _made(connection, context, partner.id, parties.on):
            return before
        rows, changed = _changes(connection, parties, partner)
    file_name, body = _name(parties.on), write_accumulators(layout, rows).encode()
    with context.store.write("accumulators") as connection:
        if before := _made(connection, context, partner.id, parties.on):  # somebody else asked meanwhile
            return before
        if changed:
            into = upsert(connection, drug_accumulator)
            values = {column: into.excluded[column] for column in ("deductible_cents", "oop_cents")}
            keys = ["partner", "sponsor_id", "person_id", "year"]
            connection.execute(into.on_conflict_do_update(index_elements=keys, set_=values), changed)
        parcel = Parcel(partner=partner.id, kind=NAME, name=file_name, body=body, cause=file_name)
        outbox.post(connection, context.keys, context.now_us, parties.on.isoformat(), parcel)
        audit.note(connection, context.now_us, user, "tell", f"partner {partner.id}", f"accumulators of {len(rows)}")
    return Told(partner=partner.id, day=parties.on, name=file_name, people=len(rows), made=True, body=body)


def _name(day: date) -> str:
    return f"{NAME}-{day:%Y%m%d}.txt"


def _made(connection: Connection, context: Context, partner: str, day: date) -> Told | None:
    """The file of a day, None while it was not made."""
    mine = (outbox_table.c.partner == partner, outbox_table.c.kind == NAME, outbox_table.c.cause == _name(day))
    row = connection.execute(select(outbox_table).where(*mine)).one_or_none()
    if row is None:
        return None
    body = outbox.open_body(context.keys, row)
    return Told(partner=partner, day=day, name=_name(day), people=0, made=False, body=body)


def _changes(
    connection: Connection, parties: Parties, partner: Partner
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:  # fmt: skip
    """What the file tells, and what is noted as told."""
    now = {key: sums for sponsor in partner.sponsors for key, sums in _sums(connection, partner.id, sponsor).items()}
    told = _told(connection, partner.id)
    rows, changed = [], []
    for sponsor_id in partner.sponsors:
        plans = plans_of(connection, parties.sponsors.get(sponsor_id))
        mine = sorted(key for key in now.keys() | told.keys() if key[0] == sponsor_id)
        people = roster.by_id(connection, sponsor_id, {person_id for _, person_id, _ in mine}, roster.NOW)
        for key in mine:
            _, person_id, year = key
            member = people[person_id]
            sums = _shared(choose(plans, member, parties.on), now.get(key, {}))
            if sums == told.get(key, _shared(None, {})):
                continue
            rows.append(_row(member, year, sums))
            changed.append({"partner": partner.id, "sponsor_id": sponsor_id, "person_id": person_id, "year": year,
                            **sums})  # fmt: skip
    return rows, changed


def _sums(connection: Connection, partner: str, sponsor_id: str) -> Sums:
    """What claims of anybody but this manager, and what was taken over, have used."""
    of_claim = (claim.c.sponsor_id == entry.c.sponsor_id) & (claim.c.icn == entry.c.icn)
    counted = (
        select(entry.c.person_id, entry.c.year, entry.c.kind, func.sum(entry.c.cents))
        .select_from(entry.outerjoin(claim, of_claim))
        .where(entry.c.sponsor_id == sponsor_id, entry.c.kind.in_(sorted(SUMS)),
               func.coalesce(claim.c.partner, "") != partner)
        .group_by(entry.c.person_id, entry.c.year, entry.c.kind)
    )  # fmt: skip
    found: Sums = defaultdict(lambda: dict.fromkeys(SUMS.values(), 0))
    for person_id, year, kind, cents in connection.execute(counted):
        found[sponsor_id, person_id, year][SUMS[kind]] += int(cents)
    return dict(found)


def _told(connection: Connection, partner: str) -> Sums:
    mine = select(drug_accumulator).where(drug_accumulator.c.partner == partner)
    return {
        (row.sponsor_id, row.person_id, row.year): {
            "deductible_cents": row.deductible_cents, "oop_cents": row.oop_cents,
        }
        for row in connection.execute(mine)
    }  # fmt: skip


def _shared(plan: Plan | None, sums: dict[str, int]) -> dict[str, int]:
    """The sums that the plan keeps for drugs and other services together; the others are told as nothing."""
    kept = {SUMS[kind] for kind in SUMS if plan is not None and KEPT[kind] in plan.drugs_count_to}
    return {name: sums.get(name, 0) if name in kept else 0 for name in SUMS.values()}


def _row(member: Member, year: int, sums: dict[str, int]) -> dict[str, Any]:
    person = member.person
    return {
        "member": member.subscriber_no, "last_name": person.last, "first_name": person.first, "birth": person.birth,
        "year": year, "deductible": sums["deductible_cents"], "out_of_pocket": sums["oop_cents"],
    }  # fmt: skip
