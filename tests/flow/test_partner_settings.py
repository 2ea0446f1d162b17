"""Laws of what a partner's row may say of how files are checked, cut and named."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import BadData
from gateway.flow import loading
from gateway.flow.parties import Parties, Partner, Validation
from gateway.store import installation
from gateway.store.engine import Store
from gateway.store.keys import Keys
from parsers.snip import Snip
from tests.flow.world import World

HEAD = '[[partner]]\nid = "clearpath"\nfirst = 2026-01-01\nname = "ClearPath"\nisa_id = "CLEARPATH"\n'


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation with its partners."""
    return World(store, keys, tmp_path, taken_over=False)


def loaded(world: World, folder: Path, settings: str) -> Partner:
    """The partner after its row was loaded with some settings."""
    file = folder / "partner.toml"
    file.write_text(HEAD + settings)
    loading.load(world.context, [file], "test")
    with world.store.read() as connection:
        return Parties(connection, installation.business_date(connection)).partner("clearpath")


def refusal(world: World, folder: Path, settings: str) -> str:
    """What is said of settings that cannot be."""
    with pytest.raises(BadData) as caught:
        loaded(world, folder, settings)
    return caught.value.detail


def test_weights_are_of_a_partner_and_a_direction(world: World, tmp_path: Path) -> None:
    """What is not said weighs as an error; each direction has its own weights."""
    partner = loaded(world, tmp_path, '[partner.validation]\ncharset = "utf-8"\ninbound = { snip5 = "off" }\n')
    assert partner.validation == Validation(inbound=Snip(snip5="off"), charset="utf-8")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('[partner.validation]\nsnip1 = "off"\n', "validation.snip1: no such word here"),
        ('[partner.validation.inbound]\nsnip8 = "off"\n', "validation.inbound.snip8: no such word here"),
        ('[partner.validation.outbound]\nsnip1 = "fatal"\n', "validation.outbound.snip1: Invalid enum value"),
        ('[partner.validation]\ncharset = "cp1252"\n', "validation.charset: Invalid enum value"),
    ],
)
def test_a_setting_nobody_knows_is_refused_by_its_name(world: World, tmp_path: Path, settings: str, said: str) -> None:
    """A word or a value that means nothing here is told with its place."""
    assert said in refusal(world, tmp_path, settings)
