"""Accumulators: sums of immutable entries, asked in sequence by the claims of one family.

Totals are keyed (person, year, tier, kind) and hold one family's persons; the family's sum is theirs together. A use of
a benefit's limit has its `Use` in the place of the tier: limits hold in all tiers together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from gateway.plan.claims.benefits import TIERS, Limit, Plan, TierName
from gateway.plan.records import Entry, Kind


class Use(NamedTuple):
    """What was used of one limit on one day: of which tooth, or at which provider."""

    limit_name: str
    on: date
    place: str = ""


Key = tuple[str, int, str | Use, str]
"""Person, benefit year, tier or use, kind."""

Totals = Mapping[Key, int]
"""Sums of entries: cents, thousandths of what is counted."""

COUNTED: dict[str, dict[TierName, tuple[str, ...]]] = {
    "none": {each: (each,) for each in TIERS},
    "out_counts_to_in": {each: TIERS[at:] for at, each in enumerate(TIERS)},
    "shared": dict.fromkeys(TIERS, TIERS),
}
"""By the plan's `cross`: which tiers' entries count against the limits of a tier."""

TO_DEDUCTIBLE: tuple[Kind, ...] = ("deductible", "credit")
"""What counts against a deductible: what the person bore, and what is credited from another year or plan."""

NO_LIMIT = 10**12
"""Ten billion dollars: more than X12 can carry in one amount (10 digits), so it limits nothing."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a person has used and what is left, in cents, in one benefit year and tier.

    deductible, oop: the person's own, credits to the deductible among them. family_*: the family's. *_left: what the
    limits still let anybody charge.
    """

    deductible: int
    oop: int
    family_deductible: int
    family_oop: int
    deductible_left: int
    oop_left: int


def key_of(entry: Entry) -> Key:
    """Where an entry counts."""
    if entry.used_on is None:
        return entry.person_id, entry.year, entry.tier, entry.kind
    return entry.person_id, entry.year, Use(entry.limit_name, entry.used_on, entry.place), entry.kind


def apply(totals: Totals, entries: Iterable[Entry]) -> dict[Key, int]:
    """New totals with the entries added; the given ones are not changed. Sums of zero are dropped."""
    sums = dict(totals)
    for entry in entries:
        key = key_of(entry)
        sums[key] = sums.get(key, 0) + entry.cents + entry.thousandths
        if not sums[key]:
            del sums[key]
    return sums


def person_sum(totals: Totals, person_id: str, year: int, kind: Kind, tiers: tuple[str, ...] = TIERS) -> int:
    """One person's sum of a kind in a benefit year."""
    return sum(totals.get((person_id, year, tier, kind), 0) for tier in tiers)


def family_sum(totals: Totals, year: int, kind: Kind, tiers: tuple[str, ...] = TIERS) -> int:
    """The family's sum of a kind in a benefit year."""
    return sum(cents for (_, y, tier, k), cents in totals.items() if y == year and k == kind and tier in tiers)


def room(totals: Totals, plan: Plan, tier: TierName, person_id: str, year: int, alone: bool) -> Room:
    """What the limits of a tier leave. alone: nobody but the subscriber is covered (aggregate limits then are his)."""
    tiers = tuple(plan.book(each) for each in COUNTED[plan.cross][tier])
    deductible = sum(person_sum(totals, person_id, year, kind, tiers) for kind in TO_DEDUCTIBLE)
    oop = person_sum(totals, person_id, year, "oop", tiers)
    family_deductible = sum(family_sum(totals, year, kind, tiers) for kind in TO_DEDUCTIBLE)
    family_oop = family_sum(totals, year, "oop", tiers)
    share = plan.tier(tier)
    return Room(
        deductible,
        oop,
        family_deductible,
        family_oop,
        _left(share.deductible, deductible, family_deductible, alone),
        _left(share.out_of_pocket, oop, family_oop, alone),
    )


def _left(limit: Limit, own: int, family: int, alone: bool) -> int:
    if limit.kind == "aggregate":
        cap = NO_LIMIT if limit.person_cap_cents is None else limit.person_cap_cents
        left = limit.individual_cents - own if alone else min(limit.family_cents - family, cap - own)
    else:
        left = min(limit.individual_cents - own, limit.family_cents - family)
    return max(0, left)
