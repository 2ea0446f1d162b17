"""Laws of dated code sets: which release answers for a day, and what is said where none does."""

from __future__ import annotations

from datetime import date

import pytest

from parsers.checkdigits import issued_ein, tax_number, valid_npi
from parsers.codes import SETS, Book, CodeSets, Entry, Release, Source, Witness

JAN, JUN, JUL, DEC = date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1), date(2026, 12, 31)


def release(first: date, last: date | None, *codes: str, source: Source = "loaded", **entries: Entry) -> Release:
    """A release of places of service."""
    book: Book = {**dict.fromkeys(codes, Entry()), **{key.strip("_"): entry for key, entry in entries.items()}}
    return Release("pos", first, last, source, lambda: book)


def test_a_day_outside_every_release_has_no_answer() -> None:
    """A code is judged on the days of a release alone, its first and last included."""
    sets = CodeSets([release(JAN, JUN, "11")])
    assert [sets.holds("pos", "11", day) for day in (JAN, JUN)] == [True, True]
    assert [sets.holds("pos", "12", day) for day in (JAN, JUN)] == [False, False]
    assert [sets.holds("pos", "11", day) for day in (date(2025, 12, 31), JUL)] == [None, None]
    assert sets.holds("carc", "45", JAN) is None


def test_a_code_may_be_in_force_for_a_part_of_its_release() -> None:
    """A code's own first and last day count inside the release."""
    sets = CodeSets([release(JAN, None, _10=Entry(JUL, None), _11=Entry(None, JUN))])
    assert [sets.holds("pos", code, day) for code in ("10", "11") for day in (JUN, JUL)] == [False, True, True, False]


def test_what_was_loaded_answers_before_what_is_shipped() -> None:
    """Where several cover a day, a loaded release answers, then a package, then a list of ours; the newest of each."""
    sets = CodeSets(
        [
            release(JAN, None, "11", source="shipped"),
            release(JUL, None, "12", source="package"),
            release(JAN, JUN, "13"),
            release(date(2026, 3, 1), JUN, "14"),
        ]
    )
    held = {
        day: [code for code in ("11", "12", "13", "14") if sets.holds("pos", code, day)]
        for day in (JAN, date(2026, 3, 1), JUL)
    }
    assert list(held.values()) == [["13"], ["14"], ["12"]]
    assert CodeSets([release(JAN, None, "11", source="shipped"), release(JUL, None, "13")]).holds("pos", "11", JAN)


def test_a_release_is_read_when_it_is_first_asked() -> None:
    """A release nobody asks is never read, and one that is asked is read once."""
    reads = []

    def read() -> Book:
        reads.append(1)
        return {"11": Entry()}

    sets = CodeSets([Release("pos", JAN, JUN, "loaded", read)])
    assert sets.holds("pos", "11", JUL) is None and not reads and sets.off(JUL) != ()
    assert sets.holds("pos", "11", JAN) and sets.holds("pos", "11", JUN) and len(reads) == 1


def test_what_is_off_says_why() -> None:
    """Every set is either checked on a day or told with a reason: not loaded, named only, or other days."""
    sets = CodeSets([release(JAN, JUN, "11")], {"carc": {"45": Entry(label="above the price")}})
    off = {each.name: each.why for each in sets.off(JUL)}
    assert set(off) == set(SETS) and {each.name for each in sets.off(JAN)} == set(SETS) - {"pos"}
    assert off["pos"] == "the releases at hand cover 2026-01-01 to 2026-06-30, not 2026-07-01"
    assert off["cpt"] == "its list is not loaded" and "1 codes of it are named" in off["carc"]


def test_a_label_outlives_its_release() -> None:
    """What a code means is said by the newest list that says it, also where its set is not checked."""
    sets = CodeSets(
        [release(JAN, JUN, _11=Entry(label="old")), release(JUL, None, _11=Entry(), _12=Entry(label="new"))],
        {"carc": {"45": Entry(label="above the price")}},
    )
    assert [sets.label("pos", "11"), sets.label("pos", "12"), sets.label("pos", "13")] == ["old", "new", ""]
    assert sets.label("carc", "45") == "above the price"


def test_a_witness_counts_what_nobody_could_answer() -> None:
    """A witness answers as the codes do and knows the sets, and how often, that had no answer."""
    witness = Witness(CodeSets([release(JAN, JUN, "11")]))
    answers = [witness.holds("pos", "11", JAN), witness.holds("pos", "12", JAN), witness.holds("pos", "11", DEC),
               witness.holds("cpt", "99213", JAN), witness.holds("cpt", "99214", JAN)]  # fmt: skip
    assert answers == [True, False, None, None, None]
    assert witness.unanswered == {"pos": 1, "cpt": 2}


@pytest.mark.parametrize(
    ("name", "code", "fits"),
    [
        ("icd-10-cm", "E119", True), ("icd-10-cm", "S52501A", True), ("icd-10-cm", "QA00101", True),
        ("icd-10-cm", "E11.9", False), ("icd-10-cm", "E1", False), ("icd-10-cm", "e119", False),
        ("icd-10-pcs", "0DTJ4ZZ", True), ("icd-10-pcs", "0DTJ4ZO", False),
        ("cpt", "99213", True), ("cpt", "0001F", True), ("hcpcs", "J9271", True), ("hcpcs", "D0120", False),
        ("cdt", "D0120", True), ("modifier", "LT", True), ("modifier", "L", False), ("pos", "11", True),
        ("pos", "１１", False), ("taxonomy", "207Q00000X", True), ("taxonomy", "207Q00000", False),
        ("carc", "45", True), ("carc", "B7", True), ("rarc", "MA04", True), ("revenue", "0450", True),
        ("revenue", "450", False), ("state", "TX", True), ("country", "US", True),
    ],
)  # fmt: skip
def test_a_shape_is_that_of_the_list(name: str, code: str, fits: bool) -> None:
    """The shape of a set fits its codes as they are sent, without points and in ASCII capitals."""
    assert (SETS[name].shape.fullmatch(code) is not None) is fits


@pytest.mark.parametrize(
    ("npi", "valid"),
    [
        ("1234567893", True),
        ("1234567890", False),
        ("3234567893", False),
        ("123456789", False),
        ("１２３４５６７８９３", False),
    ],
)
def test_an_npi_proves_itself(npi: str, valid: bool) -> None:
    """An NPI has ten ASCII digits, begins with 1 or 2, and its last is the check digit."""
    assert valid_npi(npi) is valid


@pytest.mark.parametrize(
    ("text", "shaped", "issued"),
    [("741234567", True, True), ("741-23456", False, False), ("07123456", False, False), ("071234567", True, False)],
)
def test_a_tax_number_is_nine_digits(text: str, shaped: bool, issued: bool) -> None:
    """A tax number is sent as nine digits; an EIN begins with a prefix the IRS gives out."""
    assert (tax_number(text), tax_number(text) and issued_ein(text)) == (shaped, issued)
