# mypy: disallow-untyped-calls=False
from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.conch.ssh import transport
from twisted.conch.ssh.transport import SSHCiphers, SSHServerTransport
from twisted.internet.testing import StringTransport
from twisted.python import randbytes

from sftp_drop.packets import PacketTransport
from sftp_drop.quiet import QUIET

KEY, IV = bytes(range(64)), bytes(16)
PROFILES = [(cipher, mac) for cipher in (b"aes256-ctr", b"aes128-ctr") for mac in (b"hmac-sha2-512", b"hmac-sha2-256")]

profiles = st.sampled_from(PROFILES)
payloads = st.lists(st.tuples(st.integers(50, 255), st.binary(max_size=200) | st.binary(max_size=40_000)), max_size=8)


@pytest.fixture(autouse=True, scope="module")
def padding() -> Iterator[None]:
    """Padding is chance; here both take the same."""
    with patch.object(randbytes, "secureRandom", bytes), patch.object(os, "urandom", bytes):
        yield


class End:
    """One side of a connection under keys, and what it was told."""

    def __init__(self, kind: type[SSHServerTransport], profile: tuple[bytes, bytes]) -> None:
        cipher, mac = profile
        ciphers = SSHCiphers(cipher, cipher, mac, mac)
        ciphers.setKeys(IV, KEY, IV, KEY, KEY, KEY)
        door: Any = kind()
        self.door = door
        self.door._log, self.door.transport = QUIET, StringTransport()
        self.door.currentEncryptions, self.door.gotVersion = ciphers, True
        self.door.incomingPacketSequence = self.door.outgoingPacketSequence = 7
        self.told: list[tuple[int, bytes]] = []
        self.door.dispatchMessage = lambda number, payload: self.told.append((number, payload))

    def receive(self, stream: bytes, cuts: list[int]) -> Any:
        """Takes a stream in pieces; all that may be seen of it afterwards."""
        edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
        for start, end in pairwise(edges):
            self.door.dataReceived(stream[start:end])
        return self.told, self.door.buf, self.door.incomingPacketSequence, self.door.transport.value()


def sent(kind: type[SSHServerTransport], profile: tuple[bytes, bytes], packets: list[tuple[int, bytes]]) -> bytes:
    end = End(kind, profile)
    for number, payload in packets:
        end.door.sendPacket(number, payload)
    return bytes(end.door.transport.value())


@given(profiles, payloads)
def test_packets_are_made_as_conch_makes_them(profile: tuple[bytes, bytes], packets: list[tuple[int, bytes]]) -> None:
    """Byte for byte, the padding being the same."""
    assert sent(PacketTransport, profile, packets) == sent(SSHServerTransport, profile, packets)


@given(profiles, payloads, st.lists(st.integers(0, 2**20), max_size=6))
def test_packets_are_taken_as_conch_takes_them(
    profile: tuple[bytes, bytes], packets: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    """However the stream is cut, the same payloads come out, and the same bytes are left for later."""
    stream = sent(SSHServerTransport, profile, packets)
    ours = End(PacketTransport, profile).receive(stream, cuts)
    assert ours == End(SSHServerTransport, profile).receive(stream, cuts)
    assert ours[0] == packets


@given(profiles, payloads, st.lists(st.integers(0, 2**20), max_size=3), st.integers(0, 2**20), st.integers(1, 255))
def test_broken_packets_end_as_at_conch(
    profile: tuple[bytes, bytes], packets: list[tuple[int, bytes]], cuts: list[int], at: int, flip: int
) -> None:
    """One byte changed on the way: what came before it is told, then the connection ends with the same words."""
    stream = bytearray(sent(SSHServerTransport, profile, [*packets, (94, b"x")]))
    stream[at % len(stream)] ^= flip
    ours = End(PacketTransport, profile).receive(bytes(stream), cuts)
    assert ours == End(SSHServerTransport, profile).receive(bytes(stream), cuts)
    assert ours[0] != [*packets, (94, b"x")]


def test_before_keys_packets_are_conchs() -> None:
    """There is nothing to seal them with yet."""
    door: Any = PacketTransport()
    door._log, door.transport = QUIET, StringTransport()
    door.currentEncryptions = SSHCiphers(b"none", b"none", b"none", b"none")
    door.currentEncryptions.setKeys(b"", b"", b"", b"", b"", b"")
    door.sendPacket(transport.MSG_IGNORE, b"hello")
    assert door.transport.value()[5:6] == bytes([transport.MSG_IGNORE])
    door.gotVersion, door.buf = True, door.transport.value()
    assert door.getPacket() == bytes([transport.MSG_IGNORE]) + b"hello"
