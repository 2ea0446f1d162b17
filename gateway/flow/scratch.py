"""What a comparison puts aside while it runs: claims, paid claims, our decisions of them. Gone when it ends.

A private database of SQLite's own: a few megabytes stay in memory, the rest goes to a temporary file that has no name
once it is open, so that nothing is left behind, however the run ends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from gateway.plan.claims.comparing import REVERSAL, Compared, Order
from gateway.plan.claims.replacing import VOID
from gateway.plan.records import Decision
from mappings.records import Claim, RemittedClaim

CACHE_KIB = 64 * 1024
"""Kept in memory: some 20,000 claims at 3 KB with answer and decision."""

_SCHEMA = """
create table claim (nth integer primary key, pcn text, charge integer, first text, last text, void integer,
    body blob, answer integer,
    icn text unique, person text default '', root text default '', state text default '', version integer default 0,
    replaced_by text default '', denied integer default 0, decision blob);
create table answer (nth integer primary key, pcn text, icn text, charge integer, first text, reversal integer,
    body blob, taken integer default 0);
create table compared (at integer primary key, differs integer, body blob);
create index claim_pcn on claim (pcn, nth);
create index claim_first on claim (first, nth);
create index claim_person on claim (person, first);
create index answer_pcn on answer (pcn, nth);
create index answer_icn on answer (icn, reversal);
"""


def _pairing(alike: str) -> str:
    numbered = f"{alike}, nth, row_number() over (partition by {alike} order by nth) as k"
    return (
        "update claim set answer = pair.answer from (select c.nth as claim, a.nth as answer from"  # noqa: S608
        f" (select {numbered} from claim where answer is null and void = 0) as c join"
        f" (select {numbered} from answer where reversal = 0 and taken = 0) as a using ({alike}, k)) as pair"
        " where claim.nth = pair.claim"
    )


_PAIRINGS = [_pairing(alike) for alike in ("pcn, charge, first", "pcn, charge", "pcn")]
"""Each finds claims without an answer the next one that is alike in so much; the columns are ours, nobody's input."""

_KEPT = "select c.nth, c.icn, c.body, a.body from claim c left join answer a on a.nth = c.answer"
_ORDERS: dict[Order, str] = {
    "received": f"{_KEPT} order by c.nth", "service": f"{_KEPT} order by c.first, c.nth"
}  # fmt: skip


class Kept(NamedTuple):
    """A claim put aside, in the order of the run. place: in that order, from 1. answer: what an 835 says of it."""

    place: int
    nth: int
    icn: str
    claim: Claim
    answer: RemittedClaim | None


