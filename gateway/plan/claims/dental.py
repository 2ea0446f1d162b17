"""What is particular to dental claims: the history of each tooth, the missing-tooth clause, estimates (domain 3.2).

Extractions leave an entry for each tooth, like any use of a limit; so what takes the claim back puts the tooth back.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from gateway.plan.claims.accumulators import Use
from gateway.plan.claims.benefits import Plan
from gateway.plan.claims.eligibility import periods
from gateway.plan.claims.look import Denial, Look, Verdict
from gateway.plan.records import Entry, LineDecision, Pend, Step
from gateway.plan.rounding import dollars
from mappings.records import Adjustment

EXTRACTED = "teeth taken out"
"""Limit name of the entries that remember extractions; no benefit bears it."""

THOUSANDTHS = 1_000
"""One tooth, as entries count."""

MISSING = "M"
"""DN202 of a tooth that is not there."""

ESTIMATED = "25"
"""CLP02 of a predetermination: nothing is paid."""


def tooth(seen: Look) -> Verdict:
    """Edit: the tooth is there; one that a service replaces was lost under the plan, where its clause wants that."""
    line, benefit = seen.line, seen.benefit
    numbers = {each.number for each in line.teeth if each.number}
    if not numbers:
        return None
    lost = {number: on for number, on in _extracted(seen) if on <= line.first}
    if benefit.tooth == "replaces":
        return _clause(seen, {number: lost.get(number) for number in numbers}) if benefit.missing_tooth_clause else None
    gone = {number for number, on in lost.items() if on < line.first}
    gone |= {each.number for each in seen.claim.tooth_status if each.status == MISSING}
    if not numbers & gone:
        return None
    text = f"Tooth {', '.join(sorted(numbers & gone))} is not there any more."
    return Denial(rule="tooth", group="CO", reason="16", remarks=("N39",), text=text)


def _clause(seen: Look, lost: dict[str, date | None]) -> Verdict:
    """Teeth lost before the coverage are not replaced; of one whose loss nobody knows a person asks."""
    covered = periods(seen.case.plans, seen.member)
    before = sorted(n for n, on in lost.items() if on is not None and not any(a <= on <= z for a, z in covered))
    provision = seen.plan.provision(f"benefit {seen.benefit.name}")
    if before:
        text = f"Tooth {', '.join(before)} was lost before the coverage began."
        return Denial(rule="missing tooth", group="PR", reason="96", remarks=("N130",), text=text, provision=provision)
    unknown = sorted(number for number, on in lost.items() if on is None)
    if not unknown or "MED" in seen.case.cleared:
        return None
    reason = f"Nobody knows when tooth {', '.join(unknown)} was lost."
    needed = "The day it was lost: a release if the person was covered then, else a denial (PR-96 with N130)."
    return Pend(queue="MED", reason=reason, needed=needed)


def _extracted(seen: Look) -> Iterator[tuple[str, date]]:
    for (who, _, slot, _), count in seen.totals.items():
        if who == seen.member.person_id and isinstance(slot, Use) and slot.limit_name == EXTRACTED and count > 0:
            yield slot.place, slot.on


def taken_out(seen: Look, year: int) -> Iterator[Entry]:
    """What remembers the teeth a settled line took out."""
    member = seen.member
    for number in (each.number for each in seen.line.teeth if seen.benefit.tooth == "extracts" and each.number):
        yield Entry(
            person_id=member.person_id, family_root=member.family_root, year=year, tier=seen.tier, kind="times",
            limit_name=EXTRACTED, used_on=seen.line.first, place=number, thousandths=THOUSANDTHS,
        )  # fmt: skip


# ---- estimates -------------------------------------------------------------------------------------------------------


def estimate(line: LineDecision) -> LineDecision:
    """The line as a predetermination tells it: what would be paid is OA-101, and nothing is."""
    if line.denied:
        return line
    told = Adjustment(group="OA", reason="101", cents=line.paid_cents)
    text = f"The plan would pay {dollars(line.paid_cents)}."
    return msgspec.structs.replace(
        line, paid_cents=0, authorisation="", adjustments=(*line.adjustments, *((told,) if told.cents else ())),
        steps=(*line.steps, Step(rule="predetermination", text=text, cents=line.paid_cents)),
    )  # fmt: skip


def how_long(plan: Plan, asked: date) -> Step:
    """What an estimate is worth, and until when. asked: the day it came."""
    until = asked + timedelta(days=plan.predetermination_days)
    text = f"An estimate until {until}: nothing is used or kept, what is left on the day of service decides."
    return Step(rule="predetermination", text=text, provision=plan.provision("predetermination_days"))
