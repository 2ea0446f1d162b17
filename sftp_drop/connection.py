# mypy: disallow-untyped-calls=False
"""The ssh-connection service and its one kind of channel: a session that runs the sftp subsystem."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from twisted.conch.error import ConchError
from twisted.conch.ssh import connection
from twisted.conch.ssh.channel import SSHChannel
from twisted.conch.ssh.common import NS

from sftp_drop.quiet import QUIET
from sftp_drop.session import Session
from sftp_drop.settings import SESSIONS_MAX, SSH_PACKET_BYTES, WINDOW_BYTES
from sftp_drop.wire import Reader

if TYPE_CHECKING:
    from sftp_drop.transport import DoorTransport

_PROVE = b"hostkeys-prove-00@openssh.com"
_SIGN_BY = {"Ed25519": b"ssh-ed25519", "RSA": b"rsa-sha2-512"}
_PACKET_MIN_BYTES = 1024  # a peer asking for smaller packets asks for a flood of them


class DoorConnection(connection.SSHConnection):
    """Opens sftp channels, refuses every other channel and every global request but the proof of our host keys."""

    transport: DoorTransport
    _log = QUIET

    def getChannel(self, channelType: bytes, windowSize: int, maxPacket: int, data: bytes) -> SSHChannel:
        if channelType != b"session":
            raise ConchError("unknown channel", connection.OPEN_UNKNOWN_CHANNEL_TYPE)
        if len(self.channels) >= SESSIONS_MAX or maxPacket < _PACKET_MIN_BYTES:
            raise ConchError("not available", connection.OPEN_RESOURCE_SHORTAGE)
        return DoorChannel(
            localWindow=WINDOW_BYTES,
            localMaxPacket=SSH_PACKET_BYTES,
            remoteWindow=windowSize,
            remoteMaxPacket=min(maxPacket, SSH_PACKET_BYTES),
            conn=self,
        )

    def serviceStarted(self) -> None:
        """Announces every host key, so that a client may learn the next one before the old one goes (OpenSSH 2.5)."""
        super().serviceStarted()
        blobs = [key.public().blob() for key in self.transport.factory.host_keys]
        self.sendGlobalRequest(b"hostkeys-00@openssh.com", b"".join(NS(blob) for blob in blobs))

    def gotGlobalRequest(self, requestType: bytes, data: bytes) -> int | tuple[int, bytes]:
        """No forwarding; keep-alives are answered by the refusal they expect."""
        return self._proof(Reader(data)) if requestType == _PROVE else 0

    def _proof(self, ask: Reader) -> int | tuple[int, bytes]:
        """A signature by each host key asked about, which must be ours; each is asked about once at most."""
        ours = {key.public().blob(): key for key in self.transport.factory.host_keys}
        signatures = b""
        while not ask.at_end():
            key = ours.pop(blob := ask.string(), None)
            if key is None:
                return 0
            to_sign = NS(_PROVE) + NS(self.transport.sessionID or b"") + NS(blob)
            signatures += NS(key.sign(to_sign, signatureType=_SIGN_BY[key.type()]))
        return 1, signatures

    def ssh_CHANNEL_DATA(self, packet: bytes) -> None:
        """Unlike Conch, opens the window again only when requests are taken: that is what bounds the inbox."""
        ask = Reader(packet)
        channel, data = self.channels[ask.u32()], ask.string()
        if len(data) > min(channel.localWindowLeft, channel.localMaxPacket):
            self.transport.protocol_error()
            return
        channel.localWindowLeft -= len(data)
        channel.dataReceived(data)

    def ssh_CHANNEL_EXTENDED_DATA(self, packet: bytes) -> None:
        """Clients of the sftp subsystem have no second stream."""
        self.transport.protocol_error()

    def pump(self) -> None:
        for channel in list(self.channels.values()):
            channel.pump()


class DoorChannel(SSHChannel):
    """One channel: at most one sftp session, no shell, no command, no terminal, no environment."""

    name = b"session"
    conn: DoorConnection
    _log = QUIET
    session: Session | None = None
    _taken = 0

    def requestReceived(self, requestType: bytes, data: bytes) -> int:
        """Grants the sftp subsystem once and nothing else."""
        if requestType != b"subsystem" or data != NS(b"sftp") or self.session is not None:
            return 0
        transport = self.conn.transport
        self.session = Session(self, transport.drop.of(transport.visitor), transport.partner)
        return 1

    def dataReceived(self, data: bytes) -> None:
        if self.session is None:
            self.conn.transport.protocol_error()
        else:
            self.session.receive(data)

    def eofReceived(self) -> None:
        if self.session is None:
            self.loseConnection()
        else:
            self.session.eof()

    def closeReceived(self) -> None:
        """The client will not read on: what is buffered for it is dropped, or the channel would wait for ever."""
        self.lost()
        self.buf = b""
        self.loseConnection()

    def closed(self) -> None:
        self.lost()

    def addWindowBytes(self, data: int) -> None:
        super().addWindowBytes(data)
        self.pump()

    def pump(self) -> None:
        if self.session is not None:
            self.session.pump()

    def lost(self) -> None:
        """The drop's part in it may outlast the connection: the door waits for it before it is shut."""
        if self.session is not None:
            self.conn.transport.factory.owes(self.session.lost())

    # What the session needs of its pipe (`write` is the channel's own)

    def clear(self, more: int = 0) -> bool:
        return not self.buf and more <= self.remoteWindowLeft and not self.closing and self.conn.transport.clear()

    def taken(self, length: int) -> None:
        self._taken += length
        if self._taken >= WINDOW_BYTES // 2:
            self.conn.adjustWindow(self, self._taken)
            self._taken = 0

    def end(self) -> None:
        if not self.localClosed:
            self.conn.sendRequest(self, b"exit-status", struct.pack(">L", 0))
        self.loseConnection()