class Scratch:
    """Use as a context manager: what is in it lives as long."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute(f"pragma cache_size = -{CACHE_KIB}")
        self._connection.execute("pragma journal_mode = off")
        self._connection.executescript(_SCHEMA)
        self._connection.execute("begin")  # one transaction that never ends: nothing of this is to last

    def __enter__(self) -> Scratch:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def put_claims(self, claims: Iterable[Claim]) -> None:
        """Claims of 837s in the order they are read."""
        self._many(
            "insert into claim (pcn, charge, first, last, void, body) values (?, ?, ?, ?, ?, ?)",
            ((one.pcn, one.charge_cents, one.first.isoformat(), one.last.isoformat(), int(one.frequency == VOID),
              msgspec.json.encode(one)) for one in claims),
        )  # fmt: skip

    def put_answers(self, answers: Iterable[RemittedClaim]) -> None:
        """Claims of 835s in the order they are read."""
        self._many(
            "insert into answer (pcn, icn, charge, first, reversal, body) values (?, ?, ?, ?, ?, ?)",
            ((one.pcn, one.icn, one.charge_cents, _first(one), int(one.status == REVERSAL), msgspec.json.encode(one))
             for one in answers),
        )  # fmt: skip

    def match(self) -> None:
        """Finds each claim its answer, of one account number (CLM01, CLP01): that of the same charge and day, then of
        the same charge, then any, each time the next in order; and gives it the payer's number (CLP07) as its own. A
        void has none: it is answered by what takes its original back."""
        for pairing in _PAIRINGS:
            self._connection.execute(pairing)
            self._connection.execute(
                "update answer set taken = 1 where nth in (select answer from claim where answer is not null)"
            )
        self._connection.execute(
            "update or ignore claim set icn = (select icn from answer where answer.nth = claim.answer)"
            " where answer is not null"
        )
        self._connection.execute("update claim set icn = 'N' || nth where icn is null")

    def kept(self, order: Order) -> Iterator[Kept]:
        """Every claim with its answer, in an order."""
        for place, (nth, icn, body, answer) in enumerate(self._connection.execute(_ORDERS[order]), 1):
            found = msgspec.json.decode(answer, type=RemittedClaim) if answer else None
            yield Kept(place, nth, icn, msgspec.json.decode(body, type=Claim), found)

    def reversed(self, icn: str) -> bool:
        """Whether an 835 takes a claim of that number back."""
        query = "select 1 from answer where icn = ? and reversal = 1 limit 1"
        return self._connection.execute(query, (icn,)).fetchone() is not None

    def has(self, icn: str) -> bool:
        """Whether a claim of the run has that number."""
        return self._connection.execute("select 1 from claim where icn = ?", (icn,)).fetchone() is not None

    def left(self) -> Iterator[tuple[RemittedClaim, bool]]:
        """What no claim was found for, and whether one of the same account number was answered already."""
        query = (
            "select body, exists (select 1 from claim where claim.pcn = answer.pcn) from answer"
            " where reversal = 0 and taken = 0 order by nth"
        )
        for body, again in self._connection.execute(query):
            yield msgspec.json.decode(body, type=RemittedClaim), bool(again)

    def reversals(self) -> int:
        """How many decisions the 835s take back."""
        return int(self._connection.execute("select count(*) from answer where reversal = 1").fetchone()[0])

    # ---- our decisions

    def routed(self, icn: str, person_id: str, root: str) -> None:
        """A claim's patient and family are known."""
        self._connection.execute("update claim set person = ?, root = ? where icn = ?", (person_id, root, icn))

    def decided(self, icn: str, state: str, version: int, denied: bool, decision: Decision | None) -> None:
        """What a claim came to; None leaves its earlier decision, which a reversal took back."""
        body = None if decision is None else msgspec.json.encode(decision)
        self._connection.execute(
            "update claim set state = ?, version = ?, denied = ?, decision = coalesce(?, decision) where icn = ?",
            (state, version, int(denied), body, icn),
        )

    def replaced(self, icn: str, holder: str) -> None:
        """Another claim takes a claim's place, or ("") none does."""
        self._connection.execute("update claim set replaced_by = ? where icn = ?", (holder, icn))

    def row(self, icn: str) -> Any:
        """icn, state, version, person, root, replaced_by, body, decision of a claim; None when there is none."""
        query = "select icn, state, version, person, root, replaced_by, body, decision from claim where icn = ?"
        return self._connection.execute(query, (icn,)).fetchone()

    def alive(self, person_id: str, first: str, last: str) -> Iterator[tuple[str, bytes, bytes]]:
        """icn, claim and decision of a person's decided or waiting claims that overlap those days."""
        query = (
            "select icn, body, decision from claim where person = ? and first <= ? and last >= ? and denied = 0"
            " and state in ('decided', 'pended') order by nth"
        )
        yield from self._connection.execute(query, (person_id, last, first))

    def standing(self, person_id: str) -> Iterator[bytes]:
        """The decisions of a person that stand."""
        query = "select decision from claim where person = ? and state = 'decided'"
        yield from (body for (body,) in self._connection.execute(query, (person_id,)))

    # ---- what came of it

    def put_compared(self, one: Compared) -> None:
        """A claim compared."""
        values = (int(one.cause != ""), msgspec.json.encode(one))
        self._connection.execute("insert into compared (differs, body) values (?, ?)", values)

    def differing(self) -> Iterator[Compared]:
        """Every claim that differs, in the order of the run."""
        for (body,) in self._connection.execute("select body from compared where differs = 1 order by at"):
            yield msgspec.json.decode(body, type=Compared)

    def _many(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        self._connection.executemany(statement, rows)


def _first(one: RemittedClaim) -> str:
    days = [line.first for line in one.lines]
    first = min(days, default=one.first)
    return first.isoformat() if first else ""
