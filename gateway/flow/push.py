"""Push: what leaves goes to the partner's own server, once and whole, and is never written over anything.

A file is written under a hidden name of its own and renamed when it is whole. Before the renaming is asked for, that is
committed: when the answer is lost, the next attempt can tell from what lies there whether it was done.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select, update

from gateway.clock import DAY_US
from gateway.flow import holds, remote
from gateway.flow.context import Context
from gateway.flow.partner_server import Remote, lane_of
from gateway.store import audit, installation, outbox, queue
from gateway.store.engine import upsert
from gateway.store.ids import ulid
from gateway.store.queue import Work
from gateway.store.schema import outbox as outbox_table
from gateway.store.schema import pushing
from gateway.store.schema import work as work_table
from sftp_drop.remote import transfer
from sftp_drop.remote.server import Deadlines
from sftp_drop.remote.session import Session
from sftp_drop.remote.trouble import Failed

FILES_A_CALL = 50
"""Files of one connection: a run's remittances share a login, and a step still ends."""

TRUSTED_US = DAY_US
"""How long a hidden file that is gone means that it was renamed and taken: no tidier removes what is younger."""


def is_way_of(connection: Connection, row: Any) -> bool:
    """Whether a row that waits leaves by its partner's own server."""
    settings = remote.terms(connection, row.partner)
    return row.state == "waiting" and settings is not None and bool(settings.target(row.folder))


def enqueue(connection: Connection, context: Context, partner: str, outbox_id: str) -> None:
    """The step that sends one row, and those that wait behind it."""
    queue.enqueue(connection, context.now_us, "push", lane=lane_of(partner), partner=partner, ord=outbox_id,
                  body={"outbox_id": outbox_id})  # fmt: skip


def push(
    context: Context, work: Work, *, deadlines: Deadlines = remote.DEADLINES,
    chance: Callable[[], float] = random.random,
) -> None:  # fmt: skip
    """The step: one outbox row, and others whose steps wait behind it, to the partner's server."""
    with context.store.read() as connection:
        settings = remote.terms(connection, work.partner)
        row = _row(connection, work.body["outbox_id"])
    if row.state != "waiting":  # an earlier step's connection took it along
        with context.store.write("push") as connection:
            queue.finish(connection, work)
    elif settings is None or not settings.target(row.folder):
        _leave_at_the_door(context, work, row)
    else:
        remote.attempt(context, work, settings, lambda session: _send(context, work, settings, session), deadlines,
                       chance)  # fmt: skip


def released(connection: Connection, context: Context, outbox_id: str) -> None:
    """A person has seen to the name that was taken: the row is sent again."""
    connection.execute(update(pushing).where(pushing.c.outbox_id == outbox_id).values(state="writing"))
    enqueue(connection, context, _row(connection, outbox_id).partner, outbox_id)


def _leave_at_the_door(context: Context, work: Work, row: Any) -> None:
    """The partner's server was taken out of its settings."""
    with context.store.write("deliver") as connection:
        queue.finish(connection, work)
        today = installation.business_date(connection).isoformat()
        outbox.mark_visible(connection, row.id, context.now_us, today)
        audit.note(connection, context.now_us, "gateway", "deliver", f"outbox {row.id}")


def _send(context: Context, work: Work, settings: Remote, session: Session) -> None:
    """Every file that waits; what is wrong with one is told when the others are through."""
    wrong = None
    with context.store.read() as connection:
        mine = (work_table.c.lane == lane_of(work.partner), work_table.c.kind == "push")
        steps = select(work_table.c.body).where(*mine, work_table.c.parked == 0).order_by(work_table.c.ord)
        bodies = list(connection.execute(steps.limit(FILES_A_CALL)).scalars())
    waiting = [msgspec.json.decode(body)["outbox_id"] for body in bodies]
    for outbox_id in dict.fromkeys([work.body["outbox_id"], *waiting]):
        try:
            _send_one(context, work, settings, session, outbox_id)
        except Failed as failed:
            if failed.code not in remote.OF_ONE_FILE:
                raise
            wrong = wrong or failed
    if wrong is not None:
        raise wrong


def what(temp: str, temp_size: int | None, final_size: int | None, size: int) -> str:
    """What to do about a file, from what lies there: temp is "written" when its renaming was or is being asked for.

    compare: the name is taken by a file of our size. occupied: by another. taken: it was there and the partner has it.
    """
    if final_size is not None:
        return "compare" if final_size == size else "occupied"
    if temp != "written":
        return "write"
    return "taken" if temp_size is None else "rename" if temp_size == size else "write"


