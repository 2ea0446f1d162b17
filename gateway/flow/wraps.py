"""What lies around a partner's X12 on its way: encryption outside, packing inside; on arrival and on departure.

On arrival it is opened between the sealed rows and the reader, so that nothing of it lies anywhere in the clear; what
cannot be opened is quarantined with a report and stays as it came. A partner whose key we hold for signatures must
send signed and encrypted files: a plain one would prove nothing. On departure it is put on once, when the file is first
delivered, and kept: a file sent again is the same bytes. All that leaves for a partner with a PGP key is encrypted,
X12 files alone are packed.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from gateway.errors import ConfigError
from gateway.flow import machine, packing
from gateway.flow.context import Context
from gateway.flow.packing import Unfit
from gateway.store import sealed
from mappings.records import Record
from sftp_drop import pgp

if TYPE_CHECKING:
    from gateway.flow.parties import Partner

PACKED_KINDS = frozenset({"TA1", "999", "277CA", "835"})
"""What is packed when it leaves: X12 files."""

FIRST = 64
"""Bytes looked at to know what a file is: the first line of an armored message has 27."""


class Pgp(Record, frozen=True, kw_only=True):
    """Encryption agreed with a partner; keys are public ones in ASCII armor.

    encrypt_to: what leaves is encrypted to it. signed_by: what it sends is signed by it and encrypted to a key of ours.
    sign: what leaves is signed by us.
    """

    encrypt_to: str = ""
    signed_by: str = ""
    sign: bool = True


def wrong(agreed: Pgp) -> Iterator[str]:
    """What is wrong with the keys of a partner, a sentence each."""
    for name, key in (("encrypt_to", agreed.encrypt_to), ("signed_by", agreed.signed_by)):
        try:
            if key:
                pgp.fingerprint(key)
        except pgp.BadKey as error:
            yield f"pgp.{name}: {error}"


def secrets_of(paths: list[Path]) -> tuple[str, ...]:
    """Our secret keys, read from files only their owner may read; raises ConfigError naming the file."""
    found = []
    for path in paths:
        try:
            if machine.others_may(path):
                raise ConfigError(f"{path}: only its owner may read a secret key; chmod 600")
            text = path.read_text()
            pgp.check_secret(text)
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path} cannot be read") from error
        except pgp.BadKey as error:
            raise ConfigError(f"{path}: {error}") from error
        found.append(text)
    return tuple(found)


def arriving(context: Context, partner: Partner, upload: Any, size: int) -> Iterator[bytes]:
    """The X12 of a received file, a piece at a time; raises Unfit before any piece when it does not open as agreed."""
    key = context.keys.unwrap(upload.key)
    rows = sealed.stream(context.store, upload.id, key, size)
    first = next(rows)
    encrypted = pgp.is_message(first[:FIRST])
    if partner.pgp.signed_by and not encrypted:
        raise Unfit("pgp", "The file is not encrypted and signed, which is agreed; send it so.")
    if not encrypted and packing.kind_of(first[:FIRST]) is None:
        return itertools.chain([first], rows)
    file: BinaryIO
    if encrypted:
        plain = _decrypted(context, partner.pgp, itertools.chain([first], rows), size)
        file, size = io.BytesIO(plain), len(plain)
    else:
        file = cast(BinaryIO, io.BufferedReader(sealed.SealedFile(context.store, upload.id, key, size), sealed.ROW))
    return packing.unpacked(file, size, partner.packing)()


def _decrypted(context: Context, agreed: Pgp, rows: Iterator[bytes], size: int) -> bytes:
    if not context.pgp_secrets:
        raise Unfit("pgp", "The file is encrypted, which is not agreed; send it as it is.")
    if size > pgp.MOST_ENCRYPTED:
        raise Unfit("pgp", f"An encrypted file may have {pgp.MOST_ENCRYPTED} bytes; send it in parts.")
    try:
        return pgp.decrypt(b"".join(rows), context.pgp_secrets, agreed.signed_by)
    except pgp.NotOpened as error:
        raise Unfit("pgp", f"The file cannot be decrypted: {pgp.REFUSALS[str(error)]}.") from error


def leaving(context: Context, partner: Partner, kind: str, name: str) -> Callable[[bytes], tuple[bytes, str]] | None:
    """What makes of a file and its name those that leave; None for a file that leaves as it is.

    What it returns raises BadKey of `sftp_drop.pgp` when nothing can be encrypted to the partner's key.
    """
    pack = partner.packing.outbound if kind in PACKED_KINDS else ""
    to = partner.pgp.encrypt_to
    if not pack and not to:
        return None
    signer = context.pgp_secrets[0] if partner.pgp.sign and context.pgp_secrets else ""

    def wrap(body: bytes) -> tuple[bytes, str]:
        made, called = packing.packed(body, pack, name) if pack else (body, name)
        return (pgp.encrypt(made, to, signer), called + ".pgp") if to else (made, called)

    return wrap
