"""A session on a partner's server: the host key is compared before anything of ours is sent, and every wait ends."""

from __future__ import annotations

import base64
import hashlib
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import paramiko  # type: ignore[import-untyped]

from sftp_drop.remote.server import Deadlines, Server, read_secret
from sftp_drop.remote.session import Session
from sftp_drop.remote.trouble import Failed
from sftp_drop.remote.watchdog import Watchdog

DISABLED = {"pubkeys": ["ssh-rsa"], "keys": ["ssh-rsa"]}
"""Signatures over SHA-1: nobody needs them since OpenSSH 7.2 (2016), and OpenSSH 8.8 has them off."""

logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)  # its lines repeat what the server says


KINDS = (
    ("ssh-ed25519",), ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    ("rsa-sha2-512", "rsa-sha2-256"),
)  # fmt: skip
"""Kinds of host key, each by the names of its signatures: a server shows one of the kind that is agreed on."""


class _NotPinned(Failed):
    """A server shows another host key. kind: the names of its kind."""

    def __init__(self, shown: str, algorithm: str) -> None:
        super().__init__("host-key", shown)
        self.kind = next((kind for kind in KINDS if algorithm in kind), ())


@contextmanager
def connect(server: Server, deadlines: Deadlines) -> Iterator[Session]:
    """A session, closed at the block's end. Raises Failed; what the block raises passes through.

    A partner may have told the key of one kind and show that of another: it is asked for each kind, a connection each.
    """
    with ExitStack() as stack:
        first: _NotPinned | None = None
        other: tuple[str, ...] = ()
        while True:
            try:
                session = stack.enter_context(_connected(server, deadlines, other))
                break
            except _NotPinned as failed:
                first, other = first or failed, other + failed.kind
                if not failed.kind:
                    raise first from None
            except Failed as failed:
                raise (first if first is not None and failed.code == "algorithms" else failed) from None
        yield session


@contextmanager
def _connected(server: Server, deadlines: Deadlines, other: tuple[str, ...]) -> Iterator[Session]:
    """A session with a server that shows a pinned key. other: kinds of host key not to be agreed on."""
    secret = read_secret(server.secret)
    try:
        sock = socket.create_connection((server.host, server.port), deadlines.connect_s)
    except (OSError, UnicodeError) as error:  # UnicodeError: a name with an empty or too long part is none
        raise Failed("unreachable") from error
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    watch = Watchdog(sock, deadlines.request_s)
    transport = None
    try:
        with watch.within(deadlines.login_s), _told(watch):
            disabled = {**DISABLED, "keys": [*DISABLED["keys"], *other]}
            transport = paramiko.Transport(sock, disabled_algorithms=disabled)
            channel = _channel(transport, server, secret, deadlines)
            session = Session(channel, watch, deadlines)
            session.begin()
        yield session
    finally:
        watch.stop()  # first: the library waits for its thread, and that for the socket
        if transport is not None:
            transport.close()


def fingerprint(blob: bytes) -> str:
    """SHA256:... of a public key, as OpenSSH prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def _channel(transport: paramiko.Transport, server: Server, secret: bytes, deadlines: Deadlines) -> paramiko.Channel:
    # The watchdog ends every wait; the library's own limits, which cover some, are set so that they never come first.
    transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = 2 * deadlines.login_s
    transport.start_client()
    shown = fingerprint(transport.get_remote_server_key().asbytes())
    if shown not in server.host_keys:
        raise _NotPinned(shown, transport.host_key_type)
    transport.set_keepalive(deadlines.keepalive_s)
    if server.by_password:
        _prove(transport, partial(transport.auth_password, server.user, secret.decode().rstrip("\r\n")))
    else:
        _prove(transport, partial(transport.auth_publickey, server.user, _key(server)))
    if not transport.is_authenticated():  # the server wants a second proof, which we do not have
        raise Failed("login")
    channel = transport.open_session(timeout=2 * deadlines.login_s)
    channel.invoke_subsystem("sftp")
    return channel


def _prove(transport: paramiko.Transport, proof: Callable[[], object]) -> None:
    """The library tells a line that broke and a refusal alike: after a refusal the line is still there."""
    try:
        proof()
    except paramiko.AuthenticationException:
        if not transport.is_active():
            raise EOFError from None
        raise


def _key(server: Server) -> paramiko.PKey:
    try:
        return paramiko.PKey.from_path(str(server.secret))
    except (OSError, ValueError, paramiko.SSHException) as error:
        raise Failed("secret") from error


@contextmanager
def _told(watch: Watchdog) -> Iterator[None]:
    """What the library raises while a session is made, in our words: its own may repeat the server's."""
    try:
        yield
    except Failed:
        raise
    except Exception as error:
        raise Failed(_word(watch, error)) from error


def _word(watch: Watchdog, error: Exception) -> str:
    if watch.expired:
        return "silent"
    for kind, word in _WORDS.items():
        if isinstance(error, kind):
            return word
    return "protocol"


_WORDS: dict[type[Exception], str] = {
    paramiko.ssh_exception.IncompatiblePeer: "algorithms",
    paramiko.AuthenticationException: "login",
    UnicodeDecodeError: "secret",
    EOFError: "broken-off",
    OSError: "broken-off",
    paramiko.ChannelException: "refused",
    paramiko.SSHException: "broken-off",
}
"""Kind of exception -> what is told of it; the first that fits."""
