"""Laws of contract documents and of who belongs to a network when."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace
from plan_cases import BIANCA, METRO, OPENED, PLAN, bill
from priced import OUTSIDER, agreed, charged, looks

from gateway.errors import BadData
from gateway.plan.records import FeeRow, NetworkRow
from mappings.records import Address, Provider

TERM = '[[terms]]\nname = "t"\n'
PACKAGE = '[[packages]]\nname = "p"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("last = 2025-12-31", "last: before first"),
        ("colour = 1", "colour: no such word here"),
        (f'{TERM}method = "schedule"', "terms[1] t: schedule: missing"),
        (f'{TERM}method = "percent_of_charge"', "terms[1] t: percent: missing"),
        (f'{TERM}method = "percent_of_charge"\npercent = 101', "above 100 percent"),
        (f'{TERM}method = "per_diem"', "amount: missing"),
        (f'{TERM}method = "barter"', "terms[1].method"),
        (f'{TERM}method = "flat"\namount = 1\ncodes = ["99-1"]', "terms[1] codes: 99-1 is not a range"),
        (f'{PACKAGE}method = "drg"', "packages[1] p: schedule: missing"),
        (f'{PACKAGE}method = "case"', "packages[1] p: amount: missing"),
        (f'{PACKAGE}method = "case"\namount = 1\n[packages.transfer]\nstatuses = ["02"]', "only a DRG"),
        (f'{PACKAGE}method = "case"\namount = 1\n[packages.outlier]\npercent = 60', "either charges_above or"),
        (f'{PACKAGE}method = "case"\namount = 1\n[packages.outlier]\npercent = 60\ncost_above = 5', "go together"),
        (f'{PACKAGE}method = "case"\namount = 1\nexcept = ["0278-0275"]', "packages[1] except: 0278-0275"),
        ('[[multiple]]\ncodes = ["1"]\npercents = [100, 120]', "multiple[1] percents"),
        ('[[unit_limits]]\ncodes = ["1"]\nmost = 0', "unit_limits[1] most"),
        ("[[carve_outs]]", "carve_outs[1]: neither"),
    ],
)
def test_a_contract_that_cannot_be_meant_is_refused(text: str, said: str) -> None:
    """Every contradiction of a contract is told with its place."""
    with pytest.raises(BadData) as caught:
        agreed(text)
    assert said in caught.value.detail


def test_every_problem_of_a_contract_is_told() -> None:
    """Not the first problem alone."""
    with pytest.raises(BadData) as caught:
        agreed(f'last = 2025-12-31\n{TERM}method = "flat"\n[[carve_outs]]')
    assert caught.value.detail.count(";") == 2


def test_rows_that_cannot_be_are_not_made() -> None:
    """A price is of a provider or of a schedule and an amount or a weight; a membership is somebody's."""
    for wrong in ({}, {"npi": "1", "schedule": "S"}, {"npi": "1", "weight": 5, "allowed_cents": 1},
                  {"npi": "1", "weight": 0}, {"npi": "1", "mean_days": 0}):  # fmt: skip
        with pytest.raises(ValueError, match=r"price|weight"):
            FeeRow(code="1", first=OPENED, **wrong)
    with pytest.raises(ValueError, match="nobody"):
        NetworkRow(network="N", first=OPENED)


# ---- membership ------------------------------------------------------------------------------------------------------

DOCTOR = Provider(npi="1999999984")


@pytest.mark.parametrize(
    ("row", "held"),
    [
        ({"npi": METRO.npi}, True),
        ({"tin": METRO.tin}, True),
        ({"npi": METRO.npi, "tin": "999999999"}, False),
        ({"rendering": DOCTOR.npi}, True),
        ({"tin": METRO.tin, "rendering": DOCTOR.npi}, True),
        ({"tin": METRO.tin, "rendering": METRO.npi}, False),
        ({"npi": METRO.npi, "locality": "787"}, True),
        ({"npi": METRO.npi, "locality": "TX"}, True),
        ({"npi": METRO.npi, "locality": "750"}, False),
        ({"npi": METRO.npi, "last": date(2026, 3, 19)}, False),
        ({"npi": METRO.npi, "last": date(2026, 3, 20)}, True),
        ({"npi": METRO.npi, "first": date(2026, 3, 21)}, False),
    ],
)
def test_membership_is_of_tin_npi_rendering_location_and_date(row: dict[str, object], held: bool) -> None:
    """Everything a membership row names must be the claim's on the date of service; what it leaves open is open."""
    where = replace(METRO, address=Address(state="TX", zip="787051234"))
    claim = bill("X", BIANCA, where, "C3411", charged(1, "1", 100), rendering=DOCTOR)
    member = NetworkRow(**{"network": "SUMMIT", "first": OPENED, **row})  # type: ignore[arg-type]
    (seen,) = looks(claim, providers=(OUTSIDER,), networks=(member,))
    assert (seen.networks, seen.network, seen.tier) == (
        (("SUMMIT",), "in", "in") if held else ((), "out", "out")
    )  # fmt: skip


def test_every_network_of_a_line_is_named() -> None:
    """A second tier is told by its network's name, which plans may give a cost share of its own."""
    second = NetworkRow(network="SUMMIT-TIER-2", npi=METRO.npi, first=OPENED)
    claim = bill("X", BIANCA, METRO, "C3411", charged(1, "1", 100))
    (seen,) = looks(claim, networks=(second,))
    assert (seen.networks, seen.network) == (("SUMMIT", "SUMMIT-TIER-2"), "in")
    (alone,) = looks(claim, replace(PLAN, networks=("SUMMIT-TIER-2",)), providers=(OUTSIDER,), networks=(second,))
    assert alone.network == "in"
