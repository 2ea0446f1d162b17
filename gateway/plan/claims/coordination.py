"""Coordination of benefits: what is left of a line after other payers, and what this plan pays of it.

Words: prior is what the payers before us decided; left is what they left to the patient; contract is the part of that
which our own lower price makes the provider waive; normal is what we would pay alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.plan.claims.costshare import Shares
from gateway.plan.rounding import spread
from mappings.records import Adjustment, Claim, LinePayment, OtherCoverage, ServiceLine

STATUS = {"P": "1", "S": "2", "T": "3", "A": "3", "B": "3", "C": "3", "D": "3", "E": "3", "F": "3", "G": "3", "H": "3"}
"""CLP02 by our position (SBR01); unknown (U) is processed as primary."""

ORDER = "PSTABCDEFGHU"
"""SBR01 codes from the first payer to the last."""


@dataclass(frozen=True, slots=True)
class Prior:
    """What payers before us decided on one line, in cents. payers: how many."""

    paid: int
    left: int
    payers: int = 1


@dataclass(frozen=True, slots=True)
class Coordinated:
    """This plan's part of a coordinated line, in cents.

    paid + prior (OA-23) + contract (CO-45 or PR-45) + shares (PR-1, 2, 3) + uncovered (PR-275) is the charge.
    allowable: the COB allowable, what the provider can collect from everybody (AMT*B6).
    """

    paid: int
    prior: int
    contract: int
    shares: Shares
    uncovered: int
    allowable: int


def is_secondary(claim: Claim) -> bool:
    """Whether another payer comes before us."""
    return STATUS.get(claim.responsibility, "1") != "1"


def prior_of(claim: Claim) -> dict[int, Prior]:
    """By line number, what earlier payers decided. Empty when the claim does not tell it (deny 22 or pend).

    The last earlier payer says what is left: on the lines (2430), else as a whole (2320), spread over them. A line
    without charge that nobody tells of is nothing.
    """
    before = ORDER.find(claim.responsibility)
    earlier = sorted((o for o in claim.other if ORDER.find(o.responsibility) < before), key=_order)
    told = [other for other in earlier if other.paid_cents is not None or _payments(claim, other)]
    if not told:
        return {}
    by_line = {line.number: _of_line(line, told) for line in claim.lines}
    if _payments(claim, told[-1]) and all(prior is not None for prior in by_line.values()):
        return {number: prior for number, prior in by_line.items() if prior is not None}
    return _of_claim(claim, told) if told[-1].paid_cents is not None else {}


def _order(other: OtherCoverage) -> int:
    return ORDER.find(other.responsibility)


def _payments(claim: Claim, other: OtherCoverage) -> list[LinePayment]:
    """2430: what a payer told of the lines."""
    return [payment for line in claim.lines for payment in line.payments if payment.payer_id == other.payer_id]


def _of_line(line: ServiceLine, told: list[OtherCoverage]) -> Prior | None:
    """2430: paid by all earlier payers; left by the last of them (AMT*EAF, else its PR adjustments)."""
    ids = [other.payer_id for other in told]
    payments = [payment for payment in line.payments if payment.payer_id in ids]
    if not payments:
        return None if line.charge_cents else Prior(0, 0, 0)
    final = max(ids.index(payment.payer_id) for payment in payments)
    last = [payment for payment in payments if payment.payer_id == ids[final]]
    remaining = [payment.remaining_cents for payment in last if payment.remaining_cents is not None]
    left = sum(remaining) if remaining else sum(_patient(payment.adjustments) for payment in last)
    paid = sum(payment.paid_cents for payment in payments)
    return Prior(paid, min(max(left, 0), line.charge_cents), len({payment.payer_id for payment in payments}))


def _of_claim(claim: Claim, told: list[OtherCoverage]) -> dict[int, Prior]:
    """2320: the last payer's claim-level amounts spread over the lines by charge."""
    last = told[-1]
    paid = sum(_paid(claim, other) for other in told)
    if last.remaining_cents is not None:
        left = last.remaining_cents
    elif last.adjustments:
        left = _patient(last.adjustments)
    else:
        left = claim.charge_cents - paid
    left = min(max(left, 0), claim.charge_cents)
    charges = [line.charge_cents for line in claim.lines]
    pieces = zip(claim.lines, spread(paid, charges), spread(left, charges), strict=True)
    return {line.number: Prior(p, min(rest, line.charge_cents), len(told)) for line, p, rest in pieces}


def _paid(claim: Claim, other: OtherCoverage) -> int:
    """AMT*D, else the sum of its lines."""
    if other.paid_cents is not None:
        return other.paid_cents
    return sum(payment.paid_cents for payment in _payments(claim, other))


def _patient(adjustments: tuple[Adjustment, ...]) -> int:
    return sum(each.cents for each in adjustments if each.group == "PR")


# ---- methods ---------------------------------------------------------------------------------------------------------

Normal = Callable[[int], Shares]
"""The member's shares of an allowed amount, were we to pay it alone."""


def coordinate(method: str, charge: int, allowed: int, prior: Prior, normal: Normal) -> Coordinated:
    """Pay a line after other payers. method: the plan's cob_method. allowed: our own price of the line."""
    contract = max(0, prior.left - allowed)
    open_cents = prior.left - contract
    paid, shares = METHODS[method](allowed, open_cents, prior, normal)
    return Coordinated(
        paid=paid,
        prior=charge - prior.left,
        contract=contract,
        shares=shares,
        uncovered=open_cents - paid - shares.total,
        allowable=prior.paid + open_cents,
    )


def _standard(allowed: int, open_cents: int, prior: Prior, normal: Normal) -> tuple[int, Shares]:
    """The lesser of our normal benefit and what is left; the member owes the rest as our own cost share."""
    shares = normal(allowed)
    paid = min(allowed - shares.total, open_cents)
    return paid, shares.within(open_cents - paid)


def _maintenance(allowed: int, open_cents: int, prior: Prior, normal: Normal) -> tuple[int, Shares]:
    """Our cost share taken of what is left."""
    shares = normal(open_cents)
    return open_cents - shares.total, shares


def _non_duplication(allowed: int, open_cents: int, prior: Prior, normal: Normal) -> tuple[int, Shares]:
    """Our normal benefit less what was paid before; the rest of the patient's share is not covered (PR-275)."""
    benefit = allowed - normal(allowed).total
    return min(max(0, benefit - prior.paid), open_cents), Shares()


METHODS: dict[str, Callable[[int, int, Prior, Normal], tuple[int, Shares]]] = {
    "standard": _standard,
    "maintenance": _maintenance,
    "non_duplication": _non_duplication,
}
"""How a plan pays second, by the name its document uses."""
