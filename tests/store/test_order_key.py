"""Laws of the order key."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.store.order import ORDINALS, SET_DIGITS, nth_of, ord_of, receipt_of, set_of

PLACES = st.tuples(
    st.integers(0, 10**12 - 1), st.integers(0, 9_999), st.integers(0, 9_999), st.integers(0, 99_999),
    st.integers(0, ORDINALS),
)  # fmt: skip


@given(PLACES, PLACES)
def test_keys_sort_as_places_do(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    """As text, keys have the order of the numbers they are made of."""
    assert (ord_of(*one) < ord_of(*other)) == (one < other)


@given(PLACES, st.integers(0, ORDINALS))
def test_a_key_comes_apart(place: tuple[int, ...], nth: int) -> None:
    """Receipt, set and ordinal are found in a key, and the keys of a set differ in their ordinal only."""
    key = ord_of(*place)
    assert (receipt_of(key), len(set_of(key))) == (place[0], SET_DIGITS)
    assert nth_of(key, nth) == ord_of(*place[:4], nth)
