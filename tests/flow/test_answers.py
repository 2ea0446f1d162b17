"""What a 277CA says of a billing provider."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.store.engine import Store
from gateway.store.keys import Keys
from tests.flow.world import LAKESIDE, METRO_C5, World, changed, golden, only


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation with its members."""
    made = World(store, keys, tmp_path)
    made.advance("2026-04-06")
    made.send("bluebonnet", "enrol.834", golden("in.834"))
    return made


def provider_levels(world: World) -> list[str]:
    """STC of every 2200C of the last 277CA."""
    segments = world.sent("277CA")[-1].decode().replace("\n", "").split("~")
    begins = [n for n, one in enumerate(segments) if one.startswith("NM1*85*")]
    return [next(one for one in segments[n:] if one.startswith("STC*")) for n in begins]


def test_a_provider_whose_every_claim_fails_for_its_sake_is_rejected(world: World) -> None:
    """A billing NPI with a wrong check digit rejects 2200C with U and the reason; its neighbour is received."""
    body = only(golden("in.837p"), LAKESIDE, METRO_C5).replace(b"1234567893", b"1234567890")
    world.send("clearpath", "claims.837", body)
    assert provider_levels(world) == ["STC*A7:562:85**U*2530", "STC*A1:19:PR**WQ*16500"]


def test_a_provider_whose_claims_fail_for_their_own_sake_is_received(world: World) -> None:
    """Every claim rejected for what it says of itself leaves 2200C received."""
    body = changed(only(golden("in.837p"), METRO_C5), ("CLM*MOG-9001*16500*", "CLM*MOG-9001*16501*"))
    world.send("clearpath", "claims.837", body)
    assert provider_levels(world) == ["STC*A1:19:PR**WQ*16501"]
