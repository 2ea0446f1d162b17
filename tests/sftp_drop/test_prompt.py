# mypy: disallow-untyped-calls=False
"""Real sockets: what they take, and when, is what this is about."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.protocol import Protocol

from sftp_drop.prompt import PROMPT_BYTES, PromptConnection

MORE = b"m" * (64 * PROMPT_BYTES)


class Reactor:
    """Remembers who waits to write."""

    def __init__(self) -> None:
        self.writers: set[Any] = set()

    def addReader(self, reader: Any) -> None:
        """Reading is done by the test."""

    removeReader = addReader

    def addWriter(self, writer: Any) -> None:
        self.writers.add(writer)

    def removeWriter(self, writer: Any) -> None:
        self.writers.discard(writer)


class Turn(Protocol):
    """Says what it is told to when it hears anything."""

    def __init__(self) -> None:
        self.says: list[bytes] = []
        self.leaves = False
        self.peer_had: list[bytes] = []

    def dataReceived(self, data: bytes) -> None:
        connection: Any = self.transport
        for said in self.says:
            connection.write(said)
            self.peer_had.append(had(self.peer))
        if self.leaves:
            connection.loseConnection()

    peer: socket.socket


@pytest.fixture
def pair() -> Iterator[tuple[Any, socket.socket]]:
    """A connection and its peer."""
    ours, peer = socket.socketpair()
    for end in (ours, peer):
        end.setblocking(False)
    protocol = Turn()
    protocol.peer = peer
    connection = PromptConnection(ours, protocol, ("peer", 1), None, 1, Reactor())  # type: ignore[arg-type]
    protocol.makeConnection(connection)
    yield connection, peer
    ours.close()
    peer.close()


def had(peer: socket.socket) -> bytes:
    """All that came so far."""
    try:
        return peer.recv(1 << 20)
    except BlockingIOError:
        return b""


def heard(connection: Any, peer: socket.socket, *says: bytes, leaves: bool = False) -> Any:
    connection.protocol.says, connection.protocol.leaves = list(says), leaves
    peer.send(b"?")
    return connection.doRead()


def all_of(connection: Any, peer: socket.socket) -> bytes:
    """What comes once the reactor has served whoever waits to write."""
    came = bytearray(had(peer))
    for _ in range(1_000):
        if not connection.reactor.writers:
            break
        connection.doWrite()
        came += had(peer)
    return bytes(came)


def test_what_a_turn_says_leaves_together_at_its_end(pair: tuple[Any, socket.socket]) -> None:
    """Nothing while it goes on, all when it is over, and the reactor is asked for nothing."""
    connection, peer = pair
    heard(connection, peer, b"one", b"two")
    assert connection.protocol.peer_had == [b"", b""]
    assert had(peer) == b"onetwo"
    assert not connection.reactor.writers


def test_what_is_said_outside_of_a_turn_leaves_at_once(pair: tuple[Any, socket.socket]) -> None:
    """An answer that took its time does not wait for the reactor's next round."""
    connection, peer = pair
    connection.write(b"late")
    assert had(peer) == b"late"
    assert not connection.reactor.writers


@pytest.mark.parametrize("in_turn", [True, False])
def test_much_goes_the_reactors_way(pair: tuple[Any, socket.socket], in_turn: bool) -> None:
    """More than PROMPT_BYTES waits for the connection's round, in order, with what was said before and after."""
    connection, peer = pair
    if in_turn:
        heard(connection, peer, b"first", MORE, b"last")
    else:
        for said in (b"first", MORE, b"last"):
            connection.write(said)
    assert connection.reactor.writers == {connection}
    assert all_of(connection, peer) == b"first" + MORE + b"last"


def test_what_tcp_does_not_take_is_kept(pair: tuple[Any, socket.socket]) -> None:
    """A peer that reads nothing gets everything, in order, when it does."""
    connection, peer = pair
    pieces = [bytes([65 + n]) * (PROMPT_BYTES // 2) for n in range(26)]
    for piece in pieces:
        connection.write(piece)
    assert connection.reactor.writers == {connection}
    assert all_of(connection, peer) == b"".join(pieces)


def test_a_turn_that_ends_the_connection_is_heard_to_its_end(pair: tuple[Any, socket.socket]) -> None:
    """The last words leave before it closes; who said nothing is closed as well."""
    connection, peer = pair
    heard(connection, peer, b"good-bye", leaves=True)
    assert connection.reactor.writers == {connection}
    connection.doWrite()
    assert had(peer) == b"good-bye"


def test_an_end_without_words_is_the_reactors(pair: tuple[Any, socket.socket]) -> None:
    """It closes in the reactor's next round."""
    connection, _ = pair
    connection.loseConnection()
    assert connection.reactor.writers == {connection}
