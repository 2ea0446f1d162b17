"""Prices: the allowed amount of a line from dated fee rows, never above the charge where that is agreed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from gateway.plan.claims.benefits import Plan, TierName
from gateway.plan.records import FeeRow, Pend
from gateway.plan.rounding import half_up, part
from mappings import drugs
from mappings.records import Claim, Record, ServiceLine

PRICED = ("P",)
"""The kinds of claims (`Claim.kind`) there are rules for: the others wait for a person, their corrections too."""

UNPRICED = Pend(
    queue="PRC", reason="There are no rules yet for institutional and dental claims.", needed="A decision by hand."
)


class Price(Record, frozen=True, kw_only=True):
    """An allowed amount and its source. group: who bears the excess of the charge (CO by contract, PR without one)."""

    allowed_cents: int
    source: str
    group: str = "CO"


def unpriced(claim: Claim) -> Pend | None:
    """What a claim waits for that no rule of ours may price (domain 4.2 row 13); None where rules exist, or where a
    drug manager has priced it."""
    return None if claim.kind in (*PRICED, drugs.KIND) else UNPRICED


def price(plan: Plan, line: ServiceLine, npi: str, fees: Iterable[FeeRow], tier: TierName, held: bool) -> Price | None:
    """The price of a line, None when nothing sets one (pend PRC).

    npi: the billing provider. tier: of the provider on the date of service; out of network the excess is the
    patient's (PR-45). held: cost share as in network all the same (emergency): the excess is then not the patient's.
    """
    group = "PR" if tier == "out" and not held else "CO"
    if line.charge_cents == 0:
        return Price(allowed_cents=0, source="no charge", group=group)
    row, repriced = fee_on(fees, npi, line), repriced_cents(plan, line)
    if repriced is not None:
        allowed, source = repriced, "repriced amount of the network"
    elif row is not None:
        allowed, source = amount(row, line.units), _named(row)
    elif tier == "out" and plan.out_of_network_allowed is not None:
        allowed = part(line.charge_cents, plan.out_of_network_allowed)
        source = plan.provision("out_of_network_allowed")
    else:
        return None
    if plan.lesser_of and allowed > line.charge_cents:
        allowed, source = line.charge_cents, f"charge, below {source}"
    return Price(allowed_cents=allowed, source=source, group=group)


def repriced_cents(plan: Plan, line: ServiceLine) -> int | None:
    """HCP02 of a repricer the plan trusts; None when there is none or it declined (HCP13)."""
    told = line.repricing
    if told is None or told.reject_reason or told.organisation not in plan.repricers:
        return None
    return told.allowed_cents


def fee_on(fees: Iterable[FeeRow], npi: str, line: ServiceLine) -> FeeRow | None:
    """The row for a line's first date of service: one for its modifier before one for none, then the latest."""
    modifiers = line.procedure.modifiers
    fitting = [
        row
        for row in fees
        if row.code == line.procedure.code
        and row.npi == npi
        and (not row.modifier or row.modifier in modifiers)
        and row.first <= line.first
        and (row.last is None or line.first <= row.last)
    ]
    return max(fitting, key=_preference, default=None)


def _preference(row: FeeRow) -> tuple[bool, date]:
    return bool(row.modifier), row.first


def amount(row: FeeRow, units: Decimal) -> int:
    """Cents allowed by a row for so many units (thousandths count; half-up)."""
    if row.per == "line":
        return row.allowed_cents
    numerator, denominator = units.as_integer_ratio()
    return half_up(row.allowed_cents * numerator, denominator)


def _named(row: FeeRow) -> str:
    code = f"{row.code}-{row.modifier}" if row.modifier else row.code
    return f"fee {code} {row.allowed_cents / 100:.2f} per {row.per} from {row.first}"
