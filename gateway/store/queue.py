"""The database is the queue: one `work` row is one step that is due.

A claim gives a row an owner in a short transaction; the step's effects and the row's removal commit together, fenced
by the owner: that is the exactly-once. A row's attempt is counted by the claim and set back by every chunk commit;
three deaths without progress park it. Rows of a lane go in ord, one at a time; rows due later and parked rows hold
none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Update,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from gateway.errors import GatewayError
from gateway.store.engine import upsert
from gateway.store.ids import ulid
from gateway.store.prepared import Prepared
from gateway.store.schema import agreement, installation, node, receipt, work

DEATHS = 3
"""Attempts without progress after which a row is parked: one crash may be the machine's, three are the row's."""

LANE_HELD = "parked"
"""The owner of a parked step that keeps its lane; no worker is ever called so."""


ABROAD = ("pull", "push")
"""Kinds of steps that wait for other people's machines: they may take minutes and must not keep the others waiting."""

Where = Literal["anywhere", "home", "abroad"]
"""Which steps a claim takes: all, all but those of ABROAD, or those alone."""


class Fenced(GatewayError):
    """This worker no longer owns its work; another one has it."""

    exit_code = 75


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """One claimed step. body: what the step needs and, after a chunk, where it goes on."""

    id: str
    kind: str
    partner: str
    sponsor_id: str
    lane: str
    ord: str
    attempt: int
    owner: str
    body: dict[str, Any]


_NOW = bindparam("now_us", type_=work.c.due_us.type)
_TODAY = select(installation.c.value).where(installation.c.name == "business_date").scalar_subquery()


_NOT: ColumnElement[int] = literal_column("0")
"""No parameter: SQLite makes a plan anew for every value that a partial index asks for, fifteen times as long as the
answer."""


def due(row: FromClause, now_us: int | ColumnElement[int]) -> ColumnElement[bool]:
    """Not parked, its instant has come and its business date has."""
    return and_(row.c.parked == _NOT, row.c.due_us <= now_us, row.c.due_on <= _TODAY)


def _is_held(row: FromClause) -> ColumnElement[bool]:
    """Whether a parked step keeps the row's lane: then it waits for a person."""
    holder = work.alias("holder")
    return exists().where(holder.c.lane == row.c.lane, holder.c.owner == LANE_HELD)


def _turns_statement() -> Select[Any]:
    """(lowest turn that waits, the partner's last turn + 1); only what is due: a timer must not hold time still."""
    first = select(work.c.turn).where(work.c.owner.is_(None), due(work, _NOW)).order_by(work.c.turn).limit(1)
    lowest = select(func.coalesce(first.scalar_subquery(), 0))
    own = select(func.coalesce(func.max(work.c.turn), -1) + 1).where(work.c.partner == bindparam("partner"))
    return select(lowest.scalar_subquery(), own.scalar_subquery())


def _claim_statement(where: Where) -> Update:
    """Built once: building it takes longer than running it.

    The step is found by `=`, not `in`: PostgreSQL may run a locking subquery of an `in` once per row and take many.
    """
    w, older, undecided, agreed = work.alias("w"), work.alias("older"), receipt.alias("r"), agreement.alias("a")
    kinds = {"anywhere": (), "home": (w.c.kind.not_in(ABROAD),), "abroad": (w.c.kind.in_(ABROAD),)}[where]
    ahead = exists().where(
        older.c.lane == w.c.lane,
        older.c.id != w.c.id,
        or_(
            older.c.owner.is_not(None),
            and_(due(older, _NOW), or_(older.c.ord < w.c.ord, and_(older.c.ord == w.c.ord, older.c.id < w.c.id))),
        ),
    )
    earlier_file = exists().where(
        undecided.c.state == "received",
        undecided.c.receipt_no < w.c.gate,
        agreed.c.partner == undecided.c.partner,
        agreed.c.sponsor_id == w.c.sponsor_id,
    )
    first = work.alias("first")
    before = exists().where(
        first.c.partner == w.c.partner, first.c.rank < w.c.rank, due(first, _NOW), ~_is_held(first)
    )  # fmt: skip
    ready = (
        select(w.c.id)
        .where(w.c.owner.is_(None), due(w, _NOW), ~ahead, ~earlier_file, or_(w.c.rank == 0, ~before), *kinds)
        .order_by(w.c.rank, w.c.turn, w.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=w)
    )
    mine = update(work).where(work.c.id == ready.scalar_subquery(), work.c.owner.is_(None))
    return mine.values(owner=bindparam("me"), attempt=work.c.attempt + 1).returning(work)


