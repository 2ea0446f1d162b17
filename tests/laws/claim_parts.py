"""Parts of the claims that the laws of adjudication are tried on."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from gateway.plan.records import Member, Span
from mappings.records import Adjustment, Claim, LinePayment, OtherCoverage, Person, Provider, ServiceLine


@st.composite
def paid_before(draw: st.DrawFn, charge_cents: int) -> LinePayment:
    """What another payer paid and adjusted of a charge, balanced."""
    paid = draw(st.integers(0, charge_cents))
    left = draw(st.integers(0, charge_cents - paid))
    told = (("CO", charge_cents - paid - left), ("PR", left))
    adjustments = tuple(Adjustment(group=group, reason="45", cents=each) for group, each in told)
    return LinePayment(payer_id="ACME", paid_cents=paid, adjustments=adjustments)


def claim_of(lines: tuple[ServiceLine, ...], billing: Provider, secondary: bool) -> Claim:
    """A claim of these lines; a secondary one names the payer whose payments its lines tell."""
    return Claim(
        pcn="X",
        charge_cents=sum(line.charge_cents for line in lines),
        billing=billing,
        subscriber=Person(),
        patient=Person(),
        responsibility="S" if secondary else "P",
        other=(OtherCoverage(responsibility="P", payer_id="ACME"),) if secondary else (),
        lines=lines,
    )


def person_of(number: int, tier: str, first: date) -> Member:
    """A member of one family, covered from a day on; number 0 is the subscriber."""
    return Member(
        person_id=f"P{number}",
        family_root="F",
        subscriber_no="F",
        subscriber=number == 0,
        relationship="18" if number == 0 else "19",
        person=Person(last="A", first=f"N{number}", birth=date(1990, 1, 1)),
        spans=(Span(line="PPO", plan_id="X", tier=tier, first=first),),
    )
