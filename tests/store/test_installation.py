"""The facts of an installation."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from gateway.store import installation
from gateway.store.engine import Store
from gateway.store.order import ord_of, receipt_of


def test_business_date_never_goes_back(store: Store) -> None:
    """The business date moves forward only."""
    with store.write("day") as connection:
        for day in (date(2026, 2, 1), date(2026, 1, 20)):
            installation.move_business_date(connection, day)
            assert installation.business_date(connection) == date(2026, 2, 1)


@given(st.lists(st.tuples(*(st.integers(0, top) for top in (10**12 - 1, 9999, 9999, 99_999, 9_999_999))), min_size=2))
def test_ord_sorts_as_its_numbers(places: list[tuple[int, int, int, int, int]]) -> None:
    """Order keys sort as text exactly as their numbers do, have one length, and tell their receipt."""
    keys = [ord_of(*place) for place in places]
    assert sorted(keys) == [ord_of(*place) for place in sorted(places)]
    assert {len(key) for key in keys} == {32}
    assert [receipt_of(key) for key in keys] == [place[0] for place in places]
