from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from dict_drop import DictDrop
from twisted.conch.ssh.common import NS
from twisted.conch.ssh.keys import Key
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from sftp_drop.connection import DoorConnection
from sftp_drop.drop import Visitor
from sftp_drop.settings import SESSIONS_MAX, WINDOW_BYTES
from sftp_drop.wire import Ask, Open, Reader, string

GLOBAL_REQUEST, REQUEST_SUCCESS, REQUEST_FAILURE = 80, 81, 82
OPEN, CONFIRMATION, OPEN_FAILURE, ADJUST, DATA, EXTENDED, EOF, CLOSE, REQUEST = range(90, 99)
SUCCESS, FAILURE = 99, 100
HERS = 7  # the client's number for the channel; ours is 0


class Peer:
    """An SSH transport whose packets go to a list."""

    partner, broken, congested = "p1", False, False

    def __init__(self, host_keys: Sequence[Key] = ()) -> None:
        self.drop = DictDrop({}, {}, Clock())
        self.sent: list[tuple[int, bytes]] = []
        self.owed: list[Deferred[None]] = []
        self.factory: Any = self
        self.host_keys = host_keys
        self.visitor, self.sessionID = Visitor("p1", "SHA256:x", "192.0.2.1"), b"session id"
        self.connection: Any = DoorConnection()
        self.connection.transport = self
        self.connection.serviceStarted()

    def sendPacket(self, kind: int, payload: bytes) -> None:
        self.sent.append((kind, payload))

    def clear(self) -> bool:
        return not self.congested

    def protocol_error(self) -> None:
        self.broken = True

    def owes(self, work: Deferred[None]) -> None:
        self.owed.append(work)

    def tell(self, kind: int, payload: bytes) -> None:
        self.connection.packetReceived(kind, payload)

    def open(self, window_bytes: int = WINDOW_BYTES, packet_bytes: int = 32768, kind: bytes = b"session") -> int:
        """Asks for a channel; the kind of the answer."""
        self.tell(OPEN, NS(kind) + struct.pack("!3L", HERS, window_bytes, packet_bytes))
        return self.sent[-1][0]

    def request(self, name: bytes, more: bytes = b"") -> int:
        self.tell(REQUEST, struct.pack("!L", 0) + NS(name) + b"\1" + more)
        return self.sent[-1][0]

    def sftp(self, **more: int) -> Peer:
        assert self.open(**more) == CONFIRMATION
        assert self.request(b"subsystem", NS(b"sftp")) == SUCCESS
        self.send(string(bytes([Ask.INIT]) + struct.pack("!L", 3)))
        return self

    def send(self, data: bytes) -> None:
        for start in range(0, len(data), 32768):
            self.tell(DATA, struct.pack("!L", 0) + NS(data[start : start + 32768]))

    def received(self) -> bytes:
        """The channel's bytes so far."""
        return b"".join(Reader(payload[4:]).string() for kind, payload in self.sent if kind == DATA)

    def kinds(self) -> list[int]:
        return [kind for kind, _ in self.sent]


@pytest.mark.parametrize("kind", [b"direct-tcpip", b"x11", b"auth-agent@openssh.com", b"tun@openssh.com", b""])
def test_only_session_channels(kind: bytes) -> None:
    """Every channel that is not a session is refused."""
    assert Peer().open(kind=kind) == OPEN_FAILURE


def test_sessions_are_counted() -> None:
    """So many channels a connection, and no more."""
    peer = Peer()
    assert [peer.open() for _ in range(SESSIONS_MAX + 1)] == [CONFIRMATION] * SESSIONS_MAX + [OPEN_FAILURE]


@pytest.mark.parametrize("packet_bytes", [0, 1, 1023])
def test_tiny_packets_are_refused(packet_bytes: int) -> None:
    """A client that takes nothing, or crumbs, gets no channel."""
    assert Peer().open(packet_bytes=packet_bytes) == OPEN_FAILURE


def test_global_requests_are_refused() -> None:
    """No forwarding; a keep-alive is answered."""
    peer = Peer()
    for name in (b"tcpip-forward", b"keepalive@openssh.com"):
        peer.tell(GLOBAL_REQUEST, NS(name) + b"\1")
        assert peer.sent[-1][0] == REQUEST_FAILURE


@pytest.mark.parametrize(
    ("name", "more"),
    [
        (b"shell", b""),
        (b"exec", NS(b"id")),
        (b"pty-req", NS(b"xterm") + bytes(16) + NS(b"")),
        (b"env", NS(b"A") + NS(b"b")),
        (b"x11-req", b"\0" + NS(b"") + NS(b"") + bytes(4)),
        (b"auth-agent-req@openssh.com", b""),
        (b"subsystem", NS(b"netconf")),
        (b"subsystem", b""),
        (b"dataReceived", b""),
    ],
)
def test_only_the_sftp_subsystem(name: bytes, more: bytes) -> None:
    """Every other request on a session fails, before and after sftp was granted, and a second sftp fails."""
    peer = Peer()
    peer.open()
    assert peer.request(name, more) == FAILURE
    assert peer.request(b"subsystem", NS(b"sftp")) == SUCCESS
    assert peer.request(name, more) == FAILURE
    assert peer.request(b"subsystem", NS(b"sftp")) == FAILURE


