"""A run: so many mutants of a guide through both validators, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from .explained import differs, explanation
from .mutants import Mutant, mutant
from .opinions import Opinion, SecondOpinion, ours


class Difference(NamedTuple):
    """A mutant over which the two differ. row: the name of what explains it, None = nothing does."""

    mutant: Mutant
    ours: Opinion
    theirs: Opinion
    row: str | None

    def __str__(self) -> str:
        def said(opinion: Opinion) -> str:
            first = opinion.errors[:2]
            return f"accepted={opinion.accepted} {opinion.broken}" + "".join(f"\n      {tuple(one)}" for one in first)

        return f"{self.mutant}\n    ours {said(self.ours)}\n    pyx12 {said(self.theirs)}"


def run(guide: str, numbers: range, seed: int, second: SecondOpinion) -> Iterator[Difference | None]:
    """Every mutant of these numbers: None where the two agree."""
    for number in numbers:
        made = mutant(guide, number, seed)
        mine, theirs = ours(made.data), second(made.data)
        if differs(mine, theirs):
            yield Difference(made, mine, theirs, explanation(made, mine, theirs))
        else:
            yield None


def used(differences: list[Difference]) -> Counter[str]:
    """How many differences each row explains."""
    return Counter(difference.row for difference in differences if difference.row)
