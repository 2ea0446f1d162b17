"""Sealing: AES-256-GCM under a data key per file, wrapped by the newest master key `master-<n>` (0600).

The master keys lie outside the state's backup; the database holds only wrapped data keys. Nonces are random, 96 bit.
Everything new is under the newest master key, keyed hashes too; `gateway.flow.rotation` brings the rest there.
"""

from __future__ import annotations

import base64
import contextlib
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
    """The master keys of an installation; `wrap` uses the newest, `unwrap` whichever wrapped.

    A process that runs while a master key is added takes it at its next `look`, once a step and an upload: within one
    all is under one key. What another process put under a newer one is opened at once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._concealing = cache(_concealing_key)
        self._read()
        if not self._masters:
            raise KeyMissing(str(folder))

    @property
    def numbers(self) -> list[int]:
        """The master keys there are, oldest first."""
        return sorted(self._masters)

    @property
    def newest(self) -> int:
        """The number of the master key that new things are put under."""
        return max(self._masters)

    def look(self) -> None:
        """Reads the folder again when it changed. A key that is being copied in is taken once it is whole; a folder
        that was unmounted, as credentials may be, changes nothing.
        """
        with contextlib.suppress(OSError, KeyMissing):
            if self._folder.stat().st_mtime_ns != self._changed_ns:
                self._read()

    def wrap(self, data_key: bytes) -> bytes:
        """The data key sealed by the newest master key: 4 bytes of its number, nonce, ciphertext."""
        newest = self.newest
        number = newest.to_bytes(4, "big")
        return number + seal(self._master(newest), data_key, number)

    def unwrap(self, wrapped: bytes) -> bytes:
        """The data key; raises KeyMissing when its master key is absent or another."""
        return unseal(self._master(wrapped_by(wrapped)), wrapped[4:], wrapped[:4])

    def enclose(self, secret: str, bound_to: bytes) -> bytes:
        """A short secret under a data key of its own: length of the wrapped key, that key, what is sealed by it."""
        key = new_key()
        wrapped = self.wrap(key)
        return len(wrapped).to_bytes(2, "big") + wrapped + seal(key, secret.encode(), bound_to)

    def disclose(self, enclosed: bytes, bound_to: bytes) -> str:
        """The secret that was enclosed; raises KeyMissing."""
        wrapped, sealed = _enclosed(enclosed)
        return unseal(self.unwrap(wrapped), sealed, bound_to).decode()

    def fingerprint(self, secret: str) -> str:
        """A keyed hash to match a secret by (SSN) without keeping it readable."""
        return _keyed(self._master(self.newest), b"match", secret.encode()).hex()

    def conceal(self, secret: str) -> str:
        """A short secret as text for a plain row. The same secret gives the same text, so that rows can be compared.

        The nonce is a keyed hash of the secret, under a key of its own: equal nonces mean equal secrets.
        """
        number = self.newest
        key, cipher = self._concealing(self._master(number))
        nonce = _keyed(key, b"nonce", secret.encode())[:NONCE]
        sealed = nonce + cipher.encrypt(nonce, secret.encode(), CONCEALED.encode())
        return f"{CONCEALED}{number}:{base64.b64encode(sealed).decode()}"

    def reveal(self, text: str) -> str:
        """The secret of concealed text, other text as it is; raises KeyMissing."""
        if not text.startswith(CONCEALED):
            return text
        number, _, sealed = text.removeprefix(CONCEALED).partition(":")
        key, _ = self._concealing(self._master(int(number)))
        return unseal(key, base64.b64decode(sealed), CONCEALED.encode()).decode()

    def _master(self, number: int) -> bytes:
        if number not in self._masters:
            self._read()
        try:
            return self._masters[number]
        except KeyError as error:
            raise KeyMissing(f"master-{number}") from error

    def _read(self) -> None:
        """Raises KeyMissing for a key that was cut short."""
        try:
            changed_ns = self._folder.stat().st_mtime_ns
            masters = {number: path.read_bytes() for number, path in master_files(self._folder)}
        except OSError as error:
            raise KeyMissing(f"{self._folder} ({error.strerror})") from error
        for number, master in masters.items():
            if len(master) != KEY:
                raise KeyMissing(f"master-{number} has {len(master)} bytes, not {KEY}")
        self._masters, self._changed_ns = masters, changed_ns


def wrapped_by(wrapped: bytes) -> int:
    """The number of the master key that wrapped a data key."""
    return int.from_bytes(wrapped[:4], "big")


def enclosed_by(enclosed: bytes) -> int:
    """The number of the master key an enclosed secret needs."""
    return wrapped_by(_enclosed(enclosed)[0])


def _enclosed(enclosed: bytes) -> tuple[bytes, bytes]:
    length = int.from_bytes(enclosed[:2], "big")
    return enclosed[2 : 2 + length], enclosed[2 + length :]


def _concealing_key(master: bytes) -> tuple[bytes, AESGCM]:
    key = _keyed(master, b"conceal", b"")
    return key, AESGCM(key)


def _keyed(key: bytes, purpose: bytes, text: bytes) -> bytes:
    """A keyed hash; BLAKE2 is keyed by itself, and takes a third of an HMAC's time."""
    return blake2b(text, key=key, person=purpose, digest_size=KEY).digest()


def master_files(folder: Path) -> Iterator[tuple[int, Path]]:
    """(number, file) of every master key; an operator's `master-1.bak` is none."""
    for path in folder.glob("master-*"):
        number = path.name.removeprefix("master-")
        if number.isdecimal():
            yield int(number), path


def new_key() -> bytes:
    """A fresh data key."""
    return os.urandom(KEY)


def create_master(folder: Path) -> Path:
    """Makes the next master key, 0600, in a 0700 folder; whole or not at all. Raises CannotCreate."""
    number = 1 + max((number for number, _ in master_files(folder)), default=0)
    return put_master(folder, number, os.urandom(KEY))


def put_master(folder: Path, number: int, key: bytes) -> Path:
    """Writes a master key under a number that is free; raises CannotCreate. A crash leaves it whole or absent."""
    path = folder / f"master-{number}"
    part = folder / f"master-{number}.part"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key)
            os.fsync(file.fileno())
        os.link(part, path)  # refuses where a key lies already, as a rename would not
        part.unlink()
        _sync(folder)
    except OSError as error:
        raise CannotCreate(f"{folder} ({error.strerror})") from error
    return path


def retire_master(folder: Path, number: int) -> Path:
    """Takes a master key out of use: the file is kept under a name that nobody reads. Raises CannotCreate."""
    path = folder / f"master-{number}"
    away = folder / f"master-{number}.retired"
    try:
        path.rename(away)
        _sync(folder)
    except OSError as error:
        raise CannotCreate(f"{away} ({error.strerror})") from error
    return away


def _sync(folder: Path) -> None:
    """The folder's entries reach the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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
