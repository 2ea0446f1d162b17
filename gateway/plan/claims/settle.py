"""Settles one line nobody objected to: price, other payers, cost share, and the accumulator entries they cause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from msgspec import structs

from gateway.plan.claims import accumulators, limits
from gateway.plan.claims.accumulators import Room
from gateway.plan.claims.authorisations import authorised_by, is_penalised
from gateway.plan.claims.benefits import accrual_year, carries_over
from gateway.plan.claims.coordination import Coordinated, coordinate
from gateway.plan.claims.costshare import Shares, penalised, share
from gateway.plan.claims.dental import taken_out
from gateway.plan.claims.eligibility import alone
from gateway.plan.claims.look import Denial, Look
from gateway.plan.claims.orthodontics import NOT_DUE
from gateway.plan.claims.pricing import Alternate, Price
from gateway.plan.claims.sentences import Cut, sentences
from gateway.plan.records import Entry, Kind, LineDecision, Step
from gateway.plan.rounding import dollars, half_up
from mappings.records import Adjustment, ServiceLine


def denied(line: ServiceLine, denial: Denial) -> LineDecision:
    """A line with its whole charge taken off for one reason."""
    reason = Adjustment(group=denial.group, reason=denial.reason, cents=line.charge_cents)
    said = Step(rule=denial.rule, text=denial.text, cents=line.charge_cents, provision=denial.provision)
    return LineDecision(
        number=line.number,
        procedure=line.procedure,
        revenue=line.revenue,
        charge_cents=line.charge_cents,
        paid_cents=0,
        units=line.units,
        denied=True,
        adjustments=(reason,) if line.charge_cents else (),
        remarks=denial.remarks,
        first=line.first,
        last=line.last,
        control=line.control,
        steps=(said,),
    )


class Settled(NamedTuple):
    """A settled line: its decision, the accumulator entries it causes, and the penalty it took."""

    decision: LineDecision
    entries: tuple[Entry, ...]
    penalty_cents: int


def settle(
    seen: Look, price: Price, copay_due: bool, penalty_taken: int = 0, alternate: Alternate | None = None,
    later: int = 0,
) -> Settled:  # fmt: skip
    """What the line comes to. copay_due: this claim has not taken it that day. penalty_taken: cents of this claim's
    earlier lines of the benefit. alternate: the cheaper service that alone is covered. later: cents of the price that
    fall due as instalments.
    """
    plan, line = seen.plan, seen.line
    year = accrual_year(plan, seen.claim, line.first)
    is_alone = alone(plan, seen.member, line.first)
    room = accumulators.room(seen.totals, plan, seen.tier, seen.member.person_id, year, is_alone)
    due = structs.replace(price, allowed_cents=price.allowed_cents - later)
    split = _split(seen, due, room, copay_due and not limits.copay_was_taken(seen), alternate)
    split = replace(split, contract=split.contract - later)
    cut = _cut(seen, year, split, penalty_taken)
    decision = LineDecision(
        number=line.number,
        procedure=line.procedure if alternate is None else alternate.procedure,
        revenue=line.revenue,
        charge_cents=line.charge_cents,
        paid_cents=split.paid - cut.cents,
        allowed_cents=split.allowable,
        units=line.units,
        adjustments=_adjustments(seen, split, price.group, cut, later),
        remarks=price.remarks,
        first=line.first,
        last=line.last,
        control=line.control,
        authorisation=authorised_by(seen),
        steps=(*sentences(seen, price, room, split, cut, alternate), *_later(seen, later)),
    )
    return Settled(decision, _entries(seen, year, split.shares, decision.paid_cents), cut.penalty)


def _split(seen: Look, price: Price, room: Room, copay_due: bool, alternate: Alternate | None) -> Coordinated:
    """The charge, split; a line of ours alone is a coordinated one without prior payers."""
    tier = seen.plan.tier(seen.tier)
    inside, _ = limits.tightest(seen)

    def normal(allowed: int) -> Shares:
        base = allowed if alternate is None else min(allowed, alternate.allowed_cents)
        within = half_up(base * inside.numerator, inside.denominator)
        shares = share(within, seen.benefit, tier, room, copay_due)
        return replace(shares, above=allowed - base, beyond=base - within)

    prior = seen.prior.get(seen.line.number)
    charge, allowed = seen.line.charge_cents, price.allowed_cents
    if prior is not None:
        return coordinate(seen.plan.cob_method, charge, allowed, prior, normal)
    shares = normal(allowed)
    return Coordinated(
        paid=allowed - shares.total, prior=0, contract=charge - allowed, shares=shares, uncovered=0, allowable=allowed
    )


def _cut(seen: Look, year: int, split: Coordinated, penalty_taken: int) -> Cut:
    """What is taken off the payment: first the penalty, then what is above a maximum of dollars."""
    penalty = 0
    if seen.benefit.penalty is not None and is_penalised(seen):
        penalty = penalised(split.paid, seen.benefit.penalty, penalty_taken)
    return Cut(penalty, limits.excess(seen, year, split.paid - penalty))


def _later(seen: Look, cents: int) -> Iterator[Step]:
    """What is said of instalments to come."""
    if cents:
        provision = seen.plan.provision(f"benefit {seen.benefit.name}")
        yield Step(rule="instalments", text=f"{dollars(cents)} of the price falls due month by month.", cents=cents,
                   provision=provision)  # fmt: skip


def _adjustments(seen: Look, split: Coordinated, contract_group: str, cut: Cut, later: int) -> tuple[Adjustment, ...]:
    """CAS in the order it is printed; amounts of zero are left out. A price above the charge is OA-94, negative."""
    contract = (contract_group, "45", split.contract) if split.contract > 0 else ("OA", "94", split.contract)
    _, bound = limits.tightest(seen)
    rows = [
        ("OA", "23", split.prior),
        contract,
        ("OA", NOT_DUE, later),
        ("PR", "1", split.shares.deductible),
        ("PR", "2", split.shares.coinsurance),
        ("PR", "3", split.shares.copay),
        ("PR", "275", split.uncovered),
        ("PR", "169", split.shares.above),
        ("PR", "" if bound is None else limits.reason_of(bound), split.shares.beyond),
        ("PR", "" if cut.excess is None else cut.excess.reason, 0 if cut.excess is None else cut.excess.cents),
        ("CO", "197", cut.penalty),
    ]
    sums: dict[tuple[str, str], int] = {}
    for group, reason, cents in rows:
        if cents:
            sums[group, reason] = sums.get((group, reason), 0) + cents
    return tuple(
        Adjustment(group=group, reason=reason, cents=cents) for (group, reason), cents in sums.items() if cents
    )


def _entries(seen: Look, year: int, shares: Shares, paid: int) -> tuple[Entry, ...]:
    """What the person now has used: the deductible, everything that counts to the maximum, what the plan paid, and
    what is left less of the benefit's allowances; a deductible late in the year is credited to the next one.
    """
    rows: list[tuple[Kind, int, int]] = [
        ("deductible", year, shares.deductible), ("oop", year, shares.counted), ("paid", year, paid)
    ]  # fmt: skip
    if carries_over(seen.plan, seen.claim, seen.line.first):
        rows.append(("credit", year + 1, shares.deductible))
    member = seen.member
    sums = (
        Entry(
            person_id=member.person_id,
            family_root=member.family_root,
            year=of,
            tier=seen.plan.book(seen.tier),
            kind=kind,
            cents=cents,
        )
        for kind, of, cents in rows
        if cents
    )
    return (
        *sums, *limits.uses(seen, year, paid), *limits.copay_entry(seen, year, shares.copay), *taken_out(seen, year)
    )  # fmt: skip
