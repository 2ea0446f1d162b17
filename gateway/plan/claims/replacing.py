"""Replacement and void (CLM05-3 7 and 8): whose place a claim takes, who may take it, and what is taken back for it.

A claim that waits for a person holds the place of the one it was to replace, so that the next correction names it: the
chain is followed down to the version that was decided (domain 3.2, 4.9).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from gateway.plan.claims.reversal import reverse
from gateway.plan.records import Decision, Pend
from mappings.records import Claim, Record

ORIGINAL, REPLACEMENT, VOID = "1", "7", "8"
"""CLM05-3 of every kind of claim."""

INTERIM, LATE = ("2", "3", "4"), "5"
"""CLM05-3 of an institution: the first, a continuing and the last bill of one stay; charges that a bill left out."""

CORRECTIONS = (REPLACEMENT, VOID)
"""Those that name an earlier claim (REF*F8)."""

REPLACED_BY_PROVIDER = "N694"
"""RARC of a reversal that a provider's replacement or void caused."""

TAKEN = {REPLACEMENT: "replaced", VOID: "voided"}
"""State of the claims whose place was taken, by the frequency of the one that took it."""

ALIVE = ("decided", "pended", "routed")
"""States of a claim that may be replaced or voided; the others were, or never came in."""


class Filed(Record, frozen=True, kw_only=True):
    """A claim on file that another one names. decision: its newest, None when it has none. replaced_by: the ICN that
    takes its place, "" while none does."""

    icn: str
    ord: str
    state: Literal["routed", "decided", "pended", "rejected", "replaced", "voided", "void"]
    version: int
    person_id: str
    family_root: str
    replaced_by: str
    claim: Claim
    decision: Decision | None = None


def may_take(original: Filed | None) -> bool:
    """Whether a correction may name this claim: it is on file, alive, and no other one takes its place."""
    return original is not None and not original.replaced_by and original.state in ALIVE


def same(claim: Claim, person_id: str, original: Filed) -> bool:
    """Whether a correction is of its original's patient, billing provider and kind of claim.

    A patient not found (person_id "") is nobody else: a corrected member number is why many claims are replaced.
    """
    other = person_id and original.person_id and person_id != original.person_id
    theirs = original.claim
    return not other and (claim.billing.npi, claim.kind) == (theirs.billing.npi, theirs.kind)


def objection(claim: Claim, person_id: str, cleared: Sequence[str], taken: Sequence[Filed]) -> Pend | None:
    """What a person must look at before the place is taken. cleared: queues answered for the claim."""
    if not taken or "RPL" in cleared or same(claim, person_id, taken[0]):
        return None
    reason = "The claim replaces one of another patient, provider or kind."
    return Pend(queue="RPL", reason=reason, needed="A release if it shall, else a claim with the right number.")


def taken(icn: str, claim: Claim, filed: Mapping[str, Filed]) -> list[Filed]:
    """The claims whose place a correction takes, newest first; only the last can have been decided.

    It is the one named and, while that one waits itself, those it was to replace. Empty when another claim has taken
    the place meanwhile: then there is nothing to take back. filed: by ICN, the claim named and those behind it.
    """
    found: list[Filed] = []
    number, holders = claim.original_icn, ["", icn]
    while number in filed and filed[number].replaced_by in holders:
        one = filed[number]
        found.append(one)
        if behind(one) == "":
            break
        number, holders = behind(one), [one.icn]
    return found


def behind(one: Filed) -> str:
    """The ICN a claim that still waits was to replace, "" when it replaces nothing or has been decided."""
    waits = one.state != "decided" and one.claim.frequency in CORRECTIONS
    return one.claim.original_icn if waits else ""


def taken_back(icn: str, found: Sequence[Filed]) -> Decision | None:
    """The reversal of what was decided in that place, None when nothing was reported (replaced silently). icn: of the
    claim that takes it."""
    last = found[-1] if found else None
    if last is None or last.decision is None or last.decision.outcome not in ("paid", "denied"):
        return None
    return reverse(last.decision, last.version + 1, REPLACED_BY_PROVIDER, f"claim {icn}")


def linked(decision: Decision, reversal: Decision | None) -> Decision:
    """The new decision, naming the claim that was taken back for it (835 REF*F8); none when nothing was."""
    return msgspec.structs.replace(decision, original_icn=reversal.icn if reversal else "")
