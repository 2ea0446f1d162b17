"""Dated, versioned rows: what was loaded last about a date is what holds on it."""

from __future__ import annotations

from datetime import date

import msgspec
from sqlalchemy import event, select

from gateway.plan.records import FeeRow
from gateway.store import documents
from gateway.store.engine import Store
from gateway.store.schema import agreement


class Sponsor(msgspec.Struct, frozen=True):
    """A small document."""

    name: str


JAN, JUN, JUL, DEC = date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1), date(2026, 12, 31)


def test_version_in_force(store: Store) -> None:
    """The document with the latest first date that covers the day is in force; before the first there is none."""
    with store.write("load") as connection:
        documents.put(connection, 1, "sponsor", "ACME", JAN, JUN, Sponsor("old"))
        documents.put(connection, 1, "sponsor", "ACME", JUL, None, Sponsor("new"))
        found = [documents.at(connection, "sponsor", "ACME", on, Sponsor) for on in (date(2025, 12, 31), JAN, JUN, JUL)]
        assert found == [None, Sponsor("old"), Sponsor("old"), Sponsor("new")]
        assert documents.all_at(connection, "sponsor", JUN, Sponsor) == {"ACME": Sponsor("old")}
        assert documents.every(connection, "sponsor", ["ACME"], Sponsor) == [Sponsor("old"), Sponsor("new")]


def test_newest_version_wins_whole(store: Store) -> None:
    """A newer version of a first date replaces the older one also in its end: an ended document is not revived."""
    with store.write("load") as connection:
        assert documents.put(connection, 1, "sponsor", "ACME", JAN, None, Sponsor("a"))
        assert documents.put(connection, 2, "sponsor", "ACME", JAN, JUN, Sponsor("b"))
        assert documents.at(connection, "sponsor", "ACME", JUN, Sponsor) == Sponsor("b")
        assert documents.at(connection, "sponsor", "ACME", JUL, Sponsor) is None
        assert documents.all_at(connection, "sponsor", JUL, Sponsor) == {}


def test_loading_the_same_again(store: Store) -> None:
    """The same text loaded again makes no version; another last date does."""
    with store.write("load") as connection:
        assert documents.put(connection, 1, "plan", "P", JAN, None, Sponsor("a"))
        assert not documents.put(connection, 2, "plan", "P", JAN, None, Sponsor("a"))
        assert documents.put(connection, 3, "plan", "P", JAN, DEC, Sponsor("a"))


def test_fees_in_few_statements(store: Store) -> None:
    """Prices with the same key replace each other, others stay; a thousand are one look and one statement."""
    row = FeeRow(npi="1", code="99213", allowed_cents=100, first=JAN)
    many = [msgspec.structs.replace(row, npi=str(n)) for n in range(1000)]
    executed: list[object] = []
    event.listen(store.engine, "before_cursor_execute", lambda *args: executed.append(args[5]))
    with store.write("load") as connection:
        assert documents.put_fees(connection, many) == (1000, 0)
        assert (len(executed) <= 3, sum(map(bool, executed))) == (True, 1)  # SQLite: begin, look, write
        assert documents.put_fees(connection, many) == (0, 0)
        other = msgspec.structs.replace(row, allowed_cents=120, last=DEC)
        assert documents.put_fees(connection, [other, msgspec.structs.replace(row, npi="new")]) == (1, 1)
        assert documents.put_fees(connection, []) == (0, 0)
        found = documents.fees(connection, [("1", "99213"), ("2", "99213"), ("2", "99999"), ("x", "99213")])
    assert sorted((fee.npi, fee.allowed_cents, fee.last) for fee in found) == [("1", 120, DEC), ("2", 100, None)]


def test_agreements(store: Store) -> None:
    """Agreements are replaced whole."""
    with store.write("load") as connection:
        documents.set_agreements(connection, "clear", ["A", "B"])
        documents.set_agreements(connection, "clear", ["B", "C", "C"])
        agreed = select(agreement.c.sponsor_id).where(agreement.c.partner == "clear").order_by(agreement.c.sponsor_id)
        assert connection.execute(agreed).scalars().all() == ["B", "C"]
