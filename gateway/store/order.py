"""The order of everything: ord = (receipt number, interchange, group, set, ordinal) as 32 digits that sort as text.

Digits only, so that every collation sorts them alike.
"""

from __future__ import annotations


def ord_of(receipt_no: int, interchange: int = 0, group: int = 0, set_no: int = 0, ordinal: int = 0) -> str:
    """The order key of an event; the zeroes come before everything inside the receipt."""
    return f"{receipt_no:012d}{interchange:04d}{group:04d}{set_no:05d}{ordinal:07d}"


def receipt_of(ord_: str) -> int:
    """The receipt number an order key belongs to."""
    return int(ord_[:12])
