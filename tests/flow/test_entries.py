"""Laws of entries on file: what is stored adds up to what was decided, limits and their days among it."""

from __future__ import annotations

from datetime import date

import msgspec
from sqlalchemy import insert

from gateway.flow import entries
from gateway.plan.claims import accumulators
from gateway.plan.records import Entry
from gateway.store.engine import Store
from gateway.store.schema import entry


def _entry(**said: object) -> Entry:
    return Entry(person_id="P", family_root="F", year=2026, **said)  # type: ignore[arg-type]


DECIDED = (
    _entry(kind="deductible", cents=25_00),
    _entry(kind="deductible", cents=10_00, tier="tier2"),
    _entry(kind="credit", cents=5_00),
    _entry(kind="visits", limit_name="therapy", used_on=date(2026, 3, 2), place="1234567893", thousandths=1000),
    _entry(kind="visits", limit_name="therapy", used_on=date(2026, 3, 2), place="1234567893", thousandths=1000),
    _entry(kind="times", limit_name="crowns", used_on=date(2026, 3, 2), place="14", thousandths=1000),
    _entry(kind="dollars", limit_name="dental", used_on=date(2026, 3, 3), cents=99_99, tier="out"),
)


def test_sums_on_file_are_the_accumulators(store: Store) -> None:
    """The sums read back are those of the entries themselves, by tier and by use; other families are not in them."""
    other = msgspec.structs.replace(DECIDED[0], family_root="G", person_id="Q")
    with store.write("entries") as connection:
        rows = [entries.row("S", "1", 1, n, each) for n, each in enumerate((*DECIDED, other))]
        connection.execute(insert(entry), rows)
    with store.read() as connection:
        found = entries.totals(connection, "S", ["F"])
        assert entries.totals(connection, "T", ["F"]) == {}
    assert dict(found) == {"F": accumulators.apply({}, DECIDED)}


def test_a_reversal_on_file_leaves_sums_of_nothing(store: Store) -> None:
    """Entries and their negations, both kept, come to 0 for every use and tier."""
    back = [msgspec.structs.replace(e, cents=-e.cents, thousandths=-e.thousandths) for e in DECIDED]
    with store.write("entries") as connection:
        for version, made in enumerate((DECIDED, back), 1):
            rows = [entries.row("S", "1", version, n, each) for n, each in enumerate(made)]
            connection.execute(insert(entry), rows)
    with store.read() as connection:
        sums = entries.totals(connection, "S", ["F"])["F"]
    assert len(sums) == len({accumulators.key_of(each) for each in DECIDED})
    assert set(sums.values()) == {0}
