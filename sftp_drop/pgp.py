"""OpenPGP around a file: encrypt and sign what leaves, decrypt and verify what came. Needs the extra `pgp`.

What came is opened in a process of its own, with a bound on its memory and no core file: OpenPGP may hold compressed
data that swells without a bound, and a parser of strangers' bytes should not share a process with anybody's keys but
the ones it needs. Plain bytes pass through pipes and memory only, never through a file.
"""

from __future__ import annotations

import importlib.util
import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, BinaryIO

MOST_ENCRYPTED = 64 << 20
"""Bytes of an encrypted file: X12 is compressed before it is encrypted, so this is 250 MB and more of it."""

MOST_PLAIN = 256 << 20
"""Bytes of what is in it: it lies in memory once here, so two workers that open one each stay below 1 GB."""

CHILD_BYTES = (1 << 30) + 2 * MOST_PLAIN
"""Address space of the opening process: the file, its plain bytes in a buffer that doubles, twice over, and itself."""

OPEN_S = 120
"""Seconds an opening may take: 40 MB take one; more is a fault."""

REFUSALS = {
    "key": "it is encrypted for another key, or not encrypted",
    "signature": "it has no valid signature of the key agreed with its sender",
    "several": "there is more than one message in it; encrypt exactly one file",
    "compressed": "it is compressed inside, where its signature cannot be checked; encrypt with --compress-algo none",
    "damaged": "it is damaged, too large, or no OpenPGP message",
}
"""Why a file does not open: a word -> the sentence."""

_SAID = {"Signature verification failed": "signature", "Unexpected message structure": "compressed"}
"""What the library's errors say -> a word of REFUSALS. It checks no signature inside compressed data (0.1.35)."""

_ARMOR, _ARMOR_END = b"-----BEGIN PGP MESSAGE-----", b"-----END PGP MESSAGE-----"
_TAGS = frozenset({1, 2, 3, 4, 8, 9, 18, 20})
"""First packets of a message (RFC 9580 5): session keys, signatures, compressed or encrypted data."""


_SESSION_KEY = 1


class NotOpened(Exception):
    """A file does not open. Args: reason: a word of REFUSALS."""


class BadKey(Exception):
    """A key cannot be used; its text says why."""


def available() -> bool:
    """Whether the extra is installed."""
    return importlib.util.find_spec("pysequoia") is not None


def is_message(first: bytes) -> bool:
    """Whether a file begins as an OpenPGP message does. No X12 does: its letters have no high bit."""
    if first.lstrip().startswith(_ARMOR):
        return True
    return _tag(first) in _TAGS


def fingerprint(public: str) -> str:
    """Of a partner's public key in ASCII armor; raises BadKey: none, secret, revoked, or the extra is missing."""
    key = _cert(public)
    if "PRIVATE KEY" in public:
        raise BadKey("it holds a secret key; its owner should keep that, and replace it now")
    if key.is_revoked:
        raise BadKey("it is revoked")
    if key.expiration is not None and key.expiration <= datetime.now(UTC):
        raise BadKey("it has expired")
    return str(key.fingerprint)


def check_secret(secret: str) -> str:
    """Fingerprint of a secret key of ours in ASCII armor; raises BadKey when it cannot sign and decrypt as it lies."""
    key = _secret(secret)
    if "PRIVATE KEY" not in secret:
        raise BadKey("it is no secret OpenPGP key in ASCII armor")
    try:
        key.signer(), key.decryptor()
    except Exception as error:
        raise BadKey("it has a passphrase, or cannot both sign and decrypt") from error
    return str(key.extract_certificate().fingerprint)


def encrypt(plain: bytes, to: str, signer: str = "") -> bytes:
    """Encrypted to a public key and signed by a secret one, where it is given; binary. Raises BadKey.

    The library encrypts to keys that have expired, and to nobody where a key has no part for that: both are asked here.
    """
    fingerprint(to)
    try:
        made = _library().encrypt(
            bytes=plain, recipients=[_cert(to)], signer=_secret(signer).signer() if signer else None, armor=False
        )
    except BadKey:
        raise
    except Exception as error:
        raise BadKey("nothing can be encrypted to it, or signed with ours") from error
    if _tag(made) != _SESSION_KEY:
        raise BadKey("it has no part that is for encryption")
    return bytes(made)


