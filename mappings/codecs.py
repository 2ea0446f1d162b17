"""How one X12 element becomes a value and back: money, quantities, counts, dates, yes/no.

A codec reads and writes non-empty text only; an empty element is an absent value and never reaches it.
Errors: reading text that is no such value raises ValueError without the text in its message (it may be PHI).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

MAX_CENTS = 10**10 - 1  # element 782: at most 10 digits, cents included
_DECIMAL = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")


class Codec(NamedTuple):
    """Both directions of one element; None stands for text that is kept as it is."""

    read: Callable[[str], Any] | None = None
    write: Callable[[Any], str] | None = None


def cents(text: str) -> int:
    """Read an amount (type R) as integer cents; more than two significant decimals is no amount of money."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError("not an amount")
    sign = -1 if text[0] == "-" else 1
    whole, _, fraction = text.lstrip("-").partition(".")
    if fraction[2:].strip("0"):
        raise ValueError("not in whole cents")
    return sign * (int(whole or "0") * 100 + int(fraction[:2].ljust(2, "0")))


def money(value_cents: int) -> str:
    """Write cents as type R: no trailing zeros, leading minus, at most 10 digits (else ValueError)."""
    if abs(value_cents) > MAX_CENTS:
        raise ValueError("more than 10 digits of money")
    whole, rest = divmod(abs(value_cents), 100)
    text = f"{whole}.{rest:02}".rstrip("0") if rest else str(whole)
    return f"-{text}" if value_cents < 0 else text


@lru_cache(4096)
def quantity(text: str) -> Decimal:
    """Read a quantity (type R); no exponent, no plus sign."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError("not a quantity")
    return Decimal(text)


def plain(value: Decimal) -> str:
    """Write a quantity as type R: no exponent, no trailing zeros."""
    return format(value.normalize() + 0, "f")


@lru_cache(4096)
def day(text: str) -> date:
    """Read CCYYMMDD."""
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        raise ValueError("not a date")
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


@lru_cache(4096)
def ccyymmdd(value: date) -> str:
    """Write CCYYMMDD."""
    return value.isoformat().replace("-", "")


def count(text: str) -> int:
    """Read a whole number (type N0)."""
    if not (text.isascii() and text.lstrip("-").isdigit()):
        raise ValueError("not a whole number")
    return int(text)


def whole(text: str) -> int:
    """Read a whole number sent as a decimal (type R, as QTY02 of an 834); `3.0` is 3."""
    value = quantity(text)
    if value != value.to_integral_value():
        raise ValueError("not a whole number")
    return int(value)


TEXT = Codec()
MONEY = Codec(cents, money)
QUANTITY = Codec(quantity, plain)
DAY = Codec(day, ccyymmdd)
COUNT = Codec(count, str)
WHOLE = Codec(whole, str)
YES_NO = Codec("Y".__eq__, lambda value: "Y" if value else "N")
RESTRICTED = Codec("R".__eq__, lambda value: "R" if value else "")
