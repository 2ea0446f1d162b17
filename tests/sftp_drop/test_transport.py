from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dict_drop import DictDrop
from twisted.conch.ssh.common import NS
from twisted.conch.ssh.keys import Key
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from sftp_drop.drop import Ban, Visitor
from sftp_drop.server import Door, DoorFactory, turned_away
from sftp_drop.settings import GOODBYE_S, SSH_PACKET_MAX_BYTES, DoorSettings

HELLO = b"SSH-2.0-test\r\n"
MSG_SERVICE_REQUEST, MSG_KEXINIT, MSG_NEWKEYS, MSG_DISCONNECT = 5, 20, 21, 1


class Wire(StringTransport):
    """A TCP connection made of a string."""

    aborted = False

    def setTcpNoDelay(self, on: bool) -> None:
        self.no_delay = on

    def setTcpKeepAlive(self, on: bool) -> None:
        self.keep_alive = on

    def abortConnection(self) -> None:
        self.aborted = True


def packet(payload: bytes) -> bytes:
    """An SSH packet before there are keys."""
    padding = 8 - (len(payload) + 5) % 8 + 8
    return struct.pack("!LB", len(payload) + 1 + padding, padding) + payload + bytes(padding)


class House:
    """A factory and the connections to it."""

    def __init__(self, key_folder: Path, chance: Callable[[], float] = lambda: 0.5, **limits: Any) -> None:
        self.clock, self.drop = Clock(), DictDrop({})
        keys, seconds = [Key.fromFile(str(key_folder / "host"))], self.clock.seconds
        self.factory = DoorFactory(self.drop, keys, DoorSettings(**limits), self.clock, seconds, chance)

    def knock(self, host: str = "192.0.2.1") -> tuple[Any, Wire]:
        door = self.factory.buildProtocol(IPv4Address("TCP", host, 4))
        wire = Wire()
        if door is not None:
            door.makeConnection(wire)
        return door, wire


@pytest.fixture
def house(key_folder: Path) -> House:
    return House(key_folder)


def test_small_packets_leave_at_once(house: House) -> None:
    """TCP_NODELAY is set, and dead peers are noticed."""
    _, wire = house.knock()
    assert wire.no_delay and wire.keep_alive


def test_login_grace_runs_from_accept(house: House) -> None:
    """Who has not logged in after 60 seconds is cut off, talking or not."""
    door, wire = house.knock()
    for _ in range(59):
        house.clock.advance(1)
        door.dataReceived(b"S")
    assert not wire.aborted
    house.clock.advance(1)
    assert wire.aborted


def test_the_idle_are_cut_off(key_folder: Path) -> None:
    """Who sends nothing for the idle time is cut off; every byte starts it anew."""
    house = House(key_folder, login_grace_s=10_000)
    door, wire = house.knock()
    house.clock.advance(899)
    door.dataReceived(b"S")
    house.clock.advance(899)
    assert not wire.aborted
    house.clock.advance(1)
    assert wire.aborted


def test_no_timer_outlives_its_connection(house: House) -> None:
    """A lost connection leaves nothing behind."""
    door, _ = house.knock()
    door.sendDisconnect(2, b"enough")
    door.connectionLost(Failure(ConnectionDone()))
    assert house.clock.getDelayedCalls() == [] and not house.factory.inside


def test_who_does_not_take_the_goodbye_is_cut_off(house: House) -> None:
    """After a disconnect the peer has some seconds, and nothing it sends is read any more."""
    door, wire = house.knock()
    door.sendDisconnect(2, b"enough")
    assert wire.disconnecting and not wire.aborted
    door.dataReceived(HELLO)
    assert not door.gotVersion
    house.clock.advance(GOODBYE_S)
    assert wire.aborted


@pytest.mark.parametrize("length", [SSH_PACKET_MAX_BYTES + 8, 2**20, 2**31])
def test_endless_packets_are_not_buffered(house: House, length: int) -> None:
    """A length header no honest peer sends ends the connection once it is not kept."""
    door, wire = house.knock()
    door.dataReceived(HELLO + struct.pack("!LB", length, 4))
    for _ in range(40):
        door.dataReceived(bytes(2048))
    assert wire.disconnecting and len(door.buf) == 0


