"""What the tests of the rules share: small changes of the golden case, and a decision in one word a line."""

from __future__ import annotations

from datetime import date

import msgspec
from plan_cases import ALAN, C1, PLAN, TODAY, case, service

from gateway.plan.claims import adjudication
from gateway.plan.claims.benefits import Benefit, Plan
from gateway.plan.claims.case import Case
from gateway.plan.records import CodeRule, Decision, Member, Span
from mappings.records import Adjustment, Claim, ServiceLine

DAY = date(2026, 3, 16)
"""The date of service of golden C1."""


def decided(what: Case, today: date = TODAY) -> Decision:
    """A decision on the golden day."""
    return adjudication.adjudicate(what, today)


def results(decision: Decision) -> list[str]:
    """Of each line: `paid`, or group, CARC and RARCs of its denial; `pend QUEUE` when the claim waits."""
    if decision.pend is not None:
        return [f"pend {decision.pend.queue}"]
    return [" ".join((*_denial(line.adjustments), *line.remarks)) if line.denied else "paid" for line in decision.lines]


def _denial(adjustments: tuple[Adjustment, ...]) -> list[str]:
    return [f"{each.group}-{each.reason}" for each in adjustments]


def told(what: Case, today: date = TODAY) -> list[str]:
    """The results of a case."""
    return results(decided(what, today))


def changed(claim: Claim, **values: object) -> Claim:
    """A claim with other values."""
    return msgspec.structs.replace(claim, **values)


def covered(*spans: tuple[date, date | None]) -> Member:
    """Alan with other days of coverage."""
    known = tuple(Span(line="PPO", plan_id="BT-PPO-2026", tier="FAM", first=first, last=last) for first, last in spans)
    return msgspec.structs.replace(ALAN, spans=known)


def one(**values: object) -> Claim:
    """Golden C1 with its visit alone, the line changed."""
    return changed(C1, lines=(msgspec.structs.replace(service(1, "99214", 180, DAY), **values),))


def lines(*services: ServiceLine) -> Claim:
    """Golden C1 with other lines."""
    return changed(C1, lines=services)


def planned(**values: object) -> Plan:
    """The golden plan with other words."""
    return msgspec.structs.replace(PLAN, **values)


def excluding(why: str) -> Plan:
    """The golden plan, with visits excluded for a reason."""
    return planned(benefits=(Benefit(name="office visit", codes=("99214",), excluded=True, excluded_as=why),))


def ruled(*rules: CodeRule, claim: Claim | None = None, **values: object) -> list[str]:
    """The results of Alan's visit where codes are ruled."""
    return told(case(claim or one(), ALAN, rules=rules, **values))


def rule(edit: str, *values: str, code: str = "99214", other: str = "") -> CodeRule:
    """A code rule of 2026."""
    return CodeRule(edit=edit, code=code, other=other, values=values, first=date(2026, 1, 1))  # type: ignore[arg-type]


def said(decision: Decision) -> str:
    """What a pended claim waits for."""
    assert decision.pend is not None
    return f"{decision.pend.reason} {decision.pend.needed}"
