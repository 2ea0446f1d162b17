"""What a plan promises: one frozen record per version of a plan document, and the look-ups adjudication asks of it.

Words: a tier is `in` or `out` (of network), or another network's (`tier2`, `tier3`); a benefit is a category of
services with its own cost share; the member's share of a price is copay, deductible and coinsurance; their sum is
capped by the out-of-pocket maximum; an allowance is how much of a benefit there is in a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

from msgspec import field

from gateway.plan.calendar import months_on
from gateway.plan.claims import document
from gateway.plan.claims.contradictions import contradictions
from gateway.plan.claims.document import Cents, Rate
from gateway.plan.claims.ranges import listed
from gateway.plan.records import Member, Span
from mappings.records import Claim, Record, ServiceLine

TierName = Literal["in", "tier2", "tier3", "out"]

TIERS: tuple[TierName, ...] = ("in", "tier2", "tier3", "out")
"""From the best to the worst for the member."""

ClaimKind = Literal["professional", "institutional", "dental", "drug"]

CountKind = Literal["visits", "days", "times", "units", "dollars"]

ESTIMATE_DAYS = 90
"""How long an estimate holds where the document says nothing."""

COUNTS: tuple[CountKind, ...] = ("visits", "days", "times", "units", "dollars")
"""What an allowance may count; one word of it stands in its table."""


class Limit(Record, frozen=True, kw_only=True):
    """A deductible or an out-of-pocket maximum for one benefit year.

    embedded: each person stops at the individual amount, the family amount collects all. aggregate: with dependants
    only the family amount exists; person_cap_cents then still protects one person (the ACA self-only maximum).
    """

    individual_cents: Cents = field(name="individual")
    family_cents: Cents = field(name="family")
    kind: Literal["embedded", "aggregate"] = "embedded"
    person_cap_cents: Cents | None = field(name="person_cap", default=None)


class Tier(Record, frozen=True, kw_only=True):
    """The cost share of one tier. coinsurance: the member's part of what is left after copay and deductible."""

    deductible: Limit
    out_of_pocket: Limit
    coinsurance: Rate


Exclusion = Literal["not_covered", "not_in_plan", "experimental", "medical", "under_medical", "other_payer"]
"""Why a benefit is excluded; `edits.EXCLUDED` has the codes of each."""


class NetworkTier(Tier, frozen=True, kw_only=True):
    """The cost share at providers of further networks. title: what people call it."""

    networks: tuple[str, ...]
    title: str = ""


class Allowance(Record, frozen=True, kw_only=True):
    """How much of a benefit one person has: visits, days, times, units or dollars, one of them (domain 4.2 row 11).

    A visit is a day at one billing provider, a day any day of service; times are lines, each a tooth, tooth and
    surface, quadrant or arch counted for itself; dollars are what the plan pays. per: a benefit year or all time;
    months: within that many months, in whatever order the claims come, in place of per. name: allowances that share
    one share what is used; nothing said: the benefit's own.
    """

    visits: int | None = None
    days: int | None = None
    times: int | None = None
    units: int | None = None
    dollars_cents: Cents | None = field(name="dollars", default=None)
    per: Literal["year", "lifetime"] = "year"
    months: int = 0
    each: Literal["person", "tooth", "surface", "quadrant", "arch"] = "person"
    name: str = ""

    def __post_init__(self) -> None:
        told = [word for word, most in self._told() if most is not None]
        if len(told) != 1:
            raise ValueError(f"an allowance says one of {', '.join(COUNTS)}")
        if self.months < 0 or self.most < 0:
            raise ValueError("an allowance is not below nothing")
        if self.each != "person" and told != ["times"]:
            raise ValueError("only times are counted by tooth, surface, quadrant or arch")

    def _told(self) -> tuple[tuple[CountKind, int | None], ...]:
        return (
            ("visits", self.visits), ("days", self.days), ("times", self.times), ("units", self.units),
            ("dollars", self.dollars_cents),
        )  # fmt: skip

    @property
    def kind(self) -> CountKind:
        """What it counts."""
        return next(word for word, most in self._told() if most is not None)

    @property
    def most(self) -> int:
        """So many whole ones, or cents."""
        return next(most for _, most in self._told() if most is not None)


