"""The door's own key, by which clients know they reached the right server."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

_OWNER_ONLY = 0o600


def make_host_key(path: Path) -> str:
    """Writes a new ed25519 key in OpenSSH format, readable by its owner only. Returns the public line to hand out.

    Raises FileExistsError rather than replace a key that clients have pinned, OSError when it cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(file, "wb") as out:
        out.write(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
