"""The member's share of one price: copay, deductible, coinsurance, capped by the out-of-pocket maximum."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.plan.claims.accumulators import Room
from gateway.plan.claims.benefits import Benefit, Tier
from gateway.plan.rounding import part


@dataclass(frozen=True, slots=True)
class Shares:
    """Cents of one line that are the member's. uncapped: the coinsurance before the out-of-pocket maximum."""

    copay: int = 0
    deductible: int = 0
    coinsurance: int = 0
    uncapped: int = 0

    @property
    def total(self) -> int:
        """Everything the member owes."""
        return self.copay + self.deductible + self.coinsurance

    def within(self, cents: int) -> Shares:
        """The same shares where only so much is left to owe (another payer paid): filled in their order."""
        copay = min(self.copay, cents)
        deductible = min(self.deductible, cents - copay)
        return Shares(copay, deductible, min(self.coinsurance, cents - copay - deductible), self.uncapped)


def share(allowed: int, benefit: Benefit, tier: Tier, room: Room, copay_due: bool) -> Shares:
    """Split an allowed amount. copay_due: false when this claim already took the visit's copay that day.

    Order and caps: copay never above the price; the deductible from what is left of price, deductible (person and
    family) and maximum; coinsurance of the rest, rounded half-up, never above what is left of the maximum.
    """
    if benefit.preventive:
        return Shares()
    left, cap = allowed, room.oop_left
    copay = min(benefit.copay_cents or 0, left, cap) if copay_due else 0
    left, cap = left - copay, cap - copay
    deductible = 0 if benefit.deductible_waived else min(left, room.deductible_left, cap)
    left, cap = left - deductible, cap - deductible
    rate = tier.coinsurance if benefit.coinsurance is None else benefit.coinsurance
    uncapped = part(left, rate)
    return Shares(copay, deductible, min(uncapped, cap), uncapped)
