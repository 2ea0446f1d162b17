"""Laws of samples: the seed draws them, every claim has its chance, and strata get what they must."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.plan.claims import sampling
from gateway.plan.claims.sampling import BOUNDS_CENTS, LEAST, Candidate, Method, Stratum

populations = st.lists(st.integers(0, 3_000_000), min_size=1, max_size=80).map(
    lambda paid: [Candidate(f"26096{n:06d}", cents) for n, cents in enumerate(paid)]
)


def strata_of(candidates: list[Candidate], wanted: int, method: Method) -> dict[int, Stratum]:
    """As the flow counts them."""
    found: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for one in candidates:
        place = sampling.stratum_of(one.paid_cents)
        found[place] = found[place][0] + 1, found[place][1] + one.paid_cents
    return sampling.strata(found, wanted, method)


@given(populations, st.integers(1, 100), st.sampled_from(("simple", "stratified")), st.text(max_size=5))
@settings(max_examples=40)
def test_a_sample_is_as_large_as_wanted_and_nobodys_choice(
    candidates: list[Candidate], wanted: int, method: Method, seed: str
) -> None:
    """As many as wanted or as there are, each once, the same in whatever order claims are read; weights sum to all."""
    strata = strata_of(candidates, wanted, method)
    drawn = sampling.draw(candidates, strata, seed, method)
    assert drawn == sampling.draw(candidates[::-1], strata, seed, method)
    assert len(set(drawn)) == len(drawn) == sum(each.drawn for each in strata.values())
    least = sum(min(LEAST, each.claims) for each in strata.values()) if method == "stratified" else 0
    assert len(drawn) == min(len(candidates), max(wanted, least))
    assert sum(each.weight * each.drawn for each in strata.values()) == pytest.approx(len(candidates))


@given(populations, st.integers(1, 100))
def test_every_stratum_is_looked_at(candidates: list[Candidate], wanted: int) -> None:
    """A range of dollars with claims gives two of them, or the one it has, whatever its share of the money."""
    drawn = sampling.draw(candidates, strata_of(candidates, wanted, "stratified"), "s", "stratified")
    of = Counter(sampling.stratum_of(one.paid_cents) for one in candidates)
    got = Counter(sampling.stratum_of(one.paid_cents) for one in drawn)
    assert all(got[place] >= min(LEAST, claims) for place, claims in of.items())


def test_each_claim_is_as_likely_as_any_other() -> None:
    """Over 400 seeds each of 20 claims is drawn about a quarter of the time when 5 are."""
    candidates = [Candidate(f"2609600{n:04d}", 100) for n in range(20)]
    strata = strata_of(candidates, 5, "simple")
    counts = Counter(one.icn for seed in range(400) for one in sampling.draw(candidates, strata, str(seed), "simple"))
    assert min(counts.values()) > 65 and max(counts.values()) < 135  # 100 +- 4 standard deviations of 8.7


def test_money_decides_the_shares() -> None:
    """Of a range with a hundred times the dollars almost all of the free places come."""
    found = {1: (500, 1_000_000), 5: (500, 100_000_000)}
    strata = sampling.strata(found, 104, "stratified")
    assert (strata[1].drawn, strata[5].drawn) == (3, 101)


def test_strata_have_names_and_places() -> None:
    """A bound belongs to the lower range; nothing paid is a range of its own, and so is what two people released."""
    places = [sampling.stratum_of(cents) for cents in (0, 1, 100_00, 100_01, 25_000_00, 25_000_01)]
    assert places == [0, 1, 1, 2, 5, 6]
    assert [sampling.name_of(place) for place in (0, 1, len(BOUNDS_CENTS))] == [
        "nothing paid", "0.00 to 100.00", "above 25,000.00",
    ]  # fmt: skip


def test_what_200_claims_without_an_error_say() -> None:
    """At most 1.49 % of all are wrong with 95 % confidence; a share is within 6.9 points of 100,000 (worked by hand).

    1 - 0.05^(1/200) = 0.014867; 1.96 * sqrt(0.25 / 200) = 0.0693, less a thousandth for the finite population.
    """
    assert sampling.at_most(200) == pytest.approx(0.014867, abs=1e-6)
    whole = Stratum(name="all", claims=100_000, paid_cents=0, drawn=200)
    assert sampling.margin([whole]) == pytest.approx(0.0692, abs=5e-5)
    assert sampling.margin([Stratum(name="all", claims=200, paid_cents=0, drawn=200)]) == 0
    said = sampling.method_in_words([whole], "s", "simple")
    assert "at most 1.49% of all are, with 95 % confidence" in " ".join(said)
