"""Partners' servers: one step of a partner at a time calls its server, waits after failures, and tells a person.

What is done there is `pull`'s and `push`'s. Every change of our own is committed under the step's fence. The SSH
library is imported when a server is called, so that a process that calls none starts without it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection, func, select, update

from gateway.errors import ConfigError
from gateway.flow import breaker, holds
from gateway.flow.breaker import Breaker
from gateway.flow.context import Context
from gateway.flow.parties import Partner
from gateway.flow.partner_server import Remote, lane_of, schedule
from gateway.store import audit, documents, installation, queue
from gateway.store.engine import upsert
from gateway.store.queue import Work
from gateway.store.schema import remote as remote_table
from gateway.store.schema import work as work_table
from sftp_drop.remote.server import Deadlines, Server
from sftp_drop.remote.trouble import STOPS, Failed

log = structlog.get_logger()

DEADLINES = Deadlines()

OF_ONE_FILE = frozenset({"missing", "refused", "changed", "too-large"})
"""What may be wrong with one file: the others of the folder do not wait for it."""

Use = Callable[[Any], int | None]
"""What a step does with a session; returns when the step comes again, None when it is done."""


def terms(connection: Connection, partner: str) -> Remote | None:
    """The settings of a partner's server in force today."""
    found = documents.at(connection, "partner", partner, installation.business_date(connection), Partner)
    return None if found is None else found.remote


def attempt(
    context: Context, work: Work, remote: Remote, use: Use, deadlines: Deadlines, chance: Callable[[], float]
) -> None:  # fmt: skip
    """Calls the server, unless it is too soon after a failure; the step then ends, or comes again."""
    with context.store.read() as connection:
        before = state(connection, work.partner)
    if context.now_us < before.next_us:
        with context.store.write("remote") as connection:
            queue.later(connection, work, before.next_us)
        return
    try:
        from sftp_drop.remote import link

        with link.connect(_server(remote), deadlines) as session:
            due_us = use(session)
    except Failed as failed:
        _fail(context, work, failed, chance())
        return
    with context.store.write("remote") as connection:
        _succeed(connection, context, work.partner)
        if due_us is None:
            queue.finish(connection, work)
        else:
            queue.later(connection, work, due_us)


def state(connection: Connection, partner: str) -> Breaker:
    """How it goes with a partner's server."""
    row = connection.execute(select(remote_table).where(remote_table.c.partner == partner)).one_or_none()
    return Breaker() if row is None else Breaker(failures=row.failures, next_us=row.next_us, reason=row.reason)


def ask(connection: Connection, context: Context, partner: str, kind: str) -> int:
    """A person wants a server looked at (`pull`) or sent to (`push`) now; returns how many steps go.

    Raises ConfigError for a partner without a server for that.
    """
    remote = terms(connection, partner)
    if remote is None or not (remote.fetch if kind == "pull" else remote.send or remote.reports):
        raise ConfigError(f"partner {partner} has no server of its own for that; see [partner.remote]")
    if kind == "pull":
        schedule(connection, context.now_us, partner)
    _put(connection, partner, msgspec.structs.replace(state(connection, partner), next_us=0))
    return _wake(connection, context.now_us, partner, kind)


def waiting(connection: Connection, partner: str) -> int:
    """How many files wait to be sent to a partner's server."""
    mine = (work_table.c.lane == lane_of(partner), work_table.c.kind == "push")
    return int(connection.execute(select(func.count()).select_from(work_table).where(*mine)).scalar_one())


def released(connection: Connection, context: Context, partner: str) -> None:
    """A person has looked at what was wrong with a partner's server: it is called again now."""
    _put(connection, partner, Breaker())
    _wake(connection, context.now_us, partner)


def _server(remote: Remote) -> Server:
    return Server(
        host=remote.host, port=remote.port, user=remote.user, host_keys=remote.host_keys,
        secret=Path(remote.key_file or remote.password_file), by_password=bool(remote.password_file),
    )  # fmt: skip


def _subject(partner: str) -> str:
    return f"partner {partner}"


def _fail(context: Context, work: Work, failed: Failed, chance: float) -> None:
    log.info("remote failed", code=failed.code)
    with context.store.write("remote") as connection:
        before = state(connection, work.partner)
        after = breaker.failed(before, context.now_us, str(failed), chance, stops=failed.code in STOPS)
        _put(connection, work.partner, after)
        queue.later(connection, work, after.next_us)
        if after.is_open and not (before.is_open and before.reason == after.reason):
            holds.close_about(connection, "remote", "", _subject(work.partner))
            holds.open_(connection, context.now_us, "remote", "", _subject(work.partner), str(failed),
                        partner=work.partner)  # fmt: skip
            audit.note(connection, context.now_us, "gateway", "remote", _subject(work.partner), failed.code)


def _succeed(connection: Connection, context: Context, partner: str) -> None:
    before = state(connection, partner)
    _put(connection, partner, Breaker())
    mine = update(remote_table).where(remote_table.c.partner == partner)
    connection.execute(mine.values(used_us=context.now_us))
    if before.failures:
        holds.close_about(connection, "remote", "", _subject(partner))
        _wake(connection, context.now_us, partner)


def _put(connection: Connection, partner: str, after: Breaker) -> None:
    values = {"failures": after.failures, "next_us": after.next_us, "reason": after.reason}
    row = upsert(connection, remote_table).values(partner=partner, used_us=0, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["partner"], set_=values))


def _wake(connection: Connection, now_us: int, partner: str, kind: str = "") -> int:
    """Steps that wait for a time come now; returns how many there are."""
    mine = update(work_table).where(
        work_table.c.lane == lane_of(partner), work_table.c.owner.is_(None), work_table.c.parked == 0
    )
    if kind:
        mine = mine.where(work_table.c.kind == kind)
    return int(connection.execute(mine.values(due_us=now_us)).rowcount)
