"""Logs: one JSON line each, and only fields of the allow-list, so that no member's data can be in one.

Names, numbers of members, file names, segment text and exception messages are not on the list and never will be.
"""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "receipt_no", "number", "partner", "size", "verdict", "kind", "subject",
        "sponsor", "work", "worker", "node", "code", "error", "where", "run_no", "claims", "need_cents", "payments",
        "date", "peer", "port", "fingerprint", "reason", "count",
    }
)  # fmt: skip
"""Field names a log line may carry."""


def only_allowed(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drops every field that is not on the allow-list; says how many it dropped."""
    kept = {name: value for name, value in event.items() if name in ALLOWED}
    if len(kept) < len(event):
        kept["count"] = len(event) - len(kept)
    return kept


class Lossy:
    """A stream that loses what it cannot take: a full disk of logs must neither refuse a file nor leave a request
    without its answer, and the record that counts is the audit."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """A line, or nothing."""
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        """To the disk, if there is room."""
        with suppress(OSError):
            self._stream.flush()


def configure(stream: TextIO = sys.stderr, *, once: bool = True) -> None:
    """Sets structlog up for a process. once: its loggers keep to it; else a later call may set it up otherwise."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, Lossy(stream))),
        cache_logger_on_first_use=once,
    )
