"""What people rule on a claim: its decision follows and says so, in codes that may stand there."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from plan_cases import ALAN, C1, TODAY, case

from gateway.plan.claims import adjudication, rulings
from gateway.plan.claims.case import Case, PriorClaim
from gateway.plan.claims.edits import NAMES
from gateway.plan.records import LineDecision, Override, Refusal, Rulings

ON = date(2026, 4, 7)


def ruled(ruling: Rulings, **changes: object) -> Case:
    """C1 of the golden claims, billed before, with a ruling of people."""
    before = (PriorClaim(icn="OLD", claim=C1),)
    return msgspec.structs.replace(case(C1, ALAN), **{"history": before, "rulings": ruling, **changes})


def codes(line: LineDecision) -> list[str]:
    """Group and reason of a line's adjustments."""
    return [f"{each.group}-{each.reason}" for each in line.adjustments]


def refusal(**codes_: object) -> Rulings:
    """A denial by Ann and Ben."""
    return Rulings(refusal=Refusal(**{"group": "PR", "reason": "96", "remarks": ("N130",), "by": ("ann", "ben"),
                                      "on": ON, "why": "cosmetic", **codes_}))  # fmt: skip


def test_a_denial_is_a_decision_with_its_reason_and_its_people() -> None:
    """A denied claim pays nothing, takes every charge off under the code, and names who, when and why."""
    found = adjudication.adjudicate(ruled(refusal()), TODAY)
    assert (found.outcome, found.paid_cents, found.patient_cents) == ("denied", 0, C1.charge_cents)
    for line in found.lines:
        assert codes(line) == ["PR-96"]
        assert line.remarks == ("N130",)
        (step,) = line.steps
        assert (step.rule, step.text) == (rulings.REFUSED, "Denied by ann and ben on 2026-04-07: cosmetic")
    assert found.entries == ()


def test_a_denial_needs_neither_member_nor_plan() -> None:
    """A claim whose patient nobody found, or that no document is on file for, can be denied, too."""
    for changes in ({"member": None, "match": "several"}, {"plans": ()}):
        assert adjudication.adjudicate(ruled(refusal(), **changes), TODAY).outcome == "denied"


def test_an_edit_set_aside_is_not_asked_and_is_told() -> None:
    """The duplicate is paid once its edit is set aside, and the decision says by whom and why."""
    assert codes(adjudication.adjudicate(ruled(Rulings()), TODAY).lines[0]) == ["OA-18"]
    aside = Rulings(overrides=(Override(edit="duplicate", by=("ann",), on=ON, why="two visits"),))
    found = adjudication.adjudicate(ruled(aside), TODAY)
    assert (found.outcome, found.paid_cents) == ("paid", 95_00)
    (note,) = found.notes
    assert note.text == "The edit duplicate was set aside by ann on 2026-04-07: two visits"


def test_other_edits_still_speak() -> None:
    """Setting one edit aside leaves every other."""
    aside = Rulings(overrides=(Override(edit="timely", by=("ann",), on=ON, why="late"),))
    assert codes(adjudication.adjudicate(ruled(aside), TODAY).lines[0]) == ["OA-18"]
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize(
    ("group", "reason", "remarks", "fault"),
    [
        ("PR", "96", (), "needs a remark"),
        ("CO", "18", (), "may not stand under CO"),
        ("CO", "9999", (), "not in force"),
        ("CO", "45", (), "part of a price"),
        ("PR", "1", (), "part of a price"),
    ],
)
def test_codes_that_may_not_deny(group: str, reason: str, remarks: tuple[str, ...], fault: str) -> None:
    """A combination the lists do not allow, and a code that is no denial, are told."""
    assert fault in "; ".join(rulings.faults(group, reason, remarks, ON))


def test_codes_that_may() -> None:
    """A code under its group, with its remark where it needs one, is no fault."""
    assert rulings.faults("PR", "96", ("N130",), ON) == rulings.faults("OA", "18", (), ON) == []
