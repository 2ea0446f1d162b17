"""Pull: what lies on a partner's server becomes ours by the door's own receipt; only then it is taken away there.

A file is taken when it is whole: its size and time are the same twice, or its marker lies beside it. What was taken is
noted in the receipt's own transaction, so that a crash between that and the taking away cannot make a second receipt.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, delete, select

from gateway.clock import HOUR_US, SECOND_US
from gateway.flow import holds, partner_server, remote, uploads
from gateway.flow.context import Context
from gateway.flow.parties import Partner
from gateway.flow.partner_server import Remote
from gateway.store import audit, documents, queue
from gateway.store.engine import upsert
from gateway.store.queue import Work
from gateway.store.schema import remote_file
from gateway.store.schema import work as work_table
from sftp_drop import names
from sftp_drop.drop import Refused
from sftp_drop.remote import transfer
from sftp_drop.remote.server import Deadlines
from sftp_drop.remote.session import Found, Session
from sftp_drop.remote.trouble import Failed

SETTLE_US = 30 * SECOND_US
"""How long a file must look the same: an upload that stands still so long is over, or is continued as a new file."""

REST_US = HOUR_US
"""How often it is looked whether settings have come into force: they do by the day."""

LISTING_MOST = 10_000
"""Files of a folder that are looked at: about 1 MB of a listing, a day of a large clearinghouse."""

FILES_A_CALL = 20
"""Files of one connection; the step comes again at once for more."""

NOTES_A_CALL = 500
"""Rows about files noted or forgotten in one transaction: half of what one may write."""


class Known(msgspec.Struct, frozen=True):
    """What is noted of a file: see the table remote_file."""

    size: int
    modified_s: int
    sha256: str
    state: str
    since_us: int


def pull(
    context: Context, work: Work, *, deadlines: Deadlines = remote.DEADLINES,
    chance: Callable[[], float] = random.random,
) -> None:  # fmt: skip
    """The step: what is whole in the partner's folder; it comes again when that is due to be looked at."""
    with context.store.read() as connection:
        settings = remote.terms(connection, work.partner)
        mine = (work_table.c.lane == work.lane, work_table.c.kind == work.kind, work_table.c.parked == 0)
        twin = connection.execute(select(work_table.c.id).where(*mine, work_table.c.id < work.id)).first()
    if twin is not None:  # made while this one was set aside: two would look twice as often for ever
        with context.store.write("pull") as connection:
            queue.finish(connection, work)
    elif settings is None or not settings.fetch:
        _rest(context, work)
    else:
        remote.attempt(context, work, settings, lambda session: _look(context, work, settings, session), deadlines,
                       chance)  # fmt: skip


def _rest(context: Context, work: Work) -> None:
    """Nothing is in force today; where another day's settings say so, the step looks again."""
    with context.store.write("pull") as connection:
        dated = documents.every(connection, "partner", [work.partner], Partner)
        if any(each.remote is not None and each.remote.fetch for each in dated):
            queue.later(connection, work, context.now_us + REST_US)
        else:
            queue.finish(connection, work)


def _look(context: Context, work: Work, settings: Remote, session: Session) -> int:
    """One look at the folder; returns when the next is due. What is wrong with one file is told after the others."""
    found, whole = session.list(settings.fetch, LISTING_MOST)
    with context.store.read() as connection:
        known = _known(connection, work.partner)
    choice = choose(found, known, settings, context.now_us)
    gone = sorted(known.keys() - {each.name for each in found}) if whole else []
    _note(context, work, [(each, known.get(each.name)) for each in choice.new], gone)
    wrong = None
    for each in choice.ready[:FILES_A_CALL]:
        try:
            _take(context, work, settings, session, each, known.get(each.name))
        except Failed as failed:
            if failed.code not in remote.OF_ONE_FILE:
                raise
            wrong = wrong or failed
    if wrong is None and not whole and settings.after == "leave":
        wrong = Failed("crowded", str(LISTING_MOST))
    if wrong is not None:
        raise wrong
    if len(choice.ready) > FILES_A_CALL or (choice.ready and not whole):
        return context.now_us
    next_us = partner_server.next_look_us(settings, context.now_us)
    return min(next_us, context.now_us + SETTLE_US) if choice.new or choice.settling else next_us


class Choice(NamedTuple):
    """ready: files to take, oldest first. new: to be noted, as they were not seen so before. settling: too lately."""

    ready: list[Found]
    new: list[Found]
    settling: list[Found]


def choose(found: Sequence[Found], known: Mapping[str, Known], settings: Remote, now_us: int) -> Choice:
    """What to do about the files of a folder.

    One that was taken and still lies there is taken away again, unless it is to be left. A marker vouches for the first
    file of its name alone: one that others follow under that name, as when files are left, has to stand still, too.
    """
    listed, choice = {each.name for each in found}, Choice([], [], [])
    for each in sorted(found, key=lambda one: (one.modified_s, one.name)):
        before = known.get(each.name)
        if before is not None and (before.size, before.modified_s) != (each.size, each.modified_s):
            before = None
        taken = before is not None and before.state == "taken"
        marked = each.name + settings.done in listed or taken  # its marker went first
        if not _is_wanted(each.name, settings) or (settings.done and not marked):
            continue
        if before is not None and _is_done_with(before, settings):
            continue
        vouched = bool(settings.done) and each.name not in known  # else the marker may be that of an earlier file
        if vouched or (before is not None and before.since_us <= now_us - SETTLE_US):
            choice.ready.append(each)
        else:
            (choice.new if before is None else choice.settling).append(each)
    return choice


