"""Trouble that operators and machines cause: each class's docstring is the sentence the operator reads.

What partners send never raises one of these: it becomes a `parsers.findings.Finding`. Exit codes are sysexits.h's.
"""

from __future__ import annotations

import os


class GatewayError(Exception):
    """Something went wrong in the gateway."""

    exit_code = 70

    def __init__(self, detail: str = "") -> None:
        """Args: detail: what the sentence needs to be useful (a path, a port, an id); never PHI or a secret."""
        super().__init__(detail)
        self.detail = detail

    def __str__(self) -> str:
        sentence = (type(self).__doc__ or "").strip().splitlines()[0].rstrip(".")
        return f"{sentence}: {self.detail}" if self.detail else f"{sentence}."


def where(error: BaseException) -> str:
    """File and line an error came from: never its message, which may repeat data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"


class UsageError(GatewayError):
    """The command was called in a way it does not understand."""

    exit_code = 64


class BadData(GatewayError):
    """The data is not acceptable."""

    exit_code = 65


class Unavailable(GatewayError):
    """A service or port the gateway needs is not available."""

    exit_code = 69


class PortTaken(Unavailable):
    """Another program already listens on the port; choose another one."""


class AlreadyRuns(Unavailable):
    """A process of this installation runs already on this machine; stop it first."""


class LedgerBroken(BadData):
    """The ledger does not balance."""


class CannotCreate(GatewayError):
    """A file or folder cannot be created."""

    exit_code = 73


class StateExists(CannotCreate):
    """The state folder already holds an installation; continue it with --resume or replace it with --fresh."""


class InputOutput(GatewayError):
    """Reading or writing failed."""

    exit_code = 74


class TryAgain(GatewayError):
    """The work is not finished; try again."""

    exit_code = 75


class NotPermitted(GatewayError):
    """This is not permitted."""

    exit_code = 77


class ConfigError(GatewayError):
    """The configuration is not usable."""

    exit_code = 78


class WorkElsewhere(ConfigError):
    """A partner's inbound and work folders lie on different file systems or mounts; put them on one."""


class StateTooNew(ConfigError):
    """The state was written by a newer version of the gateway; install that version or restore a backup."""


class KeyMissing(ConfigError):
    """The newest sealed row cannot be opened: the master key is missing or is not the one that sealed it."""
