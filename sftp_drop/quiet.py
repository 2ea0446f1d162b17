"""Conch's own log lines, silenced at their source: some hold packets, and packets hold claims."""

from __future__ import annotations

import structlog
from twisted.logger import ILogObserver, LogEvent, Logger
from zope.interface import provider  # type: ignore[import-untyped]

log = structlog.get_logger("sftp_drop")


@provider(ILogObserver)  # type: ignore[untyped-decorator]
def _class_only(event: LogEvent) -> None:
    """Lets nothing through but the class of an error; the rest of the event may quote a partner's data."""
    failure = event.get("log_failure")
    if failure is not None:
        log.error("ssh failed", error=failure.type.__name__)


QUIET = Logger(namespace="sftp_drop", observer=_class_only)
