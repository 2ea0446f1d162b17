"""Explains a decision: readable lines for people, a document for machines. Names nobody: ids, codes and amounts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from gateway.plan.claims import breakdown
from gateway.plan.claims.codes import reason_on
from gateway.plan.records import Decision, LineDecision, Step
from gateway.plan.rounding import dollars
from mappings.records import Adjustment, Claim, Record

GROUPS = {
    "CO": "the provider writes off",
    "PR": "the patient owes",
    "OA": "nobody re-posts",
    "PI": "the payer reduces",
}
"""Who bears a CAS amount, by group code."""


class Origin(Record, frozen=True, kw_only=True):
    """Where a claim came from: file (receipt), who sent it, day, and its place in the file's interchanges, groups and
    sets, counted from 1. claim_segment: of its CLM, ST is 1; line_segments: of the LX of each line by its number; 0 and
    none when the bytes are no longer kept."""

    receipt_no: int
    partner: str
    received_on: date
    interchange: int
    group: int
    set_no: int
    control: str = ""
    claim_segment: int = 0
    line_segments: dict[int, int] = {}

    @property
    def said(self) -> str:
        """As a sentence."""
        at = f", segment {self.claim_segment} (CLM)" if self.claim_segment else ", whose bytes are no longer kept"
        place = f"interchange {self.interchange}, group {self.group}, set {self.set_no}"
        named = f" (ST02 {self.control})" if self.control else ""
        return f"Receipt {self.receipt_no} of {self.partner}, {self.received_on}: {place}{named}{at}."


class Explained(Record, frozen=True, kw_only=True):
    """Everything `gateway explain` tells of a claim. origin: None of one taken over from another administrator."""

    icn: str
    sponsor: str
    state: str
    claim: Claim
    decisions: tuple[Decision, ...]
    origin: Origin | None = None

    @property
    def came(self) -> str:
        """Where the claim came from, as a sentence."""
        return self.origin.said if self.origin else "Taken over from another administrator; it came in no file."


def lines(decision: Decision, claim: Claim) -> list[str]:
    """The decision as sentences, line by line, each amount with its rule, provision and source."""
    return list(_tell(decision, claim))


def _tell(decision: Decision, claim: Claim) -> Iterator[str]:
    yield from heading(decision, claim)
    for line in decision.lines:
        yield from _line(line)
    if len(decision.lines) > 1:
        yield f"Together {breakdown.equation(decision.lines)}"


def heading(decision: Decision, claim: Claim) -> Iterator[str]:
    """What a decision came to as a whole: outcome, plan, what it waits for, notes."""
    yield f"Claim {decision.icn} version {decision.version}: {_outcome(decision)}."
    yield (
        f"Plan {decision.plan_id} v{decision.plan_version}, benefit year {decision.year}, "
        f"service {claim.first} to {claim.last}, frequency {claim.frequency}."
    )
    if decision.pend is not None:
        yield f"Waits in {decision.pend.queue}: {decision.pend.reason} Needed: {decision.pend.needed}"
    yield from (f"  {step(note)}" for note in decision.notes)


def _outcome(decision: Decision) -> str:
    if decision.outcome == "pended":
        return "pended"
    return (
        f"{decision.outcome}, charge {dollars(decision.charge_cents)}, plan pays {dollars(decision.paid_cents)}, "
        f"patient owes {dollars(decision.patient_cents)}"
    )


def _line(line: LineDecision) -> Iterator[str]:
    yield f"{line_heading(line)}:"
    yield from (f"  {step(each)}" for each in line.steps)
    yield from (f"  {_adjustment(each, line)}" for each in line.adjustments)
    yield f"  {breakdown.equation([line])}"
    if line.remarks:
        yield f"  Remarks {', '.join(line.remarks)}"


def line_heading(line: LineDecision) -> str:
    """A line as it was billed."""
    code = "-".join((line.procedure.code, *line.procedure.modifiers))
    return f"Line {line.number} {code} on {line.first}, {line.units} units, charge {dollars(line.charge_cents)}"


def step(each: Step) -> str:
    """A step in one line: rule, sentence, the accumulator around it, what it stands on."""
    said = f"{each.text} ({moved(each)})" if moved(each) else each.text
    return f"{each.rule}: {said}" + (f" [{grounds(each)}]" if grounds(each) else "")


def moved(each: Step) -> str:
    """The accumulator around a step, `0.00 -> 25.00`; "" where it moved none."""
    if each.before_cents is None or each.after_cents is None:
        return ""
    return f"{dollars(each.before_cents)} -> {dollars(each.after_cents)}"


def grounds(each: Step) -> str:
    """What a step stands on: the plan's provision, and where a figure came from."""
    return "; ".join(ground for ground in (each.provision, each.source) if ground)


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
        "lines": [
            {**msgspec.to_builtins(each), "parts": msgspec.to_builtins(breakdown.parts(each))}
            for each in decision.lines
        ],
        "parts_cents": breakdown.totals(decision.lines),
        "entries": msgspec.to_builtins(decision.entries),
        "remarks": list(decision.remarks),
        "said": lines(decision, claim),
    }
    return facts


def told(claim: Explained) -> dict[str, Any]:
    """Everything told of a claim as JSON values."""
    return {
        "icn": claim.icn, "sponsor": claim.sponsor, "state": claim.state, "origin": msgspec.to_builtins(claim.origin),
        "decisions": [document(one, claim.claim) for one in claim.decisions],
    }  # fmt: skip
