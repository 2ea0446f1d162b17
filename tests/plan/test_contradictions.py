"""Laws of contradictions: each sentence that cannot be meant is refused, with the place where it stands."""

from __future__ import annotations

import pytest

from gateway.plan.claims import benefits
from gateway.plan.claims.federal import YEARS

BASE = """
id = "X"
version = "1"
plan_ids = ["X"]
first = 2026-01-01
networks = ["N"]
[in_network]
coinsurance = 20
deductible = { individual = 2000, family = 4000, kind = "aggregate" }
out_of_pocket = { individual = 5000, family = 9000 }
"""

TIER2 = """
[tier2]
networks = ["W"]
coinsurance = 30
deductible = { individual = 2000, family = 4000 }
out_of_pocket = { individual = 5000, family = 9000 }
"""


def problems(top: str = "", benefit: str = "", more: str = "", **replaced: str) -> list[str]:
    """What is found in the base document with lines added at its top, as benefits, as tables, or replaced."""
    text = BASE.replace("first =", f"{top}\nfirst =", 1) + more + benefit
    for old, new in replaced.items():
        text = text.replace(f"{old} = ", f"{old} = {new} #", 1)
    return benefits.examine(text)[1]


def one(*rows: str) -> str:
    """Benefits of these rows."""
    return "".join(f"[[benefits]]\n{row}\n" for row in rows)


def test_the_base_is_no_contradiction() -> None:
    """The documents the others are made from are accepted."""
    assert problems() == problems(more=TIER2) == problems("hsa_qualified = true") == []


@pytest.mark.parametrize(
    ("top", "fault"),
    [
        ("carry_over_months = 13", "carry_over_months: not from 0 to 12"),
        ('cross = "shared"', "cross: shared, and there is no other tier"),
    ],
)
def test_of_the_document(top: str, fault: str) -> None:
    """What the document says as a whole."""
    assert problems(top) == [fault]


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        (TIER2.replace('"W"', ""), "tier2.networks: empty, so no provider is in it"),
        (TIER2.replace('"W"', '"N"'), "networks: N stands in two tiers"),
        (TIER2.replace("5000", "1000"), "tier2: the deductible is above the out-of-pocket maximum (individual)"),
        (TIER2.replace("9000", "3000").replace("5000", "2000"),
         "tier2: the deductible is above the out-of-pocket maximum (family)"),
        (TIER2.replace("9000 }", "9000, person_cap = 8000 }"),
         "tier2.out_of_pocket: person_cap is for aggregate limits; an embedded one has the individual amount"),
    ],
)  # fmt: skip
def test_of_tiers(more: str, fault: str) -> None:
    """What a tier says against itself or another."""
    assert problems(more=more) == [fault]


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ('tiers = ["tier3"]', "tiers: the plan has no tier3"),
        ("preventive = true\ncoinsurance = 10", "coinsurance: a preventive benefit has none"),
        ("preventive = true\nexcluded = true", "excluded: a preventive benefit is paid in full"),
        ("excluded = true\ncopay = 10", "excluded: what is not covered has no share or limit"),
        ("excluded = true\nlimits = [{ visits = 1 }]", "excluded: what is not covered has no share or limit"),
        ("penalty = { percent = 50 }", "penalty: no authorisation is asked"),
        ("auth_required = true\npenalty = { percent = 150 }", "penalty: above 100 percent"),
        ('copay_per = "day"', "copay_per: there is no copay"),
        ("copay = 1\ncopay_after_deductible = true\ndeductible_waived = true", "copay_after_deductible: it is waived"),
        ("waiting_days = -1", "waiting: below nothing"),
        ('revenue = ["0459-0450"]', "revenue: 0459-0450 is not a range"),
        ('alternates = { A = "B", B = "C" }', "alternates: A -> B -> C; say the last at once"),
    ],
)
def test_of_a_benefit(said: str, fault: str) -> None:
    """What a benefit says against itself or its plan."""
    assert problems(benefit=one(f'name = "x"\n{said}')) == [f"benefits[1] {fault}"]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("", 'codes = ["1"]'),
        ('codes = ["100-200"]', 'codes = ["150-160", "170"]'),
        ('diagnoses = ["C"]', 'diagnoses = ["C34"]'),
        ("ages = [0, 99]", "ages = [18, 64]"),
        ('pos = ["11", "22"]', 'pos = ["22"]'),
        ('tiers = ["in"]', 'tiers = ["in"]'),
    ],
)
def test_a_benefit_that_is_never_reached(earlier: str, later: str) -> None:
    """An earlier benefit fits whatever this one fits; the other way round both are reached."""
    first, second = f'name = "a"\n{earlier}', f'name = "b"\n{later}'
    assert problems(benefit=one(first, second)) == [
        "benefits[2] b: never reached, benefits[1] (a) fits all of it before"
    ]
    if earlier != later:
        assert problems(benefit=one(second.replace('"b"', '"c"'), first)) == []


