"""Laws of the audit: what was decided follows from what it was decided on, and one planted cent is found."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Table, select, update

from gateway import synth
from gateway.flow import auditing, loading
from gateway.flow.auditing import Chosen
from gateway.plan.records import Decision
from gateway.settings import shipped
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import basis, claim, decision, entry, fee, person
from tests.flow.world import World, begun, golden, play_golden

ALL = Chosen()
FEES = (shipped() / "fees" / "sample.csv").read_text()


def audited(world: World, chosen: Chosen = ALL) -> dict[tuple[str, int], auditing.Audited]:
    """By claim and version."""
    return {(one.icn, one.version): one for one in auditing.decisions(world.context, chosen)}


def differing(world: World) -> list[tuple[str, list[str]]]:
    """(claim, places) of what differs."""
    return [(one.icn, [each.place for each in one.differences]) for one in audited(world).values() if one.differences]


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """The golden claims, decided."""
    world = begun(store, keys, tmp_path, enrolled=True)
    world.send("clearpath", "claims.837", golden("in.837p"))
    return world


def test_the_golden_decisions_are_made_again(store: Store, keys: Keys, tmp_path: Path) -> None:
    """Weeks later and after its payment every decision is the same, its reversal too; what was taken over is said."""
    world = World(store, keys, tmp_path)
    play_golden(world)
    states = {key: one.state for key, one in audited(world).items()}
    assert states.pop(("26072000001", 1)) == "taken over"
    assert set(states) == {*((f"2609600000{n}", 1) for n in range(1, 9)), ("26072000001", 2)}
    assert set(states.values()) == {"same"}
    assert auditing.count(world.context, ALL) == 10


def test_any_stream_is_decided_the_same_again(store: Store, keys: Keys, tmp_path: Path) -> None:
    """Of generated members and claims, no decision differs."""
    day = date(2026, 4, 6)
    world = begun(store, keys, tmp_path, day=None, first=day.isoformat(), fees=FEES, taken_over=False)
    world.send("bluebonnet", "all.834", synth.write_834(30, 5, day))
    world.send("clearpath", "claims.837", synth.write_837p(30, 90, 5, 20, day))
    found = audited(world)
    assert len(found) == world.count(decision, decision.c.outcome != "pended") > 40
    assert {one.state for one in found.values()} == {"same"}


def test_what_changed_since_does_not_matter(world: World, tmp_path: Path) -> None:
    """Prices, names and accumulators of today are not asked: a decision is made again on those of its day."""
    with world.store.write("test") as connection:
        connection.execute(update(fee).values(allowed_cents=1))
        connection.execute(update(person).values(body="{}"))
    text = (shipped() / "plans" / "bluebonnet-ppo.toml").read_text()
    assert "coinsurance = 20" in text
    path = tmp_path / "plan.toml"
    path.write_text(text.replace("coinsurance = 20", "coinsurance = 30"))
    loading.load(world.context, [path], "test")
    assert differing(world) == []


def shift(world: World, table: Table, icn: str, **values: object) -> None:
    """Plants a change behind the gateway's back."""
    with world.store.write("test") as connection:
        connection.execute(update(table).where(table.c.icn == icn).values(**values))


def test_one_planted_cent_is_found(world: World) -> None:
    """A cent moved from the discount to the payment of one line is told with both sides, and nothing else is."""
    with world.store.read() as connection:
        body = connection.execute(select(decision.c.body).where(decision.c.icn == "26096000004")).scalar_one()
    stored = msgspec.json.decode(body, type=Decision)
    (line,) = stored.lines
    cut = (msgspec.structs.replace(line.adjustments[0], cents=line.adjustments[0].cents - 1), *line.adjustments[1:])
    planted = msgspec.structs.replace(line, paid_cents=line.paid_cents + 1, adjustments=cut)
    made = msgspec.structs.replace(stored, lines=(planted,))
    shift(world, decision, "26096000004", body=msgspec.json.encode(made).decode())
    (found,) = [one for one in audited(world).values() if one.differences]
    assert (found.icn, found.state) == ("26096000004", "differs")
    assert [(each.place, each.stored, each.again) for each in found.differences] == [
        ("lines.1.adjustments.1.cents", "49866", "49867"), ("lines.1.paid_cents", "56107", "56106"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "values", "place"),
    [
        (decision, {"paid_cents": 56_107}, "booked.paid_cents"),
        (entry, {"cents": 70_001}, "booked.entries"),
    ],
    ids=["a run would pay a cent more", "an accumulator counts a cent more"],
)
def test_what_is_booked_is_what_was_decided(world: World, table: Table, values: dict[str, int], place: str) -> None:
    """A cent planted in the row a run pays by, or in an accumulator entry, is found."""
    shift(world, table, "26096000004", **values)
    assert differing(world) == [("26096000004", [place])]


def test_a_basis_that_is_gone_is_a_difference(world: World) -> None:
    """What cannot be decided again is not passed over in silence."""
    with world.store.write("test") as connection:
        connection.execute(basis.delete().where(basis.c.icn == "26096000001"))
    assert differing(world) == [("26096000001", ["basis"])]


def test_a_claim_that_was_edited_is_found(world: World) -> None:
    """A charge changed in a stored claim makes its decision another one."""
    with world.store.read() as connection:
        body = connection.execute(select(claim.c.body).where(claim.c.icn == "26096000002")).scalar_one()
    shift(world, claim, "26096000002", body=body.replace("15000", "15001"))
    assert [icn for icn, _ in differing(world)] == ["26096000002"]


def test_days_and_employers_choose(world: World) -> None:
    """Only decisions of the days and the employer asked for are made again."""
    day = date(2026, 4, 6)
    assert len(audited(world, Chosen(first=day, last=day))) == 9
    assert list(audited(world, Chosen(last=date(2026, 4, 5)))) == [("26072000001", 1)]
    assert audited(world, Chosen(sponsor="lakeline")) == {}


def test_an_audit_writes_nothing(world: World) -> None:
    """Every table is what it was."""
    before = world.chapter().rows
    audited(world)
    assert world.chapter().rows == before


def test_pages_meet(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few are read at once, each decision is met once, and none differs."""
    whole = audited(world)
    for page in (1, 3):
        monkeypatch.setattr(auditing, "PAGE", page)
        assert [*auditing.decisions(world.context, ALL)] == [*whole.values()]
