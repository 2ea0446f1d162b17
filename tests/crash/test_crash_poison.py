"""A step that kills every worker that takes it."""

from __future__ import annotations

import signal
from collections.abc import Callable

from sqlalchemy import select

from gateway.store.schema import claim, hold, outbox, receipt
from tests.crash import dying
from tests.crash.dying import Death
from tests.crash.effects import differences, without_parking
from tests.crash.scenario import Release
from tests.crash.shelf import Shelf
from tests.crash.world import World, died, worker_codes


def poison(world: World, chapter: str, death: Death) -> None:
    """Plays a chapter in which a step kills three workers."""
    dying.plan(world.deaths, [death])
    world.start()
    world.play(chapter)
    world.wait_deaths(3)
    assert [worker_codes(world)[m.who] for m in died(world)] == [-signal.SIGKILL] * 3


def release(world: World) -> None:
    """A person releases the parked step."""
    world.act(Release("parked"))
    world.settle()


def test_poisonous_claims_wait_for_a_person(world_of: Callable[..., World], shelf: Shelf) -> None:
    """After three deaths the claims of the step are pended and a hold is open, the answer has left all the same, and a
    release decides them as if nothing had been."""
    world = world_of("claims")
    poison(world, "claims", Death("adjudicate", "select count(*) from decision", "before", times=3))
    with world.context.store.read() as connection:
        received = select(claim.c.state).where(claim.c.ord > "0" * 11 + "3")
        assert set(connection.execute(received).scalars()) == {"pended"}
        open_ = select(hold.c.sponsor_id).where(hold.c.kind == "parked", hold.c.state == "open")
        assert connection.execute(open_).scalars().all() == ["bluebonnet"]
        left = select(outbox.c.state).where(outbox.c.kind == "277CA")
        assert connection.execute(left).scalars().all() == ["visible"]
    release(world)
    world.stop()
    assert differences(without_parking(world.effects()), shelf.ends["claims"]) == {}


def test_poisonous_file_holds_up_nobody(world_of: Callable[..., World]) -> None:
    """A file whose reading kills is parked; files behind it, of its partner and others, are done; released, it is read
    as if it had come after them."""
    world = world_of("spoilt")
    poison(world, "spoilt", Death("stage", "select count(*) from staged", "before", times=3))
    world.play("enrol")
    world.play("claims")
    states = select(receipt.c.receipt_no, receipt.c.state).order_by(receipt.c.receipt_no)
    with world.context.store.read() as connection:
        assert connection.execute(states).all() == [(1, "parked"), (2, "decided"), (3, "decided")]
    release(world)
    world.stop()
    with world.context.store.read() as connection:
        assert connection.execute(states).all() == [(2, "decided"), (3, "decided"), (4, "quarantined")]
