"""Prices of lines and claims as adjudication asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from plan_cases import BIANCA, METRO, OPENED, PLAN, bill, case

from gateway.plan.claims.benefits import Plan
from gateway.plan.claims.look import Look, look
from gateway.plan.claims.pricing import Price, contract
from gateway.plan.claims.pricing.claims import prices
from gateway.plan.claims.pricing.contract import Contract
from gateway.plan.claims.pricing.draft import Outcome
from gateway.plan.records import FeeRow, ProviderRow
from mappings.records import Claim, Coding, Procedure, ServiceLine, Stay

MARCH = date(2026, 3, 20)
OUTSIDER = ProviderRow(npi=METRO.npi, tin=METRO.tin, name="OUTSIDE", first=OPENED)
"""The golden oncologists in no network."""


def charged(number: int, code: str, cents: int, *modifiers: str, units: str = "1", **changed: Any) -> ServiceLine:
    """A line of the 20th of March."""
    made = ServiceLine(number=number, procedure=Procedure(code=code, modifiers=modifiers), charge_cents=cents,
                       units=Decimal(units), pointers=(1,), first=MARCH, last=MARCH)  # fmt: skip
    return msgspec.structs.replace(made, **changed)


def stay(*lines: ServiceLine, drg: str = "", days: int = 3, status: str = "01", **changed: Any) -> Claim:
    """An inpatient claim (type of bill 111) from the 20th of March."""
    last = date.fromordinal(MARCH.toordinal() + days)
    return bill("H", BIANCA, METRO, "C3411", *lines, kind="I", pos="", facility_code="11", coding=Coding(drg=drg),
                stay=Stay(first=MARCH, last=last, patient_status=status), **changed)  # fmt: skip


def agreed(text: str) -> Contract:
    """A contract of the golden network from 2026."""
    return contract.parse(f'network = "SUMMIT"\nfirst = 2026-01-01\n{text}')


def row(code: str, cents: int, schedule: str = "S", **changed: Any) -> FeeRow:
    """A row of a schedule from 2026."""
    return FeeRow(schedule=schedule, code=code, allowed_cents=cents, first=OPENED, **changed)


def looks(claim: Claim, plan: Plan = PLAN, **changed: Any) -> list[Look]:
    """What the lines of a claim of Bianca's may see."""
    seen = case(claim, BIANCA, plan=plan, **changed)
    return [look(seen, plan, BIANCA, line, {}) for line in claim.lines]


def outcomes(claim: Claim, plan: Plan = PLAN, **changed: Any) -> Mapping[int, Outcome]:
    """What pricing says of every line."""
    return prices(looks(claim, plan, **changed)).by_line


def cents(claim: Claim, plan: Plan = PLAN, **changed: Any) -> list[int]:
    """The allowed amounts of the lines; every one must have a price."""
    found = outcomes(claim, plan, **changed).values()
    assert all(isinstance(each, Price) for each in found), found
    return [each.allowed_cents for each in found if isinstance(each, Price)]


def one(line: ServiceLine, plan: Plan = PLAN, **changed: Any) -> Outcome:
    """What pricing says of a claim's only line."""
    return outcomes(bill("X", BIANCA, METRO, "C3411", line), plan, **changed)[line.number]


def price_of(line: ServiceLine, plan: Plan = PLAN, **changed: Any) -> Price:
    """The price of a claim's only line."""
    found = one(line, plan, **changed)
    assert isinstance(found, Price), found
    return found


def with_fees(*rows: FeeRow) -> dict[str, Iterable[FeeRow]]:
    """These fee rows on file and no others."""
    return {"fees": rows}