@pytest.mark.parametrize(
    "sent",
    [
        packet(bytes([MSG_SERVICE_REQUEST]) + NS(b"ssh-userauth")),
        packet(bytes([MSG_SERVICE_REQUEST])),
        packet(bytes([MSG_NEWKEYS])),
        packet(bytes([MSG_KEXINIT])),
        packet(bytes([30]) + NS(b"x")),
        packet(b""),
        struct.pack("!LB", 12, 255) + bytes(11),
    ],
)
def test_packets_out_of_order_end_the_connection(house: House, sent: bytes) -> None:
    """Before the key exchange nothing else is served, and nothing a stranger sends raises into the reactor."""
    door, _ = house.knock()
    door.dataReceived(HELLO + sent + sent)
    assert door.service is None and not door.isEncrypted()


def kexinit(**other: bytes) -> bytes:
    """A client's KEXINIT that we agree with, except for what is given."""
    lists = {
        "kex": b"curve25519-sha256",
        "host_key": b"ssh-ed25519",
        "cipher": b"aes128-ctr",
        "mac": b"hmac-sha2-256",
        "compression": b"none",
    } | other
    both_ways = [lists[key] for key in ("cipher", "mac", "compression") for _ in "io"]
    names = [lists["kex"], lists["host_key"], *both_ways, b"", b""]
    return packet(bytes([MSG_KEXINIT]) + bytes(16) + b"".join(map(NS, names)) + bytes(5))


@pytest.mark.parametrize(
    "other",
    [
        {"compression": b"zlib"},
        {"compression": b"zlib@openssh.com"},
        {"cipher": b"aes128-cbc"},
        {"cipher": b"3des-cbc"},
        {"cipher": b"none"},
        {"mac": b"hmac-sha1"},
        {"mac": b"hmac-md5"},
        {"kex": b"diffie-hellman-group14-sha1"},
        {"kex": b"ecdh-sha2-nistp256"},
        {"host_key": b"ssh-rsa"},
    ],
)
def test_weak_algorithms_are_not_agreed_on(house: House, other: dict[str, bytes]) -> None:
    """Compression, CBC, SHA-1, MD5, NIST curves and SHA-1 host keys end the key exchange."""
    door, wire = house.knock()
    door.dataReceived(HELLO + kexinit(**other))
    assert wire.disconnecting


def test_the_profile_is_agreed_on(house: House) -> None:
    """The control of the test above: our own profile goes on."""
    door, wire = house.knock()
    door.dataReceived(HELLO + kexinit())
    assert not wire.disconnecting and door.kexAlg == b"curve25519-sha256"


def test_the_banner_names_no_program(house: House) -> None:
    """Strangers do not learn which software and release answers."""
    _, wire = house.knock()
    assert wire.value().startswith(b"SSH-2.0-aso\r\n") and b"Twisted" not in wire.value()


@pytest.mark.parametrize(
    ("limits", "hosts", "let_in"),
    [
        ({"connections_max": 2}, ["192.0.2.1", "192.0.2.2", "192.0.2.3"], 2),
        ({"connections_per_ip_max": 1}, ["192.0.2.1", "192.0.2.1", "192.0.2.2"], 2),
        ({"strangers_max": 1}, ["192.0.2.1", "192.0.2.2"], 1),
    ],
)
def test_connections_are_counted(key_folder: Path, limits: dict[str, int], hosts: list[str], let_in: int) -> None:
    """All, those of one address, and those without a login are bounded; one that goes makes room."""
    house = House(key_folder, **limits)
    doors = [house.knock(host)[0] for host in hosts]
    assert sum(door is not None for door in doors) == let_in
    doors[0].connectionLost(Failure(ConnectionDone()))
    assert house.knock(hosts[0])[0] is not None


def test_a_peer_that_reads_nothing_stops_us(house: House) -> None:
    """The transport is not clear while TCP takes no more, during a key exchange, and after the end."""
    door, _ = house.knock()
    assert not door.clear()
    door._keyExchangeState = door._KEY_EXCHANGE_NONE
    assert door.clear()
    door.pauseProducing()
    assert not door.clear()
    door.resumeProducing()
    assert door.clear()
    door.sendDisconnect(2, b"enough")
    assert not door.clear()


def test_a_door_that_never_opened_closes(house: House) -> None:
    """Stopping a service that was not started succeeds."""
    fired: list[object] = []
    Door(house.factory, None, "127.0.0.1", 0).stopService().addCallback(fired.append)
    assert fired == [None]


def test_of_two_host_keys_of_a_type_the_first_is_shown(key_folder: Path) -> None:
    """Rotation: old before new, then new before old, is which key a client meets; both are announced."""
    keys = [Key.fromFile(str(key_folder / name)) for name in ("host", "user")]
    factory = DoorFactory(DictDrop({}), keys, DoorSettings(), Clock())
    assert factory.privateKeys == {b"ssh-ed25519": keys[0]} and list(factory.host_keys) == keys


