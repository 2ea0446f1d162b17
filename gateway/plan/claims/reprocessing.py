"""Decides again what was decided on a past that has changed: coverage added or ended late, a rate or a rule corrected.

The same way as a replacement: the decision in force is reversed, then the claim is decided as of now. Later claims of
the family are not touched; `affected` names those whose cost share may differ, for a person to choose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Literal

import msgspec

from gateway.plan.claims import accumulators
from gateway.plan.claims.adjudication import adjudicate, reverse
from gateway.plan.claims.case import Case
from gateway.plan.records import Decision, LineDecision

COVERAGE = ("26", "27", "31", "32", "177", "200", "238", "239")
"""CARCs that deny for want of coverage: what coverage added late takes back."""

REMARKS = {"add": "", "term": "N687"}
"""RARC of the reversal: N687 says the patient was disenrolled retroactively."""

Change = Literal["add", "term"]


def touched(decision: Decision, change: Change, first: date, last: date) -> bool:
    """Whether coverage added to or taken from first..last bears on a decision in force of that person.

    Added: a line of those days was denied for want of coverage. Taken: one was not, so something stood on it.
    """
    if decision.outcome not in ("paid", "denied"):
        return False
    lines = [line for line in decision.lines if line.first <= last and first <= line.last]
    return any(_for_coverage(line) == (change == "add") for line in lines)


def _for_coverage(line: LineDecision) -> bool:
    return line.denied and any(each.reason in COVERAGE for each in line.adjustments)


def reprocess(case: Case, before: Decision, today: date, remark: str = "") -> tuple[Decision, ...]:
    """The reversal of a decision and the new one, or nothing when the new one is the same.

    Args: case: of the claim as now known, its totals still holding what `before` did. before: the decision in force.
    A new decision that must wait stands alone: what was paid is not taken back before it is known what replaces it.
    """
    reversal = reverse(before, before.version + 1, remark)
    totals = accumulators.apply(case.totals, reversal.entries)
    again = adjudicate(msgspec.structs.replace(case, version=before.version + 2, totals=totals), today)
    if again.outcome not in ("paid", "denied"):
        return (msgspec.structs.replace(again, version=before.version + 1),)
    return () if _same(before, again) else (reversal, again)


def _same(one: Decision, other: Decision) -> bool:
    """Whether an 835 would tell both alike."""
    facts = [(each.status, each.paid_cents, each.coverage_end, each.entries) for each in (one, other)]
    lines = [[(at.paid_cents, at.adjustments, at.remarks) for at in each.lines] for each in (one, other)]
    return facts[0] == facts[1] and lines[0] == lines[1]


def affected(changed: Iterable[Decision], later: Iterable[Decision]) -> list[str]:
    """ICNs of later decisions of a family whose cost share may differ, in their order.

    Args: changed: the reversals and new decisions. later: the family's decisions in force that followed them.
    Only a net change of deductible or out-of-pocket amounts, or of what is used of a limit, in the same benefit year
    matters.
    """
    net: Counter[tuple[int, str, str]] = Counter()
    for decision in changed:
        for entry in decision.entries:
            net[entry.year, entry.kind, entry.limit_name] += entry.cents + entry.thousandths
    years = {year for (year, kind, _), amount in net.items() if amount and kind != "paid"}
    return [each.icn for each in later if each.outcome == "paid" and {entry.year for entry in each.entries} & years]