class Penalty(Record, frozen=True, kw_only=True):
    """What the plan pays less for a service that was not authorised before: percent of its payment or dollars.

    most: of one claim and benefit; dollars are taken once of them anyway.
    """

    percent: Rate | None = None
    dollars_cents: Cents | None = field(name="dollars", default=None)
    most_cents: Cents | None = field(name="most", default=None)

    def __post_init__(self) -> None:
        if (self.percent is None) == (self.dollars_cents is None):
            raise ValueError("a penalty says percent or dollars")


class Instalments(Record, frozen=True, kw_only=True):
    """How the price of a treatment falls due: so much of it at once, the rest in equal parts over its months.

    months: 0 takes those the claim tells (DN101)."""

    initial: Rate
    months: int = 0


class Benefit(Record, frozen=True, kw_only=True):
    """A category of services; an empty condition is always true, the first benefit of the document that fits decides.

    Conditions. codes, revenue: procedure and revenue codes or ranges ("99202-99215", "D0120-D0180"). claim_revenue: any
    line of the claim has one (all of a visit to the emergency room). claims: kinds of claims. bill_types, diagnoses,
    taxonomies: beginnings of type of bill, ICD-10 codes, and the taxonomy code of who rendered. ages: first and last
    age in whole years. sex: F or M. tiers: where it applies. emergency: only lines marked as one (SV109 Y).
    excluded_as: why it is excluded, which the codes say.
    Cost share. copay: once per claim and day (copay_per visit), per person and day, or per admission; it comes before
    the deductible unless copay_after_deductible. coinsurance: None takes the tier's. preventive: the plan pays all and
    nothing accumulates. as_in_network: cost share as in network wherever it is rendered.
    Bounds. max_units: per line. limits: what one person has of it. waiting_days, waiting_months: from the first day of
    coverage. auth_required: without one the line is denied, or pays less by the penalty. alternates: submitted code ->
    the code whose price is the most that is covered (a composite filling -> amalgam). tooth: whether the service takes
    a tooth out, which is remembered, or replaces one. missing_tooth_clause: only one lost while covered.
    instalments: of orthodontia, paid over months.
    """

    name: str
    claims: tuple[ClaimKind, ...] = ()
    codes: tuple[str, ...] = ()
    revenue: tuple[str, ...] = ()
    claim_revenue: tuple[str, ...] = ()
    bill_types: tuple[str, ...] = ()
    pos: tuple[str, ...] = ()
    diagnoses: tuple[str, ...] = ()
    modifiers: tuple[str, ...] = ()
    taxonomies: tuple[str, ...] = ()
    ages: tuple[int, int] | None = None
    sex: Literal["", "F", "M"] = ""
    tiers: tuple[TierName, ...] = ()
    emergency: bool = False
    copay_cents: Cents | None = field(name="copay", default=None)
    copay_per: Literal["visit", "day", "admission"] = "visit"
    copay_after_deductible: bool = False
    coinsurance: Rate | None = None
    deductible_waived: bool = False
    preventive: bool = False
    excluded: bool = False
    excluded_as: Exclusion = "not_covered"
    auth_required: bool = False
    penalty: Penalty | None = None
    max_units: int | None = None
    limits: tuple[Allowance, ...] = ()
    waiting_days: int = 0
    waiting_months: int = 0
    alternates: dict[str, str] = {}
    tooth: Literal["", "extracts", "replaces"] = ""
    missing_tooth_clause: bool = False
    instalments: Instalments | None = None
    as_in_network: bool = False

    def pool(self, allowance: Allowance) -> str:
        """The name under which uses of an allowance are counted."""
        return allowance.name or self.name


