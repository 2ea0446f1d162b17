"""Settles one line nobody objected to: price, other payers, cost share, and the accumulator entries they cause."""

from __future__ import annotations

from gateway.plan.claims import accumulators
from gateway.plan.claims.accumulators import Room, Totals
from gateway.plan.claims.authorisations import authorised_by
from gateway.plan.claims.benefits import year_of
from gateway.plan.claims.coordination import Coordinated, coordinate
from gateway.plan.claims.costshare import Shares, share
from gateway.plan.claims.eligibility import alone
from gateway.plan.claims.look import Denial, Look
from gateway.plan.claims.pricing import Price
from gateway.plan.claims.sentences import sentences
from gateway.plan.records import Entry, LineDecision, Step
from mappings.records import Adjustment, ServiceLine


def denied(line: ServiceLine, denial: Denial) -> LineDecision:
    """A line with its whole charge taken off for one reason."""
    reason = Adjustment(group=denial.group, reason=denial.reason, cents=line.charge_cents)
    said = Step(rule=denial.rule, text=denial.text, cents=line.charge_cents, provision=denial.provision)
    return LineDecision(
        number=line.number,
        procedure=line.procedure,
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


def settle(seen: Look, price: Price, totals: Totals, copay_due: bool) -> tuple[LineDecision, tuple[Entry, ...]]:
    """The line's decision and the accumulator entries it causes. copay_due: this claim has not taken it that day."""
    plan, line = seen.plan, seen.line
    year = year_of(plan, line.first)
    is_alone = alone(plan, seen.member, line.first)
    room = accumulators.room(totals, plan, seen.tier, seen.member.person_id, year, is_alone)
    split = _split(seen, price, room, copay_due)
    over = _over_maximum(seen, totals, year, split.paid)
    decision = LineDecision(
        number=line.number,
        procedure=line.procedure,
        charge_cents=line.charge_cents,
        paid_cents=split.paid - over,
        allowed_cents=split.allowable,
        units=line.units,
        adjustments=_adjustments(split, price.group, over),
        remarks=price.remarks,
        first=line.first,
        last=line.last,
        control=line.control,
        authorisation=authorised_by(seen),
        steps=tuple(sentences(seen, price, room, split, over)),
    )
    return decision, _entries(seen, year, split.shares, decision.paid_cents)


def _split(seen: Look, price: Price, room: Room, copay_due: bool) -> Coordinated:
    """The charge, split; a line of ours alone is a coordinated one without prior payers."""
    tier = seen.plan.tier(seen.tier)

    def normal(allowed: int) -> Shares:
        return share(allowed, seen.benefit, tier, room, copay_due)

    prior = seen.prior.get(seen.line.number)
    charge, allowed = seen.line.charge_cents, price.allowed_cents
    if prior is not None:
        return coordinate(seen.plan.cob_method, charge, allowed, prior, normal)
    shares = normal(allowed)
    return Coordinated(
        paid=allowed - shares.total, prior=0, contract=charge - allowed, shares=shares, uncovered=0, allowable=allowed
    )


def _over_maximum(seen: Look, totals: Totals, year: int, paid: int) -> int:
    """The part of a payment above the plan's annual maximum for the person."""
    most = seen.plan.annual_maximum_cents
    if most is None:
        return 0
    before = accumulators.person_sum(totals, seen.member.person_id, year, "paid")
    return min(paid, max(0, before + paid - most))


def _adjustments(split: Coordinated, contract_group: str, over: int) -> tuple[Adjustment, ...]:
    """CAS in the order it is printed; amounts of zero are left out. A price above the charge is OA-94, negative."""
    contract = (contract_group, "45", split.contract) if split.contract > 0 else ("OA", "94", split.contract)
    rows = (
        ("OA", "23", split.prior),
        contract,
        ("PR", "1", split.shares.deductible),
        ("PR", "2", split.shares.coinsurance),
        ("PR", "3", split.shares.copay),
        ("PR", "275", split.uncovered),
        ("PR", "119", over),
    )
    return tuple(Adjustment(group=group, reason=reason, cents=cents) for group, reason, cents in rows if cents)


def _entries(seen: Look, year: int, shares: Shares, paid: int) -> tuple[Entry, ...]:
    """What the person now has used: the deductible, everything that counts to the maximum, what the plan paid."""
    rows = (("deductible", shares.deductible), ("oop", shares.total), ("paid", paid))
    member = seen.member
    return tuple(
        Entry(
            person_id=member.person_id,
            family_root=member.family_root,
            year=year,
            tier=seen.tier,
            kind=kind,  # type: ignore[arg-type]  # the literals above are the kinds
            cents=cents,
        )
        for kind, cents in rows
        if cents
    )
