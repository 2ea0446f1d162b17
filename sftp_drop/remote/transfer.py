"""Whole files, many requests on their way: what keeps a line full that answers late."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from sftp_drop.remote.session import FSYNC, Session, check, status
from sftp_drop.remote.trouble import Failed
from sftp_drop.wire import Ask, Malformed, Open, Reader, Reply, Status, string

AHEAD = 64
"""Requests on their way: OpenSSH's own depth; 64 pieces fill the 2 MiB that an SSH window lets through."""

PIECE_BYTES = 32 * 1024
"""Bytes of one request: what every server gives and takes at once."""


def get(session: Session, path: str, size: int, sink: Callable[[bytes], None]) -> None:
    """Gives a file of size bytes to sink in order. Raises Failed("changed") when it ends sooner or goes on longer."""
    with session.watch.within(session.deadlines.of_file(size)), session.opened(path, Open.READ) as handle:
        asked: dict[int, tuple[int, int]] = {}  # number -> where, how many
        came: dict[int, bytes] = {}  # what came before its turn
        at = ahead = 0

        def ask(offset: int, length: int) -> None:
            number = session.send(Ask.READ, string(handle), offset.to_bytes(8, "big"), length.to_bytes(4, "big"))
            asked[number] = (offset, length)

        try:
            while at < size:
                while ahead < size and len(asked) + len(came) < AHEAD:
                    ask(ahead, min(PIECE_BYTES, size - ahead))
                    ahead = min(ahead + PIECE_BYTES, size)
                number, kind, reply = session.receive()
                if number not in asked:
                    raise Failed("protocol")
                offset, length = asked.pop(number)
                data = _data(kind, reply, length)
                if not data:
                    raise Failed("changed")
                if len(data) < length:
                    ask(offset + len(data), length - len(data))
                came[offset] = data
                while at in came:
                    piece = came.pop(at)
                    sink(piece)
                    at += len(piece)
            ask(size, 1)
            number, kind, reply = session.receive()
            asked.pop(number, None)
            if _data(kind, reply, 1):
                raise Failed("changed")
        finally:
            session.abandon(set(asked))


def same(session: Session, path: str, body: bytes) -> bool:
    """Whether a file of the server holds exactly these bytes; its size is known to be theirs."""
    digest = hashlib.sha256()
    try:
        get(session, path, len(body), digest.update)
    except Failed as failed:
        if failed.code == "changed":
            return False
        raise
    return digest.digest() == hashlib.sha256(body).digest()


def put(session: Session, path: str, body: bytes) -> None:
    """Writes a new file, onto the disk where the server can. Raises Failed("refused") where one has the name."""
    flags = Open.WRITE | Open.CREATE | Open.EXCLUSIVE
    with session.watch.within(session.deadlines.of_file(len(body))), session.opened(path, flags) as handle:
        asked: set[int] = set()
        try:
            for offset in range(0, len(body), PIECE_BYTES):
                piece = body[offset : offset + PIECE_BYTES]
                asked.add(session.send(Ask.WRITE, string(handle), offset.to_bytes(8, "big"), string(piece)))
                if len(asked) == AHEAD:
                    _written(session, asked)
            while asked:
                _written(session, asked)
        finally:
            session.abandon(asked)
        if FSYNC in session.extensions:
            session.do(Ask.EXTENDED, string(FSYNC), string(handle))


def _written(session: Session, asked: set[int]) -> None:
    number, kind, reply = session.receive()
    if number not in asked:
        raise Failed("protocol")
    asked.discard(number)
    check(kind, reply)


def _data(kind: int, reply: Reader, length: int) -> bytes:
    """The bytes of a READ's reply, none at the file's end."""
    if kind == Reply.STATUS:
        code = status(reply)
        if code == Status.EOF:
            return b""
        raise Failed("refused", f"status {code}")
    if kind != Reply.DATA:
        raise Failed("protocol")
    try:
        data = reply.string()
    except Malformed as error:
        raise Failed("protocol") from error
    if not 0 < len(data) <= length:
        raise Failed("protocol")
    return data
