"""Laws of cents: half-up, and pieces that add up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.plan.rounding import half_up, part, spread


@pytest.mark.parametrize(
    ("cents", "rate", "rounded"), [(70133, 2000, 14027), (3333, 2000, 667), (5, 5000, 3), (-5, 5000, -3)]
)
def test_half_up(cents: int, rate: int, rounded: int) -> None:
    """A tie goes away from zero, on either side of it."""
    assert part(cents, rate) == rounded


def test_line_rule_not_claim_rule() -> None:
    """Three lines of 33.33 at 20% owe 6.67 each, 20.01 together, where the sum would owe 20.00."""
    assert 3 * part(3333, 2000) == 2001
    assert half_up(3 * 3333 * 2000, 10_000) == 2000


@given(st.integers(-(10**10), 10**10), st.lists(st.integers(0, 10**8), min_size=1, max_size=50))
def test_spread_loses_no_cent(cents: int, weights: list[int]) -> None:
    """The pieces of an amount add up to it, and nobody is a cent or more away from his exact part."""
    pieces = spread(cents, weights)
    assert sum(pieces) == cents
    total = sum(weights)
    if total:
        assert all(abs(piece * total - cents * weight) < total for piece, weight in zip(pieces, weights, strict=True))
