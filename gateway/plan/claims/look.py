"""What every edit of a line may look at, worked out once: the person, the benefit, the tier of the provider."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from gateway.plan.claims.accumulators import Totals
from gateway.plan.claims.benefits import Benefit, Plan, TierName, benefit_of
from gateway.plan.claims.case import Case
from gateway.plan.claims.coordination import Prior
from gateway.plan.claims.pricing.networks import networks_of, protected
from gateway.plan.records import Member, Pend, ProviderRow
from mappings.records import Claim, Provider, Record, ServiceLine


class Denial(Record, frozen=True, kw_only=True):
    """Why a line is not paid: group and CARC for the whole charge, RARCs, a sentence for people.

    coverage_end: the last covered day, when the reason is that coverage ended (835 DTM*036).
    """

    rule: str
    group: str
    reason: str
    text: str
    remarks: tuple[str, ...] = ()
    coverage_end: date | None = None
    provision: str = ""


Verdict = Denial | Pend | None
"""What an edit says of a line: not paid, ask a person, or nothing."""


@dataclass(frozen=True, slots=True)
class Look:
    """One line under adjudication. plan: the document of its date. networks: names of those the line is in; network:
    the tier they make; tier: the cost share's, which is `in` for emergencies and what the No Surprises Act protects.
    billing, rendering: the provider rows in force that day, None when none is. prior: what earlier payers decided, by
    line number. taken: units per (authorisation, code) of this claim's earlier lines. totals: accumulators as those
    lines left them."""

    case: Case
    plan: Plan
    claim: Claim
    member: Member
    line: ServiceLine
    billing: ProviderRow | None
    rendering: ProviderRow | None
    network: TierName
    tier: TierName
    benefit: Benefit
    prior: Mapping[int, Prior]
    networks: tuple[str, ...]
    totals: Totals
    taken: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)


def look(case: Case, plan: Plan, member: Member, line: ServiceLine, prior: Mapping[int, Prior]) -> Look:
    """Everything the edits of one line ask for, as if it were the first of its claim."""
    claim = case.claim
    billing = row_on(case.providers, claim.billing.npi, line.first, claim.billing.tin)
    who = rendering_of(claim, line)
    rendering = row_on(case.providers, who.npi, line.first) if who else None
    names = networks_of(billing, case.networks, case.contracts, claim, line, who.npi if who else claim.billing.npi)
    network = plan.tier_of(names)
    birth = member.person.birth or claim.patient.birth
    sex = member.person.sex or claim.patient.sex
    benefit = benefit_of(plan, claim, line, network, age(birth, line.first), sex)
    held = benefit.as_in_network or (network == "out" and protected(claim, line, _facility_is_in(case, plan, line)))
    tier: TierName = "in" if held else network
    return Look(
        case, plan, claim, member, line, billing, rendering, network, tier, benefit, prior, names, totals=case.totals
    )


def _facility_is_in(case: Case, plan: Plan, line: ServiceLine) -> bool:
    """Whether the service facility (2310C) is in a network of any of the plan's tiers."""
    facility = case.claim.facility
    row = row_on(case.providers, facility.npi, line.first) if facility is not None and facility.npi else None
    return row is not None and plan.tier_of(row.networks) != "out"


def rendering_of(claim: Claim, line: ServiceLine) -> Provider | None:
    """Who rendered a line: 2420A before 2310B, None when the billing provider did."""
    who = line.rendering or claim.rendering
    return who if who is not None and who.npi and who.npi != claim.billing.npi else None


def row_on(rows: Iterable[ProviderRow], npi: str, on: date, tin: str = "") -> ProviderRow | None:
    """The provider row in force on a day: that of the tax id billed before another's, then the latest."""
    fitting = [row for row in rows if row.npi == npi and row.first <= on and (row.last is None or on <= row.last)]
    return max(fitting, key=lambda row: (row.tin == tin, row.first), default=None)


def age(birth: date | None, on: date) -> int | None:
    """Whole years on a day."""
    return None if birth is None else on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