def decrypt(sealed: bytes, secrets: Sequence[str], signer: str = "") -> bytes:
    """What is in a file that came. secrets: keys of ours, any may fit. signer: who must have signed it, "" nobody.

    Raises NotOpened, BadKey without the extra.
    """
    _library()
    if len(sealed) > MOST_ENCRYPTED:
        raise NotOpened("damaged")
    told = json.dumps({"secrets": list(secrets), "signer": signer, "bytes": CHILD_BYTES}).encode() + b"\n"
    command = [sys.executable, "-P", "-c", "from sftp_drop import pgp; pgp.child()"]
    try:
        done = subprocess.run(command, input=told + sealed, capture_output=True, timeout=OPEN_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise NotOpened("damaged") from error
    word, _, plain = done.stdout.partition(b"\n")
    if done.returncode != 0 or word != b"opened":
        reason = word.decode("ascii", "replace")
        raise NotOpened(reason if reason in REFUSALS else "damaged")
    return plain


def child() -> None:
    """The opening process: reads the keys' line and the file from stdin, writes a word and the plain bytes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    stdin: BinaryIO = sys.stdin.buffer
    told = json.loads(stdin.readline())
    resource.setrlimit(resource.RLIMIT_AS, (told["bytes"], told["bytes"]))
    sealed = stdin.read()
    word, plain = _opened(sealed, told["secrets"], told["signer"])
    sys.stdout.buffer.write(word.encode() + b"\n")
    sys.stdout.buffer.write(plain)
    sys.stdout.buffer.flush()


def _opened(sealed: bytes, secrets: Sequence[str], signer: str) -> tuple[str, bytes]:
    """A word and the plain bytes. The library tells its errors in words only: another key's comes before all others."""
    if unfit := _unfit(sealed):
        return unfit, b""
    store = (lambda _ids: [_cert(signer)]) if signer else None
    word = "key"
    for secret in secrets:
        try:
            found = _library().decrypt(bytes=sealed, decryptor=_secret(secret).decryptor(), store=store)
        except Exception as error:
            text = str(error)
            if "No key to decrypt" not in text:
                word = next((word for said, word in _SAID.items() if said in text), "damaged")
            continue
        return ("damaged", b"") if len(found.bytes) > MOST_PLAIN else ("opened", found.bytes)
    return word, b""


def _unfit(sealed: bytes) -> str:
    """Why something is not one encrypted message, a word of REFUSALS; "" when it is.

    The library opens what is only signed, too, and the first message of several: the others would be lost in silence.
    """
    from pysequoia.packet import PacketPile, Tag

    try:
        tags = [packet.tag for packet in PacketPile.from_bytes(sealed)]
    except Exception:
        return "damaged"
    held = [tag for tag in tags if tag in (Tag.SEIP, Tag.AED)]
    if not held:
        return "key"
    if held != tags[-1:] or sealed.count(_ARMOR) > 1 or sealed.partition(_ARMOR_END)[2].strip():
        return "several"
    return ""


def _tag(first: bytes) -> int:
    """The kind of the packet some bytes begin with, 0 where none does."""
    if not first or not first[0] & 0x80:
        return 0
    return first[0] & 0x3F if first[0] & 0x40 else (first[0] & 0x3F) >> 2


def _library() -> Any:
    try:
        import pysequoia
    except ImportError as error:
        raise BadKey("PGP needs the extra: pip install 'aso-gateway[pgp]'") from error
    return pysequoia


def _cert(text: str) -> Any:
    library = _library()
    try:
        return library.Cert.from_bytes(text.encode())
    except Exception as error:
        raise BadKey("it is no OpenPGP key in ASCII armor") from error


def _secret(text: str) -> Any:
    library = _library()
    try:
        return library.Tsk.from_bytes(text.encode())
    except Exception as error:
        raise BadKey("it is no secret OpenPGP key in ASCII armor") from error
