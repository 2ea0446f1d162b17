"""Guides: compiled from pyx12's maps, kept as bytes, found by what partners call them."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from pathlib import Path

import pytest
from x12_material import accepted, base, golden, read, summary, units

from parsers import check, guides, maps
from parsers.envelope import EnvelopePolicy
from parsers.events import SetClosed, SetOpened
from parsers.forms import ALIASES, FORMS, AliasUnknown, canonical, with_aliases
from parsers.maps import Loop, Segment

BASES = {
    "837p": "005010X222A1", "837i": "005010X223A2", "837d": "005010X224A2", "834": "005010X220A1",
    "835": "005010X221A1", "820": "005010X218", "999": "005010X231A1", "277ca": "005010X214",
}  # fmt: skip


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


def test_a_guide_is_no_alias_and_an_alias_leads_to_one() -> None:
    """An installation may name more versions, as guides there are; it cannot make one guide another."""
    own = with_aliases({"005010X222A9": "005010X222A1", "005010X220A1": "005010X221A1"})
    assert canonical("005010X222A9", own) == "005010X222A1"
    assert canonical("005010X220A1", own) == "005010X220A1"
    assert canonical("005010X223A3", own) == "005010X223A2"
    with pytest.raises(AliasUnknown, match="005010X224A9"):
        with_aliases({"005010X224A9": "005010X224A8"})


def test_an_installations_own_alias_is_read_as_its_guide() -> None:
    """A version named in the settings is judged, and its sets are handed out, as the guide it is read as."""
    data = base("837d").replace(b"005010X224A2", b"005010X224A7")
    assert summary(read(data)) == "IK5:R*I6 AK9:R*2 TA1:A"
    events = read(data, EnvelopePolicy(aliases=with_aliases({"005010X224A7": "005010X224A2"})))
    assert accepted(events)
    assert [event.guide for event in events if isinstance(event, SetOpened)] == ["005010X224A2"]


@pytest.mark.parametrize("name", BASES)
def test_every_guide_reads_a_whole_file_and_hands_out_all_of_it(name: str) -> None:
    """A file that uses some sixty segments of its guide is accepted, and its units laid end to end are its body."""
    events = read(base(name))
    assert accepted(events)
    assert [event.guide for event in events if isinstance(event, SetOpened)] == [BASES[name]]
    rows = ["*".join(row) for unit in units(events) for _, row in unit.rows]
    assert rows == base(name).decode().split("~")[3:-4]


@pytest.mark.parametrize("alias", ALIASES)
def test_a_file_in_a_near_version_is_read_as_the_version_we_know(alias: str) -> None:
    """GS08 and ST03 may name any of the versions that share a structure."""
    name = next(name for name, gs08 in BASES.items() if gs08 == ALIASES[alias])
    assert accepted(read(base(name).replace(ALIASES[alias].encode(), alias.encode())))


@pytest.mark.parametrize("name", BASES)
@pytest.mark.parametrize("gs08", ["004010X098A1", "005010", "005010X299", "X", "", "~", "\xe9" * 12, "5" * 300])
def test_an_unknown_version_is_answered_whatever_it_is(name: str, gs08: str) -> None:
    """A GS08 nobody knows refuses its group with AK905 2, a GS that is cut by it the interchange; nothing raises."""
    answer = summary(read(base(name).replace(b"*X*" + BASES[name].encode(), b"*X*" + gs08.encode("latin-1"), 1)))
    assert ("AK9:R*2" in answer) or ("TA1:R" in answer and "IK5:A" not in answer)


def test_a_group_of_another_guide_is_refused() -> None:
    """GS01 and GS08 must belong together; a GS01 nobody knows is AK905 1."""
    assert summary(read(base("820").replace(b"GS*RA", b"GS*HC"))) == "IK5:R*I6 AK9:R*2 TA1:A"
    assert summary(read(base("820").replace(b"GS*RA", b"GS*PO"))) == "IK5:R*I6 AK9:R*1 TA1:A"


@pytest.mark.parametrize("name", ["837p", "837i", "837d"])
@pytest.mark.parametrize("number", ["2", "0", "01", "x"])
def test_lines_are_counted_from_one_in_every_claim(name: str, number: str) -> None:
    """LX01 of the first line is 1, in professional, institutional and dental claims alike."""
    assert summary(read(base(name).replace(b"~LX*1~", f"~LX*{number}~".encode()))).startswith("IK3:LX*8 IK4:1*")


def test_findings_of_a_claim_are_named_after_it_in_every_claim_guide() -> None:
    """What is wrong in a claim says its CLM01; in an 820 its ENT01."""
    wrong = {"837i": (b"CL1*1*7*01", b"CL1*1*7"), "837d": (b"TOO*JP", b"TOO*JO"), "820": (b"NM1*QE*1", b"NM1*QE*7")}
    names = {}
    for name, (good, bad) in wrong.items():
        for event in read(base(name).replace(good, bad)):
            if isinstance(event, SetClosed):
                names[name] = {finding.place.claim for finding in event.verdict.findings}
    assert names == {"837i": {"LH-2001"}, "837d": {"LD-3001"}, "820": {"4"}}


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


def _loops(loop: Loop, name: str) -> list[Loop]:
    found = [loop] if loop.id == name else []
    return found + [each for child in loop.children if isinstance(child, Loop) for each in _loops(child, name)]


def test_the_claim_of_our_dental_map_is_the_same_for_subscriber_and_patient() -> None:
    """Loop 2300 stands twice in the map and is one thing, but that a patient level must have one."""
    of_subscriber, of_patient = _loops(maps.read("837.5010.X224.A2.xml"), "2300")
    assert of_subscriber.children == of_patient.children
    assert (of_subscriber.required, of_patient.required) == (False, True)


DENTAL = {
    "SV3": 1, "TOO": 32, "DN1": 1, "DN2": 35, "HI": 1, "PWK": 10, "NTE": 5,
}  # fmt: skip


def test_our_dental_map_has_the_segments_of_dentists() -> None:
    """The dental service, teeth and orthodontics stand as often as X224 lets them; no segment of other claims does."""
    claim = _loops(maps.read("837.5010.X224.A2.xml"), "2300")[0]
    (line,) = _loops(claim, "2400")
    found = {child.id: child.most for child in (*claim.children, *line.children) if isinstance(child, Segment)}
    assert {name: found[name] for name in DENTAL} == DENTAL
    assert not {"SV1", "SV2", "CL1", "CR1", "CRC", "LIN", "MEA"} & set(found)


def test_the_fingerprint_of_a_guide_covers_our_own_maps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A change of a map of ours makes old caches worthless."""
    before = guides.cache_key("005010X224A2")
    map_ = maps.OURS / "837.5010.X224.A2.xml"
    (tmp_path / map_.name).write_bytes(map_.read_bytes() + b"\n")
    monkeypatch.setattr(maps, "OURS", tmp_path)
    assert guides.cache_key("005010X224A2") != before


def test_what_is_remembered_of_an_expression_is_only_what_it_accepted() -> None:
    """A segment seen before gets the answer it got; good ones alone are kept, and never more than the limit."""
    asked: list[str] = []

    def match(text: str) -> object:
        asked.append(text)
        return True if text.isdigit() else None

    known = guides._Known(match)
    assert [bool(known[text]) for text in ("1", "x", "1", "x")] == [True, False, True, False]
    assert asked == ["1", "x", "x"]
    for number in range(3 * guides.KNOWN_HELD):
        assert known[str(number)]
        assert len(known) <= guides.KNOWN_HELD
