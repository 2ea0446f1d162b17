"""Laws of plan documents: what is read, what is refused, and which benefit and version a line gets."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from plan_cases import ALAN, C1, LAKELINE, OPENED, PLAN, service

from gateway.errors import BadData
from gateway.plan.claims import benefits
from gateway.plan.claims.benefits import Benefit
from gateway.plan.records import Span

SMALLEST = """
id = "X"
version = "1"
plan_ids = ["X"]
first = 2026-01-01
networks = ["N"]
[in_network]
coinsurance = 12.5
deductible = { individual = 100.50, family = 200 }
out_of_pocket = { individual = 300, family = 600, kind = "aggregate", person_cap = 350 }
"""


def test_amounts_become_cents_and_rates_hundredths_of_a_percent() -> None:
    """Dollars and percent of the document are exact whole numbers in the record."""
    tier = benefits.parse(SMALLEST).in_network
    assert (tier.coinsurance, tier.deductible.individual_cents, tier.out_of_pocket.person_cap_cents) == (
        1250,
        10050,
        35000,
    )
    assert type(tier.coinsurance) is int


def test_every_problem_is_listed() -> None:
    """A document with many faults is refused once, with all of them and where they stand."""
    text = """
    version = 7
    plan_ids = []
    first = 2026-01-01
    surprise = true
    high_dollar = "much"
    [in_network]
    coinsurance = -1
    deductible = { individual = 1.005, family = 200 }
    [[benefits]]
    name = "visit"
    tiers = ["upper"]
    """
    with pytest.raises(BadData) as refusal:
        benefits.parse(text)
    told = str(refusal.value)
    for fault in (
        "surprise: no such word",
        "id: missing",
        "networks: missing",
        "version: Expected `str`",
        "high_dollar: expected a number",
        "in_network.out_of_pocket: missing",
        "in_network.coinsurance: negative",
        "in_network.deductible.individual: not a number with at most two decimals",
        "benefits[1].tiers: Invalid enum value 'upper'",
    ):
        assert fault in told


@pytest.mark.parametrize(
    ("replaced", "by", "fault"),
    [
        ("family = 200", "family = 100", "in_network.deductible: the family amount is below"),
        ("coinsurance = 12.5", "coinsurance = 101", "in_network.coinsurance: above 100 percent"),
        ("individual = 300,", "individual = 100,", "the deductible is above the out-of-pocket maximum"),
        ("first = 2026-01-01", "first = 2026-01-01\nlast = 2025-12-31", "last: before first"),
        ('version = "1"', 'version = "1"\nyear_start = "13-01"', "year_start: not MM-DD"),
        ('plan_ids = ["X"]', "plan_ids = []", "plan_ids: empty"),
        ("[in_network]", '[[benefits]]\nname = "x"\ncodes = ["9-1"]\n[in_network]', "codes: 9-1 is not a range"),
        ("[in_network]", '[[benefits]]\nname = "x"\ncoinsurance = 200\n[in_network]', "benefits[1] coinsurance: above"),
        ("[in_network]", '[[benefits]]\nname = "x"\nages = [9, 1]\n[in_network]', "benefits[1] ages: last before"),
        (
            "[in_network]",
            '[[benefits]]\nname = "x"\npreventive = true\ncopay = 5\n[in_network]',
            "benefits[1] copay: a preventive benefit has none",
        ),
        ("id =", "id = =", "not TOML"),
    ],
)
def test_contradictions_are_refused(replaced: str, by: str, fault: str) -> None:
    """A document that can be read but cannot be meant is refused."""
    with pytest.raises(BadData, match=fault.replace("[", r"\[")):
        benefits.parse(SMALLEST.replace(replaced, by, 1))


def test_shipped_documents_differ() -> None:
    """The two sample documents are two plans: embedded without, aggregate with benefits out of network."""
    assert (PLAN.id, PLAN.in_network.deductible.kind, PLAN.out_of_network) == ("BT-PPO-2026", "embedded", None)
    assert (LAKELINE.id, LAKELINE.in_network.deductible.kind) == ("LK-PPO-2026", "aggregate")
    assert LAKELINE.out_of_network is not None


def test_the_first_fitting_benefit_decides() -> None:
    """A code in a range, at a place, for an age and marked as emergency; else the plan's general cost share."""
    line = service(1, "99214", 100, OPENED)
    rows = (
        Benefit(name="child", codes=("99202-99215",), ages=(0, 17)),
        Benefit(name="emergency", emergency=True),
        Benefit(name="home", pos=("12",)),
        Benefit(name="diabetes", diagnoses=("E11",), tiers=("out",)),
        Benefit(name="visit", codes=("99202-99215",)),
    )
    plan = msgspec.structs.replace(PLAN, benefits=rows)

    def name(line: object = line, tier: str = "in", age: int | None = 40) -> str:
        return benefits.benefit_of(plan, C1, line, tier, age).name  # type: ignore[arg-type]

    assert name() == "visit"
    assert name(age=17) == "child"
    assert name(age=None) == "visit"
    assert name(tier="out") == "diabetes"
    assert name(msgspec.structs.replace(line, emergency="Y")) == "emergency"
    assert name(msgspec.structs.replace(line, pos="12")) == "home"
    assert name(service(1, "9921", 100, OPENED)) == benefits.EVERYTHING_ELSE.name


@pytest.mark.parametrize(
    ("start", "on", "year"),
    [("01-01", date(2026, 1, 1), 2026), ("07-01", date(2026, 6, 30), 2025), ("07-01", date(2026, 7, 1), 2026)],
)
def test_benefit_year_is_named_by_its_beginning(start: str, on: date, year: int) -> None:
    """A plan year that begins in July 2025 is 2025 until the last day of June 2026."""
    assert benefits.year_of(msgspec.structs.replace(PLAN, year_start=start), on) == year


def test_the_version_in_force_on_the_date_of_service_decides() -> None:
    """choose() takes the document of the member's span and of the date; nobody's when none is in force."""
    old = msgspec.structs.replace(PLAN, version="0", first=date(2025, 1, 1), last=date(2025, 12, 31))
    plans = (LAKELINE, old, PLAN)
    assert benefits.choose(plans, ALAN, date(2025, 6, 1)) == old
    assert benefits.choose(plans, ALAN, date(2026, 6, 1)) == PLAN
    moved = Span(line="PPO", plan_id="LK-PPO-2026", first=date(2026, 6, 1))
    gone = msgspec.structs.replace(ALAN.spans[0], last=date(2026, 5, 31))
    mover = msgspec.structs.replace(ALAN, spans=(gone, moved))
    assert benefits.choose(plans, mover, date(2026, 5, 31)) == PLAN
    assert benefits.choose(plans, mover, date(2026, 6, 1)) == LAKELINE
    assert benefits.choose(plans, ALAN, date(2024, 1, 1)) is None


def test_a_reason_to_exclude_needs_an_exclusion() -> None:
    """excluded_as of a benefit that is covered contradicts it."""
    with pytest.raises(BadData, match="excluded_as: says why, but the benefit is not excluded"):
        benefits.parse(f'{SMALLEST}\n[[benefits]]\nname = "x"\ncodes = ["1"]\nexcluded_as = "experimental"\n')
