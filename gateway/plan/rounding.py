"""Cents, rounded one way: half-up, per line and per cost-share item, in whole-number arithmetic."""

from __future__ import annotations

from collections.abc import Sequence

WHOLE = 10_000
"""A rate is kept in hundredths of a percent: 20% is 2,000, and 10,000 is everything."""


def half_up(numerator: int, denominator: int) -> int:
    """numerator / denominator to the nearest whole, ties away from zero; denominator must be positive."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def part(cents: int, rate: int) -> int:
    """The rate's part of an amount: part(70133, 2000) is 14027 (20% of 701.33)."""
    return half_up(cents * rate, WHOLE)


def dollars(cents: int) -> str:
    """An amount for people: -123456 is "-1,234.56"."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def spread(cents: int, weights: Sequence[int]) -> list[int]:
    """Split an amount pro rata by largest remainder, so that the pieces add up to it exactly.

    Weights that are all zero count as equal ones. An amount may be negative; a weight may not.
    """
    if cents < 0:
        return [-piece for piece in spread(-cents, weights)]
    shares = list(weights) if any(weights) else [1] * len(weights)
    total = sum(shares)
    pieces = [cents * share // total for share in shares]
    remainders = sorted(range(len(shares)), key=lambda at: (-(cents * shares[at] % total), at))
    for at in remainders[: cents - sum(pieces)]:
        pieces[at] += 1
    return pieces
