"""The queue: order inside a lane, one owner a lane, fences, fairness, deaths."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.store import documents, installation, queue
from gateway.store.engine import Store
from gateway.store.order import ord_of
from gateway.store.queue import Fenced, Work
from gateway.store.schema import receipt, work

NOW_US = 1_000_000


def add(store: Store, lane: str, no: int = 1, **more: Any) -> None:
    """Enqueues one step whose body says its number."""
    with store.write("test") as connection:
        queue.enqueue(connection, NOW_US, "step", lane=lane, ord=ord_of(no), body={"no": no}, **more)


def take(store: Store, me: str = "node:1", now_us: int = NOW_US) -> Work | None:
    """Claims as a worker does."""
    with store.write("claim") as connection:
        return queue.claim(connection, me, now_us)


def must_take(store: Store, me: str = "node:1", now_us: int = NOW_US) -> Work:
    """Claims what must be there."""
    taken = take(store, me, now_us)
    assert taken is not None
    return taken


def do(store: Store, me: str = "node:1") -> int | None:
    """Claims and finishes; returns the step's number."""
    taken = take(store, me)
    if taken is None:
        return None
    with store.write("finish") as connection:
        queue.finish(connection, taken)
    return int(taken.body["no"])


def drain(store: Store) -> list[int]:
    """The numbers of every step in the order they are done."""
    done = []
    while (no := do(store)) is not None:
        done.append(no)
    return done


def test_lane_goes_in_ord(store: Store) -> None:
    """Steps of a lane are done in ord, whatever the order they were added in."""
    for no in (3, 1, 2):
        add(store, "L", no)
    assert drain(store) == [1, 2, 3]


def test_lane_has_one_owner(store: Store) -> None:
    """While a step of a lane is being done no other of it is given, but steps of other lanes are."""
    add(store, "L", 1)
    add(store, "L", 2)
    add(store, "M", 3)
    first, second = must_take(store, "a"), must_take(store, "b")
    assert (first.body["no"], second.body["no"]) == (1, 3)
    assert take(store, "c") is None
    with store.write("finish") as connection:
        queue.finish(connection, first)
    assert must_take(store, "c").body["no"] == 2


def test_lane_waits_for_a_later_step_that_runs(store: Store) -> None:
    """A step that comes into a lane before the one being done waits for it all the same."""
    add(store, "L", 5)
    running = must_take(store, "a")
    add(store, "L", 1)
    assert take(store, "b") is None
    with store.write("finish") as connection:
        queue.finish(connection, running)
    assert must_take(store, "b").body["no"] == 1


def test_database_holds_the_lane(store: Store) -> None:
    """Two owners in one lane are impossible even where a claim could not see the other step: the index refuses."""
    add(store, "L", 2)
    assert must_take(store, "a").body["no"] == 2
    with pytest.raises(IntegrityError), store.write("hole") as connection:
        values = dict.fromkeys(work.c.keys(), "") | {"id": "01", "lane": "L", "ord": ord_of(1), "owner": "b"}
        numbers = dict.fromkeys(("gate", "rank", "turn", "due_us", "attempt", "parked"), 0)
        connection.execute(insert(work).values(values | numbers | {"key": None, "body": "{}"}))


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)  # SQLite has one writer: they cannot overlap
def test_hole_of_two_commits(store: Store) -> None:
    """An older step commits while a newer one of its lane is claimed: one of the claims fails, none runs beside."""
    with store.write("late") as late:
        queue.enqueue(late, NOW_US, "step", lane="L", ord=ord_of(1), body={"no": 1})
        add(store, "L", 2)
        with store.write("claim") as claiming:
            assert queue.claim(claiming, "a", NOW_US) is not None
            late.commit()
            with pytest.raises(IntegrityError), store.write("claim") as other:
                other.exec_driver_sql("set local lock_timeout = '2s'")
                committer = threading.Timer(0.1, claiming.commit)
                committer.start()
                try:
                    queue.claim(other, "b", NOW_US)
                finally:
                    committer.join()
    assert take(store, "b") is None


