"""The expression of a segment and its slow diagnosis are one law said twice."""

from __future__ import annotations

import calendar
import re
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from parsers import maps, patterns
from parsers.diagnose import faults
from parsers.events import Delimiters
from parsers.forms import FORMS
from parsers.maps import COMPOSITE, Element, Segment

GUIDES = tuple(FORMS)
VALUES = (
    "", "", "X", "1", "12", "0019", "18", "ABC ", " A", " ", "A^B", "1.5", "-1.25", "1.005", ".5", "5.", "-", "1E5",
    "123456789", "12345678901", "20260131", "20260230", "20000229", "19000229", "20260101-20260131", "1159", "2400",
    "D8", "RD8", "N" * 61, "A\tB", "é",
)  # fmt: skip


@cache
def _segments(gs08: str) -> list[Segment]:
    found: list[Segment] = []

    def walk(loop: maps.Loop) -> None:
        for child in loop.children:
            if isinstance(child, maps.Loop):
                walk(child)
            elif child not in found:
                found.append(child)

    walk(maps.read(FORMS[gs08].map))
    return found


@cache
def _expression(gs08: str, index: int) -> re.Pattern[str]:
    return re.compile(patterns.segment_pattern(_segments(gs08)[index]), re.ASCII)


def _value(element: Element) -> st.SearchStrategy[str]:
    anything = st.sampled_from(VALUES)
    if element.kind == COMPOSITE:
        parts = st.tuples(*[_value(part) for part in element.parts], st.just("")).map(":".join)
        trimmed = parts.map(lambda value: value.rstrip(":"))
        return st.one_of(trimmed, trimmed, parts, anything)
    codes = st.sampled_from(element.codes) if element.codes else anything
    return st.just("") if element.usage == "N" else st.one_of(codes, codes, codes, anything)


@st.composite
def _sent(draw: st.DrawFn, gs08: str) -> tuple[int, list[str]]:
    index = draw(st.integers(0, len(_segments(gs08)) - 1))
    segment = _segments(gs08)[index]
    count = draw(st.one_of(st.just(len(segment.elements)), st.integers(0, len(segment.elements) + 1)))
    elements = [draw(_value(element)) for element in segment.elements[:count]]
    elements += [draw(st.sampled_from(VALUES))] * (count - len(elements))
    return index, [segment.id, *elements]


@pytest.mark.parametrize("gs08", GUIDES)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_an_expression_accepts_exactly_what_has_no_fault(gs08: str, data: st.DataObject) -> None:
    """The fast law and the slow law never disagree."""
    index, elements = data.draw(_sent(gs08))
    matched = _expression(gs08, index).fullmatch("*".join(elements)) is not None
    assert matched == (faults(_segments(gs08)[index], elements, Delimiters()) == [])


@given(st.integers(1790, 2110), st.integers(0, 13), st.integers(0, 32))
@example(1900, 2, 29)
@example(2000, 2, 29)
def test_dates_are_days_of_the_calendar_from_1800(year: int, month: int, day: int) -> None:
    """A date is accepted when the calendar has it."""
    exists = year >= 1800 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]
    assert bool(re.fullmatch(patterns.DATE, f"{year:04}{month:02}{day:02}")) == exists


@given(st.lists(st.text("AB1", max_size=4), min_size=1), st.text("AB1", max_size=4))
def test_a_trie_accepts_exactly_its_words(words: list[str], other: str) -> None:
    """Shared beginnings change nothing about what is accepted."""
    expression = re.compile(patterns.trie(words))
    assert all(expression.fullmatch(word) for word in words)
    assert bool(expression.fullmatch(other)) == (other in words)


MONEY = {
    "0": True, "100": True, "-100": True, "0100.00": True, "12345678.90": True, "123456789.5": True, ".5": True,
    "1234567890": True, "12345678901": False, "123456789.01": False, "1.005": False, "+1": False, "1E5": False,
    "NaN": False, "1,000": False, "1_000": False, " 1": False, "": False, "-": False, "1.": False, "١": False,
}  # fmt: skip


@pytest.mark.parametrize(("text", "legal"), MONEY.items())
def test_money_has_ten_digits_and_two_decimals_at_most(text: str, legal: bool) -> None:
    """Element 782: no plus, no exponent, nothing but ASCII digits, a sign and a point; leading zeros are harmless."""
    assert bool(re.fullmatch(patterns.AMOUNT, text)) == legal
