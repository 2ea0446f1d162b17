"""What can be wrong with a partner's server, as words that repeat nothing the server said."""

from __future__ import annotations

WHY = {
    "unreachable": "the server cannot be reached",
    "host-key": "the server shows a host key that is not pinned; nothing was sent to it",
    "algorithms": "the server offers no algorithms that we accept",
    "login": "the server does not let us in",
    "secret": "the file of our key or password is missing, not readable as one, or open to others than its owner",
    "silent": "the server did not answer in time",
    "broken-off": "the connection broke off",
    "protocol": "the server does not keep to SFTP version 3",
    "missing": "the server has no such file or folder",
    "refused": "the server refused a request",
    "changed": "a file's size is not what the server said",
    "too-large": "a file is larger than was agreed",
    "crowded": "a folder holds more files than are looked at; files that were fetched must leave it",
    "occupied": "another file has the name there; it was not overwritten",
}
"""Code -> the sentence a person reads."""

STOPS = frozenset({"host-key", "algorithms", "login", "secret"})
"""What trying again does not mend: a person must look first."""


class Failed(Exception):
    """A call of a partner's server did not succeed. detail: a fingerprint or a number; never a name, never a secret."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.detail = code, detail

    def __str__(self) -> str:
        return f"{WHY[self.code]} ({self.detail})" if self.detail else WHY[self.code]
