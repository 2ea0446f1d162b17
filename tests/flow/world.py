"""One installation in one process, on either database: partners drop files, steps run until idle, people decide.

The clock is the test's own: it moves a millisecond a look, and jumps over waits, so that nothing here sleeps and the
same story gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Row, Table, delete, func, insert, select
from twisted.internet.defer import Deferred, maybeDeferred

from gateway import demo, outcome
from gateway.clock import SECOND_US
from gateway.flow import books, day, loading, parked, pay, recover, takeover, worker
from gateway.flow.context import Context
from gateway.flow.drop import StoreDrop
from gateway.settings import shipped
from gateway.store import installation, outbox, queue
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import blob, claim, funding_request, hold, metadata, notice, pay_run, recovery, work
from gateway.store.schema import installation as facts
from gateway.store.schema import outbox as outbox_table

GOLDEN = shipped() / "golden"
SPONSOR = "bluebonnet"
START_US = 1_775_484_000 * SECOND_US
"""2026-04-06T14:00:00Z, the golden scenario's clock."""

_COMPILED: dict[str, bytes] = {}
"""Guides compiled once per test process: compiling one takes longer than the golden scenario."""

_CHAPTERS: dict[tuple[Any, ...], Chapter] = {}
TABLES = tuple(metadata.tables.values())


class Clock:
    """Microseconds since 1970; a millisecond later at each look."""

    def __init__(self) -> None:
        self.now_us = START_US

    def __call__(self) -> int:
        self.now_us += 1_000
        return self.now_us


class Chapter(NamedTuple):
    """An installation between two steps: its clock, how many steps were asked for, and every row."""

    now_us: int
    runs: int
    rows: dict[Table, list[dict[str, Any]]]


