"""Laws of prices that lines share: a stay spread over them, several procedures, the lesser of claim and charges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from plan_cases import ALAN, BIANCA, METRO, PLAN, bill, case
from priced import agreed, cents, charged, looks, outcomes, row, stay

from gateway.plan.claims import adjudication
from gateway.plan.claims.pricing import Price
from gateway.plan.claims.pricing.claims import prices
from gateway.plan.claims.pricing.packages import days_of
from gateway.plan.records import Pend
from mappings.records import Repricing

DRG = """
[[packages]]
name = "inpatient"
kinds = ["I"]
bill_types = ["11"]
method = "drg"
schedule = "D"
base = 9000
"""
WEIGHTS = (row("470", 0, "D", weight=19_005, mean_days=25), row("807", 550_000, "D", mean_days=21))
ROOM, DRUGS, IMPLANT = (
    charged(1, "", 1_000_00, revenue="0120", units="3"), charged(2, "", 500_01, revenue="0250"),
    charged(3, "L8699", 30_000_00, revenue="0278"),
)  # fmt: skip


def test_a_drg_is_weight_times_base_and_its_parts_add_up() -> None:
    """9,000.00 x 1.9005 = 17,104.50 over charges of 20,000.00 and 10,000.03: 11,402.99 and 5,701.51, which add up.

    11,402.9886 and 5,701.5114 are cut to 11,402.98 and 5,701.51; the missing cent goes to the larger remainder.
    """
    claim = stay(charged(1, "", 20_000_00, revenue="0120"), charged(2, "", 10_000_03, revenue="0250"), drg="470")
    assert cents(claim, contracts=(agreed(DRG),), fees=WEIGHTS) == [1_140_299, 570_151]
    (first, _) = outcomes(claim, contracts=(agreed(DRG),), fees=WEIGHTS).values()
    assert isinstance(first, Price) and "DRG 470 17,104.50, weight 1.9005 of 9,000.00" in first.source


def test_a_drg_may_have_an_amount_of_its_own() -> None:
    """A row with an amount is a case rate by DRG."""
    assert cents(stay(charged(1, "", 900_000, revenue="0120"), drg="807"), contracts=(agreed(DRG),), fees=WEIGHTS) == [
        550_000
    ]


@pytest.mark.parametrize(("drg", "said"), [("999", "DRG 999"), ("", "none billed")])
def test_a_drg_without_a_row_waits(drg: str, said: str) -> None:
    """A stay whose DRG has no row pends, and the sentence names schedule and DRG."""
    found = outcomes(stay(ROOM, DRUGS, drg=drg), contracts=(agreed(DRG),), fees=WEIGHTS)
    for each in found.values():
        assert isinstance(each, Pend) and each.queue == "PRC" and said in each.needed and "schedule D" in each.needed


@pytest.mark.parametrize(
    ("outlier", "charge", "allowed"),
    [
        ("charges_above = 100000\npercent = 60", 120_000_00, 5_500_00 + 12_000_00),  # 60% of 20,000 above
        ("charges_above = 100000\npercent = 60", 100_000_00, 5_500_00),
        # cost 40,000, above 5,500 + 20,000: 14,500 at 80% = 11,600
        ("cost_above = 20000\ncost_to_charge = 40\npercent = 80", 100_000_00, 5_500_00 + 11_600_00),
        ("cost_above = 20000\ncost_to_charge = 25\npercent = 80", 100_000_00, 5_500_00),
    ],
)
def test_an_outlier_adds_percent_of_what_is_above(outlier: str, charge: int, allowed: int) -> None:
    """Charges above a threshold, or cost above price and threshold, add their percentage to the DRG of 5,500.00."""
    contracts = (agreed(f"{DRG}[packages.outlier]\n{outlier}"),)
    claim = stay(charged(1, "", charge, revenue="0120"), drg="807")
    assert cents(claim, contracts=contracts, fees=WEIGHTS) == [allowed]


@pytest.mark.parametrize(
    ("days", "status", "allowed"),
    [(1, "02", 2 * 550_000 * 10 / 21), (1, "01", 550_000), (2, "02", 550_000), (9, "02", 550_000)],
)
def test_a_transfer_is_paid_by_the_day_up_to_the_whole(days: int, status: str, allowed: float) -> None:
    """One day and the extra one of 2.1 are 5,238.10 of 5,500.00; three are more than the mean stay: the whole."""
    contracts = (agreed(f'{DRG}[packages.transfer]\nstatuses = ["02", "05"]'),)
    claim = stay(charged(1, "", 900_000, revenue="0120"), drg="807", days=days, status=status)
    assert cents(claim, contracts=contracts, fees=WEIGHTS) == [round(allowed)]


@pytest.mark.parametrize(
    ("method", "total"),
    [
        ('method = "case"\namount = 1200', 120_000), ('method = "per_diem"\namount = 400.50', 120_150),
        ('method = "percent_of_charge"\npercent = 33.33', 49_995),  # of 1,500.01: 499.953333
    ],
)  # fmt: skip
def test_a_package_prices_the_whole_claim(method: str, total: int) -> None:
    """A case rate, three days of a stay, a percent of the charges: pro rata by charge, adding up."""
    found = cents(stay(ROOM, DRUGS), contracts=(agreed(f'[[packages]]\nname = "stay"\n{method}'),))
    assert sum(found) == total


@pytest.mark.parametrize(("days", "status", "counted"), [(3, "01", 3), (0, "01", 1), (3, "30", 4), (0, "30", 1)])
def test_days_of_a_stay(days: int, status: str, counted: int) -> None:
    """The day of discharge does not count, unless the patient is still there or it is the only one."""
    assert days_of(stay(ROOM, days=days, status=status)) == counted


def test_lines_left_out_of_a_package_are_priced_by_terms() -> None:
    """Implants (revenue 0278) at 50% of their charge beside a case rate for the rest."""
    text = """