_TURNS = Prepared(_turns_statement())
_CLAIM = {where: _claim_statement(where) for where in get_args(Where)}


_ENQUEUE = Prepared(insert(work), tuple(column.name for column in work.columns))


def enqueue(
    connection: Connection,
    now_us: int,
    kind: str,
    *,
    lane: str,
    partner: str = "",
    sponsor_id: str = "",
    ord: str = "",
    gate: int = 0,
    rank: int = 0,
    due_us: int = 0,
    due_on: str = "",
    key: str | None = None,
    body: dict[str, Any] | None = None,
) -> None:
    """Adds a step. key: a business key; a step that already waits under it is not added again.

    turn is start-time fair queueing: a newcomer goes behind the lowest turn that is due, a partner behind its own last.
    rank 1: when nothing of rank 0 is ready, nor anything of the same partner due; no day closes before it is done.
    """
    if key is not None and connection.execute(select(work.c.id).where(work.c.key == key)).first():
        return
    turn = _turn(connection, now_us, partner)
    row = _row(now_us, kind, lane, partner, sponsor_id, ord, gate, turn, body or {})
    row |= {"rank": rank, "due_us": due_us, "due_on": due_on, "key": key}
    if key is None:
        _ENQUEUE.run_with(connection, row)
        return
    # Another transaction may have added the key since we looked: then nothing is added, and nothing fails.
    connection.execute(upsert(connection, work).on_conflict_do_nothing(index_elements=["key"]), row)


class Step(NamedTuple):
    """One of many steps that a partner's file causes at once."""

    lane: str
    sponsor_id: str
    ord: str
    gate: int
    body: dict[str, Any]


def enqueue_all(connection: Connection, now_us: int, kind: str, partner: str, steps: Sequence[Step]) -> None:
    """Adds a partner's steps, each a turn behind the one before: as `enqueue` would, in one statement."""
    if steps:
        turn = _turn(connection, now_us, partner)
        rows = [
            _row(now_us, kind, step.lane, partner, step.sponsor_id, step.ord, step.gate, turn + n, step.body)
            for n, step in enumerate(steps)
        ]
        connection.execute(insert(work), rows)


def _turn(connection: Connection, now_us: int, partner: str) -> int:
    return int(max(_TURNS.run(connection, now_us=now_us, partner=partner).fetchone()))


def _row(
    now_us: int, kind: str, lane: str, partner: str, sponsor_id: str, ord: str, gate: int, turn: int,
    body: dict[str, Any],
) -> dict[str, Any]:  # fmt: skip
    return {
        "id": ulid(now_us), "kind": kind, "partner": partner, "sponsor_id": sponsor_id, "lane": lane, "ord": ord,
        "gate": gate, "rank": 0, "turn": turn, "due_us": 0, "due_on": "", "attempt": 0, "owner": None, "parked": 0,
        "key": None, "body": msgspec.json.encode(body).decode(),
    }  # fmt: skip


def claim(connection: Connection, me: str, now_us: int, where: Where = "anywhere") -> Work | None:
    """Takes the next step that is due, or None. Run in a write transaction of its own; IntegrityError: claim again.

    me is new for every start of a process: a zombie must not pass its successor's fence.
    """
    row = connection.execute(_CLAIM[where], {"me": me, "now_us": now_us}).mappings().one_or_none()
    return None if row is None else _work(row)


def calls_abroad(connection: Connection, now_us: int) -> bool:
    """Whether a step of ABROAD may be due: a look that takes no writer's turn."""
    found = select(work.c.id).where(work.c.kind.in_(ABROAD), work.c.owner.is_(None), due(work, now_us))
    return connection.execute(found.limit(1)).first() is not None