class World:
    """An installation with the shipped partners, plans, providers, policies and sponsors.

    first: its business date. fees: other prices than the golden ones. sponsors, plan: TOML in place of the shipped.
    taken_over: what a former administrator handed over is booked. begun: it goes on where another one was.
    """

    def __init__(
        self, store: Store, keys: Keys, folder: Path, *, first: str = "2026-04-01", fees: str | None = None,
        sponsors: str | None = None, plan: str | None = None, taken_over: bool = True, begun: Chapter | None = None,
    ) -> None:  # fmt: skip
        self.store, self.clock = store, Clock()
        store.clock = self.clock
        self.context = Context(store, keys, "T", _COMPILED)
        self._runs = 0
        if begun is not None:
            self._go_on(begun)
            return
        with store.write("first") as connection:
            installation.put(connection, "business_date", first)
        files = [shipped() / name for name in demo.COMMON]
        replaced = {"sponsors/sample.toml": sponsors, "plans/bluebonnet-ppo.toml": plan, "golden/fees.csv": fees}
        files.append(GOLDEN / "fees.csv")
        loading.load(self.context, [_instead(folder, file, replaced) for file in files], "test")
        if taken_over:
            takeover.apply(self.context, takeover.read(GOLDEN / "takeover.json"), "test")

    def _go_on(self, chapter: Chapter) -> None:
        self.clock.now_us, self._runs = chapter.now_us, chapter.runs
        with self.store.write("chapter") as connection, self.store.write_blob() as blobs:
            connection.execute(delete(facts))  # the template's own
            for table, rows in chapter.rows.items():
                (blobs if table is blob else connection).execute(insert(table), rows)

    def chapter(self) -> Chapter:
        """What another installation under the same keys needs to go on from here."""
        with self.store.read() as connection, self.store.read_blob() as blobs:
            found = {table: (blobs if table is blob else connection).execute(select(table)) for table in TABLES}
            rows = {table: [dict(row) for row in result.mappings()] for table, result in found.items()}
        return Chapter(self.clock.now_us, self._runs, {table: kept for table, kept in rows.items() if kept})

    # ---- partners

    def put(self, partner: str, name: str, body: bytes) -> None:
        """A partner's upload, through the same drop as the SFTP door's."""
        drop_into(self.context, partner, name, body)

    def send(self, partner: str, name: str, body: bytes) -> None:
        """An upload, and everything that follows from it."""
        self.put(partner, name, body)
        self.run()

    def sent(self, kind: str, partner: str | None = None) -> list[bytes]:
        """What left, of one kind, in the order it was made."""
        mine = select(outbox_table).where(outbox_table.c.kind == kind).order_by(outbox_table.c.id)
        with self.store.read() as connection:
            rows = connection.execute(mine).all()
        return [outbox.open_body(self.context.keys, row) for row in rows if partner in (None, row.partner)]

    # ---- steps

    def run(self) -> int:
        """Does every step that is due, jumping over waits; returns how many were done."""
        done = 0
        while self.step() or self._jump():
            done += 1
        return done

    def step(self) -> bool:
        """Does one step that is due; False when there is none."""
        self._runs += 1
        return worker.work_once(self.context, f"test:{self._runs}")

    def _jump(self) -> bool:
        """Moves the clock to the next step that waits for an instant; False when none does."""
        today = select(facts.c.value).where(facts.c.name == "business_date").scalar_subquery()
        waits = select(func.min(work.c.due_us)).where(
            work.c.parked == 0, work.c.due_on <= today, work.c.due_us > self.clock.now_us
        )
        with self.store.read() as connection:
            due_us = connection.execute(waits).scalar_one_or_none()
        if due_us is None:
            return False
        self.clock.now_us = due_us
        return True

    def advance(self, target: str) -> None:
        """Moves the business date; the due work of each passed day runs before the next."""
        self.ask_day(target)
        self.run()

    def ask_day(self, target: str) -> None:
        """Asks for another business date; the work that moves it is not done yet."""
        with self.store.write("day-ask") as connection:
            day.enqueue(connection, self.context, date.fromisoformat(target))

    # ---- people

    def plan_run(self, *approvers: str) -> int:
        """Plans a run of the sponsor and has it approved; returns its number."""
        with self.store.write("pay-run") as connection:
            pay.enqueue(connection, self.context, "plan", SPONSOR)
        self.run()
        run_no = max(row.run_no for row in self.rows(pay_run))
        for user in approvers:
            with self.store.write("approve") as connection:
                pay.approve(connection, self.context, SPONSOR, run_no, user)
        self.run()
        return int(run_no)

    def deposit(self, cents: int, reference: str) -> None:
        """The employer's money."""
        with self.store.write("deposit") as connection:
            pay.post_deposit(connection, self.context, SPONSOR, cents, reference)
        self.run()

    def carrier_pays(self, number: str, cents: int) -> None:
        """The stop-loss carrier's money."""
        with self.store.write("reimbursement") as connection:
            recover.receive(connection, self.context, SPONSOR, number, cents)
        self.run()

    def release(self, kind: str) -> str:
        """A person releases the one open hold of a kind."""
        (found,) = self.holds(kind)
        done = parked.release(self.context, found.id, "ann", "checked")
        self.run()
        return done

    # ---- what came of it

    def rows(self, table: Table, *where: Any) -> Sequence[Row[Any]]:
        """Rows of a table, in the order of its primary key."""
        with self.store.read() as connection:
            return connection.execute(select(table).where(*where).order_by(*table.primary_key.columns)).all()

    def count(self, table: Table, *where: Any) -> int:
        """How many rows a table has."""
        with self.store.read() as connection:
            return int(connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one())

    def holds(self, kind: str) -> list[Row[Any]]:
        """Open holds of a kind."""
        return [row for row in self.rows(hold) if row.kind == kind and row.state == "open"]

    def claims(self) -> list[Row[Any]]:
        """Claims of the sponsor in order of their numbers."""
        return list(self.rows(claim, claim.c.sponsor_id == SPONSOR))

    def result(self) -> dict[str, Any]:
        """What `gateway demo --json` prints."""
        with self.store.read() as connection:
            found: dict[str, Any] = json.loads(json.dumps(outcome.of(connection, SPONSOR)))
        return found

    def books(self) -> dict[str, int]:
        """The sponsor's trial balance, after the books were verified."""
        with self.store.read() as connection:
            assert books.verify(connection) == []
            return books.trial_balance(connection, SPONSOR)

    def notices(self) -> list[tuple[str, str, str]]:
        """(kind, person, claim) of the sponsor's notices, in order."""
        return [(row.kind, row.person_id, row.icn) for row in self.rows(notice) if row.sponsor_id == SPONSOR]

    def recoveries(self) -> list[tuple[str, int, str]]:
        """(number, cents, state) of the reimbursement claims."""
        return [(row.number, row.amount_cents, row.state) for row in self.rows(recovery)]

    def waiting(self) -> int:
        """Steps that are due."""
        with self.store.read() as connection:
            return queue.waiting(connection, self.clock.now_us)


def begun(
    store: Store, keys: Keys, folder: Path, *, day: str | None = "2026-04-06", enrolled: bool = False, **settings: Any
) -> World:
    """The installation on the day the golden files come, `enrolled` with its members. settings: as of a World.

    Worked out by the steps once per process and engine; from then on its rows are copied, which takes a tenth.
    """
    place = (store.engine.name, day, enrolled, *sorted(settings.items()))
    if place in _CHAPTERS:
        return World(store, keys, folder, begun=_CHAPTERS[place])
    world = World(store, keys, folder, **settings)
    if day is not None:
        world.advance(day)
    if enrolled:
        world.send("bluebonnet", "enrol.834", golden("in.834"))
    _CHAPTERS[place] = world.chapter()
    return world


