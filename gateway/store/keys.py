"""Sealing: AES-256-GCM under a data key per file, wrapped by the newest master key `master-<n>` (0600).

The master keys lie outside the state's backup; the database holds only wrapped data keys. Nonces are random, 96 bit.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import CannotCreate, KeyMissing

CONCEALED = "sealed:"
"""How concealed text begins; no SSN and no account number does."""

NONCE = 12
KEY = 32


class Keys:
    """The master keys of an installation, read once; `wrap` uses the newest, `unwrap` whichever wrapped."""

    def __init__(self, folder: Path) -> None:
        self._masters = {number: path.read_bytes() for number, path in _masters(folder)}
        if not self._masters:
            raise KeyMissing(str(folder))
        self._newest = max(self._masters)
        self._concealing = cache(self._concealing_key)

    def wrap(self, data_key: bytes) -> bytes:
        """The data key sealed by the newest master key: 4 bytes of its number, nonce, ciphertext."""
        number = self._newest.to_bytes(4, "big")
        return number + seal(self._masters[self._newest], data_key, number)

    def unwrap(self, wrapped: bytes) -> bytes:
        """The data key; raises KeyMissing when its master key is absent or another."""
        master = self._masters.get(int.from_bytes(wrapped[:4], "big"))
        if master is None:
            raise KeyMissing(f"master-{int.from_bytes(wrapped[:4], 'big')}")
        return unseal(master, wrapped[4:], wrapped[:4])

    def fingerprint(self, secret: str) -> str:
        """A keyed hash to match a secret by (SSN) without keeping it readable."""
        oldest = self._masters[min(self._masters)]
        return _keyed(oldest, b"match", secret.encode()).hex()

    def conceal(self, secret: str) -> str:
        """A short secret as text for a plain row. The same secret gives the same text, so that rows can be compared.

        The nonce is a keyed hash of the secret, under a key of its own: equal nonces mean equal secrets.
        """
        number = min(self._masters)
        key, cipher = self._concealing(number)
        nonce = _keyed(key, b"nonce", secret.encode())[:NONCE]
        sealed = nonce + cipher.encrypt(nonce, secret.encode(), CONCEALED.encode())
        return f"{CONCEALED}{number}:{base64.b64encode(sealed).decode()}"

    def reveal(self, text: str) -> str:
        """The secret of concealed text, other text as it is; raises KeyMissing."""
        if not text.startswith(CONCEALED):
            return text
        number, _, sealed = text.removeprefix(CONCEALED).partition(":")
        return unseal(self._concealing(int(number))[0], base64.b64decode(sealed), CONCEALED.encode()).decode()

    def _concealing_key(self, number: int) -> tuple[bytes, AESGCM]:
        master = self._masters.get(number)
        if master is None:
            raise KeyMissing(f"master-{number}")
        key = _keyed(master, b"conceal", b"")
        return key, AESGCM(key)


def _keyed(key: bytes, purpose: bytes, text: bytes) -> bytes:
    """A keyed hash; BLAKE2 is keyed by itself, and takes a third of an HMAC's time."""
    return blake2b(text, key=key, person=purpose, digest_size=KEY).digest()


def _masters(folder: Path) -> Iterator[tuple[int, Path]]:
    """(number, file) of every master key; an operator's `master-1.bak` is none."""
    for path in folder.glob("master-*"):
        number = path.name.removeprefix("master-")
        if number.isdecimal():
            yield int(number), path


def new_key() -> bytes:
    """A fresh data key."""
    return os.urandom(KEY)


def create_master(folder: Path) -> Path:
    """Writes the next master key, 0600, in a 0700 folder; raises CannotCreate."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = 1 + max((number for number, _ in _masters(folder)), default=0)
        path = folder / f"master-{number}"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(os.urandom(KEY))
            os.fsync(file.fileno())
    except OSError as error:
        raise CannotCreate(f"{folder} ({error.strerror})") from error
    return path


def seal(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    """nonce + ciphertext; it opens only together with the same bound_to."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def unseal(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    """The plain bytes; raises KeyMissing when the key or what it is bound to differs."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], bound_to)
    except (InvalidTag, ValueError) as error:  # ValueError: too short for a nonce, or a master key cut short
        raise KeyMissing from error
