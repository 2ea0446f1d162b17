"""Laws of deciding again: late coverage, both ways, and who else may be concerned."""

from __future__ import annotations

from datetime import date

import msgspec
from plan_cases import ALAN, C1, C2, C7, CODY, FRANK, GOLDEN_CLAIMS, TODAY, case, codes, decide

from gateway.plan.claims import accumulators, adjudication
from gateway.plan.claims.reprocessing import REMARKS, affected, reprocess, touched
from gateway.plan.records import Span

ELECTED = Span(line="PPO", plan_id="BT-PPO-2026", tier="EMP", first=date(2026, 3, 1), last=date(2027, 8, 31))
MAY_10 = date(2026, 5, 10)


def test_variant_6_coverage_added_late() -> None:
    """Frank's COBRA coverage touches his denial; it is reversed and his visit pays 68.00 after a copay of 30.00."""
    before = decide(GOLDEN_CLAIMS)[0]["C2"]
    assert touched(before, "add", ELECTED.first, date(2026, 5, 10))
    assert not touched(before, "add", date(2026, 3, 10), date(2026, 5, 10))
    covered = msgspec.structs.replace(FRANK, spans=(*FRANK.spans, ELECTED))
    reversal, again = reprocess(case(C2, covered, icn=before.icn), before, MAY_10, REMARKS["add"])
    assert (reversal.version, reversal.charge_cents, codes(reversal.lines[0])) == (2, -15000, [("PR", "27", -15000)])
    assert (again.version, again.paid_cents) == (3, 6800)
    assert codes(again.lines[0]) == [("CO", "45", 5200), ("PR", "3", 3000)]


def test_coverage_ended_late() -> None:
    """A claim paid after the end that came later is taken back with N687 and denied PR-27."""
    before = adjudication.adjudicate(case(C1, ALAN), TODAY)
    totals = accumulators.apply({}, before.entries)
    ended = msgspec.structs.replace(ALAN, spans=(msgspec.structs.replace(ALAN.spans[0], last=date(2026, 2, 28)),))
    assert touched(before, "term", date(2026, 3, 1), TODAY)
    assert not touched(before, "term", date(2026, 4, 1), TODAY)
    assert not touched(before, "add", date(2026, 3, 1), TODAY)
    reversal, again = reprocess(case(C1, ended, totals=totals), before, MAY_10, REMARKS["term"])
    assert reversal.remarks == ("N687",)
    assert (again.outcome, again.coverage_end) == ("denied", date(2026, 2, 28))
    assert accumulators.apply(accumulators.apply(totals, reversal.entries), again.entries) == {}


def test_nothing_happens_when_nothing_changes() -> None:
    """Decided again on the same facts, with its own amounts still in the totals, a claim is left alone."""
    before = adjudication.adjudicate(case(C1, ALAN), TODAY)
    assert reprocess(case(C1, ALAN, totals=accumulators.apply({}, before.entries)), before, MAY_10) == ()


def test_what_must_wait_takes_nothing_back() -> None:
    """A claim that would now pend keeps its payment; only the pend is reported, as the next version."""
    before = adjudication.adjudicate(case(C7, CODY), TODAY)
    (waiting,) = reprocess(case(C7, CODY, accidents=()), before, MAY_10)
    assert (waiting.outcome, waiting.version) == ("pended", 2)
    assert not touched(waiting, "add", date.min, date.max)


def test_affected_claims_are_named_when_shares_moved() -> None:
    """A changed deductible concerns the family's later paid claims of the year; a changed payment alone nobody's."""
    decisions = decide(GOLDEN_CLAIMS)[0]
    later = [decisions[name] for name in ("C3", "C5", "C8")]
    reversal = adjudication.reverse(decisions["C1"], 2)
    assert affected((reversal,), later) == [decisions["C5"].icn, decisions["C8"].icn]
    assert affected((adjudication.reverse(decisions["C8"], 2),), later) == []
    assert affected((reversal, decisions["C1"]), later) == []
