"""What a partner may bring, what was done on record, and the porter between the door and the database."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select
from twisted.internet.defer import fail, maybeDeferred
from twisted.internet.task import Clock as Reactor

from gateway.clock import DAY_US, SECOND_US
from gateway.flow import allowance, deeds, porter
from gateway.flow.accounts import Account
from gateway.flow.allowance import Allowance, Used, refusal
from gateway.flow.context import Context
from gateway.flow.drop import StoreDrop
from gateway.flow.parties import Partner
from gateway.store import bans
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import audit, ban, upload
from sftp_drop.drop import Ban, Refused, Visitor
from sftp_drop.server import Door, DoorFactory
from sftp_drop.settings import DoorSettings
from tests.flow.world import Clock

CLEAR = Visitor("clearpath", "SHA256:abc", "192.0.2.1")


@pytest.fixture
def context(store: Store, keys: Keys) -> Context:
    """An installation with a clock of its own."""
    store.clock = Clock()
    return Context(store, keys, "T")


def test_what_counts(context: Context) -> None:
    """Received and closed files of 24 hours count as brought, hidden or not; open and broken-off ones apart; swept
    ones, older ones and another partner's not at all."""
    now_us = context.now_us
    states = [
        ("received", 1, 0, 0), ("received", 2, DAY_US - SECOND_US, 1), ("closed", 4, 120 * SECOND_US, 0),
        ("open", 8, 0, 0), ("lost", 16, 120 * SECOND_US, 1), ("swept", 32, 0, 0),
        ("received", 64, DAY_US + SECOND_US, 0),
    ]  # fmt: skip
    rows = [
        {"id": str(n), "partner": "p", "name": "n", "state": state, "size": size, "sha256": "", "key": b"",
         "touched_us": now_us - ago_us, "hidden": hidden}
        for n, (state, size, ago_us, hidden) in enumerate(states)
    ]  # fmt: skip
    with context.store.write("test") as connection:
        connection.execute(insert(upload), [*rows, rows[0] | {"id": "9", "partner": "q"}])
        assert allowance.used(connection, now_us, "p") == Used(7, 3, 24, 2)
        assert allowance.used(connection, now_us, "nobody") == Used()


@pytest.mark.parametrize(
    ("used", "resume", "text"),
    [
        (Used(), False, ""),
        (Used(minute_files=3), False, "3 files a minute are agreed; try again later"),
        (Used(whole_files=5), False, "5 files a day are agreed; try again tomorrow"),
        (Used(whole_bytes=100), True, "100 bytes a day are agreed; try again tomorrow"),
        (Used(part_bytes=100), False, "too much lies unfinished; continue it first"),
        (Used(part_bytes=100), True, ""),
    ],
)
def test_refusals_say_what_was_agreed(used: Used, resume: bool, text: str) -> None:
    """Each limit that is reached refuses the next file in words; unfinished files may be continued."""
    limits = Allowance(minute_files=3, day_files=5, day_bytes=100)
    assert refusal(limits, used, resume) == text
    assert refusal(Allowance(minute_files=0, day_files=0, day_bytes=0), used, resume) == ""


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 40), st.sampled_from(["grow", "keep", "lose"]))))
def test_an_account_never_exceeds_its_day(events: list[tuple[int, int, str]]) -> None:
    """Whatever four sessions send, keep and lose: what is kept and what is on its way stay within the day's bytes, and
    what was lost counts no more."""
    account, sizes, kept = Account(), dict.fromkeys(range(4), 0), 0
    account.look(Allowance(file_bytes=60, day_bytes=100), Used(), 0)
    for who, more, what in events:
        if what == "grow":
            try:
                account.grow(sizes[who] + more, more)
            except Refused:
                assert sizes[who] + more > 60 or kept + sum(sizes.values()) + more > 100
            else:
                sizes[who] += more
        else:
            account.end(sizes[who], sizes[who] if what == "keep" else None)
            kept += sizes[who] if what == "keep" else 0
            sizes[who] = 0
        assert account.arriving_bytes == sum(sizes.values()) and kept + account.arriving_bytes <= 100
        assert account.now.whole_bytes == kept