def test_names_and_pools() -> None:
    """Two benefits of one name, and allowances of one name that count differently, are refused."""
    twice = one('name = "a"\ncodes = ["1"]', 'name = "a"\ncodes = ["2"]')
    assert problems(benefit=twice) == ["benefits: 2 of them are called a"]
    mixed = one('name = "a"\nlimits = [{ times = 1, each = "tooth" }, { times = 2 }]')
    assert problems(benefit=mixed) == ["limits: times of a are counted per person and per tooth; give each a name"]


@pytest.mark.parametrize(
    ("limit", "fault"),
    [
        ("{ individual = 10600.01, family = 21200 }", "one person's is above 10,600.00"),
        ("{ individual = 10600, family = 21200.01 }", "the family's is above 21,200.00"),
        ('{ individual = 5000, family = 12000, kind = "aggregate" }',
         "one person in a family may owe more than 10,600.00; say person_cap"),
    ],
)  # fmt: skip
def test_the_aca_maximum(limit: str, fault: str) -> None:
    """A plan year of 2026 may not leave one person more than 10,600.00 or a family more than 21,200.00."""
    (found,) = problems(out_of_pocket=limit)
    assert found.startswith(f"in_network.out_of_pocket: {fault}")
    assert problems("grandfathered = true", out_of_pocket=limit) == []


@pytest.mark.parametrize(
    ("word", "limit", "fault"),
    [
        ("deductible", '{ individual = 1699.99, family = 3400, kind = "aggregate" }', "one person's is below 1,700.00"),
        ("deductible", '{ individual = 1700, family = 3399, kind = "aggregate" }', "the family's is below 3,400.00"),
        ("deductible", "{ individual = 3399, family = 4000 }",
         "embedded, one person's is below the family's least of 3,400.00"),
        ("out_of_pocket", "{ individual = 8500.01, family = 9000 }", "one person's is above 8,500.00"),
        ("out_of_pocket", "{ individual = 8500, family = 17000.01 }", "the family's is above 17,000.00"),
    ],
)  # fmt: skip
def test_hsa_amounts_of_2026(word: str, limit: str, fault: str) -> None:
    """An HSA-qualified plan keeps the IRS's least deductible and most out of pocket of its year."""
    assert problems("hsa_qualified = true", **{word: limit}) == [f"in_network.{word}: {fault} (hsa_qualified, 2026)"]
    assert problems(**{word: limit}) == []


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("deductible_waived = true", "hsa_qualified: x pays before the deductible and is not preventive"),
        ("copay = 30", "hsa_qualified: the copay of x comes before the deductible"),
    ],
)
def test_hsa_pays_nothing_first_but_preventive_care(said: str, fault: str) -> None:
    """No first-dollar benefit in an HSA-qualified plan; a copay after the deductible and preventive care are none."""
    assert problems("hsa_qualified = true", one(f'name = "x"\n{said}')) == [fault]
    allowed = one('name = "a"\ncodes = ["1"]\ncopay = 30\ncopay_after_deductible = true',
                  'name = "b"\ncodes = ["2"]\npreventive = true')  # fmt: skip
    assert problems("hsa_qualified = true", allowed) == []


def test_a_year_nobody_has_looked_up_is_not_checked() -> None:
    """A plan of a year without federal amounts is not refused for them."""
    assert max(YEARS) < 2090
    assert problems(first="2090-01-01", out_of_pocket="{ individual = 90000, family = 90000 }") == []
