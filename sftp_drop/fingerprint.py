"""What a public key is called: the same for logins, records, pins and whoever reads them out on the telephone."""

from __future__ import annotations

import base64
import hashlib


def fingerprint_of(key_blob: bytes) -> str:
    """SHA256:... of a public key as it goes over the wire (RFC 4253 6.6), as OpenSSH prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key_blob).digest()).decode().rstrip("=")
