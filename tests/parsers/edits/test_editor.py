"""Laws of the engine that edits sets: places, levels, weights, order."""

from __future__ import annotations

import msgspec
from edit_material import HEAD, MEMBERS, PROFESSIONAL_CLAIM, TODAY, changed, edited, units

from parsers.edits import Editor, Terms
from parsers.forms import ENROLMENT, PROFESSIONAL
from parsers.snip import Snip

BALANCED = "SV1 lines add up to CLM02"


def test_a_finding_names_its_place_its_rule_and_a_mend() -> None:
    """Position counts from ST, and the mend's value makes it right."""
    (finding,) = edited(PROFESSIONAL, PROFESSIONAL_CLAIM.replace("P-1*240", "P-1*241"))
    place = finding.place
    assert (place.position, place.loop, place.segment, place.element, place.claim) == (15, "2300", "CLM", 2, "P-1")
    assert (finding.level, finding.code, finding.snip, finding.rule) == ("business", "A8:400", 3, BALANCED)
    assert finding.mend is not None
    assert (finding.mend.action, finding.mend.value) == ("replace", "240")


def test_what_weighs_nothing_is_not_looked_at_and_a_warning_is_told() -> None:
    """A type's weight is its findings' severity; off means there are none."""
    wrong = PROFESSIONAL_CLAIM.replace("P-1*240", "P-1*241")
    (warning,) = edited(PROFESSIONAL, wrong, Terms(today=TODAY, snip=Snip(snip3="warning")))
    assert warning.severity == "warning"
    assert edited(PROFESSIONAL, wrong, Terms(today=TODAY, snip=Snip(snip3="off"))) == []


def test_an_alias_is_its_guide_and_a_guide_without_rows_has_no_findings() -> None:
    """A partner's way to write a version changes nothing; a guide no table names passes."""
    wrong = PROFESSIONAL_CLAIM.replace("P-1*240", "P-1*241")
    assert edited("005010X222", wrong) == edited(PROFESSIONAL, wrong) != []
    assert edited("005010X999", wrong) == []


def test_an_unclean_unit_is_not_edited_nor_anything_that_needs_it() -> None:
    """The reader has told it already: no finding of its own, none of claims below it, no total with it."""
    wrong = units(PROFESSIONAL_CLAIM.replace("P-1*240", "P-1*241"))
    for dirty in range(1, len(wrong)):
        editor = Editor(PROFESSIONAL, Terms(today=TODAY))
        told = [editor.take(msgspec.structs.replace(one, clean=at != dirty)) for at, one in enumerate(wrong)]
        assert not any(told), dirty
    editor = Editor(ENROLMENT, Terms(today=TODAY))
    members = units(MEMBERS.replace("TO*2", "TO*3"))
    for at, one in enumerate(members):
        editor.take(msgspec.structs.replace(one, clean=at != 2))
    assert editor.close() == ()
    assert edited(ENROLMENT, MEMBERS.replace("TO*2", "TO*3")) != []


def test_what_stands_above_ends_with_its_level() -> None:
    """A claim is edited with the levels it lies under, not with those before."""
    second = HEAD.split("2000B HL", 1)[1].replace("SBA100001", "")
    claim = PROFESSIONAL_CLAIM.split("2010BB", 1)[1].split("\n", 1)[1]
    others = changed("2000B HL" + second, {"*2*1*": "*3*1*"}) + claim.replace("P-1", "P-2")
    found = edited(PROFESSIONAL, PROFESSIONAL_CLAIM + others)
    assert {(one.place.claim, one.code) for one in found} == {("P-2", "A6:164:IL")}
