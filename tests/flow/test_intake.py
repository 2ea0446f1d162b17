"""What intake takes in and what it answers to the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import claim, staged
from mappings import professional, readers
from tests.flow.world import World, begun, golden

FOREIGN = "005010X279A1"
"""An eligibility inquiry: a guide that is no claim's."""


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation on the day the files come."""
    return begun(store, keys, tmp_path, taken_over=False)


def test_a_guide_nobody_knows_is_answered_as_an_unknown_version(world: World) -> None:
    """A guide nobody here reads is AK905 2, its set IK5 R I6: it is not read by another guide's table."""
    body = golden("in.837p").replace(professional.GUIDE.encode(), FOREIGN.encode())
    world.send("clearpath", "i.837", body)
    _is_unsupported(world)


def test_a_guide_without_a_reader_is_unsupported(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the parsers could judge: what no mapping reads is not accepted."""
    monkeypatch.delitem(readers.READERS, professional.GUIDE)
    world.send("clearpath", "p.837", golden("in.837p"))
    _is_unsupported(world)


def _is_unsupported(world: World) -> None:
    (told,) = world.sent("999", "clearpath")
    assert b"IK5*R*I6~" in told
    assert b"AK9*R*1*1*0*2~" in told
    assert (world.count(staged), world.count(claim), world.sent("277CA")) == (0, 0, [])