def test_due_steps_hold_no_lane(store: Store) -> None:
    """A step due at a later instant or business date lets the younger ones of its lane go first."""
    add(store, "L", 1, due_us=NOW_US + 5)
    add(store, "L", 2, due_on="2026-01-06")
    add(store, "L", 3)
    assert drain(store) == [3]
    assert must_take(store, now_us=NOW_US + 5).body["no"] == 1


def test_business_date_wakes(store: Store) -> None:
    """A step that waits for a business date is given when that date has come, not before."""
    add(store, "L", 1, due_on="2026-01-06")
    assert take(store) is None
    with store.write("day") as connection:
        installation.put(connection, "business_date", "2026-01-06")
    assert must_take(store).body["no"] == 1


def test_gate(store: Store) -> None:
    """A gated step waits for undecided smaller receipts of partners agreed for its sponsor, and for no others."""
    with store.write("world") as connection:
        documents.set_agreements(connection, "agreed", ["ACME"])
        documents.set_agreements(connection, "stranger", ["OTHER"])
        for no, partner in ((3, "agreed"), (4, "stranger"), (9, "agreed")):
            connection.execute(insert(receipt).values(_receipt(no, partner)))
    add(store, "S/ACME", 5, gate=5, sponsor_id="ACME")
    assert take(store) is None
    with store.write("decide") as connection:
        connection.execute(update(receipt).where(receipt.c.receipt_no == 3).values(state="quarantined"))
    assert must_take(store).body["no"] == 5


def _receipt(no: int, partner: str) -> dict[str, Any]:
    return {"receipt_no": no, "partner": partner, "upload_id": f"u{no}", "name": "x", "size": 1, "sha256": "",
            "received_us": 1, "received_on": "2026-01-05", "state": "received", "reason": ""}  # fmt: skip


def test_fair_to_a_newcomer(store: Store) -> None:
    """Behind a backlog of 200 of one partner, each of 10 newcomers is among the first partners + 1 claims."""
    with store.write("backlog") as connection:
        for no in range(200):
            queue.enqueue(connection, NOW_US, "step", lane=f"big/{no}", partner="big", body={"no": no})
    for partner in range(10):
        for no in range(5):
            add(store, f"p{partner}/{no}", no, partner=f"p{partner}")
    assert {must_take(store, f"w{n}").partner for n in range(12)} >= {f"p{n}" for n in range(10)} | {"big"}


def test_timer_does_not_hold_time_still(store: Store) -> None:
    """A partner that returns after long does not overtake a whole backlog because a timer waits since the start."""
    add(store, "timer", 0, partner="clock", due_on="2027-01-01")
    for no in range(20):
        add(store, f"big/{no}", no, partner="big")
    for _ in range(10):
        do(store)
    for no in range(10):
        add(store, f"new/{no}", no, partner="new")
    order = [must_take(store, f"w{n}").partner for n in range(20)]
    assert order[:10].count("big") >= 4


def test_key_is_added_once(store: Store) -> None:
    """A step whose business key already waits is not added again, by the same or another transaction."""
    add(store, "L", 1, key="run/7")
    add(store, "L", 2, key="run/7")
    assert drain(store) == [1]
    add(store, "L", 3, key="run/7")
    assert drain(store) == [3]


def test_key_is_added_once_by_racers(store: Store) -> None:
    """Eight threads that add one business key at once leave one step, and none of them fails."""
    racers(8, lambda n: add(store, f"L{n}", n, key="close/ACME/1"))
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(work)).scalar_one() == 1


def test_concurrent_claimers_share_without_doubles(store: Store) -> None:
    """Four threads drain 60 steps in 12 lanes: each step once, each lane in its order, never two of a lane at once."""
    for no in range(60):
        add(store, f"lane{no % 12}", no, partner=f"p{no % 3}")
    done: list[int] = []
    running: set[str] = set()
    guard = threading.Lock()

    def work_on(me: int) -> None:
        misses = 0
        while misses < 20:
            try:
                taken = take(store, f"node:{me}")
            except IntegrityError:  # another claimed in the lane: claim again
                continue
            if taken is None:
                misses += 1
                continue
            with guard:
                assert taken.lane not in running
                running.add(taken.lane)
            with guard:
                done.append(taken.body["no"])
                running.remove(taken.lane)
            with store.write("finish") as connection:
                queue.finish(connection, taken)

    racers(4, work_on)
    assert sorted(done) == list(range(60))
    for lane in range(12):
        assert [no for no in done if no % 12 == lane] == list(range(lane, 60, 12))


