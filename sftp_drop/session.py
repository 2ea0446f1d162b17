"""One SFTP session: takes requests when there is room for their answers, and answers every one exactly once."""

from __future__ import annotations

from typing import Protocol

import structlog
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from sftp_drop import wire
from sftp_drop.drop import Drop, Refused
from sftp_drop.inbox import HEADER_BYTES, Inbox, Overrun
from sftp_drop.requests import EXTENSIONS, Desk
from sftp_drop.settings import ANSWERS_BYTES, IN_FLIGHT_MAX_BYTES, IN_FLIGHT_MAX_REQUESTS, READ_MAX_BYTES
from sftp_drop.wire import Ask, Malformed, Status

log = structlog.get_logger("sftp_drop")

_REQUEST_ID_BYTES = 4
_STATUS = {
    "no-such-file": (Status.NO_SUCH_FILE, "no such file"),
    "permission-denied": (Status.PERMISSION_DENIED, "permission denied"),
    "failure": (Status.FAILURE, "failure"),
    "unsupported": (Status.OP_UNSUPPORTED, "unsupported"),
}
_ANSWER_BYTES: dict[int, int] = {Ask.READ: READ_MAX_BYTES}  # the others' answers are small beside the request limit


class Pipe(Protocol):
    """What a session needs of its channel."""

    def write(self, data: bytes) -> None:
        """Sends bytes, or keeps them while the client's window is closed."""

    def clear(self, more: int = 0) -> bool:
        """Whether what was written, and so many bytes more, is on its way: only then are requests taken."""

    def taken(self, length: int) -> None:
        """The client may send so many bytes more."""

    def end(self) -> None:
        """Closes the channel after what was written."""


class Session:
    """The SFTP protocol on a pipe. Tell it `receive`, `eof` and `lost`; `pump` when the pipe may be clear again."""

    def __init__(self, pipe: Pipe, drop: Drop, partner: str) -> None:
        self._pipe = pipe
        self._inbox = Inbox()
        self._desk = Desk(drop, partner)
        self._answers: list[bytes] = []  # not told yet
        self._answers_bytes = self._bytes_in_flight = 0
        self._requests_in_flight = 0
        self._greeted = self._pumping = self._eof = self._over = False

    def receive(self, data: bytes) -> None:
        """Bytes of the client."""
        if self._over or self._eof:
            return
        try:
            self._inbox.add(data)
        except Overrun:
            self._end("overrun")
        self.pump()

    def eof(self) -> None:
        """The client sends no more: what it asked is still answered."""
        self._eof = True
        self.pump()

    def lost(self) -> Deferred[None]:
        """The channel is gone. May come more than once. Fires when the drop has come to the end of it."""
        self._over = True
        self._inbox.clear()
        self._answers.clear()
        return self._desk.lose()

    def pump(self) -> None:
        """Takes requests while there is room. Not re-entrant: a quick answer must not nest the next request in it."""
        if self._pumping:
            return
        self._pumping = True
        try:
            self._tell()
            while not self._over and self._room() and self._next():
                if self._answers_bytes >= ANSWERS_BYTES:
                    self._tell()
        except Overrun:
            self._end("overrun")
        finally:
            self._tell()
            self._pumping = False
        if self._eof and not self._over and not self._requests_in_flight and self._pipe.clear():
            self._end()

    def _tell(self) -> None:
        """Answers that came in one go leave together: full packets of the channel, not two for each READ."""
        if self._answers:
            told, self._answers, self._answers_bytes = b"".join(self._answers), [], 0
            self._pipe.write(told)

    def _room(self) -> bool:
        free = self._bytes_in_flight < IN_FLIGHT_MAX_BYTES and self._requests_in_flight < IN_FLIGHT_MAX_REQUESTS
        return free and self._pipe.clear(self._answers_bytes)

    def _next(self) -> bool:
        taken = self._inbox.take()
        if taken is None:
            return False
        kind, body = taken
        self._pipe.taken(HEADER_BYTES + len(body))
        if self._greeted and kind != Ask.INIT:
            self._serve(kind, body)
        else:
            self._greet(kind)
        return True

    def _greet(self, kind: int) -> None:
        """INIT comes first and once; the only packet without a request number, so nothing else can be answered."""
        if self._greeted or kind != Ask.INIT:
            raise Overrun
        self._greeted = True
        self._pipe.write(wire.version(EXTENSIONS))

    def _serve(self, kind: int, body: bytes) -> None:
        if len(body) < _REQUEST_ID_BYTES:
            raise Overrun
        request = body[:_REQUEST_ID_BYTES]
        cost = len(body) + _ANSWER_BYTES.get(kind, 0)
        self._bytes_in_flight += cost
        self._requests_in_flight += 1
        try:
            answer = self._desk.ask(kind, request, body[_REQUEST_ID_BYTES:])
        except Exception as error:
            answer = self._excuse(error, kind, request)
        if isinstance(answer, Deferred):
            answer.addErrback(self._excused, kind, request).addCallback(self._answer, cost)
        else:
            self._answer(answer, cost)

    def _excused(self, failure: Failure, kind: int, request: bytes) -> bytes:
        return self._excuse(failure.value, kind, request)

    def _excuse(self, error: BaseException | None, kind: int, request: bytes) -> bytes:
        if isinstance(error, Refused):
            code, text = _STATUS[error.code]
            return wire.status(request, code, error.text or text)
        if isinstance(error, Malformed):
            return wire.status(request, Status.BAD_MESSAGE, "malformed request")
        log.error("sftp request failed", kind=kind, error=type(error).__name__)
        return wire.status(request, Status.FAILURE, "failure")

    def _answer(self, answer: bytes, cost: int) -> None:
        self._bytes_in_flight -= cost
        self._requests_in_flight -= 1
        if not self._over:
            self._answers.append(answer)
            self._answers_bytes += len(answer)
        self.pump()

    def _end(self, why: str = "") -> None:
        if why:
            log.warning("sftp session ended", reason=why)
        self._tell()
        self.lost()
        self._pipe.end()
