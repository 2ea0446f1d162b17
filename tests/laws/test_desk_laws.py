"""Laws of the desk: whatever people do, each claim is in one place, and each act is told once."""

from __future__ import annotations

import copy
import itertools
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.flow import acts, asking
from gateway.flow.context import Context
from gateway.store.engine import Store
from gateway.store.schema import audit, claim, hold, pend_event, work
from tests.flow.desk_world import C1, C3, with_large
from tests.flow.world import SPONSOR, World

ICNS = (C1, C3, "26096000004", "26096000005")
"""A claim of a person, its near duplicate, one of another family, one that is paid thousands."""

PEOPLE = st.sampled_from(("ann", "ben"))
RULINGS = st.sampled_from(
    (acts.RELEASE, acts.deny("OA", "18", ()), acts.deny("PR", "96", ()), acts.override("duplicate"))
)
ACTS = st.one_of(
    st.tuples(st.just("decide"), st.sampled_from(ICNS), PEOPLE, RULINGS),
    st.tuples(st.just("take"), st.sampled_from(ICNS), PEOPLE, st.none()),
    st.tuples(st.just("request"), st.sampled_from(ICNS), PEOPLE, st.none()),
    st.tuples(st.just("answer"), st.sampled_from(ICNS), PEOPLE, st.none()),
    st.tuples(st.just("work"), st.just(""), PEOPLE, st.none()),
)
DECIDES = ("release", "deny", "override")


@pytest.fixture(scope="module")
def prepared(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Claims at the desk; each example begins with a copy of it."""
    world = with_large(sqlite_template, tmp_path_factory.mktemp("desk"))
    world.store.close()
    return world


@given(st.lists(ACTS, min_size=10, max_size=30))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_claim_is_in_one_place_and_each_act_is_told_once(
    prepared: World, tmp_path: Path, sequence: list[tuple[str, str, str, acts.Ruling | None]]
) -> None:
    """After any acts of two people, refused ones among them: a claim waits in one hold, or is on its way, or is
    decided; events and audit rows are as many as acts that were not refused; an act that decides has one hold it
    closed; and the books balance."""
    world = copied(prepared, tmp_path)
    done = 0
    for name, icn, user, ruling in sequence:
        try:
            _do(world, name, icn, user, ruling)
            done += name != "work"
        except GatewayError:
            pass
        _in_one_place(world)
        assert world.count(pend_event) == done == world.count(audit, audit.c.entity.like("claim %"))
    world.run()
    _in_one_place(world)
    assert {row.state for row in world.claims()} <= {"decided", "pended", "replaced"}
    closed = world.count(hold, hold.c.kind == "pend", hold.c.state == "closed")
    assert closed == world.count(pend_event, pend_event.c.act.in_(DECIDES))
    world.books()
    world.store.close()


_numbers = itertools.count()


def copied(prepared: World, folder: Path) -> World:
    """The prepared installation once more."""
    state = folder / f"copy{next(_numbers)}"
    shutil.copytree(Path(str(prepared.store.url.database)).parent, state)
    world, store = copy.copy(prepared), Store(f"sqlite:///{state}/state.db", prepared.clock)
    world.store, world.context = store, Context(store, prepared.context.keys, "T", prepared.context.cache)
    return world


def _do(world: World, name: str, icn: str, user: str, ruling: acts.Ruling | None) -> None:
    if name == "work":
        world.step()
    elif name == "take":
        acts.take(world.context, icn, user, user)
    elif name == "request":
        asking.request(world.context, icn, user, "provider", "More, please.", extend=False)
    elif name == "answer":
        acts.answer(world.context, icn, user, "Here it is.")
    elif ruling is not None:
        acts.decide(world.context, icn, ruling, user, "as I see it")


def _in_one_place(world: World) -> None:
    open_ = Counter(row.subject.removeprefix("claim ") for row in world.holds("pend"))
    steps = world.rows(work, work.c.kind.in_(("rerun", "adjudicate")))
    bodies = [(row.kind, json.loads(row.body)) for row in steps]
    again = Counter(body["icn"] for kind, body in bodies if kind == "rerun")
    routed = Counter(icn for kind, body in bodies if kind == "adjudicate" for icn in body["icns"])
    for row in world.rows(claim, claim.c.sponsor_id == SPONSOR, claim.c.partner != ""):
        places = {"pended": (1, 0), "routed": (0, 1)}.get(row.state, (0, 0))
        assert (open_[row.icn] + again[row.icn], routed[row.icn]) == places, row.state