[[packages]]
name = "surgery"
method = "case"
amount = 900
except = ["0275-0278"]
[[terms]]
name = "implants"
revenues = ["0275-0278"]
method = "percent_of_charge"
percent = 50
"""
    found = cents(stay(ROOM, DRUGS, IMPLANT), contracts=(agreed(text),))
    assert found == [60_000, 30_000, 1_500_000]  # 900 x 1,000.00/1,500.01 = 599.996, 300.004


def test_a_package_is_capped_by_all_charges_together() -> None:
    """A stay priced above its charges allows the charges; where the contract never caps, each part is as spread."""
    case_rate = '[[packages]]\nname = "stay"\nmethod = "case"\namount = 3000.02'
    assert cents(stay(ROOM, DRUGS), contracts=(agreed(case_rate),)) == [100_000, 50_001]
    assert cents(stay(ROOM, DRUGS), contracts=(agreed(f'lesser_of = "never"\n{case_rate}'),)) == [200_000, 100_002]


def test_the_lesser_of_all_charges_lets_one_line_stand_above_its_own() -> None:
    """By claim, 60.00 for a charge of 50.00 stands while all prices are below all charges; else the charges are."""
    text = 'lesser_of = "claim"\n[[terms]]\nname = "all"\nmethod = "schedule"\nschedule = "S"'
    claim = bill("X", BIANCA, METRO, "C3411", charged(1, "1", 5_000), charged(2, "2", 9_000))
    assert cents(claim, contracts=(agreed(text),), fees=(row("1", 6_000), row("2", 7_000))) == [6_000, 7_000]
    assert cents(claim, contracts=(agreed(text),), fees=(row("1", 6_000), row("2", 9_000))) == [5_000, 9_000]


SURGERY = '[[terms]]\nname = "all"\nmethod = "schedule"\nschedule = "S"\n[[multiple]]\ncodes = ["10000-69990"]\n'


def test_several_procedures_of_a_day() -> None:
    """100, 50, 25 and 25 percent in the order of prices, not of lines: 500.01 -> 125.00, 900 -> 900, 600 -> 300, and
    400 -> 100; an exempt code and one that is no procedure stay whole."""
    text = SURGERY + 'percents = [100, 50, 25]\nexempt = ["22853"]\n'
    prices_ = {"11111": 50_001, "22222": 90_000, "33333": 60_000, "44444": 40_000, "22853": 30_000, "99213": 9_800}
    claim = bill("X", BIANCA, METRO, "C3411", *(charged(n, code, 99_999) for n, code in enumerate(prices_, 1)))
    fees = tuple(row(code, price) for code, price in prices_.items())
    assert cents(claim, contracts=(agreed(text),), fees=fees) == [12_500, 90_000, 30_000, 10_000, 30_000, 9_800]


def test_modifier_51_is_the_rule_of_several_procedures() -> None:
    """A code under the rule is not reduced for 51 once more; one that is not, is."""
    text = '[[modifiers]]\nmodifier = "51"\npercent = 50\n' + SURGERY
    lines = charged(1, "11111", 99_999), charged(2, "22222", 99_999, "51"), charged(3, "99213", 99_999, "51")
    claim = bill("X", BIANCA, METRO, "C3411", *lines)
    fees = (row("11111", 50_000), row("22222", 40_000), row("99213", 10_000))
    assert cents(claim, contracts=(agreed(text),), fees=fees) == [50_000, 20_000, 5_000]


def test_a_denied_line_takes_no_place_among_several_procedures() -> None:
    """When the dearest procedure is denied (a duplicate), the next one is paid in full."""
    text = SURGERY + "percents = [100, 50]\n"
    claim = bill("X", ALAN, METRO, "M179", charged(1, "11111", 99_999), charged(2, "22222", 99_999))
    plan = replace(PLAN, benefits=(replace(PLAN.benefits[3], codes=("11111",)),))
    seen = case(claim, ALAN, plan=plan, contracts=(agreed(text),), fees=(row("11111", 50_000), row("22222", 40_000)))
    denied, paid = adjudication.adjudicate(seen, seen.received).lines
    assert denied.denied and paid.allowed_cents == 40_000
    both = adjudication.adjudicate(replace(seen, plans=(PLAN,)), seen.received)
    assert [line.allowed_cents for line in both.lines] == [50_000, 20_000]


def test_a_claim_repriced_as_a_whole_is_spread_over_its_lines() -> None:
    """HCP02 of the claim, where the lines have none: 100.00 over 30.00, 60.00 and 90.01 by charge, adding up."""
    plan = replace(PLAN, repricers=("LAKENET",))
    told = Repricing(method="02", allowed_cents=10_000, organisation="LAKENET")
    lines = charged(1, "1", 3_000), charged(2, "2", 6_000), charged(3, "3", 9_001)
    claim = bill("X", BIANCA, METRO, "C3411", *lines, repricing=told)
    assert cents(claim, plan) == [1_667, 3_333, 5_000]  # 1,666.57, 3,333.15, 5,000.28
    own = replace(lines[0], repricing=replace(told, allowed_cents=2_000))
    by_line = outcomes(replace(claim, lines=(own, *lines[1:])), plan)
    assert [getattr(each, "allowed_cents", None) for each in by_line.values()] == [2_000, None, None]


def test_a_dental_schedule_is_a_schedule_of_codes() -> None:
    """A flat dental schedule: a term for dental claims by CDT code, lesser of the charge."""
    text = '[[terms]]\nname = "dental"\nkinds = ["D"]\nmethod = "schedule"\nschedule = "DENTAL"'
    claim = bill("X", BIANCA, METRO, "", charged(1, "D2740", 120_000), charged(2, "D0120", 3_000), kind="D")
    fees = (row("D2740", 95_000, "DENTAL"), row("D0120", 4_000, "DENTAL"))
    assert cents(claim, contracts=(agreed(text),), fees=fees) == [95_000, 3_000]


@given(st.lists(st.integers(0, 5_000_00), min_size=1, max_size=8), st.integers(0, 9_000_00), st.booleans())
def test_parts_of_a_whole_add_up_and_none_is_negative(charges: list[int], total: int, capped: bool) -> None:
    """Spread over any charges, the parts sum to the price, or to the charges where these are the lesser; the same
    claim gives the same prices again."""
    text = f'lesser_of = "{"claim" if capped else "never"}"\n[[packages]]\nname = "x"\nmethod = "case"\n'
    contracts = (agreed(f"{text}amount = {total / 100:.2f}"),)
    claim = stay(*(charged(n, "", each, revenue="0120") for n, each in enumerate(charges, 1)))
    found = cents(claim, contracts=contracts)
    assert sum(found) == (0 if not any(charges) else min(total, sum(charges)) if capped else total)
    assert min(found) >= 0
    seen = looks(claim, contracts=contracts)
    assert prices(seen) == prices(seen)


@given(
    st.lists(st.tuples(st.integers(1, 9_000_00), st.integers(0, 9_000_00)), min_size=1, max_size=6),
    st.sampled_from(["line", "claim", "never"]),
    st.sampled_from([(100,), (100, 50), (100, 50, 25)]),
)
def test_the_lesser_of_holds_for_every_claim(
    rows: list[tuple[int, int]], lesser: str, percents: tuple[int, ...]
) -> None:  # fmt: skip
    """By line no allowed amount is above its charge, by claim their sum is not above the charges, and whatever is
    billed first, the sum of several procedures is the same where nothing caps them."""
    text = f'lesser_of = "{lesser}"\n{SURGERY}percents = {list(percents)}\n'
    fees = tuple(row(f"{11111 + n}", price) for n, (_, price) in enumerate(rows))
    lines = [charged(n, f"{11111 + n - 1}", charge) for n, (charge, _) in enumerate(rows, 1)]
    found = cents(bill("X", BIANCA, METRO, "C3411", *lines), contracts=(agreed(text),), fees=fees)
    if lesser == "line":
        assert all(allowed <= line.charge_cents for allowed, line in zip(found, lines, strict=True))
    if lesser == "claim":
        assert sum(found) <= sum(line.charge_cents for line in lines)
    if lesser == "never":
        turned = cents(bill("X", BIANCA, METRO, "C3411", *lines[::-1]), contracts=(agreed(text),), fees=fees)
        assert sum(turned) == sum(found)
