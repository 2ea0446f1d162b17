"""Laws of what is read of a server before login: its algorithms, of whatever answers there."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import paramiko
import pytest

from sftp_drop import hello


@contextmanager
def server(say: bytes | None) -> Iterator[int]:
    """The port of a server that says some bytes and waits, or of paramiko's with its defaults."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                if say is None:
                    transport = paramiko.Transport(connection)
                    transport.add_server_key(paramiko.RSAKey.generate(2048))
                    transport.start_server(threading.Event(), paramiko.ServerInterface())
                    transport.join(10)
                    transport.close()
                else:
                    connection.sendall(say)
                    connection.settimeout(10)
                    while connection.recv(4096):
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


def test_a_servers_offer_is_read_and_its_weak_parts_are_named() -> None:
    """Of a real server of another program every list is read; what is doubtful is named, what is strong is not."""
    with server(None) as port:
        offer = hello.offered("127.0.0.1", port, 10)
    assert "curve25519-sha256@libssh.org" in offer.kex and "aes128-ctr" in offer.ciphers and offer.compressions
    named = hello.weak(offer)
    assert "hmac-sha1" in named and "aes128-ctr" not in named
    assert hello.weak(hello.STRONG) == []


NO_SERVERS = {
    "http": b"HTTP/1.1 400 Bad Request\r\n",
    "ssh1": b"SSH-1.5-old\r\n",
    "long packet": b"SSH-2.0-x\r\n\x7f\xff\xff\xff\x04\x14",
    "no kexinit": b"SSH-2.0-x\r\n" + bytes(8),
    "long list": b"SSH-2.0-x\r\n\x00\x00\x00\x18\x04\x14" + bytes(16) + b"\x7f\xff\xff\xff\x00\x00",
    "long banner": b"SSH-2.0-" + b"x" * 4_000,
    "silence": b"",
}


@pytest.mark.parametrize("said", NO_SERVERS.values(), ids=NO_SERVERS)
def test_what_is_no_ssh_server_is_told(said: bytes) -> None:
    """Another protocol, lengths that lie and silence end in an error, within the time given."""
    with server(said) as port, pytest.raises((OSError, ValueError)):
        hello.offered("127.0.0.1", port, 0.5)
