"""Decided claims are decided once more, each on what it was decided on then; nothing is written.

The expected difference is none. One means that a stored amount was changed, that a code list or a rule of the gateway
moved under a decided claim, or a fault of ours. Read a page at a time, so that memory is bounded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any

import msgspec
from isal import isal_zlib
from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, true, tuple_

from gateway.flow import agreements, entries
from gateway.flow.context import Context
from gateway.flow.takeover import TAKEN_OVER
from gateway.plan.claims import basis
from gateway.plan.claims.basis import Difference
from gateway.plan.claims.benefits import Plan
from gateway.plan.claims.pricing.contract import Contract
from gateway.plan.records import Decision
from gateway.store.rows import IDS_A_QUERY, parts
from gateway.store.schema import basis as basis_table
from gateway.store.schema import claim as claim_table
from gateway.store.schema import decision as decision_table
from gateway.store.schema import entry
from mappings.records import Claim, Record

PAGE = 500
"""Decisions read at once: about 5 KB each with claim, basis and history, so 2.5 MB, and 1,000 variables of a query."""

_DECIDED = decision_table.c.outcome.in_(("paid", "denied", "reversal"))

NO_BASIS = "what it was decided on is not on file"


class Chosen(Record, frozen=True, kw_only=True):
    """Which decisions: of a sponsor ("" of all), made on or between two days (None: no bound)."""

    sponsor: str = ""
    first: date | None = None
    last: date | None = None


class Audited(Record, frozen=True, kw_only=True):
    """What became of one decision. state: same, differs, taken over (decided elsewhere: its inputs never were here)."""

    sponsor: str
    icn: str
    version: int
    state: str
    differences: tuple[Difference, ...] = ()


def count(context: Context, chosen: Chosen) -> int:
    """How many decisions `decisions` yields."""
    with context.store.read() as connection:
        mine = select(func.count()).select_from(decision_table).where(_DECIDED, within(chosen))
        return int(connection.execute(mine).scalar_one())


def decisions(context: Context, chosen: Chosen) -> Iterator[Audited]:
    """Every chosen decision, decided once more, in the order of their numbers."""
    known = _Documents()
    after: tuple[str, str, int] = ("", "", 0)
    while True:
        with context.store.read() as connection:
            rows = connection.execute(_page(chosen, after)).all()
            found = list(_Page(connection, known, rows).audited())
        yield from found
        if len(rows) < PAGE:
            return
        after = (rows[-1].sponsor_id, rows[-1].icn, rows[-1].version)


def within(chosen: Chosen) -> ColumnElement[bool]:
    """The condition that finds the decisions of an employer and of some days."""
    of = decision_table.c
    asked: list[ColumnElement[bool]] = [of.sponsor_id == chosen.sponsor] if chosen.sponsor else []
    asked += [of.decided_on >= chosen.first.isoformat()] if chosen.first else []
    asked += [of.decided_on <= chosen.last.isoformat()] if chosen.last else []
    return and_(true(), *asked)


def _page(chosen: Chosen, after: tuple[str, str, int]) -> Select[Any]:
    of, key = decision_table.c, ("sponsor_id", "icn", "version")
    joined = decision_table.outerjoin(basis_table, and_(*(basis_table.c[name] == of[name] for name in key))).outerjoin(
        claim_table, and_(*(claim_table.c[name] == of[name] for name in key[:2]))
    )
    columns = (*(of[name] for name in (*key, "run_no", "paid_cents", "decided_on", "body")),
               basis_table.c.body.label("basis"), claim_table.c.body.label("claim"))  # fmt: skip
    mine = (
        select(*columns)
        .select_from(joined)
        .where(_DECIDED, within(chosen), tuple_(*(of[name] for name in key)) > after)
    )
    return mine.order_by(*(of[name] for name in key)).limit(PAGE)


class _Documents:
    """Plans and contracts by name, each read once."""

    def __init__(self) -> None:
        self._plans: dict[str, Plan] = {}
        self._contracts: dict[str, Contract] = {}

    def plan(self, connection: Connection, name: str) -> Plan:
        """The plan document of a name."""
        if name not in self._plans:
            self._plans[name] = agreements.plan_of_name(connection, name)
        return self._plans[name]

    def contract(self, connection: Connection, name: str) -> Contract:
        """The contract of a name."""
        if name not in self._contracts:
            self._contracts[name] = agreements.contract_of_name(connection, name)
        return self._contracts[name]


class _Page:
    """Decisions read together, and what all of them ask for."""

    def __init__(self, connection: Connection, known: _Documents, rows: Any) -> None:
        self.connection, self.known, self.rows = connection, known, rows
        self.bases = {_key(row): basis.unpacked(isal_zlib.decompress(row.basis)) for row in rows if row.basis}
        self.earlier = self._earlier()
        self.originals = self._originals()
        self.entries = self._entries()

    def _earlier(self) -> dict[str, dict[str, Claim]]:
        """By sponsor: the claims that the histories name."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for (sponsor_id, _, _), one in self.bases.items():
            wanted[sponsor_id] |= {each.icn for each in one.history}
        return {sponsor_id: self._claims(sponsor_id, icns) for sponsor_id, icns in wanted.items()}

    def _claims(self, sponsor_id: str, icns: set[str]) -> dict[str, Claim]:
        found: dict[str, Claim] = {}
        for part in parts(sorted(icns), IDS_A_QUERY):
            mine = select(claim_table.c.icn, claim_table.c.body).where(
                claim_table.c.sponsor_id == sponsor_id, claim_table.c.icn.in_(part)
            )
            found |= {icn: msgspec.json.decode(body, type=Claim) for icn, body in self.connection.execute(mine)}
        return found

    def _originals(self) -> dict[tuple[str, str, int], Decision]:
        """What the page's reversals took back."""
        wanted = {row.icn for row in self.rows if msgspec.json.decode(row.body, type=Decision).reverses}
        of = decision_table.c
        mine = select(of.sponsor_id, of.icn, of.version, of.body).where(of.icn.in_(sorted(wanted)))
        rows = self.connection.execute(mine) if wanted else ()
        return {_key(row): msgspec.json.decode(row.body, type=Decision) for row in rows}

    def _entries(self) -> dict[tuple[str, str, int], list[dict[str, Any]]]:
        """The accumulator entries on file of the page's decisions, as rows."""
        icns = sorted({row.icn for row in self.rows})
        found: dict[tuple[str, str, int], list[dict[str, Any]]] = defaultdict(list)
        mine = select(entry).where(entry.c.icn.in_(icns), entry.c.version > 0)
        for row in self.connection.execute(mine.order_by(entry.c.icn, entry.c.version, entry.c.n)):
            found[_key(row)].append(dict(row._mapping))
        return found

    def audited(self) -> Iterator[Audited]:
        """Each decision of the page."""
        for row in self.rows:
            stored = msgspec.json.decode(row.body, type=Decision)
            made = self._again(row, stored)
            found = [*self._booked(row, stored)]
            if made is not None:
                found += basis.differences(stored, made)
            elif row.run_no != TAKEN_OVER:
                found.append(Difference(place="basis", stored="", again=NO_BASIS))
            state = "differs" if found else "same" if made is not None else "taken over"
            yield Audited(
                sponsor=row.sponsor_id, icn=row.icn, version=row.version, state=state, differences=tuple(found)
            )

    def _again(self, row: Any, stored: Decision) -> Decision | None:
        if stored.reverses is not None:
            original = self.originals.get((row.sponsor_id, *stored.reverses))
            return basis.taken_back_again(stored, original) if original else None
        made_on = self.bases.get(_key(row))
        if made_on is None:
            return None
        claim = msgspec.json.decode(row.claim, type=Claim)
        plan, contract = partial(self.known.plan, self.connection), partial(self.known.contract, self.connection)
        case = basis.case_of(made_on, claim, plan, contract, self.earlier[row.sponsor_id])
        return basis.again(case, stored, date.fromisoformat(row.decided_on))

    def _booked(self, row: Any, stored: Decision) -> Iterator[Difference]:
        """Whether what runs and accumulators count is what the decision says."""
        if row.paid_cents != stored.paid_cents:
            yield Difference(place="booked.paid_cents", stored=str(row.paid_cents), again=str(stored.paid_cents))
        of = (row.sponsor_id, row.icn, row.version)
        said = [entries.row(*of, n, each) for n, each in enumerate(stored.entries)]
        if said != self.entries.get(of, []):
            booked = sum(each["cents"] for each in self.entries.get(of, []))
            yield Difference(place="booked.entries", stored=str(booked), again=str(sum(e["cents"] for e in said)))


def _key(row: Any) -> tuple[str, str, int]:
    return row.sponsor_id, row.icn, row.version
