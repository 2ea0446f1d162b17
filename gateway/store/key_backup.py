"""The master keys in one file that a passphrase opens: what lies beside the database's backup must not open it.

The file is one JSON object: format, scrypt's salt and cost, and the keys sealed by AES-256-GCM, bound to all the rest.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm

from gateway.errors import BadData, CannotCreate, InputOutput, KeyMissing
from gateway.store.keys import KEY, master_files, put_master, seal, unseal

COST_LOG2 = 17
"""scrypt's N = 2**17 with r = 8 takes 128 MiB and about half a second a guess, as OWASP advises for passphrases."""

COST_LOG2_MAX = 20
"""A file that asks for more than 1 GiB of memory is none of ours."""

PASSPHRASE_MIN_CHARS = 12
"""Shorter ones are refused: at half a second a guess, four random words last for ever, a word of eight letters not."""


class Sealed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file. body: the keys, sealed."""

    format: Literal["aso-gateway master keys 1"] = "aso-gateway master keys 1"
    cost_log2: int = COST_LOG2
    salt: bytes
    body: bytes = b""


def backup(folder: Path, passphrase: str) -> tuple[list[int], bytes]:
    """The numbers of every master key of a folder, and the file that holds them. Raises BadData, KeyMissing."""
    if len(passphrase) < PASSPHRASE_MIN_CHARS:
        raise BadData(f"the passphrase has fewer than {PASSPHRASE_MIN_CHARS} characters")
    masters = {number: path.read_bytes() for number, path in master_files(folder)}
    if not masters:
        raise KeyMissing(str(folder))
    bare = Sealed(salt=os.urandom(16))
    body = seal(_key(passphrase, bare), msgspec.json.encode(masters), msgspec.json.encode(bare))
    return sorted(masters), msgspec.json.encode(msgspec.structs.replace(bare, body=body))


def restore(folder: Path, data: bytes, passphrase: str) -> list[int]:
    """Writes those master keys that are not there; returns their numbers. Nothing is ever replaced.

    Raises BadData for a file that is no backup or another passphrase, CannotCreate where another key has a number.
    """
    masters = opened(data, passphrase)
    present = {number: path.read_bytes() for number, path in master_files(folder)}
    if other := sorted(number for number, key in present.items() if masters.get(number, key) != key):
        raise CannotCreate(f"{folder} holds another master-{other[0]}; nothing was restored")
    missing = sorted(masters.keys() - present.keys())
    for number in missing:
        put_master(folder, number, masters[number])
    return missing


def opened(data: bytes, passphrase: str) -> dict[int, bytes]:
    """Number -> master key of a backup; raises BadData."""
    try:
        file = msgspec.json.decode(data, type=Sealed)
        bare = msgspec.structs.replace(file, body=b"")
        if not 1 <= file.cost_log2 <= COST_LOG2_MAX:
            raise BadData("the backup asks for a cost no backup of ours has")
        plain = unseal(_key(passphrase, bare), file.body, msgspec.json.encode(bare))
        masters = msgspec.json.decode(plain, type=dict[int, bytes])
    except msgspec.MsgspecError as error:
        raise BadData("this is no backup of master keys") from error
    except KeyMissing as error:
        raise BadData("the passphrase is another one, or the file was changed") from error
    if any(len(key) != KEY for key in masters.values()):
        raise BadData("the backup holds a key that is none")
    return masters


def read(path: Path) -> bytes:
    """A backup's bytes; raises InputOutput."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputOutput(f"{path} ({error.strerror})") from error


def write(path: Path, data: bytes) -> None:
    """A new file that only its owner reads; raises CannotCreate, also where a file lies already."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            os.fsync(file.fileno())
    except OSError as error:
        raise CannotCreate(f"{path} ({error.strerror})") from error


def _key(passphrase: str, bare: Sealed) -> bytes:
    """The key a passphrase opens a file by; imported here, as nothing else of a daemon needs scrypt."""
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    try:
        return Scrypt(salt=bare.salt, length=KEY, n=1 << bare.cost_log2, r=8, p=1).derive(passphrase.encode())
    except (MemoryError, UnsupportedAlgorithm) as error:
        raise InputOutput("scrypt needs 128 MiB of memory") from error
