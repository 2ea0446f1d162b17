# mypy: disallow-untyped-calls=False
"""The door itself: listens, counts who is inside, and closes in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import structlog
from twisted.application.service import Service
from twisted.conch.ssh.factory import SSHFactory
from twisted.conch.ssh.keys import Key
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred, succeed
from twisted.internet.interfaces import IAddress

from sftp_drop.clock import Clock
from sftp_drop.drop import Drop
from sftp_drop.quiet import QUIET
from sftp_drop.settings import DoorSettings
from sftp_drop.transport import DoorTransport

log = structlog.get_logger("sftp_drop")


class DoorFactory(SSHFactory):
    """Makes the connections and keeps count of them."""

    protocol = DoorTransport
    primes = None
    _log = QUIET
    noisy = False

    def __init__(self, drop: Drop, host_keys: Sequence[Key], settings: DoorSettings, clock: Clock) -> None:
        self._drop, self._settings, self._clock = drop, settings, clock
        shown = {key.sshType(): key for key in reversed(host_keys)}  # of two of a kind the first; the second is to come
        self.publicKeys = {kind: key.public() for kind, key in shown.items()}
        self.privateKeys = shown
        self.inside: set[DoorTransport] = set()
        self._owed = 0
        self._empty: list[Deferred[None]] = []

    def buildProtocol(self, addr: IAddress | None) -> DoorTransport | None:  # type: ignore[override]  # as Factory allows
        """None, and so an immediate end, when the house, the address or the hall of strangers is full."""
        host = str(getattr(addr, "host", ""))
        if self._full(host):
            log.warning("sftp full", peer=host)
            return None
        door = cast(DoorTransport, super().buildProtocol(addr))
        door.clock, door.settings, door.drop, door.peer = self._clock, self._settings, self._drop, host
        self.inside.add(door)
        return door

    def _full(self, host: str) -> bool:
        limits = self._settings
        hosts = Counter(door.peer for door in self.inside)
        strangers = sum(not door.partner for door in self.inside)
        return (
            len(self.inside) >= limits.connections_max
            or hosts[host] >= limits.connections_per_ip_max
            or strangers >= limits.strangers_max
        )

    def gone(self, door: DoorTransport) -> None:
        self.inside.discard(door)
        self._check_empty()

    def owes(self, work: Deferred[None]) -> None:
        """Work of a session that ended, still going on in the drop."""
        self._owed += 1
        work.addBoth(self._paid)

    def _paid(self, _: object) -> None:
        self._owed -= 1
        self._check_empty()

    def _check_empty(self) -> None:
        if not self.inside and not self._owed:
            waiting, self._empty = self._empty, []
            for empty in waiting:
                empty.callback(None)

    def end(self, partner: str | None = None) -> None:
        """Ends a partner's connections, everyone's without one: open uploads are lost, never committed."""
        for door in list(self.inside):
            if partner is None or door.partner == partner:
                door.loseConnection()

    def empty(self) -> Deferred[None]:
        """Fires when the last connection is gone and the drop has done what was asked of it."""
        self._empty.append(Deferred())
        empty = self._empty[-1]
        self._check_empty()
        return empty


class Door(Service):
    """The listening service. `port` is the bound port once the service has started (useful with port 0)."""

    def __init__(self, factory: DoorFactory, reactor: Any, interface: str, port: int) -> None:
        self.factory = factory
        self._reactor, self._interface = reactor, interface
        self.port = port
        self._listening: Any = None

    def startService(self) -> None:
        """Raises twisted.internet.error.CannotListenError when the port is taken."""
        self._listening = self._reactor.listenTCP(self.port, self.factory, interface=self._interface)
        self.port = self._listening.getHost().port
        super().startService()

    def stopService(self) -> Deferred[Any]:
        """Fires when nobody is inside and the drop is done; who does not leave in GOODBYE_S is cut off."""
        super().stopService()
        if self._listening is None:
            return succeed(None)
        closed = maybeDeferred(self._listening.stopListening)
        self._listening = None
        self.factory.end()
        return DeferredList([closed, self.factory.empty()])

    def expel(self, partner: str) -> None:
        """Ends the connections of a partner whose key was revoked."""
        self.factory.end(partner)

    def inside(self) -> int:
        """How many connections there are."""
        return len(self.factory.inside)


def sftp_service(
    drop: Drop,
    host_keys: Sequence[Path | Key],
    interface: str,
    port: int,
    *,
    settings: DoorSettings | None = None,
    clock: Clock | None = None,
) -> Door:
    """The SFTP door of a drop. host_keys: OpenSSH private keys (ed25519, RSA) or paths of them; port 0: any free one.

    clock: reactor or test clock for the timers; listening always uses the reactor.
    Raises OSError or twisted.conch.ssh.keys.BadKeyError for a host key that cannot be read.
    """
    from twisted.internet import reactor

    keys = [key if isinstance(key, Key) else Key.fromFile(str(key)) for key in host_keys]
    factory = DoorFactory(drop, keys, settings or DoorSettings(), clock or cast(Clock, reactor))
    return Door(factory, reactor, interface, port)
