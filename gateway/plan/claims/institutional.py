"""Edits of institutional claims: late charges have their bill, and nothing was caught in the hospital (domain 3.2)."""

from __future__ import annotations

from itertools import zip_longest

from gateway.plan.claims.look import Denial, Look, Verdict
from gateway.plan.claims.pricing.packages import same_stay
from gateway.plan.claims.replacing import LATE
from gateway.plan.records import Pend

ACUTE = "11"
"""First digits of the type of bill of hospitals that say what was present on admission."""

ACQUIRED = ("N", "U")
"""C022-9: not present on admission; the papers do not say, which counts as not present."""


def late_charge(seen: Look) -> Verdict:
    """Edit: a bill of late charges (type of bill xx5) adds to a bill that is here, else CO-107 (domain 4.3)."""
    if seen.claim.frequency != LATE or any(same_stay(seen.claim, each.claim) for each in seen.case.history):
        return None
    text = "Late charges of a stay or visit that was never billed, or not paid."
    return Denial(rule="late charges", group="CO", reason="107", text=text)


def acquired(seen: Look) -> Verdict:
    """Edit: no further diagnosis the plan will not pay for was caught in the hospital (CMS's hospital-acquired
    conditions, verify). Where the claim does not say what was present it is CO-16 with N434."""
    listed, claim = seen.plan.hospital_acquired, seen.claim
    if not listed or claim.facility_code != ACUTE or "MED" in seen.case.cleared:
        return None
    others = list(zip_longest(claim.diagnoses, claim.present, fillvalue=""))[1:]
    named = [(code, present) for code, present in others if code.startswith(listed)]
    if any(not present for _, present in named):
        return Denial(
            rule="present on admission", group="CO", reason="16", remarks=("N434",),
            text="The claim does not say which of its diagnoses were present on admission.",
        )  # fmt: skip
    if not any(present in ACQUIRED for _, present in named):
        return None
    reason = "A diagnosis the plan does not pay for was not present on admission."
    needed = "A replacement with the DRG as it is without it; or a release to pay as billed, or a denial (CO-50)."
    return Pend(queue="MED", reason=reason, needed=needed)
