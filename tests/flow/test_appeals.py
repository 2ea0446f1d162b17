"""Appeals: the clock, another person, the decision turned through its versions, and what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest

from gateway.errors import NotPermitted, UsageError
from gateway.flow import acts, appeals, chain, reprocess
from gateway.plan.records import Decision, Rulings
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import claim, decision
from tests.flow.bills import billed
from tests.flow.desk_world import SPONSORS, acts_of, audited
from tests.flow.test_corrections import send, states
from tests.flow.test_reprocess import LAKELINE, TWO_PEOPLE
from tests.flow.world import World, begun
from tests.plan.plan_cases import C1

TODAY = date(2026, 4, 6)
RESEMBLING = billed(C1, msgspec.structs.replace(C1.lines[0], charge_cents=181_00))
"""A visit of the same day for a dollar more: it waits in DUP."""
TWO_LEVELS = SPONSORS.replace(LAKELINE, f"\n[sponsor.desk]\nappeal_levels = 2\n{LAKELINE}")


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """The golden people, enrolled."""
    return begun(store, keys, tmp_path, enrolled=True, taken_over=False)


def made(world: World, icn: str) -> list[Decision]:
    """Every decision of a claim."""
    return [msgspec.json.decode(row.body, type=Decision) for row in world.rows(decision, decision.c.icn == icn)]


def turn(world: World, icn: str, user: str, *edits: str, lines: tuple[int, ...] = ()) -> None:
    """The appeal of a claim succeeds."""
    shown, rulings = appeals.look(world.context, icn, user, "we were wrong", edits, lines)
    appeals.decide(world.context, icn, "overturned", user, "we were wrong", shown, rulings)
    world.run()


def test_a_duplicate_that_was_none(world: World) -> None:
    """Denied as a copy, appealed by the provider, overturned without the edit: reversal with N690, CLP02 22, then paid;
    claim, versions, events and audit say who and why, and the hold is closed."""
    first, second = send(world, 301, C1, C1)
    assert states(world, first, second) == [("decided", 95_00), ("decided", 0)]
    found = appeals.open_(world.context, second, "provider", TODAY, "ann", "two visits that day")
    assert (found.level, found.kind, found.due_on, found.late_days) == (1, "post-service", "2026-06-05", 0)
    (waits,) = world.holds("appeal")
    assert waits.reason == "appeal 1 by the provider, to be decided by 2026-06-05"
    appeals.note(world.context, second, "ben", "the notes show two")
    turn(world, second, "ben", "duplicate")
    assert states(world, second) == [("decided", 95_00)]  # the laboratory's 25.00 are deductible, as the first one's
    denied, reversal, paid = made(world, second)
    assert (reversal.status, reversal.remarks) == ("22", ("N690",))
    assert (denied.outcome, paid.outcome, paid.original_icn) == ("denied", "paid", second)
    assert paid.notes[0].text == "The edit duplicate was set aside by ben on 2026-04-06: we were wrong"
    with world.store.read() as connection:
        assert [one.cause for one in chain.read(connection, second).versions][1:] == ["reprocess 1"] * 2
        assert appeals.find(connection) == []
        (heard,) = appeals.find(connection, everything=True)
    assert (heard.state, heard.decided_by, heard.reprocess) == ("overturned", "ben", 1)
    assert [act for _, act, _ in acts_of(world, second)] == ["appeal", "appeal-note", "appeal-decide"]
    assert [detail for _, _, detail in audited(world, second)] == ["by provider", "", "overturned"]
    assert world.holds("appeal") == []
    assert world.books()["5010"] == sum(paid for _, paid in states(world, first, second))


def test_a_denial_of_people_falls(world: World) -> None:
    """A claim two people's desk denied: who denied it may not hear the appeal; overturned, the denial is gone for good
    and the claim is decided as if nobody had denied it."""
    _, second = send(world, 301, C1, RESEMBLING)
    acts.decide(world.context, second, acts.deny("PR", "96", ("N130",)), "ann", "not covered")
    world.run()
    assert states(world, second) == [("decided", 0)]
    appeals.open_(world.context, second, "patient", TODAY, "ann", "it is covered")
    with pytest.raises(NotPermitted, match="another person"):
        appeals.decide(world.context, second, "upheld", "ann", "no")
    turn(world, second, "ben", "duplicate")
    (row,) = world.rows(claim, claim.c.icn == second)
    kept = msgspec.json.decode(row.rulings, type=Rulings)
    assert (kept.refusal, [each.edit for each in kept.overrides]) == (None, ["duplicate"])
    assert made(world, second)[-2].remarks == ("N691",)
    assert row.paid_cents > 0 and row.denied == 0


def test_upheld_on_one_level_and_heard_on_the_next(store: Store, keys: Keys, tmp_path: Path) -> None:
    """Two levels have 30 days each, a third there is not; who heard the first does not hear the second; upheld changes
    no money."""
    world = begun(store, keys, tmp_path, enrolled=True, taken_over=False, sponsors=TWO_LEVELS)
    _, second = send(world, 301, C1, C1)
    for level, user in ((1, "ann"), (2, "ben")):
        found = appeals.open_(world.context, second, "provider", TODAY, "eve", "again")
        assert (found.level, found.due_on) == (level, "2026-05-06")
        with pytest.raises(UsageError, match="open already"):
            appeals.open_(world.context, second, "provider", TODAY, "eve", "again")
        if level == 2:
            with pytest.raises(NotPermitted):
                appeals.decide(world.context, second, "upheld", "ann", "still a copy")
        assert appeals.decide(world.context, second, "upheld", user, "a copy")[0].state == "upheld"
    with pytest.raises(UsageError, match="2 level"):
        appeals.open_(world.context, second, "provider", TODAY, "eve", "again")
    world.run()
    assert len(made(world, second)) == 1


def test_when_an_appeal_may_come(world: World) -> None:
    """180 days from when the decision was told, here its remittance's day: what comes later is taken in and says by how
    much; before the decision and after today nothing comes; urgent care is decided by the second day."""
    first, second = send(world, 301, C1, C1)
    world.plan_run()
    world.deposit(30_000_00, "WIRE-1")
    world.advance("2026-04-10")
    with pytest.raises(UsageError, match="not between"):
        appeals.open_(world.context, second, "patient", TODAY, "ann", "too early")
    with pytest.raises(UsageError, match="not between"):
        appeals.open_(world.context, second, "patient", date(2026, 4, 11), "ann", "tomorrow")
    urgent = appeals.open_(world.context, second, "patient", date(2026, 4, 10), "ann", "now", urgent=True)
    assert (urgent.kind, urgent.told_on, urgent.due_on) == ("urgent", "2026-04-10", "2026-04-12")
    world.advance("2026-10-09")
    late = appeals.open_(world.context, first, "patient", date(2026, 10, 9), "ann", "late")
    assert late.late_days == 2


def test_what_is_refused(world: World) -> None:
    """Edits nobody knows, edits that change nothing, claims without a decision or an appeal: a sentence, and no row."""
    first, second = send(world, 301, C1, RESEMBLING)
    for icn, words in ((second, "no decision of ours"), ("26000000000", "no decision of ours")):
        with pytest.raises(UsageError, match=words):
            appeals.open_(world.context, icn, "provider", TODAY, "ann", "pay")
    with pytest.raises(UsageError, match="no appeal"):
        appeals.look(world.context, first, "ben", "why", ("duplicate",), ())
    appeals.open_(world.context, first, "provider", TODAY, "ann", "pay more")
    for aside, words in ((("arithmetic",), "no edit arithmetic"), (("duplicate",), "comes to the same")):
        with pytest.raises(UsageError, match=words):
            appeals.look(world.context, first, "ben", "why", aside, ())
    assert states(world, first) == [("decided", 95_00)]


def test_money_above_the_limit_waits_and_a_withdrawn_one_is_open_again(
    store: Store, keys: Keys, tmp_path: Path
) -> None:  # fmt: skip
    """An overturned appeal that moves more than one person may move waits for a second; thought better of, the appeal
    waits for a decision again."""
    world = begun(store, keys, tmp_path, enrolled=True, taken_over=False, sponsors=TWO_PEOPLE)
    _, second = send(world, 301, C1, C1)
    appeals.open_(world.context, second, "provider", TODAY, "ann", "two visits")
    turn(world, second, "ben", "duplicate")
    assert states(world, second) == [("decided", 0)]
    reprocess.withdraw(world.context, 1, "ben")
    with world.store.read() as connection:
        assert [one.icn for one in appeals.find(connection)] == [second]
    turn(world, second, "ben", "duplicate")
    reprocess.approve(world.context, 2, "eve")
    world.run()
    assert states(world, second)[0][1] > 0
