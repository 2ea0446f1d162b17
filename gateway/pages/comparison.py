"""The page of a comparison: totals and causes first, then every claim that differs with both reasons side by side."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.pages import frame
from gateway.plan.claims.comparing import Compared, Order, Totals


def pieces(totals: Totals, differing: Iterator[Compared], order: Order) -> Iterator[str]:
    """The page in pieces, so that a year of claims need not fit into memory."""
    most = max((abs(group.cents) for group in totals.groups), default=0)
    return frame.pieces("comparison.html", totals=totals, differing=differing, order=order, most=most)
