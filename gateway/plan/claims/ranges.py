"""Codes and ranges of codes ("99202-99215"), as documents of plans and contracts list them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache


@lru_cache(maxsize=50_000)  # the lists of a year's documents times the few thousand codes in daily use
def listed(codes: tuple[str, ...], code: str) -> bool:
    """Whether a code is one of these or lies in one of these ranges."""
    for each in codes:
        low, _, high = each.partition("-")
        if code == low or (high and len(code) == len(low) and low <= code <= high):
            return True
    return False


def is_range(code: str) -> bool:
    """Whether it is a code, or a range that does not end before it begins."""
    low, dash, high = code.partition("-")
    return bool(low) and (not dash or (len(low) == len(high) and low <= high))


def within(ranges: Sequence[str], code: str) -> bool:
    """Whether all of a code or range lies in one of the ranges."""
    low, _, high = code.partition("-")
    for each in ranges:
        first, _, last = each.partition("-")
        if len(first) == len(low) and first <= low and (high or low) <= (last or first):
            return True
    return False
