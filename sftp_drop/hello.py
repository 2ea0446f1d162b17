"""What an SSH server says before anybody logs in: its banner and the algorithms it offers (RFC 4253 4.2, 7.1)."""

from __future__ import annotations

import socket
from typing import NamedTuple

KEXINIT = 20
COOKIE_BYTES = 16
BANNER_MAX_BYTES = 255  # RFC 4253 4.2, with its line end
PACKET_MAX_BYTES = 35_000  # RFC 4253 6.1: more no server may need for its lists
OURS = b"SSH-2.0-doctor\r\n"


class Offer(NamedTuple):
    """Algorithms in the server's order, of what the server sends where the two directions differ."""

    kex: tuple[str, ...]
    host_keys: tuple[str, ...]
    ciphers: tuple[str, ...]
    macs: tuple[str, ...]
    compressions: tuple[str, ...]


STRONG = Offer(
    kex=("mlkem768x25519-sha256", "sntrup761x25519-sha512", "sntrup761x25519-sha512@openssh.com", "curve25519-sha256",
         "curve25519-sha256@libssh.org", "ext-info-s", "kex-strict-s-v00@openssh.com"),
    host_keys=("ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256"),
    ciphers=("chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr",
             "aes192-ctr", "aes128-ctr"),
    macs=("hmac-sha2-512-etm@openssh.com", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512", "hmac-sha2-256"),
    compressions=("none",),
)  # fmt: skip
"""What a server may offer to a hostile network: of ssh-audit's lists what is not marked fail, without NIST's curves."""


def offered(host: str, port: int, wait_s: float) -> Offer:
    """Connects, reads what the server offers, and leaves. Raises OSError, ValueError when it is no SSH server."""
    with socket.create_connection((host, port), wait_s) as connection, connection.makefile("rb") as said:
        connection.sendall(OURS)
        if not said.readline(BANNER_MAX_BYTES).startswith(b"SSH-2.0-"):
            raise ValueError("it is no SSH 2 server")
        size = int.from_bytes(said.read(4), "big")
        packet = said.read(size) if size <= PACKET_MAX_BYTES else b""
    if len(packet) < 2 or packet[1] != KEXINIT:
        raise ValueError("it does not begin as an SSH server does")
    return _lists(packet[2 + COOKIE_BYTES :])


def weak(offer: Offer) -> list[str]:
    """What of an offer is not in STRONG."""
    return [one for ours, good in zip(offer, STRONG, strict=True) for one in ours if one not in good]


def _lists(data: bytes) -> Offer:
    """Name-lists: key exchanges, host keys, then ciphers, MACs and compressions, each for both directions."""
    found = []
    for _ in range(8):
        size = int.from_bytes(data[:4], "big")
        if len(data) < 4 + size:
            raise ValueError("its lists of algorithms are cut short")
        found.append(tuple(name for name in data[4 : 4 + size].decode("ascii").split(",") if name))
        data = data[4 + size :]
    kex, host_keys, _, ciphers, _, macs, _, compressions = found
    return Offer(kex, host_keys, ciphers, macs, compressions)
