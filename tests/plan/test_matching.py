"""Laws of the member match: two of three besides the number, and never a guess."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from plan_cases import ALAN, BIANCA, C1, C5, CODY, member

from gateway.plan.claims.matching import Match, match, normal
from mappings.records import Claim, Person

REEDS = (ALAN, BIANCA, CODY)


def about(relationship: str, first: str, last: str, birth: date | None) -> Claim:
    """A claim under Alan's number about somebody."""
    patient = Person(first=first, last=last, birth=birth)
    return msgspec.structs.replace(C1, relationship=relationship, patient=patient)


@pytest.mark.parametrize(
    ("relationship", "first", "last", "birth", "found"),
    [
        ("18", "ALAN", "REED", date(1980, 4, 12), ALAN),
        ("18", "alan", "Reed", None, ALAN),
        ("18", "AL", "REED", date(1980, 4, 12), ALAN),
        ("01", "BIANCA", "MILLER", date(1982, 9, 5), BIANCA),
        ("18", "CODY", "REED", date(2012, 6, 22), CODY),
    ],
)
def test_two_of_three(relationship: str, first: str, last: str, birth: date | None, found: object) -> None:
    """First name, last name, birth date: two are enough, also for a dependant billed as the subscriber."""
    assert match(about(relationship, first, last, birth), REEDS) == Match(member=found, candidates=1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("relationship", "first", "last", "birth", "reason"),
    [
        ("18", "ALAN", "OTHER", None, "mismatch"),
        ("19", "ZOE", "REED", date(2018, 1, 1), "dependent"),
        ("19", "CODY", "SMITH", date(2018, 1, 1), "mismatch"),
        ("18", "ZOE", "SMITH", None, "mismatch"),
        ("19", "NINA", "REED", date(2026, 3, 10), "newborn"),
        ("19", "NINA", "REED", date(2026, 2, 13), "dependent"),
    ],
)
def test_nobody_fits(relationship: str, first: str, last: str, birth: date | None, reason: str) -> None:
    """Why nobody fits decides what follows: a mismatch, a dependant not enrolled, a newborn in its first 31 days."""
    assert match(about(relationship, first, last, birth), REEDS) == Match(reason=reason)  # type: ignore[arg-type]


def test_nobody_has_the_number() -> None:
    """Without a candidate the patient is not on file."""
    assert match(C1, ()) == Match(reason="none")


def test_twins_are_not_guessed() -> None:
    """An enrolled twin does not stand for the other; two people of the same name and birth date wait."""
    twin = member("M09", "SBA100001", "CORA", "REED", CODY.person.birth or date.min, "19")
    assert match(about("19", "DORA", "REED", CODY.person.birth), (*REEDS, twin)).member is None
    assert match(about("19", "CORA", "REED", CODY.person.birth), (*REEDS, twin)).member == twin
    namesake = msgspec.structs.replace(CODY, person_id="M10")
    doubtful = match(about("19", "CODY", "REED", CODY.person.birth), (*REEDS, namesake))
    assert doubtful == Match(candidates=2, reason="several")


def test_the_same_person_under_two_numbers_is_one() -> None:
    """A member found by today's and by an earlier number is not several."""
    assert match(C5, (*REEDS, BIANCA)) == Match(member=BIANCA, candidates=1)


def test_names_are_compared_by_letters() -> None:
    """Case, blanks, hyphens and apostrophes do not matter."""
    assert normal("O'Neil-Smith ") == normal("ONEIL SMITH")
