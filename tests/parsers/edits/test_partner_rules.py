"""Laws of a partner's own rules (SNIP 7): what they may say, when they fail, and where."""

from __future__ import annotations

import msgspec
import pytest
from edit_material import COB, MEMBERS, PAYMENT, PROFESSIONAL_CLAIM, TODAY, changed, edited

from parsers.edits import Terms
from parsers.edits.rules import Rule, shape
from parsers.forms import DENTAL, ENROLMENT, PROFESSIONAL, REMITTANCE

FAILS = (
    ('at = "2010BA/NM109"\nmatches = "[0-9]+"', [("2010BA", 9, "P-1")]),
    ('at = "2010BA/NM109"\nmatches = "SBA[0-9]{6}"', []),
    ('at = "2010BA/NM109"\nlength = [10, 12]', [("2010BA", 9, "P-1")]),
    ('at = "2010BA/NM109"\nlength = [9, 9]', []),
    ('at = "2300/CLM05-3"\nin = ["7", "8"]', [("2300", 5, "P-1")]),
    ('at = "2300/REF02*G1"\nrequired = true', [("2300", 0, "P-1")]),
    ('at = "2000B/SBR04"\nrequired = true', [("2000B", 4, "P-1")]),
    ('at = "2300/HI"\nrequired = false', [("2300", 0, "P-1")]),
    ('at = "2300/REF02*G1"\nrequired = false', []),
    ('at = "2400/SV101-2"\nmatches = "99.*"', [("2400", 1, "P-1")]),
    ('at = "2400/REF*6R"\nrequired = true', [("2400", 0, "P-1"), ("2400", 0, "P-1")]),
    ('at = "2400/SV104"\nin = ["2"]\nwhen = { at = "2400/SV101-2", in = ["80053"] }', [("2400", 4, "P-1")]),
    ('at = "2400/SV104"\nin = ["2"]\nwhen = { at = "2000B/SBR09", in = ["MB"] }', []),
    ('at = "2330B/NM109"\nin = ["OTHER"]', []),
)
"""A rule, and where it fails: loop, element, claim."""


def rule(said: str) -> Rule:
    """A rule as TOML says it."""
    status = "" if "status" in said else 'status = "A7:21"\n'
    return msgspec.toml.decode(f'name = "theirs"\n{status}{said}', type=Rule)


def places(said: str, guide: str = PROFESSIONAL, text: str = PROFESSIONAL_CLAIM) -> list[tuple[str, int, str]]:
    """Where a rule fails."""
    found = edited(guide, text, Terms(today=TODAY, rules=(rule(said),)))
    return [(one.place.loop, one.place.element, one.place.claim) for one in found if one.rule == "theirs"]


@pytest.mark.parametrize(("said", "expected"), FAILS, ids=[said for said, _ in FAILS])
def test_a_rule_fails_where_it_does_not_hold(said: str, expected: list[tuple[str, int, str]]) -> None:
    """A value that is not as the rule says, one that is missing or must not be; nothing where it does not apply."""
    assert places(said) == expected


def test_a_rule_about_another_payer_is_asked_of_each() -> None:
    """2330B lies in its 2320: the payer's own segments are looked at."""
    assert places('at = "2330B/NM109"\nin = ["OTHER"]', text=changed(PROFESSIONAL_CLAIM, COB)) == [("2330B", 9, "P-1")]


@pytest.mark.parametrize(
    ("guide", "text", "said", "expected"),
    [
        (ENROLMENT, MEMBERS, 'at = "2100A/NM109"\nrequired = true', [("2100A", 9)] * 2),
        (ENROLMENT, MEMBERS, 'at = "2300/HD05"\nrequired = true', [("2300", 5)]),
        (ENROLMENT, MEMBERS, 'at = "HEADER/BGN08"\nin = ["4"]', [("HEADER", 8)]),
        (REMITTANCE, PAYMENT, 'at = "2100/CLP06"\nin = ["MC"]', [("2100", 6)]),
        (REMITTANCE, PAYMENT, 'at = "2110/REF*6R"\nrequired = true', [("2110", 0)] * 2),
    ],
)
def test_a_rule_may_be_about_any_guide(guide: str, text: str, said: str, expected: list[tuple[str, int]]) -> None:
    """A rule of enrolments or payments is asked of each member, coverage, claim, service, or once of the header."""
    found = places(f'{said}\nguides = ["{guide}"]', guide, text)
    assert [(loop, element) for loop, element, _ in found] == expected


def test_no_pattern_takes_longer_than_its_value_is_long() -> None:
    """Python's own engine would try two to the hundredth ways; what cannot be asked in one pass is refused."""
    assert not shape("(a+)+b")("a" * 100)
    assert shape("(a+)+b")("a" * 100 + "b")
    for twice in ("(?=a)a", r"(a)\\1", "["):
        with pytest.raises(msgspec.ValidationError, match="RE2"):
            rule(f'at = "2010BA/NM109"\nmatches = "{twice}"')


def test_a_rule_is_of_its_guides_and_weighs_what_it_says() -> None:
    """guides names those it is for, () all claims; severity is the most it weighs; type 7 may be off."""
    wrong = 'at = "2010BA/NM109"\nmatches = "X"\n'
    assert places(wrong, DENTAL) != []
    assert places(f'{wrong}guides = ["{DENTAL}"]') == []
    found = edited(PROFESSIONAL, PROFESSIONAL_CLAIM, Terms(today=TODAY, rules=(rule(f'{wrong}severity = "warning"'),)))
    assert [(one.severity, one.snip, one.code) for one in found] == [("warning", 7, "A7:21")]


@pytest.mark.parametrize(
    "said",
    [
        'at = "NM109"\nrequired = true', 'at = "2010BA/NM109"', 'at = "2010BA/NM109"\nmatches = "("',
        'at = "2010BA/NM1"\nlength = [1, 2]', 'at = "2010BA/NM109"\nrequired = true\nstatus = "rejected"',
        'at = "2010BA/NM109"\nlength = [9, 3]', 'at = "2010BA/NM109"\nlength = [9, 9]\nguides = ["005010X222"]',
        'at = "2010BA/NM109"\nrequired = true\nwhen = { at = "nowhere" }',
        'at = "2200D/STC01"\nrequired = true\nguides = ["005010X214"]', 'at = "2010BA/NM109"\nforbid = true',
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_asked_is_refused(said: str) -> None:
    """A place, a pattern, a status, a guide or a word that means nothing is told when the partner's row is read."""
    with pytest.raises(msgspec.ValidationError):
        rule(said)
