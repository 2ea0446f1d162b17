"""The queue against a model of it that a person can read: whatever happens, both give the same step next."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, update

from gateway.store import documents, installation, queue
from gateway.store.engine import Store
from gateway.store.order import ord_of
from gateway.store.queue import DEATHS, Work
from gateway.store.schema import receipt, work

MONDAY = date(2026, 1, 5)
TICK_US = 1_000
"""Between two events: ids are ordered by the millisecond."""

LANES, PARTNERS, WORKERS = ("A", "B", "C"), ("p", "q"), ("w0:", "w1:", "w2:")


@dataclass
class Step:
    """One step of the model; no tells it apart and is its age."""

    no: int
    lane: str
    ord: str
    partner: str
    turn: int
    due_us: int
    due_on: str
    gate: int
    owner: str = ""
    attempt: int = 0
    parked: bool = False


@dataclass
class Model:
    """What the queue promises, as lists."""

    steps: list[Step] = field(default_factory=list)
    undecided: set[int] = field(default_factory=set)
    today: date = MONDAY
    now_us: int = 0

    def due(self, step: Step) -> bool:
        """Its time has come and it is not parked."""
        return not step.parked and step.due_us <= self.now_us and step.due_on <= self.today.isoformat()

    def turn(self, partner: str) -> int:
        """Start-time fair queueing."""
        lowest = min((s.turn for s in self.steps if not s.owner and self.due(s)), default=0)
        return max(lowest, max((s.turn for s in self.steps if s.partner == partner), default=-1) + 1)

    def blocked(self, step: Step) -> bool:
        """Another of its lane is being done or comes first, or an earlier file is undecided."""
        others = [s for s in self.steps if s.lane == step.lane and s is not step]
        first = any(s.owner or (self.due(s) and (s.ord, s.no) < (step.ord, step.no)) for s in others)
        return first or any(no < step.gate for no in self.undecided)

    def next(self) -> Step | None:
        """The step that must be given now."""
        ready = [s for s in self.steps if not s.owner and self.due(s) and not self.blocked(s)]
        return min(ready, key=lambda s: (s.turn, s.no), default=None)


class Both:
    """Applies every event to the store and to the model, and compares."""

    def __init__(self, store: Store) -> None:
        self.store, self.model, self.held = store, Model(), dict[str, tuple[Work, Step]]()
        with store.write("clean") as connection:
            connection.execute(delete(work))
            connection.execute(delete(receipt))
            installation.put(connection, "business_date", MONDAY.isoformat())
            documents.set_agreements(connection, "p", ["ACME"])

    def add(self, lane: str, partner: str, ord_no: int, wait: int, days: int, gate: int) -> None:
        """A step comes."""
        m, due_on = self.model, (self.model.today + timedelta(days)).isoformat() if days else ""
        step = Step(no=m.now_us, lane=lane, ord=ord_of(ord_no), partner=partner, turn=m.turn(partner),
                    due_us=m.now_us + wait * TICK_US if wait else 0, due_on=due_on, gate=gate)  # fmt: skip
        with self.store.write("add") as c:
            queue.enqueue(c, m.now_us, "k", lane=lane, partner=partner, sponsor_id="ACME", ord=step.ord, gate=gate,
                          due_us=step.due_us, due_on=due_on, body={"no": step.no})  # fmt: skip
        m.steps.append(step)

    def claim(self, me: str) -> None:
        """A free worker asks."""
        if me in self.held:
            return
        with self.store.write("claim") as c:
            given = queue.claim(c, me, self.model.now_us)
        expected = self.model.next()
        assert (given and given.body["no"]) == (expected and expected.no)
        if given is not None and expected is not None:
            expected.owner, expected.attempt = me, expected.attempt + 1
            assert given.attempt == expected.attempt
            self.held[me] = given, expected

    def finish(self, me: str) -> None:
        """A worker is done."""
        if me in self.held:
            given, step = self.held.pop(me)
            with self.store.write("finish") as c:
                queue.finish(c, given)
            self.model.steps.remove(step)

    def advance(self, me: str) -> None:
        """A worker commits a chunk."""
        if me in self.held:
            given, step = self.held[me]
            with self.store.write("chunk") as c:
                queue.advance(c, given, given.body)
            step.attempt = 0

    def later(self, me: str) -> None:
        """A worker gives its step back for a while."""
        if me in self.held:
            given, step = self.held.pop(me)
            step.owner, step.attempt, step.due_us = "", 0, self.model.now_us + 3 * TICK_US
            with self.store.write("later") as c:
                queue.later(c, given, step.due_us)

    def die(self, me: str) -> None:
        """A worker is killed."""
        with self.store.write("release") as c:
            parked = [w.body["no"] for w in queue.release(c, me)]
        _, step = self.held.pop(me, (None, None))
        if step is not None:
            step.owner, step.parked = "", step.attempt >= DEATHS
        assert parked == ([step.no] if step is not None and step.parked else [])

    def day(self) -> None:
        """The business date moves."""
        self.model.today += timedelta(1)
        with self.store.write("day") as c:
            installation.move_business_date(c, self.model.today)

    def receive(self, no: int, partner: str) -> None:
        """A file comes; only p may send for the sponsor."""
        with self.store.write("receive") as c:
            c.execute(delete(receipt).where(receipt.c.receipt_no == no))
            c.execute(insert(receipt).values(
                receipt_no=no, partner=partner, upload_id=f"u{no}", name="", size=0, sha256="", received_us=0,
                received_on="", state="received", reason=""))  # fmt: skip
        (self.model.undecided.add if partner == "p" else self.model.undecided.discard)(no)

    def decide(self, no: int) -> None:
        """A file is decided."""
        with self.store.write("decide") as c:
            c.execute(update(receipt).where(receipt.c.receipt_no == no).values(state="decided"))
        self.model.undecided.discard(no)


def _event(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, tuple[Any, ...]]]:
    return st.tuples(st.just(name), st.tuples(*arguments))


_NO, _WORKER = st.integers(1, 4), st.sampled_from(WORKERS)
_WAIT, _GATE = st.sampled_from([0, 0, 0, 4, 9]), st.sampled_from([0, 0, 3, 5])
_ADD = _event("add", st.sampled_from(LANES), st.sampled_from(PARTNERS), st.integers(1, 5), _WAIT,
              st.sampled_from([0, 0, 0, 1]), _GATE)  # fmt: skip
EVENTS = st.one_of(
    _ADD, _ADD, _ADD, _event("claim", _WORKER), _event("claim", _WORKER), _event("finish", _WORKER),
    _event("advance", _WORKER), _event("later", _WORKER), _event("die", _WORKER), _event("day"),
    _event("receive", _NO, st.sampled_from(PARTNERS)), _event("decide", _NO),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(EVENTS, min_size=15, max_size=60))
def test_queue_is_its_model(store: Store, events: list[tuple[str, tuple[Any, ...]]]) -> None:
    """After any events - files, days, deaths, chunks - a claim gives exactly the step that the model names."""
    both = Both(store)
    for name, arguments in events:
        both.model.now_us += TICK_US
        getattr(both, name)(*arguments)
    for _ in range(len(both.model.steps)):
        for me in WORKERS:
            both.claim(me)
            both.finish(me)
