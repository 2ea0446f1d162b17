"""Guides: compiled from pyx12's maps, kept as bytes, found by what partners call them."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping

import pytest
from x12_material import golden, read, summary

from parsers import check, guides, maps
from parsers.envelope import EnvelopePolicy
from parsers.forms import ALIASES, FORMS, canonical


class Forgetful(MutableMapping[str, bytes]):
    """A cache that cannot be written, or read."""

    def __getitem__(self, key: str) -> bytes:
        raise OSError

    def __setitem__(self, key: str, value: bytes) -> None:
        raise OSError

    def __delitem__(self, key: str) -> None:
        raise OSError

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@pytest.fixture
def unloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """No guide has been loaded in this process yet."""
    monkeypatch.setattr(guides, "_loaded", {})


@pytest.mark.parametrize("gs08", FORMS)
def test_every_guide_of_the_table_compiles_and_survives_as_bytes(gs08: str) -> None:
    """from_bytes(to_bytes(guide)) judges as the guide does: it is the same data."""
    guide = guides.compile_guide(gs08)
    again = guides.Guide.from_bytes(guide.to_bytes())
    assert again.table == guide.table
    assert again.gs08 == gs08


@pytest.mark.parametrize("alias", ALIASES)
def test_aliases_lead_to_guides_of_the_table(alias: str) -> None:
    """A near version is never a third thing."""
    assert canonical(alias) in FORMS


@pytest.mark.usefixtures("unloaded")
def test_a_cache_is_filled_once_and_used_from_then_on() -> None:
    """The second load reads the bytes the first one wrote."""
    cache: dict[str, bytes] = {}
    first = guides.load("005010X231A1", cache)
    assert first is not None
    assert list(cache) == [guides.cache_key("005010X231A1")]
    guides._loaded.clear()
    cache[guides.cache_key("005010X231A1")] = first.to_bytes()
    second = guides.load("005010X231A1", cache)
    assert second is not None
    assert second is not first
    assert second.table == first.table


@pytest.mark.usefixtures("unloaded")
@pytest.mark.parametrize("cache", [Forgetful(), {}, None], ids=["broken", "empty", "none"])
def test_a_missing_or_broken_cache_is_only_slower(cache: MutableMapping[str, bytes] | None) -> None:
    """Guides never depend on a cache."""
    events = check(golden("out.277ca"), lambda gs08: guides.load(gs08, cache), EnvelopePolicy())
    assert summary(events) == "IK5:A AK9:A TA1:A"


@pytest.mark.usefixtures("unloaded")
def test_a_cache_that_holds_nonsense_is_replaced() -> None:
    """Bytes of another shape are compiled anew."""
    key = guides.cache_key("005010X214")
    cache = {key: b'{"gs08": 7}'}
    assert guides.load("005010X214", cache) is not None
    assert cache[key].startswith(b'{"gs08":"005010X214"')


def test_an_unknown_guide_is_none_and_its_group_is_refused() -> None:
    """A guide we do not have is an answer (AK905 2), not an error."""
    assert guides.load("005010X999") is None
    assert summary(read(golden("in.834").replace(b"005010X220A1", b"005010X999A9"))) == "IK5:R*I6 AK9:R*2 TA1:A"


def test_a_map_that_is_not_installed_is_named_as_such() -> None:
    """The operator's sentence says which package is wrong."""
    with pytest.raises(maps.MapMissing):
        maps.read("no-such-map.xml")