class Plan(Record, frozen=True, kw_only=True):
    """One version of a plan document, for dates of service first..last.

    claims: kinds of claims it decides where people have several plans (medical, dental); none given: those no other
    plan names. account: its deductible, maximum and payments are summed apart from those of other plans, as this.
    plan_ids: HD04 codes that buy it. lines: HD03 codes, for spans without HD04. year_start: MM-DD the benefit year
    begins. inpatient_year: whether a stay counts to the year of each service or of its admission. networks: names a
    provider row must carry one of. tier2, tier3: cost shares at providers of further networks, asked in this order.
    cross: what amounts of other tiers also count to: nothing else, to every better tier, or one sum for all.
    carry_over_months: deductibles of so many last months of a benefit year count to the next one's, too.
    drugs_count_to: sums that claims of the drug manager share with all others: deductible, out_of_pocket, and maximum
    (annual and lifetime).
    hsa_qualified: the document promises to keep the rules of HSAs. grandfathered: the ACA's maxima do not bind it.
    lesser_of: never allow more than the charge. out_of_network_allowed: percent of charge when no fee row exists, or of
    the rows of out_of_network_schedule where one is named.
    member_not_found: pend for member_not_found_days business days, or reject at the door. high_dollar: paid amount
    above which a claim waits for a second pair of eyes. accident_diagnoses: beginnings of ICD-10 codes
    that need the member's accident answers. annual_maximum, lifetime_maximum: plan-paid amount per person, in a
    benefit year and in all. cob_missing: what a secondary claim without the primary's payment gets.
    payer_ids: 2010BB ids a claim for this plan may bear, none given: any. provider_not_found: a billing provider nobody
    has loaded waits (PRV), or is denied CO-208. cobra_unpaid: services after coverage ended, in the time COBRA may
    continue it and nobody has paid yet: denied as ended and decided again after payment, or pended. auth_late_days: so
    many days after a service an authorisation may still be asked for. medical_review: charge of a line above which
    somebody looks at its necessity (MED).
    repricers: organisations (HCP04) whose repriced amounts set the price before any fee row does.
    hospital_acquired: beginnings of ICD-10 codes the plan does not pay a hospital for where they were not present on
    admission. predetermination_days: how long an estimate holds.
    filing_code: CLP06.
    """

    id: str
    version: str
    title: str = ""
    sponsor: str = ""
    claims: tuple[ClaimKind, ...] = ()
    account: str = ""
    plan_ids: tuple[str, ...]
    lines: tuple[str, ...] = ("PPO", "HLT")
    first: date
    last: date | None = None
    year_start: str = "01-01"
    inpatient_year: Literal["service", "admission"] = "service"
    networks: tuple[str, ...]
    in_network: Tier
    tier2: NetworkTier | None = None
    tier3: NetworkTier | None = None
    out_of_network: Tier | None = None
    cross: Literal["none", "out_counts_to_in", "shared"] = "none"
    carry_over_months: int = 0
    drugs_count_to: tuple[Literal["deductible", "out_of_pocket", "maximum"], ...] = ()
    hsa_qualified: bool = False
    grandfathered: bool = False
    benefits: tuple[Benefit, ...] = ()
    lesser_of: bool = True
    out_of_network_allowed: Rate | None = None
    out_of_network_schedule: str = ""
    repricers: tuple[str, ...] = ()
    cob_method: Literal["standard", "maintenance", "non_duplication"] = "standard"
    cob_missing: Literal["deny", "pend"] = "deny"
    payer_ids: tuple[str, ...] = ()
    provider_not_found: Literal["pend", "deny"] = "pend"
    cobra_unpaid: Literal["deny", "pend"] = "deny"
    auth_late_days: int = 0
    medical_review_cents: Cents | None = field(name="medical_review", default=None)
    timely_filing_days: int = 365
    member_not_found: Literal["pend", "reject"] = "pend"
    member_not_found_days: int = 5
    high_dollar_cents: Cents = field(name="high_dollar", default=25_000_00)
    annual_maximum_cents: Cents | None = field(name="annual_maximum", default=None)
    lifetime_maximum_cents: Cents | None = field(name="lifetime_maximum", default=None)
    accident_diagnoses: tuple[str, ...] = ("S", "T0", "T1", "T2", "T3", "T4", "T5", "T6", "T7")
    hospital_acquired: tuple[str, ...] = ()
    predetermination_days: int = ESTIMATE_DAYS
    filing_code: str = "12"

    def tiers(self) -> dict[TierName, Tier]:
        """The tiers this plan has, the best first."""
        told = (self.in_network, self.tier2, self.tier3, self.out_of_network)
        return {name: tier for name, tier in zip(TIERS, told, strict=True) if tier is not None}

    def tier(self, name: TierName) -> Tier:
        """The cost share of a tier; in network when the plan has no such one."""
        if name == "in":
            return self.in_network
        return self.tiers().get(name, self.in_network)

    def networks_by_tier(self) -> dict[TierName, tuple[str, ...]]:
        """The networks of each tier that has some, the best tier first."""
        further: tuple[tuple[TierName, NetworkTier | None], ...] = (("tier2", self.tier2), ("tier3", self.tier3))
        found: dict[TierName, tuple[str, ...]] = {"in": self.networks}
        return found | {name: tier.networks for name, tier in further if tier is not None}

    def tier_of(self, networks: Iterable[str]) -> TierName:
        """The best tier of a provider that belongs to these networks."""
        mine = set(networks)
        return next((name for name, theirs in self.networks_by_tier().items() if mine.intersection(theirs)), "out")

    def book(self, tier: str) -> str:
        """Where the sums of a tier are kept: the tier of its accumulator entries."""
        return f"{self.account} {tier}" if self.account else tier

    def provision(self, section: str) -> str:
        """How an explanation cites a section of this document."""
        return f"{self.id} v{self.version} {section}"


