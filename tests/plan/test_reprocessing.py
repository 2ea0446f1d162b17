"""Laws of deciding again: late coverage, both ways, and when nothing is written."""

from __future__ import annotations

from datetime import date

import msgspec
from plan_cases import ALAN, C1, C2, FRANK, GOLDEN_CLAIMS, TODAY, case, codes, decide

from gateway.plan.claims import accumulators, adjudication, reprocessing
from gateway.plan.claims.case import Case
from gateway.plan.claims.codes import faults
from gateway.plan.records import Decision, Span
from mappings.records import Adjustment

ELECTED = Span(line="PPO", plan_id="BT-PPO-2026", tier="EMP", first=date(2026, 3, 1), last=date(2027, 8, 31))


def again(before: Decision, as_of_now: Case, because: str) -> tuple[Decision, Decision] | None:
    """Reversal and new decision of a claim; its case without what the decision in force did."""
    reversal = reprocessing.taken_back(before, because, "reprocess 1")
    made = adjudication.adjudicate(msgspec.structs.replace(as_of_now, version=reversal.version + 1), TODAY)
    return reprocessing.turned(before, reversal, made)


def test_variant_6_coverage_added_late() -> None:
    """Frank's COBRA coverage: his denial is reversed, and his visit pays 68.00 after a copay of 30.00."""
    before = decide(GOLDEN_CLAIMS)[0]["C2"]
    covered = msgspec.structs.replace(FRANK, spans=(*FRANK.spans, ELECTED))
    made = again(before, case(C2, covered, icn=before.icn), "")
    assert made is not None
    reversal, second = made
    assert (reversal.version, reversal.charge_cents, codes(reversal.lines[0])) == (2, -15000, [("PR", "27", -15000)])
    assert (second.version, second.paid_cents, second.original_icn) == (3, 6800, before.icn)
    assert codes(second.lines[0]) == [("CO", "45", 5200), ("PR", "3", 3000)]
    assert reversal.cause == second.cause == "reprocess 1"
    assert reversal.notes[0].text == "Takes back version 1 for reprocess 1."


def test_coverage_ended_late() -> None:
    """A claim paid after the end that came later is taken back with N687 and denied PR-27; nothing is used any more."""
    before = adjudication.adjudicate(case(C1, ALAN), TODAY)
    ended = msgspec.structs.replace(ALAN, spans=(msgspec.structs.replace(ALAN.spans[0], last=date(2026, 2, 28)),))
    made = again(before, case(C1, ended), "coverage-ended")
    assert made is not None
    assert made[0].remarks == ("N687",)
    assert (made[1].outcome, made[1].coverage_end) == ("denied", date(2026, 2, 28))
    used = (*before.entries, *made[0].entries, *made[1].entries)
    assert accumulators.apply({}, used) == {}


def test_nothing_happens_when_nothing_changes() -> None:
    """Decided again on the same facts, a claim is left alone."""
    before = adjudication.adjudicate(case(C1, ALAN), TODAY)
    assert again(before, case(C1, ALAN), "rate") is None


def test_every_reason_has_a_remark_of_the_list() -> None:
    """What a reversal says it is for is a remark code we know."""
    denial = (Adjustment(group="PR", reason="96", cents=1),)
    remarks = [remark for remark in reprocessing.REMARKS.values() if remark]
    assert [remark for remark in remarks if faults(denial, (remark,), TODAY)] == []
    assert len(remarks) == len(set(remarks)) == len(reprocessing.REMARKS) - 1
