"""The member's share of one price: copay, deductible, coinsurance, capped by the out-of-pocket maximum."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.plan.claims.accumulators import Room
from gateway.plan.claims.benefits import Benefit, Penalty, Tier
from gateway.plan.rounding import part


@dataclass(frozen=True, slots=True)
class Shares:
    """Cents of one line that are the member's. uncapped: the coinsurance before the out-of-pocket maximum.

    above: the part of the price above a cheaper service's that alone is covered. beyond: the part that no allowance
    covers any more. Both are owed, and count to no maximum.
    """

    copay: int = 0
    deductible: int = 0
    coinsurance: int = 0
    uncapped: int = 0
    above: int = 0
    beyond: int = 0

    @property
    def counted(self) -> int:
        """What counts to the out-of-pocket maximum."""
        return self.copay + self.deductible + self.coinsurance

    @property
    def total(self) -> int:
        """Everything the member owes."""
        return self.counted + self.above + self.beyond

    def within(self, cents: int) -> Shares:
        """The same shares where only so much is left to owe (another payer paid): filled in their order."""
        copay = min(self.copay, cents)
        deductible = min(self.deductible, cents - copay)
        coinsurance = min(self.coinsurance, cents - copay - deductible)
        left = cents - copay - deductible - coinsurance
        above = min(self.above, left)
        return Shares(copay, deductible, coinsurance, self.uncapped, above, min(self.beyond, left - above))


def share(allowed: int, benefit: Benefit, tier: Tier, room: Room, copay_due: bool) -> Shares:
    """Split an allowed amount. copay_due: false when this claim already took the visit's copay that day.

    Order and caps: copay never above the price; the deductible from what is left of price, deductible (person and
    family) and maximum (the other way round where the benefit says so); coinsurance of the rest, rounded half-up, never
    above what is left of the maximum.
    """
    if benefit.preventive:
        return Shares()
    fixed = benefit.copay_cents or 0 if copay_due else 0
    most = 0 if benefit.deductible_waived else room.deductible_left
    left, cap = allowed, room.oop_left
    if benefit.copay_after_deductible:
        deductible = min(left, most, cap)
        copay = min(fixed, left - deductible, cap - deductible)
    else:
        copay = min(fixed, left, cap)
        deductible = min(left - copay, most, cap - copay)
    left, cap = left - copay - deductible, cap - copay - deductible
    rate = tier.coinsurance if benefit.coinsurance is None else benefit.coinsurance
    uncapped = part(left, rate)
    return Shares(copay, deductible, min(uncapped, cap), uncapped)


def penalised(paid: int, penalty: Penalty, taken: int) -> int:
    """What the plan pays less for want of an authorisation. taken: of this claim's earlier lines of the benefit."""
    flat = penalty.dollars_cents
    wanted = part(paid, penalty.percent or 0) if flat is None else flat - taken
    if penalty.most_cents is not None:
        wanted = min(wanted, penalty.most_cents - taken)
    return min(paid, max(0, wanted))
