"""Laws of the adjustment codes: which group, CARC and RARC may stand together on a day, and what 45 may take."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from gateway.plan.claims import codes
from gateway.plan.claims.coderules import ASKED, ITEMS, NECESSITY
from gateway.plan.claims.codes import REASONS, REMARKS, SCENARIOS, faults, line_faults
from gateway.plan.claims.edits import EXCLUDED
from gateway.plan.records import LineDecision
from mappings.records import Adjustment, Procedure

ON = date(2026, 3, 16)


def taken(group: str, reason: str, cents: int = 100) -> Adjustment:
    """One CAS."""
    return Adjustment(group=group, reason=reason, cents=cents)


@pytest.mark.parametrize(
    ("group", "reason", "remarks", "fault"),
    [
        ("OA", "18", (), ""),
        ("CO", "18", (), "may not stand under CO"),
        ("PR", "23", (), "may not stand under PR"),
        ("CO", "238", (), "may not stand under CO"),
        ("OA", "275", (), "may not stand under OA"),
        ("CO", "16", (), "needs a remark"),
        ("CO", "16", ("M119",), ""),
        ("CO", "16", ("N130",), "and no reason of the line does"),
        ("PR", "96", ("N130",), ""),
        ("PR", "96", ("M119",), "and no reason of the line does"),
        ("CO", "16", ("MA130",), "not for a plan"),
        ("CO", "29", ("N130",), ""),
        ("CO", "97", ("N37",), "and no reason of the line does"),
        ("CO", "252", ("N706",), ""),
        ("CO", "252", (), "needs a remark"),
        ("CO", "999", (), "not in force"),
    ],
)
def test_combinations(group: str, reason: str, remarks: tuple[str, ...], fault: str) -> None:
    """A group, a CARC and its RARCs are one of the combinations of the lists, or the fault is told."""
    found = faults((taken(group, reason),), remarks, ON)
    assert (fault in found[0]) if fault else found == []


def test_a_code_outside_its_days_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that has ended is in force no more, and the one after it is."""
    ended = codes.Reason("X9", "CO", "x", last=date(2026, 3, 15))
    follows = codes.Reason("X9", "PR", "x", first=date(2026, 3, 16))
    monkeypatch.setattr(codes, "_by_code", lambda: {"X9": [ended, follows]})
    assert faults((taken("CO", "X9"),), (), date(2026, 3, 15)) == []
    assert faults((taken("CO", "X9"),), (), ON) == ["reason X9 may not stand under CO"]


def line(*adjustments: Adjustment, paid: int = 0) -> LineDecision:
    """A line of these adjustments."""
    charge = paid + sum(each.cents for each in adjustments)
    return LineDecision(
        number=1, procedure=Procedure(code="x"), charge_cents=charge, paid_cents=paid, adjustments=adjustments,
        first=ON, last=ON,
    )  # fmt: skip


def test_45_takes_neither_all_nor_what_prior_payers_took() -> None:
    """CARC 45 of the whole charge is a fault; beside OA-23 both fit into the charge; a line without charge is none."""
    assert line_faults(line(taken("CO", "45"))) == ["reason 45 takes the whole charge"]
    assert line_faults(line(taken("CO", "45", 99), paid=1)) == []
    assert line_faults(line(taken("OA", "23", 60), taken("CO", "45", 40))) == []
    again = line(taken("OA", "23", 60), taken("CO", "45", 60), taken("OA", "94", -20))
    assert line_faults(again) == ["reason 45 repeats what prior payers took"]
    assert line_faults(line()) == []


def test_what_the_edits_say_is_legal() -> None:
    """Every code the tables of edits can give stands under its group with its remark on any day of today's lists."""
    said = [(why.group, why.carc, why.remarks) for why in EXCLUDED.values()]
    said += [("CO", asked.carc, ()) for asked in (*ASKED, *NECESSITY) if asked.carc and asked.edit != "needs"]
    said += [("CO", "16", (item.remark,)) for item in ITEMS]
    assert [fault for group, carc, remarks in said for fault in faults((taken(group, carc),), remarks, ON)] == []
    assert "MA130" not in {item.remark for item in ITEMS}


def test_the_lists_do_not_contradict_themselves() -> None:
    """No two rows of one code overlap, groups and scenarios exist, and each scenario has reasons."""
    for rows in (REASONS, REMARKS):
        spans = sorted((row.code, row.first, row.last or date.max) for row in rows)
        assert all(a[0] != b[0] or a[2] < b[1] for a, b in pairwise(spans))
    assert {group for row in REASONS for group in row.groups.split()} <= {"CO", "PR", "OA", "PI"}
    assert {row.scenario for row in REASONS} - {0} == set(SCENARIOS)
