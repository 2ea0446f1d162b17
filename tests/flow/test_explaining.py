"""Laws of what is told of one claim: its place in the file, its sums, its page."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import update

from gateway.errors import UsageError
from gateway.flow import explaining
from gateway.pages import claim as page
from gateway.plan.claims import explanation
from gateway.plan.rounding import dollars
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import upload
from tests.flow.world import World, begun, golden

ICNS = [f"2609600000{n}" for n in range(1, 9)]
NAMES = ("REED", "ORTIZ", "BIANCA", "CODY", "SBA10000", "LFC-5001", "HIL-3001")


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """The golden claims, decided."""
    world = begun(store, keys, tmp_path, enrolled=True)
    world.send("clearpath", "claims.837", golden("in.837p"))
    return world


def test_the_place_is_where_the_claim_stands(world: World) -> None:
    """The segment told is the claim's own CLM, and each line's its LX, counted from ST as its file was sent."""
    sent = golden("in.837p").decode().replace("\n", "").split("~")
    start = next(at for at, segment in enumerate(sent) if segment.startswith("ST*"))
    for icn in ICNS:
        told = explaining.explained(world.context, icn)
        assert told.origin is not None and told.origin.partner == "clearpath"
        assert sent[start + told.origin.claim_segment - 1].startswith(f"CLM*{told.claim.pcn}*")
        assert list(told.origin.line_segments) == [line.number for line in told.claim.lines]
        for number, position in told.origin.line_segments.items():
            assert sent[start + position - 1] == f"LX*{number}"


def test_a_claim_taken_over_came_in_no_file(world: World) -> None:
    """Its two decisions, theirs and our reversal, are told; where it came from is said."""
    told = explaining.explained(world.context, "26072000001")
    assert told.origin is None and "Taken over" in told.came
    assert [decision.outcome for decision in told.decisions] == ["paid", "reversal"]


def test_an_unknown_number_is_said(world: World) -> None:
    """Nobody's number is a fault of usage, not of the gateway."""
    with pytest.raises(UsageError, match="no claim 1"):
        explaining.explained(world.context, "1")


def test_the_page_shows_every_amount_and_names_nobody(world: World) -> None:
    """Each charge, part and payment of every decision stands on the page; no name, no script, nothing fetched."""
    for icn in (*ICNS, "26072000001"):
        told = explaining.explained(world.context, icn)
        made = page.render(told)
        for decision in told.decisions:
            for line in decision.lines:
                amounts = (line.charge_cents, line.paid_cents, *(abs(each.cents) for each in line.adjustments))
                assert all(dollars(cents) in made for cents in amounts)
        assert not [name for name in NAMES if name in made.upper()]
        assert "<script" not in made and not re.search(r"(?:src|href)=", made)
        assert made.count("<section") == made.count("</section>") == 1 + len(told.decisions)


def test_the_bar_is_the_charge(world: World) -> None:
    """The slices of a claim's bar touch, begin at nothing and end at the whole; a reversal has none."""
    told = explaining.explained(world.context, ICNS[0])
    slices = page.slices(told.decisions[0].lines)
    assert [cents for _, cents, _, _ in slices] == [9000, 5500, 9500]
    edges = [(left, left + width) for _, _, left, width in slices]
    assert edges[0][0] == 0 and edges[-1][1] == page.BAR
    assert all(one[1] == other[0] for one, other in itertools.pairwise(edges))
    assert page.slices(explaining.explained(world.context, "26072000001").decisions[1].lines) == []


def test_json_says_the_same_sums(world: World) -> None:
    """The parts of the JSON add up to the charge of each decision."""
    for icn in ICNS:
        told = msgspec.json.decode(msgspec.json.encode(explanation.told(explaining.explained(world.context, icn))))
        for one in told["decisions"]:
            assert sum(one["parts_cents"].values()) == one["charge_cents"]


def test_bytes_that_are_gone_leave_the_receipt(world: World) -> None:
    """When retention removed the file, the receipt, set and day are told all the same, and that the bytes are gone."""
    with world.store.write("test") as connection:
        connection.execute(update(upload).values(state="removed"))
    told = explaining.explained(world.context, ICNS[0])
    assert told.origin is not None and told.origin.claim_segment == 0
    assert "no longer kept" in told.came
