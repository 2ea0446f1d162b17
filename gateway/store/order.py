"""The order of everything: ord = (receipt number, interchange, group, set, ordinal) as 32 digits that sort as text.

Digits only, so that every collation sorts them alike.
"""

from __future__ import annotations

RECEIPT_DIGITS, SET_DIGITS = 12, 25
"""How much of an order key tells the receipt, and the set with it; the rest is the ordinal."""

ORDINALS = 9_999_999
"""The last ordinal of a set."""


def ord_of(receipt_no: int, interchange: int = 0, group: int = 0, set_no: int = 0, ordinal: int = 0) -> str:
    """The order key of an event; the zeroes come before everything inside the receipt."""
    return f"{receipt_no:012d}{interchange:04d}{group:04d}{set_no:05d}{ordinal:07d}"


def set_of(ord_: str) -> str:
    """What the order keys of one set begin with."""
    return ord_[:SET_DIGITS]


def nth_of(ord_: str, ordinal: int) -> str:
    """The order key of the nth row of the set that ord_ belongs to."""
    return f"{set_of(ord_)}{ordinal:07d}"


def receipt_of(ord_: str) -> int:
    """The receipt number an order key belongs to."""
    return int(ord_[:RECEIPT_DIGITS])
