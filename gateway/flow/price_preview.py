"""What a load of prices would change: the paid claims that would be priced otherwise, were they decided now.

Nothing is decided again: a load changes what later decisions see. The list is for a person who may want corrections.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from gateway.flow import filed, pricebook, roster
from gateway.flow.agreements import plans_of
from gateway.flow.parties import Parties
from gateway.flow.pricebook import Rows
from gateway.plan.claims.benefits import Plan, choose, deciding
from gateway.plan.claims.case import Case
from gateway.plan.claims.look import look
from gateway.plan.claims.pricing import Price
from gateway.plan.claims.pricing.claims import covered_instead, prices
from gateway.plan.records import Decision, Member
from gateway.store import installation
from gateway.store.schema import claim as claim_table
from gateway.store.schema import decision as decision_table
from mappings.records import Claim, Record

CLAIMS_A_LOOK = 500
"""Decided claims read and priced at once: about 4 kB each with their decisions, 2 MB in memory."""

ICNS_TOLD = 20
"""Claim numbers told of a preview; how many there are is told of all."""


class Affected(Record, frozen=True, kw_only=True):
    """Paid claims that would be priced otherwise. allowed_cents: by how much their allowed amounts would change in sum.

    pended: of them, those that would have no price any more. icns: the first ICNS_TOLD of them.
    """

    claims: int = 0
    pended: int = 0
    allowed_cents: int = 0
    icns: tuple[str, ...] = ()


def affected(connection: Connection, new: Rows, replaced: Rows) -> Affected:
    """new: the rows a load would add or change; replaced: those on file in their place."""
    days = [each for rows in (new, replaced) for each in _dated(rows)]
    if not days:
        return Affected()
    first, last = min(row.first for row in days), max(row.last or date.max for row in days)
    found: list[tuple[str, int, bool]] = []
    for sponsor in Parties(connection, installation.business_date(connection)).sponsors.values():
        plans = plans_of(connection, sponsor)
        for rows in _paid(connection, sponsor.id, first, last):
            found += _differing(connection, sponsor.id, plans, rows, new)
    return Affected(
        claims=len(found),
        pended=sum(pended for _, _, pended in found),
        allowed_cents=sum(cents for _, cents, _ in found),
        icns=tuple(icn for icn, _, _ in found[:ICNS_TOLD]),
    )


def _dated(rows: Rows) -> Iterator[Any]:
    for part in (rows.providers, rows.networks, rows.contracts, rows.fees):
        yield from part


def _paid(connection: Connection, sponsor_id: str, first: date, last: date) -> Iterator[Sequence[Any]]:
    """Decided claims with a service in those days, in the order of their numbers, each with its newest decision."""
    after = ""
    columns = (claim_table.c.icn, claim_table.c.person_id, claim_table.c.received_on, claim_table.c.body)
    mine = select(*columns, decision_table.c.body.label("decided")).select_from(
        claim_table.join(decision_table, filed.NEWEST)
    ).where(
        claim_table.c.sponsor_id == sponsor_id, claim_table.c.state == "decided", claim_table.c.denied == 0,
        claim_table.c.first <= last.isoformat(), claim_table.c.last >= first.isoformat(),
    ).order_by(claim_table.c.icn).limit(CLAIMS_A_LOOK)  # fmt: skip
    while rows := connection.execute(mine.where(claim_table.c.icn > after)).all():
        yield rows
        after = rows[-1].icn


def _differing(
    connection: Connection, sponsor_id: str, plans: tuple[Plan, ...], rows: Sequence[Any], new: Rows
) -> Iterator[tuple[str, int, bool]]:
    """ICN, change of the allowed amounts, whether it would wait for a price."""
    claims = {row.icn: msgspec.json.decode(row.body, type=Claim) for row in rows}
    people = roster.by_id(connection, sponsor_id, {row.person_id for row in rows}, roster.NOW)
    books = [pricebook.read(connection, claims.values(), plans, instead) for instead in (pricebook.NOTHING, new)]
    for row in rows:
        member = people.get(row.person_id)
        if member is None:
            continue
        claim, decided = claims[row.icn], msgspec.json.decode(row.decided, type=Decision)
        paid = frozenset(line.number for line in decided.lines if not line.denied)
        cases = [
            Case(icn=row.icn, claim=claim, received=date.fromisoformat(row.received_on), member=member, plans=plans,
                 cleared=("RPR",), **book.of(claim))
            for book in books
        ]  # fmt: skip
        before, after = (_told(case, member, paid) for case in cases)
        if before != after:
            cents = sum(each.price.allowed_cents for each in after if isinstance(each.price, Price))
            cents -= sum(each.price.allowed_cents for each in before if isinstance(each.price, Price))
            yield row.icn, cents, any(not isinstance(each.price, Price) for each in after)


class _Told(NamedTuple):
    """The cost share's tier of a line that was paid, its price, and that of what may be covered in its place."""

    tier: str
    price: Any
    instead: Any


def _told(case: Case, member: Member, paid: Iterable[int]) -> list[_Told]:
    """What pricing says of each line that was paid, sentences aside."""
    plans = deciding(case.plans, case.claim)
    planned = ((line, choose(plans, member, line.first)) for line in case.claim.lines if line.number in paid)
    looks = [look(case, plan, member, line, {}) for line, plan in planned if plan is not None]
    by_line = prices(looks).by_line
    others = (covered_instead(seen) for seen in looks)
    return [
        _Told(seen.tier, _bare(by_line[seen.line.number]), other and _bare(other[1]))
        for seen, other in zip(looks, others, strict=True)
    ]


def _bare(outcome: Any) -> Any:
    return msgspec.structs.replace(outcome, source="") if isinstance(outcome, Price) else outcome