def _is_done_with(before: Known, settings: Remote) -> bool:
    taken = before.state == "taken" and settings.after == "leave"
    return taken or (before.state == "refused" and _is_too_large(before.size, settings))


def _is_too_large(size: int, settings: Remote) -> bool:
    return size > settings.largest_mib * partner_server.MIB


def _is_wanted(name: str, settings: Remote) -> bool:
    """Matches the pattern, is no marker and no temporary name, and may name a file of ours."""
    if not fnmatchcase(name, settings.pattern) or names.is_temporary(name):
        return False
    if settings.done and name.endswith(settings.done):
        return False
    try:
        return names.check(name) == name
    except Refused:
        return False


def _take(
    context: Context, work: Work, settings: Remote, session: Session, found: Found, before: Known | None
) -> None:  # fmt: skip
    """Bytes into sealed rows, the receipt, and only then what becomes of the file there."""
    path = f"{settings.fetch}/{found.name}"
    if _is_too_large(found.size, settings):
        _refuse(context, work, found)
        return
    row, sealing = uploads.receiving(context, work.partner, found.name)
    try:
        transfer.get(session, path, found.size, sealing.add)
        if session.stat(path) != found:
            raise Failed("changed")
    except Failed as failed:
        uploads.discard(context, row)
        if failed.code == "changed":
            _note(context, work, [(found, before)], gone=[])
        raise
    taken = Known(found.size, found.modified_s, sealing.sha256, "taken", context.now_us)
    if before is not None and before.sha256 == sealing.sha256:
        uploads.discard(context, row)  # received before, and not taken away, or only touched since
        with context.store.write("pull") as connection:
            queue.fence(connection, work)
            _put(connection, work.partner, found.name, taken)
    else:
        sealing.end()
        uploads.close(
            context, row, found.size, sealing.sha256, also=partial(_received, context, work, found.name, taken)
        )
    _take_away(context, work, settings, session, found.name)


def _received(
    context: Context, work: Work, name: str, taken: Known, connection: Connection, number: int
) -> None:  # fmt: skip
    """In the receipt's transaction, under the step's fence."""
    queue.advance(connection, work, work.body)
    _put(connection, work.partner, name, taken)
    audit.note(connection, context.now_us, "gateway", "pull", f"receipt {number}", f"{taken.size} bytes {taken.sha256}")


def _take_away(context: Context, work: Work, settings: Remote, session: Session, name: str) -> None:
    path = f"{settings.fetch}/{name}"
    if settings.after == "leave":
        return
    marker = path + settings.done
    if settings.done and session.stat(marker) is not None:  # first: one left behind would vouch for the next file
        session.remove(marker)
    if settings.after == "delete":
        session.remove(path)
    else:
        place = f"{settings.moved}/{name}"
        if session.stat(place) is not None:  # an earlier file of that name stays what it is
            place = f"{settings.moved}/{context.now_us}-{name}"
        session.rename(path, place)
    with context.store.write("pull") as connection:
        queue.advance(connection, work, work.body)
        _forget(connection, work.partner, [name])
        audit.note(
            connection, context.now_us, "gateway", settings.after, f"partner {work.partner}", "after the receipt"
        )


# ---- what is noted of files ------------------------------------------------------------------------------------------


def _known(connection: Connection, partner: str) -> dict[str, Known]:
    rows = connection.execute(select(remote_file).where(remote_file.c.partner == partner))
    return {row.path: Known(row.size, row.modified_s, row.sha256, row.state, row.since_us) for row in rows}


def _note(context: Context, work: Work, new: Sequence[tuple[Found, Known | None]], gone: Sequence[str]) -> None:
    """Files seen for the first time as they are, each with what was known of its name, and those not there any more."""
    if not new and not gone:
        return
    with context.store.write("pull") as connection:
        queue.fence(connection, work)
        for each, before in new[:NOTES_A_CALL]:
            sha256 = before.sha256 if before is not None else ""  # its bytes may be those that were taken
            seen = Known(each.size, each.modified_s, sha256, "seen", context.now_us)
            _put(connection, work.partner, each.name, seen)
        _forget(connection, work.partner, gone[:NOTES_A_CALL])


def _refuse(context: Context, work: Work, found: Found) -> None:
    """A file that is too large is told of once, and left."""
    reason = str(Failed("too-large", f"{found.size} bytes"))
    with context.store.write("pull") as connection:
        queue.advance(connection, work, work.body)
        refused = Known(found.size, found.modified_s, "", "refused", context.now_us)
        _put(connection, work.partner, found.name, refused)
        subject = f"partner {work.partner} file"
        holds.open_(connection, context.now_us, "remote", "", subject, reason, partner=work.partner)


def _put(connection: Connection, partner: str, path: str, known: Known) -> None:
    values = msgspec.structs.asdict(known)
    row = upsert(connection, remote_file).values(partner=partner, path=path, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["partner", "path"], set_=values))


def _forget(connection: Connection, partner: str, paths: Sequence[str]) -> None:
    if paths:
        mine = (remote_file.c.partner == partner, remote_file.c.path.in_(paths))
        connection.execute(delete(remote_file).where(*mine))
