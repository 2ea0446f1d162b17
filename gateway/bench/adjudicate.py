"""The pure decision of a claim: no database, no file, one core."""

from __future__ import annotations

import gc
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from msgspec.structs import replace

from gateway import synth
from gateway.bench.figures import DAY, about
from gateway.plan.claims import accumulators, benefits, matching
from gateway.plan.claims.accumulators import Key
from gateway.plan.claims.adjudication import adjudicate as decide
from gateway.plan.claims.benefits import Limit, Plan, Tier
from gateway.plan.claims.case import Case, PriorClaim
from gateway.plan.records import FeeRow, Member, ProviderRow, Span
from gateway.settings import shipped
from mappings.records import Claim, MemberRow

PLANS = 20
"""Plan documents of one employer, so that each decision has to find its own among them all."""

CLAIMS_A_PERSON = 5
"""Claims of the file for each person: enough that deductibles are met on the way and every claim has a past."""

DEDUCTIBLE_STEP_CENTS = 25_000
"""By how much each plan's deductible is above the one before it: from the sample's to 19 x $250 more."""


def adjudicate(count: int, seed: int) -> dict[str, Any]:
    """Decides count claims twice, the second time on the clock.

    The first time makes the cases, each with what those before it used and billed, and warms what is compiled or
    cached; so the second decides the very same, and nothing but decisions is timed.
    """
    cases = _cases(count, seed)
    gc.collect()
    begun, begun_cpu = time.perf_counter(), time.process_time()
    outcomes = [decide(case, DAY).outcome for case in cases]
    seconds, cpu = time.perf_counter() - begun, time.process_time() - begun_cpu
    return {
        **about(seed), "claims": count, "plans": PLANS, "outcomes": dict(Counter(outcomes)),
        "claims_per_second": round(count / seconds, 1),
        "wall_s": round(seconds, 3), "cpu_s": round(cpu, 3),
    }  # fmt: skip


def _cases(count: int, seed: int) -> list[Case]:
    plans = _plans()
    providers, fees = _providers(plans), _fees()
    people = max(1, count // CLAIMS_A_PERSON)
    families = _families(synth.members(people, seed, DAY), plans)
    totals: dict[str, dict[Key, int]] = defaultdict(dict)
    history: dict[str, list[PriorClaim]] = defaultdict(list)
    cases = []
    for number, claim in enumerate(synth.claims(count, people, seed, 0, DAY)):
        found = matching.match(claim, families.get(claim.subscriber.id, []))
        person, root = (found.member.person_id, found.member.family_root) if found.member else ("", "")
        case = Case(
            icn=f"{number:011}", claim=claim, received=DAY, member=found.member, candidates=found.candidates,
            match=found.reason, plans=plans, providers=tuple(p for p in providers if p.npi == claim.billing.npi),
            fees=tuple(row for row in fees if row.npi == claim.billing.npi),
            history=tuple(_overlapping(history[person], claim)), totals=totals[root],
        )  # fmt: skip
        decision = decide(case, DAY)
        cases.append(case)
        totals[root] = accumulators.apply(totals[root], decision.entries)
        if decision.outcome != "denied":
            history[person].append(PriorClaim(icn=case.icn, claim=claim))
    return cases


def _overlapping(history: Sequence[PriorClaim], claim: Claim) -> Iterator[PriorClaim]:
    """The earlier claims that a case carries: those with a day of service in common."""
    return (one for one in history if one.claim.first <= claim.last and one.claim.last >= claim.first)


def _plans() -> tuple[Plan, ...]:
    """The sample's plan, as many employers' choices differ: by the deductible."""
    sample = benefits.parse((shipped() / "plans/bluebonnet-ppo.toml").read_text())
    return tuple(
        replace(sample, id=_plan_id(n), plan_ids=(_plan_id(n),), in_network=_dearer(sample.in_network, n))
        for n in range(PLANS)
    )


def _plan_id(number: int) -> str:
    return f"BENCH-{number:02}"


def _dearer(tier: Tier, steps: int) -> Tier:
    """A tier whose deductible and maximum are so many steps higher."""
    return replace(tier, deductible=_higher(tier.deductible, steps), out_of_pocket=_higher(tier.out_of_pocket, steps))


def _higher(limit: Limit, steps: int) -> Limit:
    more = steps * DEDUCTIBLE_STEP_CENTS
    return replace(limit, individual_cents=limit.individual_cents + more, family_cents=limit.family_cents + 2 * more)


def _families(rows: Iterator[MemberRow], plans: Sequence[Plan]) -> dict[str, list[Member]]:
    """The people of a file by subscriber number; each family has one of the plans, in turn."""
    found: dict[str, list[Member]] = {}
    for row in rows:
        family = found.setdefault(row.subscriber_no, [])
        plan = plans[(len(found) - 1) % len(plans)]
        coverage = row.coverages[0]
        span = Span(line=coverage.line, plan_id=plan.id, tier=coverage.tier, first=row.dates["356"])
        family.append(
            Member(
                person_id=row.member_no, family_root=row.subscriber_no, subscriber_no=row.subscriber_no,
                subscriber=row.subscriber, relationship=row.relationship, person=row.person, spans=(span,),
            )
        )  # fmt: skip
    return found


def _providers(plans: Sequence[Plan]) -> tuple[ProviderRow, ...]:
    """Whoever bills in synthetic files, in network of every plan."""
    return tuple(
        ProviderRow(npi=one.npi, tin=one.tin, name=one.name, networks=plans[0].networks, first=date(DAY.year, 1, 1))
        for one in synth.PROVIDERS
    )


def _fees() -> tuple[FeeRow, ...]:
    """A price for every service of every provider: the least that is charged for it."""
    return tuple(
        FeeRow(npi=who.npi, code=one.code, allowed_cents=one.low_cents, first=date(DAY.year, 1, 1))
        for who in synth.PROVIDERS
        for one in synth.SERVICES
    )