def test_finish_is_fenced(store: Store) -> None:
    """Who lost its step to another cannot finish, advance or give back: Fenced, and its effects are rolled back."""
    add(store, "L", 1)
    lost = must_take(store, "zombie:1")
    with store.write("release") as connection:
        queue.release(connection, "zombie:")
    owner = must_take(store, "node:2")
    for attempt in (
        lambda c: queue.finish(c, lost),
        lambda c: queue.advance(c, lost, {}),
        lambda c: queue.later(c, lost, 0),
    ):
        with pytest.raises(Fenced), store.write("zombie") as connection:
            installation.put(connection, "effect", "doubled")
            attempt(connection)
    with store.write("finish") as connection:
        assert installation.get(connection, "effect") == ""
        queue.finish(connection, owner)


def test_three_deaths_park(store: Store) -> None:
    """A step whose worker dies three times without progress is parked, told once, and holds its lane no more."""
    add(store, "L", 1)
    add(store, "L", 2)
    parked: list[list[int]] = []
    for death in range(3):
        assert must_take(store, f"node:{death}").body["no"] == 1
        parked.append([w.body["no"] for w in _release(store, f"node:{death}")])
    assert parked == [[], [], [1]]
    assert drain(store) == [2]


def test_advance_forgives(store: Store) -> None:
    """A chunk that commits stores where to go on and sets the attempts back: a long step may die often."""
    add(store, "L", 1)
    for chunk in range(5):
        going = must_take(store, f"node:{chunk}")
        assert going.attempt == 1
        with store.write("chunk") as connection:
            queue.advance(connection, going, {"no": 1, "chunk": chunk})
        assert _release(store, f"node:{chunk}") == []
    assert must_take(store).body == {"no": 1, "chunk": 4}


def test_release_takes_its_prefix_only(store: Store) -> None:
    """A dead node gives back its own steps; `_` and `%` in its name stand for themselves."""
    add(store, "L", 1)
    add(store, "M", 2)
    must_take(store, "node_1:a"), must_take(store, "nodeX1:a")
    _release(store, "node_1:")
    assert must_take(store, "other").body["no"] == 1
    assert take(store, "other") is None


def _release(store: Store, prefix: str) -> list[Work]:
    with store.write("release") as connection:
        return queue.release(connection, prefix)


def test_later_is_no_attempt(store: Store) -> None:
    """A step given back until later is not given before its time and does not count as an attempt."""
    add(store, "L", 1)
    with store.write("later") as connection:
        queue.later(connection, queue.claim(connection, "a", NOW_US) or pytest.fail("none"), NOW_US + 9)
    assert take(store) is None
    assert must_take(store, now_us=NOW_US + 9).attempt == 1


def test_unpark(store: Store) -> None:
    """A parked step that a person puts back starts with no attempts; one that is not parked stays as it is."""
    add(store, "L", 1)
    work_id = must_take(store).id
    with store.write("park") as connection:
        assert not queue.unpark(connection, work_id, NOW_US)
        connection.execute(update(work).values(owner=None, parked=1, attempt=3))
    assert take(store) is None
    with store.write("unpark") as connection:
        assert queue.unpark(connection, work_id, NOW_US)
    assert must_take(store).attempt == 1


def test_waiting(store: Store) -> None:
    """What is due or being done is waiting; parked, a later instant or date and the named kind are not."""
    add(store, "L", 1)
    add(store, "M", 2, due_on="2026-01-06")
    add(store, "N", 3, due_us=NOW_US + 1)
    must_take(store)
    with store.write("more") as connection:
        queue.enqueue(connection, NOW_US, "chain", lane="audit")
        assert [queue.waiting(connection, NOW_US, but=kinds) for kinds in ((), ("chain",))] == [2, 1]
        connection.execute(update(work).where(work.c.lane == "L").values(owner=None, parked=1))
        assert queue.waiting(connection, NOW_US, but=("chain",)) == 0


