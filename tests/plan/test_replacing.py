"""Laws of replacement and void: whose place is taken, what is taken back, and when a person is asked."""

from __future__ import annotations

import msgspec
import pytest
from plan_cases import ALAN, C1, TODAY, case

from gateway.plan.claims import adjudication, replacing
from gateway.plan.claims.replacing import Filed
from mappings.records import Provider

PAID = adjudication.adjudicate(case(C1, ALAN, icn="1"), TODAY)
FIRST = Filed(icn="1", ord="", state="decided", version=1, person_id="M01", family_root="F", replaced_by="",
              claim=C1, decision=PAID)  # fmt: skip
CORRECTED = msgspec.structs.replace(C1, frequency="7", original_icn="1")
WAITS = msgspec.structs.replace(FIRST, icn="2", state="pended", claim=CORRECTED, decision=None)
AGAIN = msgspec.structs.replace(C1, frequency="7", original_icn="2")


def filed(*those: Filed) -> dict[str, Filed]:
    """Claims by number."""
    return {one.icn: one for one in those}


def test_a_waiting_correction_holds_the_place_of_its_original() -> None:
    """The correction of a correction that waits takes both places and takes back what was decided."""
    held = msgspec.structs.replace(FIRST, replaced_by="2")
    found = replacing.taken("3", AGAIN, filed(held, msgspec.structs.replace(WAITS, replaced_by="3")))
    assert [one.icn for one in found] == ["2", "1"]
    reversal = replacing.taken_back("2", found)
    assert reversal is not None and (reversal.icn, reversal.paid_cents) == ("1", -PAID.paid_cents)
    assert replacing.linked(PAID, reversal).original_icn == "1"


@pytest.mark.parametrize("holder", ["", "9"])
def test_a_place_the_waiting_one_does_not_hold_is_not_taken(holder: str) -> None:
    """Behind a correction that names another's claim, or one taken meanwhile, nothing is taken back."""
    behind = msgspec.structs.replace(FIRST, replaced_by=holder)
    found = replacing.taken("3", AGAIN, filed(behind, WAITS))
    assert [one.icn for one in found] == ["2"]
    assert replacing.taken_back("2", found) is None


def test_a_place_taken_by_another_is_gone() -> None:
    """A correction released after another one took its place takes nothing."""
    assert replacing.taken("3", CORRECTED, filed(msgspec.structs.replace(FIRST, replaced_by="2"))) == []
    assert replacing.linked(PAID, None).original_icn == ""


def test_who_may_correct() -> None:
    """The same patient, provider and kind of claim may; a patient not found is nobody else; others ask one, once."""
    other = msgspec.structs.replace(CORRECTED, billing=Provider(npi="1245319599"))
    unknown = msgspec.structs.replace(FIRST, person_id="")
    hospital = msgspec.structs.replace(FIRST.claim, kind="I")
    for claim, person_id, original, fits in (
        (CORRECTED, "M01", FIRST, True),
        (CORRECTED, "M02", FIRST, False),
        (CORRECTED, "", FIRST, True),
        (CORRECTED, "M01", unknown, True),
        (other, "M01", FIRST, False),
        (CORRECTED, "M01", msgspec.structs.replace(FIRST, claim=hospital), False),
    ):
        assert replacing.same(claim, person_id, original) == fits
        asked = replacing.objection(claim, person_id, (), [original])
        assert (asked.queue if asked else "") == ("" if fits else "RPL")
        assert replacing.objection(claim, person_id, ("RPL",), [original]) is None


def test_what_may_be_named() -> None:
    """A claim on file and alive whose place nobody takes; any other number is 277CA A7:464."""
    assert replacing.may_take(FIRST) and replacing.may_take(WAITS)
    assert not replacing.may_take(None)
    assert not replacing.may_take(msgspec.structs.replace(FIRST, replaced_by="2"))
    assert not replacing.may_take(msgspec.structs.replace(FIRST, state="voided"))
