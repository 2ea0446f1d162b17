from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from dict_drop import DictDrop
from twisted.conch.ssh.common import NS
from twisted.conch.ssh.keys import Key
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from sftp_drop.drop import Visitor
from sftp_drop.login import KeyLogin
from sftp_drop.settings import LOGIN_REQUESTS_MAX, DoorSettings

REQUEST, FAILED, KEY_OK = 50, 51, 60
SESSION = b"session id"
RSA = Key(rsa.generate_private_key(public_exponent=65537, key_size=3072))


class Stranger:
    """The transport of a login, and the one who tries it."""

    peer, sessionID = "192.0.2.1", SESSION

    def __init__(self, *keys: Key) -> None:
        self.clock, self.settings = Clock(), DoorSettings()
        self.drop: Any = DictDrop({key.public().blob(): ("clear", "p1") for key in keys})
        self.sent: list[int] = []
        self.factory, self.points = self, 0
        self.partner, self.ended, self.broken = "", False, False
        self.service: Any = KeyLogin()
        self.service.transport = self

    def sendPacket(self, kind: int, payload: bytes) -> None:
        self.sent.append(kind)

    def sendDisconnect(self, reason: int, desc: bytes) -> None:
        self.ended = True

    def protocol_error(self) -> None:
        self.broken = True

    def offence(self, peer: str, points: int) -> None:
        self.points += points

    def logged_in(self, visitor: Visitor) -> None:
        self.partner, self.service = visitor.partner, None

    def show(self, key: Key, algorithm: bytes, user: bytes = b"clear", signed: bool = False) -> bytes:
        head = NS(user) + NS(b"ssh-connection") + NS(b"publickey") + bytes([signed])
        return head + NS(algorithm) + NS(key.public().blob())

    def sign(self, key: Key, algorithm: bytes, user: bytes = b"clear", session: bytes = SESSION) -> bytes:
        request = self.show(key, algorithm, user, signed=True)
        return request + NS(key.sign(NS(session) + bytes([REQUEST]) + request, signatureType=algorithm))

    def ask(self, request: bytes) -> None:
        self.service.packetReceived(REQUEST, request)

    def asked_drop(self) -> int:
        return sum(event["event"] == "login" for event in self.drop.events)


@pytest.fixture(scope="module")
def ed25519(key_folder: Path) -> Key:
    return Key.fromFile(str(key_folder / "user"))


def test_a_signature_of_a_known_key_gets_in(ed25519: Key) -> None:
    """ed25519 and RSA with SHA-2 get in; the drop says who it is."""
    for key, algorithm in [(ed25519, b"ssh-ed25519"), (RSA, b"rsa-sha2-256"), (RSA, b"rsa-sha2-512")]:
        stranger = Stranger(key)
        stranger.ask(stranger.sign(key, algorithm))
        assert stranger.partner == "p1"


def test_every_good_key_is_worth_a_signature(ed25519: Key) -> None:
    """Showing a key gets the same answer for a known and an unknown user, and the drop is not asked."""
    for user in (b"clear", b"nobody"):
        stranger = Stranger()
        stranger.ask(stranger.show(ed25519, b"ssh-ed25519", user))
        assert stranger.sent == [KEY_OK] and not stranger.asked_drop()


def refused(stranger: Stranger, request: bytes) -> bool:
    """Whether the request is refused, after the time every refusal takes."""
    stranger.ask(request)
    early = list(stranger.sent)
    stranger.clock.advance(stranger.settings.login_answer_s)
    return not early and stranger.sent == [FAILED] and not stranger.partner


def test_only_the_right_signature_reaches_the_drop(ed25519: Key) -> None:
    """Another session's signature, another user's, a changed one, SHA-1, another algorithm's: refused, drop unasked."""
    other = Stranger().sign(ed25519, b"ssh-ed25519", session=b"another")
    good = Stranger().sign(ed25519, b"ssh-ed25519")
    elses = NS(b"clear") + Stranger().sign(ed25519, b"ssh-ed25519", user=b"elses")[len(NS(b"elses")) :]
    changed = good[:-1] + bytes([good[-1] ^ 1])
    sha1 = Stranger().sign(RSA, b"ssh-rsa")
    mixed = Stranger().show(RSA, b"rsa-sha2-512", signed=True)
    mixed += NS(RSA.sign(NS(SESSION) + bytes([REQUEST]) + mixed, signatureType=b"ssh-rsa"))
    nonsense = Stranger().show(ed25519, b"ssh-ed25519", signed=True) + NS(b"")
    for request in (other, elses, changed, sha1, mixed, nonsense):
        stranger = Stranger(ed25519, RSA)
        assert refused(stranger, request) and not stranger.asked_drop()