def test_nodes(store: Store) -> None:
    """Of every node that has not left the last time it said that it lives is known."""
    with store.write("nodes") as connection:
        for name, seen_us in (("dead", 1), ("gone", 1), ("alive", 1), ("alive", 9)):
            queue.beat(connection, name, seen_us)
        queue.leave(connection, "gone")
        assert queue.nodes(connection) == {"dead": 1, "alive": 9}


def racers(count: int, body: Any) -> None:
    """Runs body(0..count-1) in threads that start together; raises the first trouble of any."""
    start, troubles = threading.Barrier(count), []

    def run(n: int) -> None:
        start.wait()
        try:
            body(n)
        except BaseException as error:
            troubles.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if troubles:
        raise troubles[0]


def test_a_parked_step_keeps_no_key(store: Store) -> None:
    """A step parked under a key lets the next one of that key come."""
    with store.write("more") as connection:
        queue.enqueue(connection, NOW_US, "chain", lane="audit", key="chain")
    for n in range(queue.DEATHS):
        with store.write("claim") as connection:
            assert queue.claim(connection, f"w:{n}", NOW_US) is not None
        with store.write("release") as connection:
            parked = queue.release(connection, f"w:{n}")
    assert [one.kind for one in parked] == ["chain"]
    with store.write("more") as connection:
        queue.enqueue(connection, NOW_US, "chain", lane="audit", key="chain")
        assert queue.claim(connection, "w:next", NOW_US) is not None


def test_a_held_lane_does_not_count_as_waiting(store: Store) -> None:
    """Steps behind a parked one that keeps its lane are not waited for nor claimed, and go on after its release."""
    with store.write("more") as connection:
        for n in range(2):
            queue.enqueue(connection, NOW_US, "route", lane="S/a", ord=str(n), body={"n": n})
        first = queue.claim(connection, "w:1", NOW_US)
        assert first is not None
        connection.execute(update(work).where(work.c.id == first.id).values(attempt=queue.DEATHS))
        queue.release(connection, "w:1")
        queue.hold_lane(connection, first.id)
        assert (queue.waiting(connection, NOW_US), queue.claim(connection, "w:2", NOW_US)) == (0, None)
        assert queue.unpark(connection, first.id, NOW_US)
        assert queue.waiting(connection, NOW_US) == 2
        again = queue.claim(connection, "w:3", NOW_US)
        assert again is not None and again.id == first.id


def test_many_steps_at_once_have_the_turns_of_as_many_calls(store: Store) -> None:
    """Steps added together stand where the same steps added one by one would: behind each other, in their order."""
    turns = []
    for together in (True, False):
        with store.write("test") as connection:
            connection.execute(work.delete())
            queue.enqueue(connection, NOW_US, "step", lane="other", partner="b")
            queue.enqueue(connection, NOW_US, "step", lane="first", partner="a")
            steps = [queue.Step(f"S/{n}", f"s{n}", ord_of(n), n, {"no": n}) for n in range(3)]
            if together:
                queue.enqueue_all(connection, NOW_US, "step", "a", steps)
            for step in () if together else steps:
                queue.enqueue(connection, NOW_US, "step", partner="a", **step._asdict())
            mine = select(work).where(work.c.partner == "a").order_by(work.c.turn, work.c.lane)
            rows = connection.execute(mine).all()
            turns.append([(row.turn, row.lane, row.sponsor_id, row.ord, row.gate, row.body) for row in rows])
    assert turns[0] == turns[1]


def test_what_can_wait_goes_last(store: Store) -> None:
    """A step of rank 1 is taken when nothing of rank 0 is ready, nor anything of its partner due or being done."""
    with store.write("more") as connection:
        queue.enqueue(connection, NOW_US, "notify", lane="N/a", partner="sponsor/a", rank=1)
        for n in range(2):
            queue.enqueue(connection, NOW_US, "adjudicate", lane=f"A/{n}", partner="sponsor/a")
        taken = [queue.claim(connection, f"w:{n}", NOW_US) for n in range(3)]
        assert [one.kind if one else None for one in taken] == ["adjudicate", "adjudicate", None]
        for one in taken[:2]:
            assert one is not None
            queue.finish(connection, one)
        last = queue.claim(connection, "w:4", NOW_US)
    assert last is not None and last.kind == "notify"