def test_many_strangers_are_turned_away_by_chance(key_folder: Path) -> None:
    """From 30 strangers on a third are refused, more the more there are, all at 60: the 20 of one address never."""
    limits = DoorSettings()
    chances = [turned_away(strangers, limits) for strangers in range(70)]
    assert chances[29] == 0 and chances[30] == 0.3 and round(chances[45], 6) == 0.65 and chances[60] == chances[69] == 1
    assert chances == sorted(chances)
    house = House(key_folder, strangers_begin=1, chance=lambda: 0.29)
    assert house.knock()[0] is not None and house.knock()[0] is None
    house = House(key_folder, strangers_begin=1, chance=lambda: 0.31)
    assert house.knock()[0] is not None and house.knock()[0] is not None


def test_the_banned_are_dropped_before_the_key_exchange(key_folder: Path) -> None:
    """Who does not speak SSH is banned the eighth time: told to the drop, its other half-open connections ended, and
    no bytes of ours any more until the ban is over or lifted."""
    house = House(key_folder)
    waiting, waiting_wire = house.knock()
    for _ in range(8):
        door, _wire = house.knock()
        door.dataReceived(HELLO + packet(bytes([MSG_NEWKEYS])))
        door.connectionLost(Failure(ConnectionDone()))
    (ban,) = [event for event in house.drop.events if event["event"] == "ban"]
    assert ban["name"] == "192.0.2.1" and waiting_wire.disconnecting
    waiting.connectionLost(Failure(ConnectionDone()))
    assert house.knock()[0] is None and house.knock("192.0.2.2")[0] is not None
    house.clock.advance(1800)
    assert house.knock()[0] is not None
    house.factory.defender.replace([Ban("192.0.2.3", house.clock.seconds() + 9, 1)])
    assert house.knock("192.0.2.3")[0] is None


def test_a_partner_has_so_many_connections(key_folder: Path) -> None:
    """The next one of the partner is told and ended, by the drop's number or the door's; others get in."""
    house = House(key_folder, connections_per_partner_max=2)

    def come(partner: str, most: int | None = None) -> bool:
        door, wire = house.knock()
        wire.clear()
        door._keyExchangeState = door._KEY_EXCHANGE_NONE
        door.logged_in(Visitor(partner, "SHA256:x", "192.0.2.1", most))
        told = b"too many connections of this partner" in wire.value()
        assert told != bool(door.partner)
        return bool(door.partner)

    assert [come("p1"), come("p1"), come("p1"), come("p1", 3), come("p2", 0), come("p2")] == [
        True, True, False, True, False, True,
    ]  # fmt: skip
    notes = [(event["name"], event["about"]) for event in house.drop.events if event["event"] == "note"]
    assert notes == [("login refused", "too many connections")] * 2


def test_those_who_may_not_stay_are_ended(key_folder: Path) -> None:
    """Expelling ends the connections of exactly these visitors."""
    house = House(key_folder)
    inside = [(house.knock(), Visitor("p1", key, "192.0.2.1")) for key in ("SHA256:a", "SHA256:b")]
    for (door, _), visitor in inside:
        door._keyExchangeState = door._KEY_EXCHANGE_NONE
        door.logged_in(visitor)
    service = Door(house.factory, None, "127.0.0.1", 0)
    assert service.visitors() == {visitor for _, visitor in inside}
    service.expel([inside[0][1]])
    assert [wire.disconnecting for (_, wire), _ in inside] == [True, False]


@pytest.mark.parametrize(("moved_bytes", "waited_s", "again"), [(999, 0, False), (1001, 0, True), (0, 3601, True)])
def test_new_keys_after_a_gigabyte_or_an_hour(
    key_folder: Path, moved_bytes: int, waited_s: float, again: bool
) -> None:  # fmt: skip
    """We ask for a new key exchange when so much was moved or so long passed, of partners only, and once."""
    house = House(key_folder, rekey_bytes=1000, idle_s=99999)
    door, wire = house.knock()
    door._keyExchangeState = door._KEY_EXCHANGE_NONE
    door.visitor, door._moved_bytes = Visitor("p1", "", ""), 0
    wire.clear()
    door.sendPacket(2, bytes(moved_bytes))
    house.clock.advance(waited_s)
    wire.clear()
    door._rekey()
    door._rekey()
    assert wire.value().count(b"curve25519-sha256@libssh.org") == again
