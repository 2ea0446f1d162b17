# mypy: disallow-untyped-calls=False
"""The door itself: listens, counts who is inside, and closes in order."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import structlog
from twisted.application.service import Service
from twisted.conch.ssh.factory import SSHFactory
from twisted.conch.ssh.keys import Key
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred, succeed
from twisted.internet.interfaces import IAddress

from sftp_drop.clock import Clock
from sftp_drop.defender import Defender
from sftp_drop.drop import Ban, Drop, Visitor
from sftp_drop.places import place_of
from sftp_drop.prompt import PromptPort
from sftp_drop.quiet import QUIET
from sftp_drop.settings import DoorSettings
from sftp_drop.transport import DoorTransport

log = structlog.get_logger("sftp_drop")


class DoorFactory(SSHFactory):
    """Makes the connections, keeps count of them, and knows who is shut out.

    now_s: UTC, for bans; chance: evenly in [0, 1), for who is turned away of many strangers.
    """

    protocol = DoorTransport
    primes = None
    _log = QUIET
    noisy = False

    def __init__(
        self, drop: Drop, host_keys: Sequence[Key], settings: DoorSettings, clock: Clock,
        now_s: Callable[[], float] = time.time, chance: Callable[[], float] = random.random,
    ) -> None:  # fmt: skip
        self._drop, self._settings, self._clock, self._now_s, self._chance = drop, settings, clock, now_s, chance
        self.host_keys = host_keys
        shown = {key.sshType(): key for key in reversed(host_keys)}  # Conch shows one of a type: the first
        self.publicKeys = {kind: key.public() for kind, key in shown.items()}
        self.privateKeys = shown
        self.defender = Defender(settings)
        self.inside: set[DoorTransport] = set()
        self._owed = 0
        self._empty: list[Deferred[None]] = []

    def buildProtocol(self, addr: IAddress | None) -> DoorTransport | None:  # type: ignore[override]  # as Factory allows
        """None, and so an immediate end, for the banned, and when house, address or hall of strangers is full."""
        host = str(getattr(addr, "host", ""))
        if self.defender.banned(host, self._now_s()):
            return None
        full = self._full(host)
        if full:
            log.warning("sftp full", peer=host, reason=full)
            return None
        door = cast(DoorTransport, super().buildProtocol(addr))
        door.clock, door.settings, door.drop, door.peer = self._clock, self._settings, self._drop, host
        self.inside.add(door)
        return door

    def _full(self, host: str) -> str:
        limits = self._settings
        places = Counter(place_of(door.peer) for door in self.inside)
        if places[place_of(host)] >= limits.connections_per_ip_max:
            self.offence(host, limits.ban_crowd)
            return "address"
        if len(self.inside) >= limits.connections_max:
            return "house"
        strangers = sum(not door.partner for door in self.inside)
        return "strangers" if self._chance() < turned_away(strangers, limits) else ""

    def crowded(self, visitor: Visitor) -> bool:
        """Whether the visitor's partner has as many connections as it may have."""
        most = visitor.connections_max
        most = self._settings.connections_per_partner_max if most is None else most
        return sum(door.partner == visitor.partner for door in self.inside) >= most

    def offence(self, peer: str, points: int) -> None:
        """Something only strangers do; enough of it shuts the address out, and ends its connections without a login."""
        ban = self.defender.score(peer, points, self._now_s())
        if ban is None:
            return
        log.warning("sftp banned", peer=ban.place, count=ban.times)
        self._drop.ban(ban)
        for door in list(self.inside):
            if not door.partner and place_of(door.peer) == ban.place:
                door.loseConnection()

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

    def end(self, whom: Callable[[Visitor], bool] = lambda visitor: True) -> int:
        """Ends the connections of some visitors, everyone's if not said; returns how many. Open uploads are lost."""
        ending = [door for door in self.inside if whom(door.visitor)]
        for door in ending:
            door.loseConnection()
        return len(ending)

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
        factory: Any = self.factory  # Conch's factories do not say that they are ones
        self._listening = PromptPort(self.port, factory, interface=self._interface, reactor=self._reactor)
        self._listening.startListening()
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

    def visitors(self) -> set[Visitor]:
        """Who is inside, logged in."""
        return {door.visitor for door in self.factory.inside if door.partner}

    def expel(self, gone: Iterable[Visitor]) -> None:
        """Ends the connections of visitors who may not stay (key revoked, network no longer allowed)."""
        gone = set(gone)
        count = self.factory.end(lambda visitor: visitor in gone)
        if count:
            log.warning("sftp expelled", count=count)

    def shut_out(self, bans: Iterable[Ban]) -> None:
        """The bans are these."""
        self.factory.defender.replace(bans)

    def inside(self) -> int:
        """How many connections there are."""
        return len(self.factory.inside)


def turned_away(strangers: int, limits: DoorSettings) -> float:
    """The chance of a new connection to be refused while so many have not logged in: OpenSSH's MaxStartups."""
    if strangers >= limits.strangers_max:
        return 1.0
    if strangers < limits.strangers_begin:
        return 0.0
    grown = (strangers - limits.strangers_begin) / (limits.strangers_max - limits.strangers_begin)
    return limits.strangers_refused + (1 - limits.strangers_refused) * grown


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

    Of two host keys of a type clients are shown the first; the others are announced (hostkeys-00@openssh.com).
    clock: reactor or test clock for the timers; listening always uses the reactor.
    Raises OSError or twisted.conch.ssh.keys.BadKeyError for a host key that cannot be read, ValueError for never_ban.
    """
    from twisted.internet import reactor

    keys = [key if isinstance(key, Key) else Key.fromFile(str(key)) for key in host_keys]
    factory = DoorFactory(drop, keys, settings or DoorSettings(), clock or cast(Clock, reactor))
    return Door(factory, reactor, interface, port)
