"""Laws of the bench: each measurement runs to its end and tells every figure it promises; no time is judged."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.bench import validate as bench_validate
from gateway.bench.adjudicate import adjudicate
from gateway.bench.enrolment import enrolment
from gateway.bench.history import CLAIMS_A_PERSON
from gateway.bench.pipeline import pipeline
from gateway.bench.validate import validate

FEW = 20
"""Claims or members: the least of which one segment in a hundred is at least one, in each guide."""

ABOUT = {"seed", "machine", "python", "versions"}
"""What every figure is told with."""


def positive(found: dict[str, Any], *names: str) -> bool:
    """Whether there is something of each."""
    return all(found[name] > 0 for name in names)


def told_with(found: dict[str, Any]) -> dict[str, Any]:
    """The figures without what they depend on, which is there."""
    assert found["seed"] == 1 and found["machine"] and found["python"]
    assert set(found["versions"]) == {"pyx12", "twisted", "sqlalchemy", "msgspec"}
    return {name: value for name, value in found.items() if name not in ABOUT}


SHOWN = ("837P", "835")
"""Guides measured here: one pyx12 answers, and the one it cannot; each other costs seconds to load its maps again."""


def test_validation_is_measured_by_guide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each guide has all its ratios, the larger file its memory, two workers their ratio to one."""
    monkeypatch.setattr(bench_validate, "COLD_CLAIMS", FEW)
    monkeypatch.setattr(bench_validate, "COLD_TIMES", 1)
    monkeypatch.setattr(bench_validate, "LARGER", 2)
    assert list(bench_validate.GUIDES) == ["837P", "837I", "834", "835"]
    monkeypatch.setattr(bench_validate, "GUIDES", {name: bench_validate.GUIDES[name] for name in SHOWN})
    found = told_with(validate(FEW, 1))
    assert set(found) == {"claims", "results", "memory", "two_workers"} and found["claims"] == FEW
    figures = ("validate", "full", "dirty", "bare_reader", "cold", "cpu_s", "pyx12_cpu_s")
    assert [one["guide"] for one in found["results"]] == [*SHOWN]
    assert all(set(one) == {"guide", *figures} for one in found["results"])
    assert all(positive(one, *figures[:5], "pyx12_cpu_s") for one in found["results"])
    memory = found["memory"]
    assert set(memory) == {"claims", "peak_mb", "growth"} and memory["claims"] == [FEW, 2 * FEW]
    assert min(memory["peak_mb"]) > 0 and positive(memory, "growth") and positive(found, "two_workers")


def test_the_way_of_a_claim_is_measured() -> None:
    """Claims a second through a real worker behind a past, a plain insert of the same rows, the ratio of the two."""
    found = told_with(pipeline(FEW, 1, 1, 2 * CLAIMS_A_PERSON * FEW))
    figures = ("claims_per_second", "cpu_us_per_claim", "insert_claims_per_second", "ratio_to_insert")
    told = {"claims": FEW, "workers": 1, "history": 2 * CLAIMS_A_PERSON * FEW}
    assert set(found) == {*told, *figures} and {name: found[name] for name in told} == told
    assert positive(found, *figures)


def test_the_pure_decision_is_measured() -> None:
    """Claims a second, wall and CPU seconds of decisions among twenty plans; what is decided is paid, not pended."""
    found = told_with(adjudicate(FEW, 1))
    assert set(found) == {"claims", "plans", "outcomes", "claims_per_second", "wall_s", "cpu_s"}
    assert (found["claims"], found["plans"]) == (FEW, 20) and positive(found, "claims_per_second", "wall_s", "cpu_s")
    assert sum(found["outcomes"].values()) == FEW and found["outcomes"]["paid"] > FEW / 2


def test_a_full_file_is_measured_twice() -> None:
    """Seconds and memory onto an empty roster and onto one that knows them all."""
    found = told_with(enrolment(FEW, 1))
    assert set(found) == {"members", "first", "again"} and found["members"] == FEW
    for one in (found["first"], found["again"]):
        assert set(one) == {"seconds", "peak_mb"} and positive(one, "seconds", "peak_mb")
