"""The 834 result report: its counts, its reasons, its words."""

from __future__ import annotations

from datetime import date

from enrolment_cases import GOLDEN_HEADER, ORD, TODAY, coverage, golden_rows, row
from msgspec.structs import replace

from gateway.plan import enrolment
from gateway.plan.enrolment import RowKey, Rules, Survey
from gateway.plan.enrolment import report as enrolment_report

APRIL = date(2026, 4, 1)


def test_a_rejected_row_is_told_by_number_and_code() -> None:
    """Row number, the sponsor's own member numbers and every reason - and no name, birth date or SSN."""
    bad = row("021", coverage("021"), ordinal=7)
    header = replace(GOLDEN_HEADER, action="2")
    outcome = enrolment.apply_row(header, bad, (), Rules(), ORD, TODAY)
    lines = enrolment_report.lines(bad, outcome)
    found = enrolment_report.document(header, Survey(), lines, {"read": 1, "rejected": 1})
    assert found["rows"] == [
        {
            "row": 7,
            "subscriber_no": "SBA1",
            "member_no": "M01",
            "kind": "rejected",
            "code": "no-begin",
            "reason": "the coverage has no begin date (DTP*348) (PPO)",
        }
    ]
    words = enrolment_report.text(found)
    assert "      7  SBA1 M01  rejected no-begin" in words
    assert "REED" not in str(found) and "1980" not in str(found)


def test_an_applied_row_has_no_line() -> None:
    """Only what was not applied needs a reason."""
    good = row("021", coverage("021", APRIL))
    outcome = enrolment.apply_row(replace(GOLDEN_HEADER, action="2"), good, (), Rules(), ORD, TODAY)
    assert enrolment_report.lines(good, outcome) == []


def test_the_golden_report() -> None:
    """Six read, five unchanged, one ended, none absent; a test installation says TEST first."""
    people = [enrolment.RosterEntry.of(o.member) for o in _first_file() if o.member]
    survey = enrolment.survey(GOLDEN_HEADER, map(RowKey.of, golden_rows()), people, Rules(), None)
    found = enrolment_report.document(GOLDEN_HEADER, survey, (), {"read": 6, "unchanged": 5, "ended": 1})
    assert found["result"] == "applied"
    assert found["totals"] == {"employees": 3, "dependents": 3, "total": 6}
    words = enrolment_report.text(found).splitlines()
    assert words[:2] == ["TEST", "Enrolment file ENR20260402 of 2026-04-02: applied"]
    assert "unchanged                 5" in words
    assert "Absence: 0 of 6 active people absent" in enrolment_report.text(found)
    assert enrolment_report.text(found | {"usage": "P"}).startswith("Enrolment file")


def _first_file() -> list[enrolment.RowOutcome]:
    return [
        enrolment.apply_row(GOLDEN_HEADER, each, (), Rules(), ORD, TODAY, limited=False) for each in golden_rows(False)
    ]


def test_a_refused_file_says_why() -> None:
    """Every reason of a refusal or a hold is in the report, and the result names it."""
    wrong = replace(GOLDEN_HEADER, purpose="22")
    refused = enrolment.survey(wrong, map(RowKey.of, golden_rows()), (), Rules(), None)
    found = enrolment_report.document(wrong, refused, (), {}, usage="P")
    assert (found["result"], found["reasons"]) == (
        "refused",
        [{"code": "copy", "reason": "the file is an information copy (BGN01 22) and is never applied"}],
    )
    short = replace(GOLDEN_HEADER, total=7)
    held = enrolment.survey(short, map(RowKey.of, golden_rows()), (), Rules(), None)
    assert enrolment_report.document(short, held, (), {})["result"] == "held"
    verify = enrolment.survey(GOLDEN_HEADER, map(RowKey.of, golden_rows()), (), Rules(verify_applies=False), None)
    assert enrolment_report.document(GOLDEN_HEADER, verify, (), {})["result"] == "compared only"


def test_held_ends_are_told() -> None:
    """Ends by absence that wait are named as such, with the arithmetic."""
    people = [enrolment.RosterEntry.of(o.member) for o in _first_file() if o.member]
    keys = [RowKey.of(each) for each in golden_rows()[:1]]
    header = replace(GOLDEN_HEADER, employees=None, dependents=None, total=None)
    survey = enrolment.survey(header, keys, people, Rules(), None)
    found = enrolment_report.document(header, survey, (), {})
    assert found["result"] == "applied, ends by absence held"
    assert "The ends by absence wait for a person" in enrolment_report.text(found)
