# mypy: disallow-untyped-calls=False
"""Login by public key, and by nothing else.

Every stranger gets the same answers: a key of an allowed kind is worth a signature whoever asks, the signature is
checked first, and only then the drop is asked; every refusal reads the same and takes at least the same time.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import structlog
from twisted.conch.ssh import userauth
from twisted.conch.ssh.common import NS
from twisted.conch.ssh.keys import Key
from twisted.conch.ssh.service import SSHService
from twisted.internet.defer import Deferred

from sftp_drop.drop import Refused, Stranger, Visitor
from sftp_drop.fingerprint import fingerprint_of
from sftp_drop.quiet import QUIET
from sftp_drop.settings import LOGIN_REQUESTS_MAX, RSA_MAX_BITS
from sftp_drop.wire import Reader

if TYPE_CHECKING:
    from sftp_drop.transport import DoorTransport

log = structlog.get_logger("sftp_drop")

METHOD = b"publickey"
KEY_KIND = {b"ssh-ed25519": b"ssh-ed25519", b"rsa-sha2-512": b"ssh-rsa", b"rsa-sha2-256": b"ssh-rsa"}
SIGNATURE_ALGORITHMS = list(KEY_KIND)
_NO_MORE_TRIES = 14  # SSH_DISCONNECT_NO_MORE_AUTH_METHODS_AVAILABLE, RFC 4253 11.1
_NO_SERVICE = 7  # SSH_DISCONNECT_SERVICE_NOT_AVAILABLE
_ASKED = Visitor("", "", "")  # nobody yet: a key was only shown


class KeyLogin(SSHService):
    """The ssh-userauth service (RFC 4252). One per connection, so that tries add up."""

    name = b"ssh-userauth"
    protocolMessages = userauth.SSHUserAuthServer.protocolMessages
    transport: DoorTransport
    _log = QUIET

    def __init__(self) -> None:
        self._asked = 0
        self._failed = 0
        self._greeted = False
        self._waiting: deque[bytes] = deque()
        self._busy = False

    def ssh_USERAUTH_REQUEST(self, packet: bytes) -> None:
        """Requests are answered in order, one at a time (RFC 4252 5.1)."""
        self._asked += 1
        if self._asked > LOGIN_REQUESTS_MAX:
            self.transport.sendDisconnect(_NO_MORE_TRIES, b"too many login requests")
            return
        self._waiting.append(packet)
        self._next()

    def _next(self) -> None:
        over = self.transport.service is not self or self._failed >= self.transport.settings.login_tries_max
        if self._waiting and not self._busy and not over:
            self._busy = True
            Deferred.fromCoroutine(self._answer(self._waiting.popleft())).addErrback(self._broken)

    def _broken(self, failure: object) -> None:
        """Whatever a login packet can do to us ends its connection only."""
        self.transport.protocol_error()

    async def _answer(self, packet: bytes) -> None:
        ask = Reader(packet)
        user, service, method = ask.string(), ask.string(), ask.string()
        asked_s = self.transport.clock.seconds()
        self._greet()
        if service != b"ssh-connection":
            self.transport.sendDisconnect(_NO_SERVICE, b"no such service")
            return
        if method == METHOD:
            visitor = await self._publickey(user, ask, packet)
            if visitor is not None and visitor is not _ASKED:
                self.transport.logged_in(visitor)
                return
            if visitor is None:
                await self._refuse(asked_s)
        else:  # "none" asks what there is: clients begin with it, so it is no try
            if method != b"none":
                self._record("no key")
            await self._refuse(asked_s, counts=method != b"none")
        self._busy = False
        self._next()

    def _greet(self) -> None:
        """The banner, once, before the first answer (RFC 4252 5.4)."""
        banner = self.transport.settings.banner
        if banner and not self._greeted:
            self.transport.sendPacket(userauth.MSG_USERAUTH_BANNER, NS(banner.encode()) + NS(b"en"))
        self._greeted = True

    async def _publickey(self, user: bytes, ask: Reader, packet: bytes) -> Visitor | None:
        """Who it is; _ASKED when only a key was shown and is worth a signature; None to refuse (RFC 4252 7)."""
        signed, algorithm, blob = ask.flag(), ask.string(), ask.string()
        key = self._key(algorithm, blob)
        if key is None:
            self._record("key not allowed")
            return None
        if not signed:
            ask.end()
            self.transport.sendPacket(userauth.MSG_USERAUTH_PK_OK, NS(algorithm) + NS(blob))
            return _ASKED
        to_sign = packet[: ask.at]
        signature = ask.string()
        ask.end()
        fingerprint = fingerprint_of(blob)
        if not self._proves(key, algorithm, signature, to_sign):
            self._record("signature", fingerprint)
            return None
        return await self._admit(user, blob, fingerprint)

    def _key(self, algorithm: bytes, blob: bytes) -> Key | None:
        """The shown key if its kind and size are allowed."""
        try:
            key: Key = Key.fromString(blob, type="blob")
        except Exception:
            return None
        if KEY_KIND.get(algorithm) != key.sshType():
            return None
        bits = self.transport.settings.rsa_min_bits
        return key if key.type() == "Ed25519" or bits <= key.size() <= RSA_MAX_BITS else None

    def _proves(self, key: Key, algorithm: bytes, signature: bytes, to_sign: bytes) -> bool:
        """Whether the signature is the key's over this session and request, by the algorithm named."""
        signed = NS(self.transport.sessionID or b"") + bytes((userauth.MSG_USERAUTH_REQUEST,)) + to_sign
        try:
            return signature.startswith(NS(algorithm)) and bool(key.verify(signature, signed))
        except Exception:
            return False

    async def _admit(self, user: bytes, blob: bytes, fingerprint: str) -> Visitor | None:
        """Asks the drop. Its failures refuse the login too; the log knows the difference, the stranger does not."""
        peer = self.transport.peer
        try:
            visitor = await self.transport.drop.login(user.decode(), blob, peer)
        except (Stranger, UnicodeDecodeError):
            self._record("stranger", fingerprint)
        except Refused:
            self._record("not let in", fingerprint, user.decode())
        except Exception as error:
            log.error("sftp login failed", peer=peer, error=type(error).__name__)
        else:
            log.info("sftp login", peer=peer, partner=visitor.partner, fingerprint=fingerprint)
            return visitor
        return None

    def _record(self, why: str, fingerprint: str = "", partner: str = "") -> None:
        """A login refused: on record, in the log, and points against its address. partner: whom the drop knows."""
        transport, settings = self.transport, self.transport.settings
        transport.drop.of(Visitor(partner, fingerprint, transport.peer)).note("login refused", why)
        log.warning("sftp login refused", peer=transport.peer, fingerprint=fingerprint, reason=why)
        points = settings.ban_wrong_key if partner else settings.ban_stranger
        transport.factory.offence(transport.peer, points)

    async def _refuse(self, asked_s: float, counts: bool = True) -> None:
        clock, settings = self.transport.clock, self.transport.settings
        self._failed += counts
        if counts:
            pause: Deferred[None] = Deferred()
            clock.callLater(max(0.0, asked_s + settings.login_answer_s - clock.seconds()), pause.callback, None)
            await pause
        if self._failed >= settings.login_tries_max:
            self.transport.sendDisconnect(_NO_MORE_TRIES, b"too many failed logins")
            return
        self.transport.sendPacket(userauth.MSG_USERAUTH_FAILURE, NS(METHOD) + b"\0")
