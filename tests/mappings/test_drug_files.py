"""Laws of drug managers' files: what is written is read, whatever the layout; totals hold; a bad layout is told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mappings import drugs
from mappings.drugs import AMOUNTS, FIELDS, DrugRow, Layout

WORDS = tuple(FIELDS)
TOTALS = {"claims": "2", "paid": "3"}
CSV = Layout(separator=",", header="H", detail="D", trailer="T", totals=TOTALS,
             fields={word: str(n) for n, word in enumerate(WORDS, 2)})  # fmt: skip
WIDTH = 16
FIXED = Layout(
    detail="DE", trailer="TR", day="MM/DD/YYYY", amount="overpunch", reversals="positive",
    totals={"claims": "3-12", "paid": "13-30"},
    fields={word: f"{3 + WIDTH * n}-{2 + WIDTH * (n + 1)}" for n, word in enumerate(WORDS)},
)  # fmt: skip
LAYOUTS = [CSV, FIXED, replace(CSV, separator="|", day="YYYY-MM-DD", amount="dollars", header="number,")]

NAMES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ'-", min_size=1, max_size=WIDTH)
DAYS = st.dates(date(1920, 1, 1), date(2027, 12, 31))
CENTS = st.integers(0, 10_000_000_00)
ROWS = st.builds(
    DrugRow, number=NAMES, reversal=st.booleans(), group=NAMES, member=NAMES, last_name=NAMES, first_name=NAMES,
    birth=st.none() | DAYS, filled=DAYS, ndc=st.text("0123456789", min_size=11, max_size=11),
    quantity=st.integers(1, 999_999).map(lambda n: Decimal(n) / 1000), pharmacy=NAMES,
    **{f"{word}_cents": CENTS for word, kind in FIELDS.items() if kind == "amount"},
)  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
@given(rows=st.lists(ROWS, max_size=5))
def test_what_is_written_is_read(layout: Layout, rows: list[DrugRow]) -> None:
    """Any claims, in any layout, come back as they were written, and their control totals hold."""
    found = drugs.read(layout, drugs.write(layout, rows))
    assert found.problems == ()
    assert [replace(row, line=0) for row in found.rows] == rows


@pytest.mark.parametrize("kind", AMOUNTS)
@given(cents=st.integers(1 - 10**12, 10**12 - 1))
def test_amounts(kind: str, cents: int) -> None:
    """Each way to write an amount reads what it wrote, to the cent and with its sign."""
    read, write = AMOUNTS[kind]
    assert read(write(cents)) == cents


@pytest.mark.parametrize(
    ("text", "cents"), [("0000123{", 12_30), ("123D", 12_34), ("123M", -12_34), ("}", 0), ("0000000J", -1)]
)
def test_overpunched_amounts(text: str, cents: int) -> None:
    """The last sign of an overpunched amount is a digit and its sign: { is +0, D +4, M -4, } -0, J -1."""
    assert AMOUNTS["overpunch"][0](text) == cents


@given(rows=st.lists(ROWS, min_size=1, max_size=4), data=st.data())
def test_a_lost_or_doubled_line_is_found(rows: list[DrugRow], data: st.DataObject) -> None:
    """A file of which a line was lost or came twice disagrees with its trailer, and nothing of it is read."""
    lines = drugs.write(CSV, rows).splitlines()
    at = data.draw(st.integers(1, len(rows)))
    spoilt = lines[:at] + (lines[at + 1 :] if data.draw(st.booleans()) else [lines[at], *lines[at:]])
    found = drugs.read(CSV, "\n".join(spoilt))
    assert found.rows == ()
    assert found.problems[0].startswith("the trailer tells")


ONE = DrugRow(number="A1", group="G", member="M", filled=date(2026, 4, 2), ndc="00093101042", paid_cents=12_34,
              patient_cents=0)  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("20260402", "20260231", "line 2: filled is no day"),
        ("20260402", "", "line 2: filled is empty"),
        ("00093101042", "", "line 2: ndc is empty"),
        (",P,", ",Z,", "line 2: action is none of the layout's"),
        (",1,", ",one,", "line 2: quantity is no number"),
        (",1,", ",NaN,", "line 2: quantity is no number"),
        (",1234,", ",Infinity,", "line 2: paid is no amount"),
        (",1234,", ",1_234,", "line 2: paid is no amount"),
        ("T,1,1234", "T,1,1234\nD,A2", "line 4: it stands behind the trailer"),
        ("D,A1", "X\nD,A1", "line 2: neither header, claim nor trailer, by what it begins with"),
        ("T,1,1234", "T,1,12.34", "line 3: paid is no amount"),
        ("T,1,1234", "", "the trailer is missing: the file is not whole"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, problem: str) -> None:
    """A line that cannot be read refuses the file with its number and word, and without what it holds."""
    text = drugs.write(CSV, [ONE])
    assert old in text
    found = drugs.read(CSV, text.replace(old, new, 1))
    assert (found.rows, found.problems) == ((), (problem,))


def test_problems_are_bounded() -> None:
    """Of a file that is another layout's, not every line is told."""
    found = drugs.read(CSV, "D\n" * 10_000)
    assert len(found.problems) == drugs.PROBLEMS


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fields": {**CSV.fields, "rebate": "40"}}, "claims.fields.rebate: no such word"),
        ({"fields": {k: v for k, v in CSV.fields.items() if k != "paid"}}, "claims.fields.paid: missing"),
        ({"totals": {"claims": "2"}}, "claims.totals.paid: missing"),
        ({"fields": {**CSV.fields, "paid": "2-4"}}, "2-4 is no place"),
        ({"separator": ""}, "is no place"),
        ({"trailer": "D"}, "begin differently"),
        ({"trailer": ""}, "begin differently"),
    ],
)
def test_a_layout_that_cannot_be(change: dict[str, object], said: str) -> None:
    """A layout that lacks a word, names an unknown one, or puts it nowhere is refused with the word."""
    with pytest.raises(ValueError, match=said):
        drugs.Manager(npi="1888887779", tin="743338888", claims=replace(CSV, **change))


def test_a_claim_balances() -> None:
    """Charge = paid + contract + member + other payers; a price above the charge is OA-94; shares that are not what the
    member paid leave the line out of balance."""
    manager = drugs.Manager(npi="1888887779", tin="743338888", claims=CSV)
    paid = replace(ONE, patient_cents=5_00, copay_cents=4_00, other_cents=1_00, elsewhere_cents=2_00)
    for charge, contract in ((25_00, ("CO", "45", 5_66)), (15_00, ("OA", "94", -4_34)), (0, None)):
        (line,) = drugs.claim(replace(paid, charge_cents=charge), manager, "rx", "Rx").lines
        told = {(each.group, each.reason): each.cents for each in line.payments[0].adjustments}
        assert line.charge_cents == 12_34 + sum(told.values())
        assert contract is None or told[contract[:2]] == contract[2]
    (line,) = drugs.claim(replace(paid, copay_cents=3_00), manager, "rx", "Rx").lines
    assert line.charge_cents != 12_34 + sum(each.cents for each in line.payments[0].adjustments)
