"""Values and their text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings import codecs


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("0", 0), ("240", 24_000), ("656.06", 65_606), ("-400", -40_000), ("1.5", 150), (".05", 5), ("-.05", -5),
        ("00012", 1_200), ("12.", 1_200), ("1.500", 150), ("99999999.99", 9_999_999_999),
    ],
)  # fmt: skip
def test_amounts_are_read_as_whole_cents(text: str, cents: int) -> None:
    """Every spelling X12 type R allows is the same money."""
    assert codecs.cents(text) == cents


@pytest.mark.parametrize("text", ["1.005", "1e3", "+5", "1_000", "1,000", "", "-", ".", "١٢", " 5", "5 ", "--5", "NaN"])
def test_what_is_no_amount_is_refused_without_being_quoted(text: str) -> None:
    """Half cents, exponents, plus signs and foreign digits are no money, and the message does not repeat them."""
    with pytest.raises(ValueError, match=r"^not (an amount|in whole cents)$"):
        codecs.cents(text)


@given(st.integers(-codecs.MAX_CENTS, codecs.MAX_CENTS))
def test_money_reads_back(cents: int) -> None:
    """Written money has no trailing zeros, at most ten digits, and reads back."""
    text = codecs.money(cents)
    assert codecs.cents(text) == cents
    assert "." not in text or text[-1] not in "0."
    assert sum(one.isdigit() for one in text) <= 10


@pytest.mark.parametrize("cents", [10**10, -(10**10)])
def test_more_than_ten_digits_of_money_are_refused(cents: int) -> None:
    """Element 782 holds ten digits."""
    with pytest.raises(ValueError, match="10 digits"):
        codecs.money(cents)


@given(st.decimals(-9999, 9999, places=3))
def test_quantities_read_back(value: Decimal) -> None:
    """Written quantities have neither exponent nor trailing zeros and read back equal."""
    text = codecs.plain(value)
    assert codecs.quantity(text) == value
    assert "E" not in text
    assert "." not in text or text[-1] != "0"


@pytest.mark.parametrize(("value", "text"), [("200", "200"), ("1E+2", "100"), ("1.50", "1.5"), ("-0.0", "0")])
def test_quantities_are_written_plain(value: str, text: str) -> None:
    """Round hundreds are not written as 2E+2, nothing is not written as -0."""
    assert codecs.plain(Decimal(value)) == text


@given(st.dates())
def test_days_read_back(value: date) -> None:
    """CCYYMMDD both ways, every year."""
    assert codecs.day(codecs.ccyymmdd(value)) == value


@pytest.mark.parametrize("text", ["20260230", "2026040", "202604061", "2026-4-6", "00000101", "２０２６０４０６"])
def test_days_that_are_none_are_refused(text: str) -> None:
    """The calendar decides, not the length."""
    with pytest.raises(ValueError):
        codecs.day(text)


def test_whole_numbers_may_come_with_a_point() -> None:
    """QTY02 is a decimal element: 3.0 is three, 3.5 is no number of people."""
    assert codecs.whole("3.0") == 3
    with pytest.raises(ValueError):
        codecs.whole("3.5")
