"""Claim numbers (ICN): YYDDD of the business day and at least six digits, which begin anew each day (domain 11.3)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, Connection, and_, func, or_

from gateway.store import counters
from gateway.store.schema import claim

DAY_DIGITS = 5
"""How many digits name the day."""


def block(connection: Connection, today: date, count: int) -> str:
    """The first of count numbers of a business day; the counter moves by as many."""
    return f"{today:%y%j}{counters.take(connection, f'ICN/{today.isoformat()}', count) if count else 0:06d}"


def after(icn: str, count: int) -> str:
    """The number that many behind one of the same day: a day of a million claims gets longer ones, no other day's."""
    return f"{icn[:DAY_DIGITS]}{int(icn[DAY_DIGITS:]) + count:06d}"


def within(icn: str, count: int) -> ColumnElement[bool]:
    """The claims of count numbers from icn on, which text alone does not tell where their length changes."""
    first, last, length = claim.c.icn >= icn, claim.c.icn <= after(icn, count - 1), func.length(claim.c.icn)
    longer = len(after(icn, count - 1))
    if longer == len(icn):
        return and_(first, last, length == len(icn))
    own_day = claim.c.icn.startswith(icn[:DAY_DIGITS])
    return and_(own_day, or_(and_(first, length == len(icn)), and_(last, length == longer)))
