"""A price in the making: what one line is allowed before the rules that look at several lines."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.plan.claims.look import Denial, Look
from gateway.plan.claims.pricing.contract import Contract, LesserOf, contract_on
from gateway.plan.claims.pricing.price import Price
from gateway.plan.records import Pend

Outcome = Price | Denial | Pend
"""What pricing says of a line: a price, that nothing is paid, or that a person must look."""


@dataclass(slots=True)
class Draft:
    """An amount and the words for it, still open to change. listed: it was taken from fee rows, so that modifiers and
    the rule of several procedures change it; from_modifier: the one its row is for."""

    seen: Look
    cents: int
    source: str
    group: str
    lesser_of: LesserOf
    listed: bool = False
    from_modifier: str = ""
    remarks: tuple[str, ...] = ()

    def price(self) -> Price:
        """What came of it."""
        return Price(allowed_cents=self.cents, source=self.source, group=self.group, remarks=self.remarks)

    def becomes(self, cents: int, words: str) -> None:
        """Another amount, and why."""
        self.cents, self.source = cents, f"{self.source}, {words}"


def draft(seen: Look, cents: int, source: str) -> Draft:
    """A draft under the agreement of the line. Out of network the excess of the charge is the patient's (PR-45), unless
    the cost share is held as in network all the same: an emergency, or what the No Surprises Act protects."""
    contract = agreement(seen)
    lesser: LesserOf = "line" if seen.plan.lesser_of else "never"
    if contract is not None and contract.lesser_of is not None:
        lesser = contract.lesser_of
    held = seen.tier != seen.network
    return Draft(seen, cents, source, "PR" if seen.network == "out" and not held else "CO", lesser)


def agreement(seen: Look) -> Contract | None:
    """The contract a line is priced under: of the first network of its tier that it is in and that has one."""
    if not seen.case.contracts:
        return None
    theirs = seen.plan.networks_by_tier().get(seen.network, ())
    found = (contract_on(seen.case.contracts, name, seen.line.first) for name in theirs if name in seen.networks)
    return next((each for each in found if each is not None), None)


def repriced(seen: Look) -> Outcome | Draft | None:
    """What a repricer the plan trusts says of a line (HCP of 2400): its price, or that it declined (HCP13), which waits
    for a person; None when it says nothing."""
    told = seen.line.repricing
    if told is None or told.organisation not in seen.plan.repricers:
        return None
    if told.reject_reason:
        return declined(seen, told.organisation, told.reject_reason)
    if told.allowed_cents is None:
        return None
    return draft(seen, told.allowed_cents, f"repriced by {told.organisation}")


def declined(seen: Look, organisation: str, reason: str) -> Pend | None:
    """A repricing that was declined, until a person has looked; then the other sources of a price are asked."""
    if "RPR" in seen.case.cleared:
        return None
    needed = "Send the claim to the repricer again, or release it to be priced without."
    return Pend(queue="RPR", reason=f"{organisation} declined to price the claim (HCP13 {reason}).", needed=needed)