def finish(connection: Connection, done: Work) -> None:
    """Removes the step, in the transaction of its effects; raises Fenced if it is no longer ours."""
    gone = connection.execute(delete(work).where(work.c.id == done.id, work.c.owner == done.owner))
    if gone.rowcount != 1:
        raise Fenced


def advance(connection: Connection, going: Work, body: dict[str, Any]) -> None:
    """Stores the resume point of a chunk in the chunk's transaction and sets the attempts back; raises Fenced."""
    encoded = msgspec.json.encode(body).decode()
    mine = update(work).where(work.c.id == going.id, work.c.owner == going.owner)
    if connection.execute(mine.values(body=encoded, attempt=0)).rowcount != 1:
        raise Fenced


def fence(connection: Connection, going: Work) -> None:
    """For a commit on the way that is no progress: the step stays ours until it is committed. Raises Fenced."""
    mine = update(work).where(work.c.id == going.id, work.c.owner == going.owner)
    if connection.execute(mine.values(owner=going.owner)).rowcount != 1:
        raise Fenced


def later(connection: Connection, going: Work, due_us: int) -> None:
    """Gives the step back, to be claimed again at due_us; does not count as an attempt. Raises Fenced."""
    mine = update(work).where(work.c.id == going.id, work.c.owner == going.owner)
    if connection.execute(mine.values(owner=None, attempt=0, due_us=due_us)).rowcount != 1:
        raise Fenced


def release(connection: Connection, owner_prefix: str) -> list[Work]:
    """Gives back what dead owners held; returns the rows that this parked, for their consequences."""
    held = work.c.owner.startswith(owner_prefix, autoescape=True)
    # A key guards against a second step that waits; a parked one waits for a person, and must not keep others away.
    park = update(work).where(held, work.c.attempt >= DEATHS).values(owner=None, parked=1, key=None)
    dead = connection.execute(park.returning(work)).mappings().all()
    connection.execute(update(work).where(held).values(owner=None))
    return [_work(row) for row in dead]


def unpark(connection: Connection, work_id: str, now_us: int) -> bool:
    """Puts a parked step back, as a person's new event; False when there is none."""
    mine = update(work).where(work.c.id == work_id, work.c.parked == 1)
    return connection.execute(mine.values(parked=0, attempt=0, due_us=now_us, owner=None)).rowcount == 1


def hold_lane(connection: Connection, work_id: str) -> None:
    """A parked step that keeps its lane: nothing behind it may pass until a person releases it."""
    connection.execute(update(work).where(work.c.id == work_id, work.c.parked == 1).values(owner=LANE_HELD))


def reorder(connection: Connection, work_id: str, ord: str, gate: int, body: dict[str, Any]) -> None:
    """Gives a waiting step another place in its lane and what it needs there."""
    encoded = msgspec.json.encode(body).decode()
    connection.execute(update(work).where(work.c.id == work_id).values(ord=ord, gate=gate, body=encoded))


def waiting(connection: Connection, now_us: int, *, but: tuple[str, ...] = ()) -> int:
    """How many steps are due or being done now, on the present business date, except those of the kinds `but`.

    What stands behind a parked step that keeps its lane waits for a person, not for a worker.
    """
    found = select(func.count()).select_from(work).where(due(work, now_us), work.c.kind.not_in(but), ~_is_held(work))
    return int(connection.execute(found).scalar_one())


def beat(connection: Connection, name: str, now_us: int) -> None:
    """Says that a node lives."""
    if connection.execute(update(node).where(node.c.name == name).values(seen_us=now_us)).rowcount == 0:
        connection.execute(insert(node).values(name=name, seen_us=now_us))


def leave(connection: Connection, name: str) -> None:
    """A node goes."""
    connection.execute(delete(node).where(node.c.name == name))


def nodes(connection: Connection) -> dict[str, int]:
    """Every node and when it last said that it lives."""
    return {name: int(seen) for name, seen in connection.execute(select(node.c.name, node.c.seen_us))}


def _work(row: Any) -> Work:
    return Work(
        id=row["id"], kind=row["kind"], partner=row["partner"], sponsor_id=row["sponsor_id"], lane=row["lane"],
        ord=row["ord"], attempt=row["attempt"], owner=row["owner"] or "", body=msgspec.json.decode(row["body"]),
    )  # fmt: skip
