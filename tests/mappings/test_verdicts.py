"""A set of which no record can be made changes its group's verdict, and never makes a rejected group acceptable."""

from __future__ import annotations

import pytest

from mappings.verdicts import recounted
from parsers.events import GroupHeader, GroupVerdict, SetVerdict

HEADER = GroupHeader("HC", "THEM", "US", "20260410", "0900", "45", "X", "005010X222A1")
KEPT = 2


def one(verdict: str) -> SetVerdict:
    """A set that came to this."""
    return SetVerdict(st01="837", st02="0001", st03=HEADER.gs08, verdict=verdict)


def group(verdict: str, *sets: str, codes: tuple[str, ...] = ()) -> GroupVerdict:
    """A group of sets, of which the first are kept."""
    accepted = 0 if codes else sum(each != "R" for each in sets)
    return GroupVerdict(header=HEADER, verdict=verdict, claimed=len(sets), received=len(sets), accepted=accepted,
                        codes=codes, sets=tuple(map(one, sets[:KEPT])))  # fmt: skip


@pytest.mark.parametrize(
    ("before", "sets", "verdict", "accepted"),
    [
        (group("A", "A", "A"), "AA", "A", 2),
        (group("A", "A", "A"), "AR", "P", 1),
        (group("A", "A"), "R", "R", 0),
        (group("E", "A", "A", "E"), "AAR", "P", 2),
        (group("R", "A", "A", codes=("5",)), "AR", "R", 0),
    ],
    ids=["nothing changed", "one of two lost", "the only one lost", "one lost that is not kept", "a bad trailer"],
)
def test_a_group_is_counted_anew(before: GroupVerdict, sets: str, verdict: str, accepted: int) -> None:
    """AK901 and AK904 follow all sets as they ended; a group rejected for its own sake stays rejected."""
    after = recounted(before, tuple(map(one, sets)))
    assert (after.verdict, after.accepted, after.codes) == (verdict, accepted, before.codes)
    assert after.sets == tuple(map(one, sets[:KEPT]))
