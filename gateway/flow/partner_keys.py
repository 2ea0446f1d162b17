"""The public keys partners log in with, as people write them and as they are known by."""

from __future__ import annotations

import base64
import binascii
import hashlib

from gateway.errors import BadData


def fingerprint(line: str) -> str:
    """SHA256:... of an OpenSSH public key line, as OpenSSH prints it; raises BadData when it is none."""
    try:
        blob = base64.b64decode(line.split()[1], validate=True)
    except (IndexError, binascii.Error) as error:
        raise BadData("an SSH public key is not in OpenSSH form") from error
    return fingerprint_of(blob)


def fingerprint_of(key_blob: bytes) -> str:
    """SHA256:... of a public key's blob, which is what a client sends (RFC 4253 6.6)."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key_blob).digest()).decode().rstrip("=")
