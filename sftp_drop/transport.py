# mypy: disallow-untyped-calls=False
"""The SSH transport of one connection: Conch's, with the doors shut that a network must not find open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from twisted.conch.ssh import transport, userauth
from twisted.conch.ssh.common import NS
from twisted.internet.interfaces import IPushProducer
from twisted.python.failure import Failure
from zope.interface import implementer  # type: ignore[import-untyped]

from sftp_drop.clock import Clock, Timer
from sftp_drop.connection import DoorConnection
from sftp_drop.drop import Drop, Visitor
from sftp_drop.login import SIGNATURE_ALGORITHMS, KeyLogin
from sftp_drop.packets import PacketTransport
from sftp_drop.quiet import QUIET
from sftp_drop.settings import GOODBYE_S, SSH_PACKET_MAX_BYTES, DoorSettings
from sftp_drop.wire import Reader

if TYPE_CHECKING:
    from sftp_drop.server import DoorFactory

log = structlog.get_logger("sftp_drop")

_X25519 = (b"mlkem768x25519-sha256", b"curve25519-sha256", b"curve25519-sha256@libssh.org")
_KEX = [kex for kex in _X25519 if kex in transport.SSHServerTransport.supportedKeyExchanges]
_CIPHERS = [b"aes256-ctr", b"aes128-ctr"]
_MACS = [b"hmac-sha2-512", b"hmac-sha2-256"]
_COMPRESSIONS = [b"none"]  # Conch's zlib inflates without a bound, and before login
_TOO_MANY = 12  # SSH_DISCONNECT_TOO_MANY_CONNECTIONS, RFC 4253 11.1
_HOST_KEYS = (b"ssh-ed25519", b"rsa-sha2-512", b"rsa-sha2-256")


@implementer(IPushProducer)
class DoorTransport(PacketTransport):
    """One connection. It is the producer of its own TCP connection, so that a peer who reads nothing stops us."""

    factory: DoorFactory
    clock: Clock
    settings: DoorSettings
    drop: Drop
    peer: str
    visitor = Visitor("", "", "")

    version = b"aso"
    ourVersionString = b"SSH-2.0-aso"  # which program and release it is, strangers need not know
    supportedVersions = (b"2.0", b"1.99")
    supportedCiphers = _CIPHERS
    supportedMACs = _MACS
    supportedKeyExchanges = _KEX
    supportedCompressions = _COMPRESSIONS
    _log = QUIET

    congested = False
    _moved_bytes = 0  # since the last key exchange
    _keyed_s = 0.0
    _ended = False
    _grace: Timer | None = None
    _idle: Timer | None = None
    _cut: Timer | None = None

    @property
    def partner(self) -> str:
        """Who is logged in; "" for a stranger."""
        return self.visitor.partner

    # The life of a connection

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)
        self.transport.setTcpKeepAlive(True)
        self.transport.registerProducer(self, True)
        self.supportedPublicKeys = [name for name in _HOST_KEYS if name in self.supportedPublicKeys]
        self._heard_s = self._keyed_s = self.clock.seconds()
        self._grace = self.clock.callLater(self.settings.login_grace_s, self._cut_off, "login_grace")
        self._idle = self.clock.callLater(self.settings.idle_s, self._check_idle)
        super().connectionMade()

    def connectionLost(self, reason: Failure | None = None) -> None:
        for timer in (self._grace, self._idle, self._cut):
            if timer is not None and timer.active():
                timer.cancel()
        self._ended = True
        super().connectionLost(reason)
        self.factory.gone(self)

    def dataReceived(self, data: bytes) -> None:
        """Stock Conch buffers what never becomes a packet, and leaves a broken peer connected: neither here."""
        if self._ended:
            return
        self._heard_s = self.clock.seconds()
        try:
            super().dataReceived(data)
        except Exception as error:
            log.warning("ssh protocol error", peer=self.peer, error=type(error).__name__)
            self.protocol_error()
        if len(self.buf) > SSH_PACKET_MAX_BYTES:
            self.protocol_error()
        self._moved_bytes += len(data)
        self._rekey()

    def sendPacket(self, messageType: int, payload: bytes) -> None:
        self._moved_bytes += len(payload)
        super().sendPacket(messageType, payload)

    def _rekey(self) -> None:
        """New keys after each rekey_bytes and each rekey_s. Whoever moves much also sends: here is early enough."""
        limits = self.settings
        due = self._moved_bytes >= limits.rekey_bytes or self.clock.seconds() - self._keyed_s >= limits.rekey_s
        if due and self.partner and not self._ended and self._keyExchangeState == self._KEY_EXCHANGE_NONE:
            self.sendKexInit()

    def getPacket(self) -> bytes | None:
        """Nothing more is taken from a connection that was ended; a packet of nothing would stop Conch's loop."""
        packet = None if self._ended else super().getPacket()
        if packet == b"":
            self.protocol_error()
            return None
        return packet

    def sendDisconnect(self, reason: int, desc: bytes) -> None:
        """Says why and ends."""
        if not self._ended:
            super().sendDisconnect(reason, desc)
            self._leave()

    def ssh_DISCONNECT(self, packet: bytes) -> None:
        """The client says good-bye."""
        self.transport.loseConnection()
        self._leave()

    def _leave(self) -> None:
        """Who does not take its last bytes in time is cut off; a paused producer would keep TCP from closing."""
        self._ended, self.buf = True, b""
        self.transport.unregisterProducer()
        self._cut = self.clock.callLater(GOODBYE_S, self.transport.abortConnection)

    def protocol_error(self) -> None:
        """Ends a connection that broke the rules, at once when it broke them before there were keys to say so with."""
        if not self._ended and not self.partner:
            self.factory.offence(self.peer, self.settings.ban_broken)
        try:
            self.sendDisconnect(transport.DISCONNECT_PROTOCOL_ERROR, b"protocol error")
        except Exception:
            self.transport.abortConnection()

    def _cut_off(self, why: str) -> None:
        log.info("sftp cut off", reason=why, peer=self.peer)
        self.transport.abortConnection()

    def _check_idle(self) -> None:
        """One timer a connection, moved on by the time since it was last heard of, not by every packet."""
        left_s = self._heard_s + self.settings.idle_s - self.clock.seconds()
        if left_s <= 0:
            self._cut_off("idle")
        else:
            self._idle = self.clock.callLater(left_s, self._check_idle)

    # Login

    def ssh_SERVICE_REQUEST(self, packet: bytes) -> None:
        """Login only, encrypted only. Some clients ask again for every try: stock Conch would count them anew."""
        name = Reader(packet).string()
        if name != KeyLogin.name or self.partner or not self.isEncrypted("both"):
            self.sendDisconnect(transport.DISCONNECT_SERVICE_NOT_AVAILABLE, b"no such service")
            return
        self.sendPacket(transport.MSG_SERVICE_ACCEPT, NS(name))
        if self.service is None:
            self.setService(KeyLogin())

    def sendExtInfo(self, extensions: list[tuple[bytes, bytes]]) -> None:
        """Conch would offer the algorithms of our host keys for the partners' keys (RFC 8308 3.1)."""
        super().sendExtInfo([(b"server-sig-algs", b",".join(SIGNATURE_ALGORITHMS))])

    def logged_in(self, visitor: Visitor) -> None:
        """Lets a visitor in, unless its partner has its fill of connections: who it is is proven, so it is told."""
        if self._grace is not None and self._grace.active():
            self._grace.cancel()
        if self.factory.crowded(visitor):
            log.warning("sftp full", peer=self.peer, partner=visitor.partner, reason="partner")
            self.drop.of(visitor).note("login refused", "too many connections")
            self.sendDisconnect(_TOO_MANY, b"too many connections of this partner")
        if not self._ended:
            self.visitor = visitor
            self.sendPacket(userauth.MSG_USERAUTH_SUCCESS, b"")
            self.setService(DoorConnection())

    # Back-pressure

    def pauseProducing(self) -> None:
        self.congested = True

    def resumeProducing(self) -> None:
        self.congested = False
        self._pump()

    def stopProducing(self) -> None:
        self.congested = True

    def clear(self) -> bool:
        """Whether bytes written now leave at once: TCP takes them and no key exchange holds them back."""
        return not self.congested and not self._ended and self._keyExchangeState == self._KEY_EXCHANGE_NONE

    def _newKeys(self) -> None:
        super()._newKeys()
        self._moved_bytes, self._keyed_s = 0, self.clock.seconds()
        self._pump()

    def _pump(self) -> None:
        if isinstance(self.service, DoorConnection):
            self.service.pump()