def test_replies_wait_for_the_clients_window() -> None:
    """With a window of 64 KiB a client that asks for a whole file gets 64 KiB, and the rest as it opens the window."""
    peer = Peer().sftp(window_bytes=65536)
    peer.drop.folders["outbound"]["a"] = bytes(2_000_000)
    peer.send(string(bytes([Ask.OPEN]) + bytes(4) + string(b"/outbound/a") + struct.pack("!LL", Open.READ, 0)))
    for at in range(50):
        body = bytes(4) + string(b"\0\0\0\1") + struct.pack("!QL", at * 32768, 32768)
        peer.send(string(bytes([Ask.READ]) + body))
    assert len(peer.received()) == 65536
    (channel,) = peer.connection.channels.values()
    for opened in range(1, 49):
        assert len(channel.buf) < 2 * 32768
        peer.tell(ADJUST, struct.pack("!LL", 0, 32768))
        assert len(peer.received()) == 65536 + opened * 32768
    peer.tell(ADJUST, struct.pack("!LL", 0, 32768))
    assert not channel.buf and peer.received().count(b"\x67\0\0\0\0\0\0\x80\0") == 50


def test_the_window_opens_as_requests_are_taken() -> None:
    """While TCP is congested the client's window is not opened again: what it can send is bounded by it."""
    peer = Peer().sftp()
    peer.congested = True
    stat = string(bytes([Ask.STAT]) + bytes(4) + string(b"/" * 4000))
    many = WINDOW_BYTES // len(stat) - 1
    for _ in range(many):
        peer.tell(DATA, struct.pack("!L", 0) + NS(stat))
    assert ADJUST not in peer.kinds()
    peer.congested = False
    peer.connection.pump()
    assert ADJUST in peer.kinds() and peer.received().count(b"\x69\0\0\0\0") == many


def test_more_than_the_window_breaks_the_rules() -> None:
    """A client that sends more than its window, or packets longer than agreed, is ended."""
    peer = Peer().sftp()
    peer.tell(DATA, struct.pack("!L", 0) + NS(bytes(32769)))
    assert peer.broken
    peer = Peer().sftp()
    peer.congested = True
    for _ in range(WINDOW_BYTES // 32768):
        peer.tell(DATA, struct.pack("!L", 0) + NS(bytes(32768)))
    assert peer.broken


def test_data_without_a_session_breaks_the_rules() -> None:
    """Bytes before the subsystem, and bytes of a second stream, end the connection."""
    peer = Peer()
    peer.open()
    peer.send(b"x")
    assert peer.broken
    peer = Peer().sftp()
    peer.tell(EXTENDED, struct.pack("!LL", 0, 1) + NS(b"x"))
    assert peer.broken


def upload(peer: Peer) -> None:
    flags = Open.WRITE | Open.CREATE | Open.TRUNCATE
    peer.send(string(bytes([Ask.OPEN]) + bytes(4) + string(b"/inbound/a") + struct.pack("!LL", flags, 0)))


def test_a_closed_channel_is_a_lost_upload() -> None:
    """Channel close with a file open loses the upload, is answered by close, and what the drop owes is told."""
    peer = Peer().sftp()
    upload(peer)
    peer.tell(CLOSE, struct.pack("!L", 0))
    assert peer.kinds()[-1] == CLOSE and peer.drop.events[-1]["event"] == "lose" and peer.owed
    assert not peer.connection.channels


def test_a_channel_closes_though_its_client_reads_nothing() -> None:
    """Replies still buffered for a client that closes are dropped, and the channel is gone."""
    peer = Peer().sftp(window_bytes=13)
    upload(peer)
    peer.tell(CLOSE, struct.pack("!L", 0))
    assert peer.kinds()[-1] == CLOSE and not peer.connection.channels


def test_end_of_input_ends_the_channel_well() -> None:
    """EOF from a client that is done is answered by exit status 0 and close."""
    peer = Peer().sftp()
    peer.tell(EOF, struct.pack("!L", 0))
    assert peer.sent[-2] == (REQUEST, struct.pack("!L", HERS) + NS(b"exit-status") + b"\0" + bytes(4))
    assert peer.kinds()[-1] == CLOSE


def test_a_lost_connection_loses_every_session() -> None:
    """When the service stops, each channel's upload is lost."""
    peer = Peer().sftp()
    upload(peer)
    peer.connection.serviceStopped()
    assert peer.drop.events[-1]["event"] == "lose"


def test_every_host_key_is_announced_and_proven(key_folder: Path) -> None:
    """All host keys are told after login; asked for proof, each signs for this session; a foreign key gets nothing."""
    keys = [Key.fromFile(str(key_folder / name)) for name in ("host", "user")]
    peer = Peer(keys)
    blobs = b"".join(NS(key.public().blob()) for key in keys)
    assert peer.sent == [(GLOBAL_REQUEST, NS(b"hostkeys-00@openssh.com") + b"\0" + blobs)]
    ask = NS(b"hostkeys-prove-00@openssh.com")
    peer.tell(GLOBAL_REQUEST, ask + b"\1" + blobs)
    kind, proof = peer.sent[-1]
    reader = Reader(proof)
    for key in keys:
        assert key.verify(reader.string(), ask + NS(peer.sessionID) + NS(key.public().blob()))
    assert kind == REQUEST_SUCCESS and reader.at_end()
    foreign = NS(Key.fromFile(str(key_folder / "stranger")).public().blob())
    for wrong in (foreign, blobs + blobs):
        peer.tell(GLOBAL_REQUEST, ask + b"\1" + wrong)
        assert peer.sent[-1] == (REQUEST_FAILURE, b"")
