"""Samples of decided claims for an auditor from outside, who can draw the very same ones again.

Every claim has a number that nobody chooses: SHA-256 over seed and claim number. The smallest of them are the sample,
so that each claim is as likely as any other and the seed proves that none was picked. A stratified sample does so
within ranges of paid dollars, each getting its share by money: large payments are few, and an error in one is dear.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from math import sqrt
from typing import Literal, NamedTuple

from gateway.plan.rounding import dollars, spread
from mappings.records import Record

Method = Literal["simple", "stratified"]

BOUNDS_CENTS = (0, 100_00, 500_00, 1_000_00, 5_000_00, 25_000_00)
"""Upper bounds of the strata, in paid cents; what is above the last, the limit above which two people release a claim
(domain 11.3), is one more."""

LEAST = 2
"""Claims of a stratum at least: of one alone no spread can be worked out."""

CONFIDENCE_Z = 1.96
"""Standard deviations within which 95 of 100 samples lie."""

DOUBT = 0.05
"""1 - confidence."""


class Candidate(NamedTuple):
    """A decided claim that may be drawn."""

    icn: str
    paid_cents: int


class Stratum(Record, frozen=True, kw_only=True):
    """Claims of one range of paid dollars. weight: how many claims each drawn one stands for."""

    name: str
    claims: int
    paid_cents: int
    drawn: int = 0

    @property
    def weight(self) -> float:
        """Claims of the stratum by drawn ones; 0 of an empty one."""
        return self.claims / self.drawn if self.drawn else 0.0


def stratum_of(paid_cents: int) -> int:
    """The place of a payment among the strata."""
    return sum(paid_cents > bound for bound in BOUNDS_CENTS)


def name_of(place: int) -> str:
    """A stratum in words."""
    if place == 0:
        return "nothing paid"
    low = dollars(BOUNDS_CENTS[place - 1])
    return f"{low} to {dollars(BOUNDS_CENTS[place])}" if place < len(BOUNDS_CENTS) else f"above {low}"


def strata(found: Mapping[int, tuple[int, int]], wanted: int, method: Method) -> dict[int, Stratum]:
    """The strata of a population and how many are drawn of each; a simple sample has one.

    found: by stratum, how many claims and how much was paid. wanted: claims in all; fewer where there are not so many,
    more where LEAST of each stratum already are.
    """
    if method == "simple":
        claims, paid = (sum(each[at] for each in found.values()) for at in (0, 1))
        return {0: Stratum(name="all", claims=claims, paid_cents=paid, drawn=min(wanted, claims))}
    drawn = _shares(found, wanted)
    return {
        place: Stratum(name=name_of(place), claims=claims, paid_cents=paid, drawn=drawn[place])
        for place, (claims, paid) in sorted(found.items())
    }  # fmt: skip


def _shares(found: Mapping[int, tuple[int, int]], wanted: int) -> dict[int, int]:
    """LEAST of each, the rest by paid dollars; what a stratum cannot give goes to the others."""
    drawn = {place: min(LEAST, claims) for place, (claims, _) in found.items()}
    while (left := wanted - sum(drawn.values())) > 0:
        open_ = sorted(place for place, (claims, _) in found.items() if drawn[place] < claims)
        if not open_:
            break
        for place, more in zip(open_, spread(left, [found[place][1] for place in open_]), strict=True):
            drawn[place] += min(more, found[place][0] - drawn[place])
    return drawn


def draw(candidates: Iterable[Candidate], chosen: Mapping[int, Stratum], seed: str, method: Method) -> list[Candidate]:
    """The sample in order of claim numbers. Holds no more claims than are drawn."""
    heaps: dict[int, list[tuple[int, Candidate]]] = {place: [] for place in chosen}
    for one in candidates:
        place = 0 if method == "simple" else stratum_of(one.paid_cents)
        wanted = chosen[place].drawn if place in chosen else 0
        if not wanted:
            continue
        entry = (-lot(seed, one.icn), one)
        if len(heaps[place]) < wanted:
            heapq.heappush(heaps[place], entry)
        else:
            heapq.heappushpop(heaps[place], entry)
    return sorted(one for heap in heaps.values() for _, one in heap)


def lot(seed: str, icn: str) -> int:
    """The number by which a claim is drawn: SHA-256 of `seed/claim`."""
    return int.from_bytes(sha256(f"{seed}/{icn}".encode()).digest())


def margin(chosen: Sequence[Stratum]) -> float:
    """Half the width of the 95 % interval of a share of claims, at its widest (half of them), with the correction for
    small populations: 1.96 * sqrt(sum of W^2 * 0.25 / n * (N - n) / (N - 1)), W a stratum's part of all claims."""
    total = sum(each.claims for each in chosen)
    variance = 0.0
    for each in chosen:
        if each.drawn and each.claims > 1:
            rest = (each.claims - each.drawn) / (each.claims - 1)
            variance += (each.claims / total) ** 2 * 0.25 / each.drawn * rest
    return CONFIDENCE_Z * sqrt(variance)


def at_most(drawn: int) -> float:
    """The share of wrong claims that is not exceeded with 95 % confidence when none of a simple sample is wrong:
    1 - 0.05^(1/n), which is about 3/n."""
    return 1.0 if drawn == 0 else 1 - DOUBT ** (1 / drawn)


def method_in_words(chosen: Sequence[Stratum], seed: str, method: Method) -> list[str]:
    """How it was drawn, and what may be concluded from it with which confidence."""
    total, drawn = sum(each.claims for each in chosen), sum(each.drawn for each in chosen)
    said = [
        f"{drawn:,} of {total:,} decided claims, drawn without replacement: the smallest SHA-256 of '{seed}/claim'."
    ]
    if method == "simple":
        said.append("Each claim is as likely as any other. Count the wrong ones: their share is that of all claims.")
        said.append(f"If none is wrong, at most {at_most(drawn):.2%} of all are, with 95 % confidence.")
    else:
        said.append(f"At least {LEAST} of each range of paid dollars, the others in proportion to what was paid in it.")
        said.append("A drawn claim stands for as many as its weight says: weigh counts and dollars before adding up.")
    said.append(f"A share found is within {margin(chosen):.2%} of the true one in 95 of 100 samples, at its widest.")
    return said
