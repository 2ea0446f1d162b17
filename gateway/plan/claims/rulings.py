"""What people rule on a claim that waits (domain 4.7): a denial with its codes, edits set aside."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from gateway.plan.claims import codes
from gateway.plan.claims.look import Denial
from gateway.plan.records import Override, Refusal, Rulings, Step
from mappings.records import Adjustment

SHARES = ("1", "2", "3", "23", "45", "94")
"""CARCs that are a part of a price or of another payer's decision: they never explain a whole charge (domain 4.2)."""

REFUSED, SET_ASIDE = "denied by a person", "override"
"""The rule that a Step of a refusal names, and that of an edit set aside."""


def faults(group: str, reason: str, remarks: tuple[str, ...], on: date) -> list[str]:
    """What forbids to deny a claim with these codes on a day, as sentences; empty when nothing does."""
    if reason in SHARES:
        return [f"reason {reason} is a part of a price, not a denial"]
    return codes.faults((Adjustment(group=group, reason=reason, cents=1),), remarks, on)


def denial(refusal: Refusal) -> Denial:
    """The refusal as the reason of a line."""
    text = f"Denied by {_names(refusal.by)} on {refusal.on}: {refusal.why}"
    return Denial(rule=REFUSED, group=refusal.group, reason=refusal.reason, text=text, remarks=refusal.remarks)


def notes(rulings: Rulings) -> tuple[Step, ...]:
    """One sentence for each edit that was set aside."""
    return tuple(
        Step(rule=SET_ASIDE, text=f"The edit {_edit(each)} was set aside by {_names(each.by)} on {each.on}: {each.why}")
        for each in rulings.overrides
    )


def _edit(override: Override) -> str:
    lines = ", ".join(map(str, override.lines))
    return f"{override.edit} of line {lines}" if lines else override.edit


def _names(by: Iterable[str]) -> str:
    return " and ".join(by)