EVERYTHING_ELSE = Benefit(name="other services")
"""The benefit of a line that no category of the document names: deductible, then the tier's coinsurance."""

KINDS: dict[str, ClaimKind] = {"P": "professional", "I": "institutional", "D": "dental", "R": "drug"}
"""`Claim.kind` in a document's words (R: of `mappings.drugs`)."""


def parse(text: str) -> Plan:
    """A plan from its document. Raises BadData naming every problem found."""
    return document.parse(text, Plan, contradictions, "plan document")


def examine(text: str) -> tuple[Plan | None, list[str]]:
    """A plan from its document, None where it cannot be read as one, and every problem: of words, else of sense."""
    return document.examine(text, Plan, contradictions)


# ---- questions ---------------------------------------------------------------------------------------------------


def benefit_of(plan: Plan, claim: Claim, line: ServiceLine, tier: TierName, age: int | None, sex: str = "") -> Benefit:
    """The first benefit of the document that fits the line. sex: F or M, "" when nobody told it."""
    for benefit in plan.benefits:
        if _fits(benefit, claim, line, tier, age, sex):
            return benefit
    return EVERYTHING_ELSE


def _fits(benefit: Benefit, claim: Claim, line: ServiceLine, tier: TierName, age: int | None, sex: str) -> bool:
    return (
        (not benefit.tiers or tier in benefit.tiers)
        and (not benefit.claims or KINDS.get(claim.kind) in benefit.claims)
        and (not benefit.codes or listed(benefit.codes, line.procedure.code))
        and (not benefit.revenue or listed(benefit.revenue, line.revenue))
        and (not benefit.claim_revenue or any(listed(benefit.claim_revenue, each.revenue) for each in claim.lines))
        and (not benefit.bill_types or claim.bill_type.startswith(benefit.bill_types))
        and (not benefit.pos or (line.pos or claim.pos) in benefit.pos)
        and (not benefit.modifiers or any(each in benefit.modifiers for each in line.procedure.modifiers))
        and (not benefit.diagnoses or any(each.startswith(benefit.diagnoses) for each in pointed(claim, line)))
        and (not benefit.taxonomies or _taxonomy(claim, line).startswith(benefit.taxonomies))
        and (not benefit.emergency or line.emergency == "Y")
        and (not benefit.sex or benefit.sex == sex)
        and (benefit.ages is None or (age is not None and benefit.ages[0] <= age <= benefit.ages[1]))
    )


