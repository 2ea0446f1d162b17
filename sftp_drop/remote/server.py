"""Where a partner's server is, by which keys it is known, and how long each call of it may take."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import msgspec

from sftp_drop.remote.trouble import Failed

SECRET_MAX_BYTES = 16 * 1024
"""A secret file: an RSA key of 8192 bits takes 6.4 KB in OpenSSH's form."""


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """host_keys: SHA256:... fingerprints, as `ssh-keygen -lf` prints them; two while a key is being changed.

    secret: the file of our private key, or of our password when `by_password`.
    """

    host: str
    port: int = 22
    user: str
    host_keys: tuple[str, ...]
    secret: Path
    by_password: bool = False


class Deadlines(msgspec.Struct, frozen=True, kw_only=True):
    """How long a server may take, in seconds. A file may take `file_s` and a second for every `slowest_bytes`."""

    connect_s: float = 15  # TCP: three tries of SYN take 7 s
    login_s: float = 60  # banner, key exchange, login and the channel: LoginGraceTime is 120 s where it is long
    request_s: float = 60  # one request: CLOSE of a large file onto a slow disk is the longest
    file_s: float = 120  # a whole listing or file, besides its bytes
    slowest_bytes: int = 64 * 1024  # bytes a second at least: 100 MB in 27 minutes
    keepalive_s: int = 30  # shorter than the minute after which NATs forget a connection

    def of_file(self, size: int) -> float:
        """How long a file of size bytes may take."""
        return self.file_s + size / self.slowest_bytes


def read_secret(path: Path) -> bytes:
    """The bytes of a secret file; raises Failed("secret") unless only its owner may read it."""
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_mode & 0o077 or found.st_size > SECRET_MAX_BYTES:
                raise Failed("secret")
            return file.read()
    except OSError as error:
        raise Failed("secret") from error
