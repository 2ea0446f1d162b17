"""Laws of versions: whatever was replaced, taken back and decided again, the end is as if only the end had come."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from gateway.flow import affected, reprocess
from gateway.flow.affected import Filter
from gateway.store.schema import claim, decision, entry
from mappings.records import Claim
from tests.flow.bills import billed, claims_file, correction
from tests.flow.desk_world import desk
from tests.flow.world import SPONSOR, World
from tests.laws.test_desk_laws import copied
from tests.plan.plan_cases import ALAN, BIANCA, CODY, DANA, LAKESIDE, bill, service

PRICED = (("99213", 150), ("99214", 180), ("80053", 60), ("11402", 1900), ("11402", 1500))
"""Code and charge: visits with a copay, a laboratory under the deductible, excisions that take it; those of other
charges have other days, so that nothing merely resembles anything and waits."""

PEOPLE = (ALAN, BIANCA, CODY, DANA)
BILLS = st.tuples(st.integers(0, len(PEOPLE) - 1), st.integers(0, len(PRICED) - 1), st.integers(0, 3))
STORY = st.lists(
    st.one_of(
        st.tuples(st.just("bill"), st.integers(0, 0), BILLS),
        st.tuples(st.just("replace"), st.integers(0, 7), BILLS),
        st.tuples(st.sampled_from(("void", "desk void", "again")), st.integers(0, 7), BILLS),
    ),
    min_size=4, max_size=9,
)  # fmt: skip


@pytest.fixture(scope="module")
def prepared(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The golden members on file, and what was taken over; each example begins with a copy of it."""
    world = desk(sqlite_template, tmp_path_factory.mktemp("history"))
    world.store.close()
    return world


@given(STORY)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_end_is_a_fresh_start(prepared: World, tmp_path: Path, story: list[tuple[str, int, Any]]) -> None:
    """Bills, replacements, voids by file and at the desk, and families decided again, in any order; then all that
    stands is decided again. Every claim pays what it pays where only what stands was ever sent, in the order of its
    places; the sums of every family are the same; reversals took back what they name; the books balance."""
    lived = _Lived(copied(prepared, tmp_path))
    for act, at, one in story:
        lived.do(act, at, one)
    lived.again(lived.world)
    fresh = _Lived(copied(prepared, tmp_path))
    for told in lived.standing:
        fresh.send(told)
    assert _money(lived.world) == _money(fresh.world)
    assert _sums(lived.world) == _sums(fresh.world)
    assert lived.world.books()["5010"] == fresh.world.books()["5010"]
    assert not lived.moves()
    _takes_back_exactly(lived.world)
    for each in (lived, fresh):
        each.world.store.close()


class _Lived:
    """An installation and what its clearinghouse believes: the claims that stand, in the order of their places."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.standing: list[Claim] = []
        self._icns: list[str] = []
        self._numbers = itertools.count(301)

    def do(self, act: str, at: int, one: tuple[int, int, int]) -> None:
        """One thing that happens; what needs a claim that stands is left where none does."""
        number = next(self._numbers)
        if act == "bill":
            self.send(_claim(f"P{number}", *one), number)
        elif not self.standing:
            return
        elif act == "again":
            self.again(self.world)
        else:
            self._change(act, at % len(self.standing), one, number)

    def send(self, claim_: Claim, number: int | None = None) -> str:
        """A claim's coming; it stands from now on."""
        icn = self._come(claim_, number or next(self._numbers))
        self.standing.append(claim_)
        self._icns.append(icn)
        return icn

    def _come(self, claim_: Claim, number: int) -> str:
        before = {row.icn for row in self.world.claims()}
        self.world.send("clearpath", f"{number}.837", claims_file(number, claim_))
        (fresh,) = {row.icn for row in self.world.claims()} - before
        return fresh

    def _change(self, act: str, at: int, one: tuple[int, int, int], number: int) -> None:
        icn, stood = self._icns[at], self.standing[at]
        if act == "replace":
            made = billed(stood, *_claim("", *one).lines)
            self._icns[at] = self._come(correction(made, "7", icn), number)
            self.standing[at] = made
            return
        if act == "void":
            self._come(correction(stood, "8", icn), number)
        else:
            _do(self.world, reprocess_void=icn)
        del self._icns[at], self.standing[at]

    def again(self, world: World) -> None:
        """Everything that stands is decided again."""
        _do(world)

    def moves(self) -> bool:
        """Whether deciding again would change anything."""
        return any(look.moves for look in _looks(self.world))


def _claim(pcn: str, who: int, what: int, day: int) -> Claim:
    code, charge = PRICED[what]
    return bill(pcn, PEOPLE[who], LAKESIDE, "E119", service(1, code, charge, date(2026, 3, 1 + 7 * day + what)))


def _looks(world: World, void: str = "") -> Sequence[reprocess.Look]:
    wanted = Filter(icns=(void,)) if void else Filter(sponsor_id=SPONSOR)
    with world.store.read() as connection:
        return [
            reprocess.look(connection, world.context, sponsor_id, icns, void=bool(void))
            for sponsor_id, icns in affected.find(connection, wanted).items()
        ]


def _do(world: World, reprocess_void: str = "") -> None:
    """Asks for what a look shows; the dry run is the commit, to the cent."""
    for look in _looks(world, reprocess_void):
        if look.moves:
            paid = _paid(world)
            asked = reprocess.ask(world.context, look, "", "ann", "a law")
            world.run()
            assert _paid(world) - paid == look.more_cents - look.back_cents
            with world.store.read() as connection:
                assert set(reprocess.one(connection, asked.number).claims) <= {"same", "changed", "voided", "waits"}


def _paid(world: World) -> int:
    return sum(row.paid_cents for row in world.claims())


def _money(world: World) -> list[tuple[str, str, int, int]]:
    """What stands, by the provider's number for it."""
    return sorted(
        (row.pcn, row.status, row.paid_cents, row.patient_cents) for row in world.claims() if row.state == "decided"
    )


def _sums(world: World) -> dict[Any, int]:
    """The accumulators, each key's entries added up."""
    sums: dict[Any, int] = {}
    for row in world.rows(entry):
        key = (row.person_id, row.year, row.tier, row.kind, row.limit_name, row.used_on, row.place)
        sums[key] = sums.get(key, 0) + row.cents + row.thousandths
    return {key: amount for key, amount in sums.items() if amount}


def _takes_back_exactly(world: World) -> None:
    """The decisions of a claim pay together what its newest one does; of one that was taken back, nothing."""
    with world.store.read() as connection:
        for row in world.claims():
            mine = select(decision.c.paid_cents).where(decision.c.icn == row.icn)
            assert sum(connection.execute(mine).scalars()) == row.paid_cents
            assert row.state == "decided" or row.paid_cents == 0
    assert world.count(claim, claim.c.state == "pended") == 0