def test_bans_are_kept(context: Context) -> None:
    """The longest ban of a place counts; one is remembered a day behind its end; a lifted one is gone."""
    now_us = context.now_us
    ends_us = {"a": now_us + SECOND_US, "b": now_us - DAY_US - SECOND_US, "c": now_us - DAY_US + 60 * SECOND_US}
    with context.store.write("test") as connection:
        bans.put(connection, [bans.Banned(place, until_us, 2) for place, until_us in ends_us.items()])
        bans.put(connection, [bans.Banned("a", now_us, 1)])
        assert bans.remembered(connection, now_us) == [bans.Banned("a", ends_us["a"], 2)]
    held, _ = porter.look(context, [], [Ban("d", now_us / SECOND_US, 1)], [])
    assert [one.place for one in held] == ["a", "c", "d"]
    with context.store.write("test") as connection:
        assert connection.execute(select(ban.c.place).order_by(ban.c.place)).scalars().all() == ["a", "c", "d"]
        assert bans.lift(connection, "a") and not bans.lift(connection, "a")


class House:
    """A drop, a door nobody listens at, and its porter on a reactor of the test's."""

    def __init__(self, context: Context) -> None:
        self.reactor, self.broken = Reactor(), False
        self.context, self.drop = context, StoreDrop(context, maybeDeferred, lambda: None)
        factory = DoorFactory(self.drop, [], DoorSettings(), self.reactor, self.reactor.seconds)
        self.door = Door(factory, None, "127.0.0.1", 0)
        self.porter = porter.Porter(self.reactor, context, self.run, self.drop, self.door)

    def run(self, call: Any, *args: Any) -> Any:
        return fail(OSError("no database")) if self.broken else maybeDeferred(call, *args)

    def rows(self) -> list[tuple[str, str, str, str]]:
        with self.context.store.read() as connection:
            found = connection.execute(select(audit).order_by(audit.c.id)).all()
        return sorted((row.actor, row.action, row.entity, row.detail) for row in found)


def test_deeds_are_written_within_seconds(context: Context) -> None:
    """Deeds alike are one row with their number; what could not be written is written later, and what is left at the
    end, then; bans with them, and they are in force until the database lifts them."""
    house = House(context)
    mine = house.drop.of(CLEAR)
    for _ in range(3):
        mine.note("list", "inbound")
    house.broken = True
    house.porter.startService()
    house.reactor.advance(0)
    mine.note("list", "inbound")
    house.drop.ban(Ban("192.0.2.9", context.now_us / SECOND_US + 1800, 1))
    assert house.rows() == []
    house.broken = False
    house.reactor.advance(porter.LOOK_S)
    said = ("clearpath", "list", "inbound", "SHA256:abc 192.0.2.1 x4")
    assert house.rows() == [said, ("stranger", "ban", "192.0.2.9", "number 1")]
    assert not house.drop.deeds.bans and house.door.factory.defender.banned("192.0.2.9", context.now_us / SECOND_US)
    with context.store.write("test") as connection:
        bans.lift(connection, "192.0.2.9")
    house.reactor.advance(porter.LOOK_S)
    assert not house.door.factory.defender.banned("192.0.2.9", context.now_us / SECOND_US)
    mine.note("read", "outbox 1")
    house.porter.stopService()
    assert ("clearpath", "read", "outbox 1", "SHA256:abc 192.0.2.1") in house.rows()
    assert not house.reactor.getDelayedCalls()


def test_a_flood_of_deeds_is_bounded() -> None:
    """While the database does not answer, so many different deeds are kept and no more."""
    held = deeds.Deeds()
    for number in range(deeds.DEEDS_MAX + 5):
        held.note(number, CLEAR, "read", f"outbox {number}")
    taken = held.take()
    assert len(taken) == deeds.DEEDS_MAX and held.take() == []
    held.put_back(taken[:2])
    held.note(9, CLEAR, "read", "outbox 1")
    assert [(deed.entity, at_us, many) for deed, at_us, many in held.take()] == [("outbox 0", 0, 1), ("outbox 1", 1, 2)]


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"networks": ["192.0.2.0/33"]}, "192.0.2.0/33"),
        ({"networks": ["192.0.2.1/24"]}, "has host bits set"),
        ({"connections": 0}, "connections"),
        ({"file_bytes": -1}, "file_bytes"),
    ],
)
def test_an_allowance_that_cannot_be_is_refused(said: dict[str, Any], refusal: str) -> None:
    """What is no network or no number of that kind is told when the partner is loaded."""
    with pytest.raises(msgspec.ValidationError, match=refusal):
        msgspec.convert({"id": "p", "name": "p", "isa_id": "P", "allowance": said}, Partner)
