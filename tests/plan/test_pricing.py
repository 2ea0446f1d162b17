"""Laws of prices: the dated row, per line or unit, the lesser of price and charge."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from plan_cases import FEES, LAKELINE, METRO, OPENED, PLAN, service

from gateway.plan.claims.pricing import Price, amount, fee_on, price
from gateway.plan.records import FeeRow
from mappings.records import Procedure, Repricing, ServiceLine


def priced(line: ServiceLine, plan: object = PLAN, tier: str = "in", held: bool = False) -> Price | None:
    """The golden price of a line of Metro's."""
    return price(plan, line, METRO.npi, FEES, tier, held)  # type: ignore[arg-type]


@pytest.mark.parametrize(("on", "cents"), [(date(2026, 3, 31), 1170000), (date(2026, 4, 1), 1180000)])
def test_the_row_of_the_date_of_service_prices(on: date, cents: int) -> None:
    """200 units cost 58.50 each until March and 59.00 each from April."""
    found = priced(service(1, "J9271", 16000, on, 200))
    assert found is not None and found.allowed_cents == cents


def test_no_row_no_price() -> None:
    """A code, a provider or a date without a row has no price."""
    assert priced(service(1, "99999", 100, OPENED)) is None
    assert priced(service(1, "J9271", 100, date(2025, 12, 31))) is None
    assert price(PLAN, service(1, "J9271", 100, OPENED), "1234567893", FEES, "in", False) is None


def test_lesser_of() -> None:
    """A charge below the price is allowed as charged, unless the contract pays the price all the same."""
    line = service(1, "96413", 100, OPENED)
    found, contract = priced(line), priced(line, msgspec.structs.replace(PLAN, lesser_of=False))
    assert found is not None and found.allowed_cents == 10000
    assert contract is not None and contract.allowed_cents == 30000


def test_a_line_without_charge_needs_no_price() -> None:
    """A charge of 0.00 is legal and allowed as 0.00."""
    found = priced(service(1, "99999", 0, OPENED))
    assert found is not None and found.allowed_cents == 0


def test_the_row_of_the_modifier_comes_first() -> None:
    """A row for a modifier of the line is taken before the plain one; without it the plain one prices."""
    plain = FeeRow(npi="1", code="71046", allowed_cents=10000, first=OPENED)
    part = FeeRow(npi="1", code="71046", modifier="26", allowed_cents=4000, first=OPENED)
    line = service(1, "71046", 200, OPENED)
    reading = msgspec.structs.replace(line, procedure=Procedure(code="71046", modifiers=("26",)))
    assert fee_on((plain, part), "1", reading) == part
    assert fee_on((part, plain), "1", line) == plain


def test_thousandths_of_a_unit_count() -> None:
    """Units are decimals: 0.333 of 10.01 is 3.33 (3.33333 half-up)."""
    row = FeeRow(npi="1", code="1", allowed_cents=1001, per="unit", first=OPENED)
    assert amount(row, Decimal("0.333")) == 333
    assert amount(row, Decimal("0.5")) == 501


def test_out_of_network_by_percent_of_charge() -> None:
    """Without a row out of network the plan's percentage prices, and the excess is the patient's unless held."""
    line = service(1, "99999", 100, OPENED)
    assert priced(line, LAKELINE) is None
    far, emergency = priced(line, LAKELINE, "out"), priced(line, LAKELINE, "out", held=True)
    assert far is not None and (far.allowed_cents, far.group) == (6000, "PR")
    assert emergency is not None and (emergency.allowed_cents, emergency.group) == (6000, "CO")


def test_a_trusted_repricer_sets_the_price() -> None:
    """The repriced amount of an organisation the plan names wins; a stranger's or a declined one is ignored."""
    line = service(1, "96413", 500, OPENED)

    def repriced(organisation: str, reason: str = "") -> int | None:
        told = Repricing(method="02", allowed_cents=12300, organisation=organisation, reject_reason=reason)
        plan = msgspec.structs.replace(PLAN, repricers=("LAKENET",))
        found = priced(msgspec.structs.replace(line, repricing=told), plan)
        return found and found.allowed_cents

    assert repriced("LAKENET") == 12300
    assert repriced("STRANGER") == repriced("LAKENET", "T1") == 30000