class Died(Exception):
    """The worker that took a step."""


def run(world: World) -> None:
    """Does what is due; a worker that dies is followed by another."""
    for _ in range(1000):
        try:
            if not world.step() and not world._jump():
                return
        except Died:
            parked.release_owner(world.context, "test:")
    raise AssertionError("the work does not end")


def drop_into(context: Context, partner: str, name: str, body: bytes) -> None:
    """A partner's upload into an installation, at once."""
    drop = StoreDrop(context, maybeDeferred, lambda: None)
    upload = _now(drop.begin(partner, name, False))
    _now(upload.write(0, body))
    _now(upload.commit())


def golden(name: str) -> bytes:
    """A file of the golden scenario: in.834, in.837p."""
    return (GOLDEN / name).read_bytes()


def play_golden(world: World, claims_file: bytes | None = None, last: str = "2026-05-20") -> None:
    """The golden scenario to its end, the carrier paying on the last day; nothing in it knows a result."""
    world.advance("2026-04-06")
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    world.send("clearpath", "claims.837", claims_file or golden("in.837p"))
    world.plan_run("ann", "ben")
    world.advance("2026-04-09")
    world.deposit(asked(world), "WIRE-1")
    for day_ in ("2026-04-10", "2026-04-14", "2026-04-15", last):
        world.advance(day_)
    for number, cents, state in world.recoveries():
        if state == "filed":
            world.carrier_pays(number, cents)


def asked(world: World) -> int:
    """What the employer was asked for and has not sent."""
    open_ = world.rows(funding_request, funding_request.c.sponsor_id == SPONSOR, funding_request.c.state == "open")
    return sum(row.amount_cents - row.paid_cents for row in open_)


def renumbered(body: bytes, isa13: str, reference: str | None = None) -> bytes:
    """The interchange under another control number, and the batch under another reference."""
    lines = body.decode().split("~")
    lines = [_element(line, "ISA*", 13, isa13) for line in lines]
    lines = [_element(line, "IEA*", 2, isa13) for line in lines]
    if reference is not None:
        lines = [_element(line, "BHT*", 3, reference) for line in lines]
        lines = [_element(line, "BGN*", 2, reference) for line in lines]
    return "~".join(lines).encode()


def changed(body: bytes, *changes: tuple[str, str]) -> bytes:
    """The file with pieces of text replaced; each must be there exactly once."""
    text = body.decode()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text.encode()


LAKESIDE, METRO_C5, HILLCREST, METRO_C8 = range(4)
"""The billing provider loops of the golden claims file: C1 to C4, C5, C6 and C7, C8."""


def only(body: bytes, *loops: int) -> bytes:
    """The claims file with the given billing provider loops, in the given order, its hierarchy numbered anew."""
    segments = [one.strip() for one in body.decode().split("~")]
    starts = [n for n, one in enumerate(segments) if one.startswith("HL*") and one.split("*")[3] == "20"]
    end = next(n for n, one in enumerate(segments) if one.startswith("SE*"))
    parts = [segments[a:b] for a, b in zip(starts, [*starts[1:], end], strict=True)]
    numbers: dict[str, str] = {}
    kept = [_in_hierarchy(one, numbers) for loop in loops for one in parts[loop]]
    return recounted("~\n".join([*segments[: starts[0]], *kept, *segments[end:]]).encode())


def _in_hierarchy(segment: str, numbers: dict[str, str]) -> str:
    parts = segment.split("*")
    if parts[0] != "HL":
        return segment
    numbers[parts[1]] = str(len(numbers) + 1)
    return "*".join(["HL", numbers[parts[1]], numbers.get(parts[2], ""), *parts[3:]])


def recounted(body: bytes) -> bytes:
    """The file with SE01 of every set counted anew."""
    lines, size = [], 0
    for line in body.decode().split("~"):
        size = 1 if line.strip().startswith("ST*") else size + 1
        lines.append(_element(line, "SE*", 1, str(size)))
    return "~".join(lines).encode()


def _element(line: str, segment: str, place: int, value: str) -> str:
    if not line.strip().startswith(segment):
        return line
    parts = line.split("*")
    parts[place] = value
    return "*".join(parts)


def _instead(folder: Path, file: Path, replaced: dict[str, str | None]) -> Path:
    text = replaced.get(file.relative_to(shipped()).as_posix())
    if text is None:
        return file
    target = folder / file.name
    target.write_text(text)
    return target


def _now(deferred: Deferred[Any]) -> Any:
    """The result of a call that has been made already; raises what it failed with."""
    kept: list[Any] = []
    deferred.addBoth(kept.append)
    (found,) = kept
    if hasattr(found, "raiseException"):
        found.raiseException()
    return found
