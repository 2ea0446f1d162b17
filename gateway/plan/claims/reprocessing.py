"""Decides again what was decided on a past that has changed: coverage, a rate, a rule, or an earlier claim.

The same way as a replacement: the decision in force is reversed, then the claim is decided as of now; a new decision
that is the old one takes nothing back.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from gateway.plan.claims.replacing import linked
from gateway.plan.claims.reversal import reverse
from gateway.plan.records import Decision

Because = Literal["", "coverage-ended", "provider-appeal", "patient-appeal", "rate", "provider-cancelled", "share"]

REMARKS: dict[Because, str] = {
    "": "", "coverage-ended": "N687", "provider-appeal": "N690", "patient-appeal": "N691", "rate": "N692",
    "provider-cancelled": "N693", "share": "N695",
}  # fmt: skip
"""Why a claim is decided again -> RARC of the reversal (domain 4.3); "" tells no reason."""


def taken_back(before: Decision, because: Because, cause: str) -> Decision:
    """The reversal of the decision in force. because: of REMARKS; cause: what it is decided again for."""
    return reverse(before, before.version + 1, REMARKS[because], cause)


def turned(before: Decision, reversal: Decision, again: Decision) -> tuple[Decision, Decision] | None:
    """The reversal and what takes its place, or None when an 835 would tell both decisions alike."""
    if _told(before) == _told(again):
        return None
    return reversal, msgspec.structs.replace(linked(again, reversal), cause=reversal.cause)


def _told(one: Decision) -> object:
    lines = [(line.paid_cents, line.adjustments, line.remarks) for line in one.lines]
    return one.status, one.coverage_end, one.entries, lines
