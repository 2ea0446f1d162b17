"""Explains a decision: readable lines for people, a document for machines. Names nobody: ids, codes and amounts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from gateway.plan.claims.codes import reason_on
from gateway.plan.records import Decision, LineDecision, Step
from gateway.plan.rounding import dollars
from mappings.records import Adjustment, Claim

GROUPS = {
    "CO": "the provider writes off",
    "PR": "the patient owes",
    "OA": "nobody re-posts",
    "PI": "the payer reduces",
}
"""Who bears a CAS amount, by group code."""


def lines(decision: Decision, claim: Claim) -> list[str]:
    """The decision as sentences, line by line, each amount with its rule, provision and source."""
    return list(_tell(decision, claim))


def _tell(decision: Decision, claim: Claim) -> Iterator[str]:
    yield f"Claim {decision.icn} version {decision.version}: {_outcome(decision)}."
    yield (
        f"Plan {decision.plan_id} v{decision.plan_version}, benefit year {decision.year}, "
        f"service {claim.first} to {claim.last}, frequency {claim.frequency}."
    )
    if decision.pend is not None:
        yield f"Waits in {decision.pend.queue}: {decision.pend.reason} Needed: {decision.pend.needed}"
    yield from (f"  {_step(note)}" for note in decision.notes)
    for line in decision.lines:
        yield from _line(line)


def _outcome(decision: Decision) -> str:
    if decision.outcome == "pended":
        return "pended"
    return (
        f"{decision.outcome}, charge {dollars(decision.charge_cents)}, plan pays {dollars(decision.paid_cents)}, "
        f"patient owes {dollars(decision.patient_cents)}"
    )


def _line(line: LineDecision) -> Iterator[str]:
    code = "-".join((line.procedure.code, *line.procedure.modifiers))
    yield f"Line {line.number} {code} on {line.first}, {line.units} units, charge {dollars(line.charge_cents)}:"
    yield from (f"  {_step(step)}" for step in line.steps)
    yield from (f"  {_adjustment(each, line)}" for each in line.adjustments)
    if line.remarks:
        yield f"  Remarks {', '.join(line.remarks)}"


def _step(step: Step) -> str:
    where = "; ".join(each for each in (step.provision, step.source) if each)
    moved = ""
    if step.before_cents is not None and step.after_cents is not None:
        moved = f" ({dollars(step.before_cents)} -> {dollars(step.after_cents)})"
    return f"{step.rule}: {step.text}{moved}" + (f" [{where}]" if where else "")


def _adjustment(each: Adjustment, line: LineDecision) -> str:
    row = reason_on(each.reason, line.first)
    meaning = row.meaning if row else "reason not in the list"
    bearer = GROUPS.get(each.group, "")
    return f"{each.group}-{each.reason} {dollars(each.cents)}: {meaning}; {bearer}"


def document(decision: Decision, claim: Claim) -> dict[str, Any]:
    """The decision as JSON values: the same facts as `lines`, amounts in cents."""
    facts: dict[str, Any] = {
        "icn": decision.icn,
        "version": decision.version,
        "outcome": decision.outcome,
        "status": decision.status,
        "charge_cents": decision.charge_cents,
        "paid_cents": decision.paid_cents,
        "patient_cents": decision.patient_cents,
        "plan": decision.plan_id,
        "plan_version": decision.plan_version,
        "year": decision.year,
        "frequency": claim.frequency,
        "first": claim.first.isoformat(),
        "last": claim.last.isoformat(),
        "pend": msgspec.to_builtins(decision.pend),
        "notes": msgspec.to_builtins(decision.notes),
        "lines": msgspec.to_builtins(decision.lines),
        "entries": msgspec.to_builtins(decision.entries),
        "remarks": list(decision.remarks),
        "said": lines(decision, claim),
    }
    return facts
