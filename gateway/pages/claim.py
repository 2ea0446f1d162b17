"""The page of one claim: where each charge went and why, decision by decision, the newest first."""

from __future__ import annotations

from gateway.pages import frame
from gateway.plan.claims import breakdown, explanation
from gateway.plan.claims.explanation import Explained
from gateway.plan.records import LineDecision

BAR = 1000
"""Width of the bar a charge is drawn as, in its own units."""

Slice = tuple[breakdown.Where, int, int, int]


def render(told: Explained) -> str:
    """The page, self-contained HTML."""
    return frame.render(
        "claim.html", told=told, decisions=told.decisions[::-1], parts=breakdown.parts, totals=breakdown.totals,
        slices=slices, words=breakdown.WORDS, bearers=explanation.GROUPS, moved=explanation.moved,
        grounds=explanation.grounds, other=breakdown.unnamed, bar=BAR,
    )  # fmt: skip


def slices(lines: tuple[LineDecision, ...]) -> list[Slice]:
    """(part, cents, left, width) of the bar; parts of nothing are left out. None where a part is negative: an amount
    above the charge, or a reversal, is no slice of it."""
    sums = [(where, cents) for where, cents in breakdown.totals(lines).items() if cents]
    charge = sum(cents for _, cents in sums)
    if charge <= 0 or any(cents < 0 for _, cents in sums):
        return []
    found, before = [], 0
    for where, cents in sums:
        left, right = before * BAR // charge, (before + cents) * BAR // charge
        found.append((where, cents, left, right - left))
        before += cents
    return found
