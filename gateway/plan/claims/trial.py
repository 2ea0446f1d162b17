"""What a plan document would make of claims, for a person made up to be covered: nothing is on file but what is said.

The patients of the claims are enrolled, their providers in the network named, the charge is the price unless fees are
given; claims are decided in order, each seeing what the earlier ones used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from gateway.plan.claims import accumulators, adjudication
from gateway.plan.claims.accumulators import Key
from gateway.plan.claims.benefits import Plan, TierName, accrual_year
from gateway.plan.claims.case import Case, PriorClaim
from gateway.plan.claims.replacing import CORRECTIONS, VOID
from gateway.plan.records import Decision, Entry, FeeRow, Kind, Member, ProviderRow, Span
from mappings.records import Claim, Record

ANSWERED = ("ACC", "AUD")
"""Queues nobody waits in at a trial: accidents are taken as none, no second person is needed to pay nothing."""

AUTHORISED = "AUTH"

REST_OF_FAMILY = "somebody else of the family"
"""Bears what the rest of a family has used."""


class Supposed(Record, frozen=True, kw_only=True):
    """What is supposed of the patients of a trial.

    tier: HD05. relationship: "" is the claim's own. covered_from: None is the plan's first day; covered_until: None is
    without end. *_cents: what the patient, and in family_* the rest of the family, has used before. network: the tier
    of providers without rows. authorised: every service was, before.
    """

    tier: str = "FAM"
    relationship: str = ""
    covered_from: date | None = None
    covered_until: date | None = None
    deductible_cents: int = 0
    oop_cents: int = 0
    paid_cents: int = 0
    family_deductible_cents: int = 0
    family_oop_cents: int = 0
    network: TierName = "in"
    authorised: bool = False


class Tried(Record, frozen=True, kw_only=True):
    """A claim and what the plan would decide."""

    claim: Claim
    decision: Decision


def run(
    plan: Plan, claims: Sequence[Claim], supposed: Supposed, providers: Sequence[ProviderRow], fees: Sequence[FeeRow]
) -> Iterator[Tried]:
    """Every claim but voids, decided in order. Replacements are decided as if what they replace never was."""
    totals: dict[str, dict[Key, int]] = {}
    history: dict[str, list[PriorClaim]] = {}
    for at, claim in enumerate(claims, 1):
        if claim.frequency == VOID:
            continue
        member = _member(plan, claim, supposed)
        family = totals.setdefault(member.family_root, {})
        if member.person_id not in history:
            year = accrual_year(plan, claim, claim.first)
            family = accumulators.apply(family, _opening(member, supposed, year, first=not family))
        earlier = history.setdefault(member.person_id, [])
        case = Case(
            icn=f"TRIAL{at}", claim=claim, received=claim.last, member=member, candidates=1, plans=(plan,),
            providers=tuple(providers) or _providers(plan, claim, supposed),
            fees=tuple(fees) or _charges(claim), history=_overlapping(earlier, claim), totals=family,
            cleared=(*ANSWERED, AUTHORISED) if supposed.authorised else ANSWERED,
        )  # fmt: skip
        decision = adjudication.adjudicate(case, claim.last)
        totals[member.family_root] = accumulators.apply(family, decision.entries)
        if decision.outcome == "paid" and claim.frequency not in CORRECTIONS:
            denied = tuple(line.number for line in decision.lines if line.denied)
            earlier.append(PriorClaim(icn=case.icn, claim=claim, denied=denied))
        yield Tried(claim=claim, decision=decision)


def _overlapping(earlier: Sequence[PriorClaim], claim: Claim) -> tuple[PriorClaim, ...]:
    return tuple(each for each in earlier if each.claim.first <= claim.last and claim.first <= each.claim.last)


def _member(plan: Plan, claim: Claim, supposed: Supposed) -> Member:
    """The patient, enrolled."""
    relationship = supposed.relationship or claim.relationship
    number = claim.subscriber.id or claim.subscriber.last
    patient = claim.patient
    born = patient.birth.isoformat() if patient.birth else ""
    span = Span(
        line=plan.lines[0] if plan.lines else "", plan_id=plan.plan_ids[0] if plan.plan_ids else "",
        tier=supposed.tier, first=supposed.covered_from or plan.first, last=supposed.covered_until,
    )  # fmt: skip
    return Member(
        person_id="/".join((number, patient.last, patient.first, born)), family_root=number, subscriber_no=number,
        subscriber=relationship == "18", relationship=relationship, person=patient, spans=(span,),
    )  # fmt: skip


def _opening(member: Member, supposed: Supposed, year: int, first: bool) -> Iterator[Entry]:
    """What was used before the first claim. first: nobody of the family came before, who would have it counted."""
    rest = REST_OF_FAMILY if first else ""
    rows: tuple[tuple[str, Kind, int], ...] = (
        (member.person_id, "deductible", supposed.deductible_cents),
        (member.person_id, "oop", supposed.oop_cents),
        (member.person_id, "paid", supposed.paid_cents),
        (rest, "deductible", supposed.family_deductible_cents),
        (rest, "oop", supposed.family_oop_cents),
    )
    for person_id, kind, cents in rows:
        if cents and person_id:
            yield Entry(person_id=person_id, family_root=member.family_root, year=year, kind=kind, cents=cents)


def _providers(plan: Plan, claim: Claim, supposed: Supposed) -> tuple[ProviderRow, ...]:
    """The claim's providers, in a network of the tier supposed."""
    networks = plan.networks_by_tier().get(supposed.network, ())
    billing = claim.billing
    rendering = [each.npi for each in (claim.rendering, *(line.rendering for line in claim.lines)) if each]
    tins = dict.fromkeys(rendering, "") | {billing.npi: billing.tin}
    return tuple(
        ProviderRow(npi=npi, tin=tin, name="", networks=networks, first=date.min) for npi, tin in tins.items() if npi
    )


def _charges(claim: Claim) -> tuple[FeeRow, ...]:
    """Without fees: what is charged most for a code is its price. Codes of alternate benefits have none."""
    most: dict[str, int] = {}
    for line in claim.lines:
        code = line.procedure.code
        most[code] = max(most.get(code, 0), line.charge_cents)
    return tuple(
        FeeRow(npi=claim.billing.npi, code=code, allowed_cents=cents, first=date.min) for code, cents in most.items()
    )
