"""Laws of every interchange that leaves: its numbers, its delimiters, and the validator before the door."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert

from gateway.flow import envelopes
from gateway.flow.parties import Parties, Partner, Validation
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import counter
from mappings import remittance as x835
from mappings.records import Remittance
from parsers.snip import Snip
from tests.flow.world import LAKESIDE, METRO_C5, World, begun, changed, golden, only
from tests.mappings.x12_files import sets

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

OUT_835 = Path(__file__).parents[1] / "golden" / "out.835"


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation with its partners."""
    return begun(store, keys, tmp_path, day=None, taken_over=False)


def remittances() -> list[Remittance]:
    """The three 835s of the golden scenario."""
    found = []
    for units in sets(OUT_835.read_bytes()):
        reader = x835.RemittanceReader()
        for unit in units:
            reader.take(unit)
        told = reader.close()
        assert told is not None
        found.append(told)
    return found


def drafted(world: World, told: Remittance, validation: Validation | None = None) -> envelopes.Draft:
    """An 835 for ClearPath, checked but not sent."""
    with world.store.read() as connection:
        parties = Parties(connection, date(2026, 4, 10))
    partner: Partner = msgspec.structs.replace(parties.partner("clearpath"), validation=validation or Validation())
    return envelopes.draft(world.context, parties, partner, date(2026, 4, 10), x835.GUIDE, [x835.write(told)],
                           x835.identifiers(told))  # fmt: skip


def test_an_835_that_does_not_balance_never_leaves(world: World) -> None:
    """A cent too much is refused before any number is taken, unless the partner's outbound sums are off."""
    good = remittances()[0]
    wrong = msgspec.structs.replace(good, amount_cents=good.amount_cents + 1)
    assert drafted(world, good).sets.sets == 1
    with pytest.raises(envelopes.OutboundInvalid):
        drafted(world, wrong)
    assert drafted(world, wrong, Validation(outbound=Snip(snip3="off"))).sets.sets == 1


@pytest.mark.parametrize(
    ("charset", "sent"), [("ascii", b"*CAFE A?~"), ("latin-1", b"*CAF\xc9 A?~"), ("utf-8", "*CAFÉ Ał~".encode())]
)  # fmt: skip
def test_a_name_is_spelled_in_its_receivers_characters(world: World, charset: Any, sent: bytes) -> None:
    """A letter that the receiver's character set has not loses its accent, or is a question mark."""
    good = remittances()[0]
    told = msgspec.structs.replace(good, payer=msgspec.structs.replace(good.payer, name="CAFÉ Ał"))
    made = drafted(world, told, Validation(charset=charset))
    with world.store.write("bench") as connection:
        assert sent in envelopes.send(connection, made).body


def test_an_identifier_is_never_spelled_otherwise(world: World) -> None:
    """An 835 whose claim's name the receiver's character set cannot hold does not leave; in another it does."""
    good = remittances()[0]
    claims = (msgspec.structs.replace(good.claims[0], pcn="É1"), *good.claims[1:])
    told = msgspec.structs.replace(good, claims=claims)
    with pytest.raises(envelopes.OutboundInvalid, match="identifier"):
        drafted(world, told)
    assert "*É1*" in "".join(drafted(world, told, Validation(charset="latin-1")).sets.lines)


def test_control_numbers_wrap(world: World) -> None:
    """After 999999999 comes 1, for ISA13 and GS06; each pair of sender and receiver counts for itself."""
    world.advance("2026-04-06")
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    with world.store.write("bench") as connection:
        for series in ("ISA13", "GS06"):
            scope = f"{series}/SUMMITTPA/ZZCLEARPATH"
            connection.execute(insert(counter).values(scope=scope, next=envelopes.WRAP))
    world.send("clearpath", "claims.837", golden("in.837p"))
    first, second = (body.decode() for kind in ("999", "277CA") for body in world.sent(kind, "clearpath"))
    assert first[90:99] == "999999999" and second[90:99] == "000000001"
    assert "*999999999*X*" in first and "*1*X*" in second
    assert world.sent("999", "bluebonnet")[0].decode()[90:99] == "000000001"


NAME = "A*B~C:D^E|"
"""A claim's name that holds every delimiter people use."""


def named(body: bytes) -> bytes:
    """The claims file in other delimiters, one of its claims under NAME."""
    swapped = body.decode().replace("MOG-9001", "\x00").translate(str.maketrans("*~:^", "\x1d\x1c\x1e\x1f"))
    return swapped.replace("\x00", NAME).replace("\n", "").encode()


def test_no_identifier_is_altered_by_an_answer(world: World) -> None:
    """A claim's name that holds * ~ : ^ and | comes back as it was sent, in the 999 and in the 277CA."""
    world.advance("2026-04-06")
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    claims = only(golden("in.837p"), LAKESIDE, METRO_C5)
    world.send("clearpath", "good.837", named(claims))
    (told,) = world.sent("277CA")
    assert NAME.encode() in told and told[3:4] not in NAME.encode()
    spoilt = changed(claims, ("CLM*MOG-9001*16500*", "CLM*MOG-9001*16500.001*"))
    world.send("clearpath", "bad.837", named(spoilt).replace(b"000000202", b"000000203"))
    assert f"CLM01{chr(world.sent('999', 'clearpath')[-1][104])}{NAME}".encode() in world.sent("999", "clearpath")[-1]
