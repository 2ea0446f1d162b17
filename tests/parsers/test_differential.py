"""Single mutants of a base file per guide through our reader and pyx12: the same verdict, the same first place.

The short run; the long one is `python -m tests.parsers.differential`. What may differ is the list in
`differential.explained`, each row with its reason.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from differential.explained import ROWS, differs
from differential.mutants import BASES, KINDS, base, mutant
from differential.opinions import Opinion, SecondOpinion, folder_for_pyx12, ours
from differential.runs import run

SHORT = 200  # mutants of each guide: some 2 s of pyx12, and 2 s for it to read a large map
SEED = 2026


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """pyx12's maps and ours, with an index that names them all."""
    return folder_for_pyx12(tmp_path_factory.mktemp("pyx12"))


@pytest.fixture(scope="module")
def second(folder: Path) -> SecondOpinion:
    """pyx12's validator."""
    return SecondOpinion(folder)


@pytest.mark.parametrize("guide", BASES)
def test_both_accept_the_base_file_of_every_guide(guide: str, second: SecondOpinion) -> None:
    """What is changed is good before it is changed: some sixty segments of each guide, our dental map's among them."""
    data = "".join(f"{part}~" for part in base(guide)).encode()
    assert ours(data) == second(data) == Opinion(True)
    assert 50 <= len(base(guide)) <= 75


@pytest.mark.parametrize("guide", BASES)
def test_a_single_mutant_gets_pyx12s_verdict_at_pyx12s_place(guide: str, second: SecondOpinion) -> None:
    """Accepted here is accepted there, and the first error lies in the same segment, but for the written list."""
    found = run(guide, range(SHORT), SEED, second)
    assert [str(difference) for difference in found if difference and difference.row is None] == []


@pytest.mark.parametrize("guide", ["999", "277CA", "820"])
def test_the_fast_second_opinion_is_pyx12s(guide: str, folder: Path, second: SecondOpinion) -> None:
    """Stopping at the first error and remembering good segments changes neither verdict nor first error."""
    whole = SecondOpinion(folder, whole=True)
    for number in range(30):
        data = mutant(guide, number, SEED + 1).data
        fast, slow = second(data), whole(data)
        assert (fast.accepted, fast.errors[:1]) == (slow.accepted, slow.errors[:1])


def test_mutants_are_what_they_say() -> None:
    """A mutant is never its base file, is the same each time, and every kind of change is made to every guide."""
    for guide in BASES:
        made = [mutant(guide, number, SEED) for number in range(600)]
        assert made == [mutant(guide, number, SEED) for number in range(600)]
        assert not [one for one in made if one.parts == base(guide)]
        assert {one.kind for one in made} == set(KINDS)


def test_every_reason_is_given_and_named_once() -> None:
    """The list of differences is a list of reasons, not of excuses: no row explains two validators that agree."""
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert all(len(row.reason.split()) >= 8 for row in ROWS)
    agreed = mutant("837P", 0, SEED)
    assert not differs(Opinion(True), Opinion(True))
    assert [row.name for row in ROWS if row.explains(agreed, Opinion(True), Opinion(True))] == []