def _send_one(context: Context, work: Work, settings: Remote, session: Session, outbox_id: str) -> None:
    with context.store.read() as connection:
        row = connection.execute(select(outbox_table).where(outbox_table.c.id == outbox_id)).one()
        before = connection.execute(select(pushing).where(pushing.c.outbox_id == outbox_id)).one_or_none()
    folder = settings.target(row.folder)
    if row.state != "waiting" or not folder or (before is not None and before.state == "held"):
        return
    final, body = f"{folder}/{row.name}", outbox.open_sent(context.keys, row)
    temp, stage = ("", "")
    if before is not None and before.temp:
        temp, stage = f"{folder}/{before.temp}", _stage(before, context.now_us)
    next_ = what(stage, _size(session, temp), _size(session, final), len(body))
    if next_ == "write":
        if temp and _size(session, temp) is not None:
            session.remove(temp)
        temp = f"{folder}/{_begin(context, work, row)}"
        transfer.put(session, temp, body)
        if _size(session, temp) != len(body):
            raise Failed("changed")
        _note_written(context, work, row)
        next_ = "rename" if _size(session, final) is None else "compare"
    if next_ == "rename":
        session.rename(temp, final)
    if next_ == "compare":
        next_ = "there already" if transfer.same(session, final, body) else "occupied"
    if next_ in ("there already", "occupied") and temp and _size(session, temp) is not None:
        session.remove(temp)
    if next_ == "occupied":
        _hold(context, work, row)
    else:
        _delivered(context, work, row, next_)


def _stage(before: Any, now_us: int) -> str:
    """How far the last attempt came; what is long past proves nothing."""
    return "writing" if now_us - before.since_us > TRUSTED_US else str(before.state)


def _size(session: Session, path: str) -> int | None:
    found = session.stat(path) if path else None
    return None if found is None else found.size


def _begin(context: Context, work: Work, row: Any) -> str:
    """Commits the name a file is about to be written under: whatever happens, the next attempt finds it."""
    temp = f".{row.name}.{ulid(context.now_us)}.tmp"
    with context.store.write("push") as connection:
        queue.fence(connection, work)
        _note(connection, context, row.id, temp=temp, state="writing")
    return temp


def _note_written(context: Context, work: Work, row: Any) -> None:
    with context.store.write("push") as connection:
        queue.fence(connection, work)
        _note(connection, context, row.id, state="written")


def _note(connection: Connection, context: Context, outbox_id: str, **values: str) -> None:
    row = upsert(connection, pushing).values(outbox_id=outbox_id, since_us=context.now_us, **{"temp": "", **values})
    set_ = {**values, "since_us": context.now_us}
    connection.execute(row.on_conflict_do_update(index_elements=["outbox_id"], set_=set_))


def _hold(context: Context, work: Work, row: Any) -> None:
    """Another file has the name: nothing is overwritten, a person looks. The row's own step ends if it is this one."""
    with context.store.write("push") as connection:
        queue.advance(connection, work, work.body)
        _note(connection, context, row.id, state="held")
        holds.open_(connection, context.now_us, "remote", row.sponsor_id, f"sent {row.id}", str(Failed("occupied")),
                    outbox_id=row.id)  # fmt: skip
        audit.note(connection, context.now_us, "gateway", "hold", f"outbox {row.id}", "occupied")


def _delivered(context: Context, work: Work, row: Any, how: str) -> None:
    with context.store.write("push") as connection:
        queue.advance(connection, work, work.body)
        today = installation.business_date(connection).isoformat()
        outbox.mark_visible(connection, row.id, context.now_us, today)
        outbox.mark_picked_up(connection, row.id, context.now_us)
        connection.execute(delete(pushing).where(pushing.c.outbox_id == row.id))
        audit.note(connection, context.now_us, "gateway", "push", f"outbox {row.id}",
                   f"{row.size} bytes {row.sha256} {how}")  # fmt: skip


def _row(connection: Connection, outbox_id: str) -> Any:
    columns = (outbox_table.c.id, outbox_table.c.partner, outbox_table.c.folder, outbox_table.c.state)
    return connection.execute(select(*columns).where(outbox_table.c.id == outbox_id)).one()