def pointed(claim: Claim, line: ServiceLine) -> list[str]:
    """The diagnoses a line points to; all of the claim's when it points to none."""
    found = [claim.diagnoses[at - 1] for at in line.pointers if 0 < at <= len(claim.diagnoses)]
    return found or list(claim.diagnoses)


def _taxonomy(claim: Claim, line: ServiceLine) -> str:
    """Who rendered, else who billed."""
    who = line.rendering or claim.rendering
    return who.taxonomy if who is not None and who.taxonomy else claim.billing.taxonomy


def year_of(plan: Plan, on: date) -> int:
    """The benefit year of a date of service, named by the calendar year it begins in."""
    month, day = int(plan.year_start[:2]), int(plan.year_start[3:])
    return on.year if (on.month, on.day) >= (month, day) else on.year - 1


def admitted_on(claim: Claim) -> date | None:
    """The day an inpatient came in; None of any other claim."""
    return claim.stay.admitted if claim.stay is not None and claim.is_stay else None


def accrual_year(plan: Plan, claim: Claim, on: date) -> int:
    """The benefit year a service of that day counts to: its own, or its admission's where the plan says so."""
    admitted = admitted_on(claim) if plan.inpatient_year == "admission" else None
    return year_of(plan, on if admitted is None else admitted)


def carries_over(plan: Plan, claim: Claim, on: date) -> bool:
    """Whether a deductible of that day also counts to the next benefit year's."""
    if not plan.carry_over_months:
        return False
    month, day = int(plan.year_start[:2]), int(plan.year_start[3:])
    next_year = date(accrual_year(plan, claim, on) + 1, month, day)
    return on >= months_on(next_year, -plan.carry_over_months)


def buys(plan: Plan, span: Span) -> bool:
    """Whether a coverage span is of this plan: by HD04, or by HD03 when the sponsor sends no HD04."""
    return span.plan_id in plan.plan_ids if span.plan_id else span.line in plan.lines


def deciding(plans: Sequence[Plan], claim: Claim) -> tuple[Plan, ...]:
    """The plans that decide claims of this kind: those that name it, else those that name none; all of them when there
    are none of these, so that one of them says what it covers."""
    named = tuple(plan for plan in plans if KINDS.get(claim.kind) in plan.claims)
    return named or tuple(plan for plan in plans if not plan.claims) or tuple(plans)


def choose(plans: Sequence[Plan], member: Member | None, on: date) -> Plan | None:
    """The plan version that decides a date of service: the member's span on that day, else the nearest before it,
    else any of the member's; without a member the sponsor's first plan in force. None when no document is in force,
    or none of the plan the member has on that day.
    """
    for span in member.spans if member else ():  # nearly every claim ends here, without a list
        if span.first <= on and (span.last is None or on <= span.last):
            for plan in plans:
                if buys(plan, span) and plan.first <= on and (plan.last is None or on <= plan.last):
                    return plan
    dated = [plan for plan in plans if plan.first <= on and (plan.last is None or on <= plan.last)]
    known = [span for span in _nearest(member.spans if member else (), on) if any(buys(plan, span) for plan in plans)]
    had = [span for span in known if span.first <= on and (span.last is None or on <= span.last)]
    if had:  # of a plan without a document for that day
        return None
    for span in known:
        for plan in dated:
            if buys(plan, span):
                return plan
    return min(dated, key=lambda plan: (plan.id, plan.version), default=None)


def _nearest(spans: Sequence[Span], on: date) -> list[Span]:
    def distance(span: Span) -> tuple[int, int]:
        if span.first > on:
            return 2, (span.first - on).days
        return (0, 0) if span.last is None or on <= span.last else (1, (on - span.last).days)

    return sorted(spans, key=distance)
