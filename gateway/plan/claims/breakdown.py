"""Where a charge went: charge = contract + denied + member + other payer + plan, to the cent, with the step of each.

Every amount taken off a charge (CAS) is one part of it, and the step that decided it says why. What no step of ours
decided, for instance of a claim taken over, has only the words of its code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, get_args

from gateway.plan.claims.codes import reason_on
from gateway.plan.records import LineDecision, Step
from gateway.plan.rounding import dollars
from mappings.records import Adjustment, Record

Where = Literal["contract", "denied", "member", "other", "plan"]
"""Who bears a part: the provider by contract, nobody (the line or part is denied), the member, another payer, we."""

PARTS: tuple[Where, ...] = get_args(Where)
"""In the order a reader takes them off the charge."""

WORDS: dict[Where, str] = {
    "contract": "provider's discount", "denied": "not covered", "member": "member's share", "other": "other payers",
    "plan": "plan pays",
}  # fmt: skip

CONTRACT = ("44", "45", "59", "94", "131")
"""CARCs by which a provider keeps to a price: prompt pay, fee, several procedures, above charge, negotiated."""

PRIOR = "23"
"""CARC of what earlier payers paid and took off."""

DECIDED_BY: dict[str, tuple[str, ...]] = {
    "1": ("deductible",), "2": ("coinsurance",), "3": ("copay",), "23": ("cob",), "275": ("cob",), "45": ("price",),
    "94": ("price",), "59": ("price",), "169": ("alternate",), "197": ("penalty",),
    "35": ("limit", "maximum"), "119": ("limit", "maximum"), "149": ("limit", "maximum"),
}  # fmt: skip
"""CARC of a line that was settled -> rules of the steps that decide it; a denied line's first step decides it whole."""


class Part(Record, frozen=True, kw_only=True):
    """One addend of a line's charge. code: `CO-45`, "" of what the plan pays; meaning: its words. because: the steps
    that decided it, () when none of ours did."""

    where: Where
    cents: int
    code: str = ""
    meaning: str = ""
    because: tuple[Step, ...] = ()


def parts(line: LineDecision) -> tuple[Part, ...]:
    """The addends of a line's charge in the order they are taken off, the plan's payment last; they add up to it."""
    taken = sorted((_part(line, each) for each in line.adjustments), key=lambda part: PARTS.index(part.where))
    steps = tuple(step for step in line.steps if step.rule == "paid")
    return (*taken, Part(where="plan", cents=line.paid_cents, because=steps))


def _part(line: LineDecision, each: Adjustment) -> Part:
    row = reason_on(each.reason, line.first)
    return Part(
        where=_where(line, each), cents=each.cents, code=f"{each.group}-{each.reason}",
        meaning=row.meaning if row else "reason not in the list", because=tuple(_because(line, each)),
    )  # fmt: skip


def _where(line: LineDecision, each: Adjustment) -> Where:
    if line.denied:
        return "denied"
    if each.group == "PR":
        return "member"
    if each.reason == PRIOR:
        return "other"
    return "contract" if each.reason in CONTRACT else "denied"


def _because(line: LineDecision, each: Adjustment) -> Iterator[Step]:
    if line.denied:
        yield from line.steps[:1]
        return
    rules = DECIDED_BY.get(each.reason, ())
    yield from (step for step in line.steps if step.rule in rules)


def unnamed(line: LineDecision) -> tuple[Step, ...]:
    """The steps of a line that decided none of its amounts: its benefit, an authorisation, a maximum that is met."""
    named = {step for part in parts(line) for step in part.because}
    return tuple(step for step in line.steps if step not in named)


def totals(lines: Iterable[LineDecision]) -> dict[Where, int]:
    """Cents of each part over several lines; together they are the lines' charges."""
    sums: dict[Where, int] = dict.fromkeys(PARTS, 0)
    for line in lines:
        for part in parts(line):
            sums[part.where] += part.cents
    return sums


def equation(lines: Iterable[LineDecision]) -> str:
    """The sum as a person checks it: `180.00 = 55.00 provider's discount + 30.00 member's share + 95.00 plan pays`."""
    total = totals(lines)
    told = [f"{dollars(cents)} {WORDS[where]}" for where, cents in total.items() if cents or where == "plan"]
    return f"{dollars(sum(total.values()))} = {' + '.join(told)}"