def test_unknown_users_and_keys_read_the_same(ed25519: Key) -> None:
    """The drop refuses both; the stranger sees one answer."""
    assert refused(Stranger(), Stranger().sign(ed25519, b"ssh-ed25519"))
    assert refused(Stranger(ed25519), Stranger().sign(ed25519, b"ssh-ed25519", user=b"nobody"))
    assert refused(Stranger(ed25519), Stranger().sign(ed25519, b"ssh-ed25519", user=b"\xff"))


def test_a_drop_that_fails_refuses(ed25519: Key) -> None:
    """A fault of ours lets nobody in and says nothing."""
    stranger = Stranger(ed25519)
    stranger.drop.login = lambda *_: 1 / 0
    assert refused(stranger, stranger.sign(ed25519, b"ssh-ed25519"))


def test_requests_sent_at_once_are_answered_in_turn(ed25519: Key) -> None:
    """A second request waits for the first, however slow the drop; a login ends them all."""
    stranger = Stranger(ed25519)
    slow: Deferred[Visitor] = Deferred()
    stranger.drop.login = lambda *_: slow
    stranger.ask(stranger.sign(ed25519, b"ssh-ed25519"))
    stranger.ask(stranger.show(ed25519, b"ssh-ed25519"))
    assert stranger.sent == []
    slow.callback(Visitor("p1", "", ""))
    assert stranger.sent == [] and stranger.partner == "p1"


def test_tries_are_counted(ed25519: Key) -> None:
    """The fourth failure ends the connection; asking which methods there are is no try."""
    stranger = Stranger()
    none = NS(b"clear") + NS(b"ssh-connection") + NS(b"none")
    for request in [none, none, *[stranger.sign(ed25519, b"ssh-ed25519")] * 3]:
        stranger.ask(request)
        stranger.clock.advance(1)
    assert stranger.sent == [FAILED] * 5 and not stranger.ended
    stranger.ask(NS(b"clear") + NS(b"ssh-connection") + NS(b"password") + b"\0" + NS(b"secret"))
    stranger.clock.advance(1)
    assert stranger.ended


def test_requests_are_counted(ed25519: Key) -> None:
    """Showing keys without end ends the connection."""
    stranger = Stranger()
    for _ in range(LOGIN_REQUESTS_MAX):
        stranger.ask(stranger.show(ed25519, b"ssh-ed25519"))
    assert not stranger.ended
    stranger.ask(stranger.show(ed25519, b"ssh-ed25519"))
    assert stranger.ended


def test_tries_sent_at_once_are_counted_too(ed25519: Key) -> None:
    """Ten tries sent without waiting ask the drop four times."""
    stranger = Stranger()
    for _ in range(10):
        stranger.ask(stranger.sign(ed25519, b"ssh-ed25519"))
    stranger.clock.pump([1] * 10)
    assert stranger.ended and stranger.asked_drop() == 4


@pytest.mark.parametrize("request_bytes", [b"", b"\0", NS(b"clear") * 2, NS(b"a") * 2 + NS(b"x")[:4]])
def test_malformed_requests_end_the_connection(request_bytes: bytes) -> None:
    """A login packet that is none ends its connection only."""
    stranger = Stranger()
    stranger.ask(request_bytes)
    assert stranger.broken


def test_another_service_ends_the_connection(ed25519: Key) -> None:
    """Login is for ssh-connection alone, asked before the key is looked at."""
    stranger = Stranger(ed25519)
    stranger.ask(NS(b"clear") + NS(b"ssh-userauth") + NS(b"none"))
    assert stranger.ended


def test_the_server_does_not_import_paramiko() -> None:
    """paramiko stays out of the daemon's import path."""
    program = "import sys, sftp_drop.server; sys.exit('paramiko' in sys.modules)"
    where = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", program], cwd=where, check=False).returncode == 0
