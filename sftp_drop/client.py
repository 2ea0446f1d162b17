"""A small SFTP client for demos and tests: one pinned host key, one key file, a deadline on everything.

The server never imports this module, so paramiko stays out of its import path.
"""

from __future__ import annotations

import base64
import io
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import paramiko  # type: ignore[import-untyped]

TIMEOUT_S = 20.0


class WrongHostKey(Exception):
    """The server did not show the pinned host key."""


BROKEN_OFF = (OSError, EOFError, paramiko.SSHException)
"""What a session raises whose server has gone."""


@contextmanager
def connect(
    host: str, port: int, user: str, key_path: Path, host_key: str, *, timeout_s: float = TIMEOUT_S
) -> Iterator[paramiko.SFTPClient]:
    """An SFTP session. host_key: the server's public line (`ssh-ed25519 AAAA...`).

    Uses key_path alone, no agent and no other keys. Raises WrongHostKey, paramiko.SSHException, OSError.
    """
    pinned = paramiko.PKey.from_type_string(host_key.split()[0], _decoded(host_key))
    key = paramiko.PKey.from_path(str(key_path))
    transport = paramiko.Transport(socket.create_connection((host, port), timeout_s))
    with closing(transport):
        transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = timeout_s
        transport.channel_timeout = timeout_s
        transport.start_client(timeout=timeout_s)
        if transport.get_remote_server_key() != pinned:
            raise WrongHostKey(f"{host}:{port}")
        transport.auth_publickey(user, key)
        channel = transport.open_session(timeout=timeout_s)
        channel.settimeout(timeout_s)
        channel.invoke_subsystem("sftp")
        with closing(paramiko.SFTPClient(channel)) as sftp:
            yield sftp


def upload(sftp: paramiko.SFTPClient, content: bytes, name: str) -> None:
    """Puts bytes into /inbound under a temporary name and renames it: the server never takes a part for the whole."""
    sftp.putfo(io.BytesIO(content), f"/inbound/{name}.part", file_size=len(content))
    sftp.rename(f"/inbound/{name}.part", f"/inbound/{name}")


def fetch_all(sftp: paramiko.SFTPClient, folder: str) -> dict[str, bytes]:
    """Every file of a folder (`outbound`), by name."""
    return {name: fetch(sftp, f"/{folder}/{name}") for name in sorted(sftp.listdir(f"/{folder}"))}


def fetch(sftp: paramiko.SFTPClient, path: str) -> bytes:
    """One file."""
    content = io.BytesIO()
    sftp.getfo(path, content)
    return content.getvalue()


def _decoded(public_line: str) -> bytes:
    return base64.b64decode(public_line.split()[1])
