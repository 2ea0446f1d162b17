"""Prices: what a line may cost, by whose agreement, and in a sentence why."""

from __future__ import annotations

from gateway.plan.claims.pricing.price import Alternate, Price

__all__ = ["Alternate", "Price"]
