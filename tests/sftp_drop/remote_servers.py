"""Partners' servers to call: the machine's sshd, one that lies, and a line that is cut after some bytes."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import paramiko

from sftp_drop.hostkey import make_host_key
from sftp_drop.remote.link import fingerprint
from sftp_drop.remote.server import Server

PATIENCE_S = 15.0
RESET = struct.pack("ii", 1, 0)  # close sends RST: what a broken line looks like
PASSWORD = "correct horse battery"


def key_of(line: str) -> str:
    """The fingerprint of a public line."""
    return fingerprint(paramiko.pkey.PublicBlob.from_string(line).key_blob)


class Sshd:
    """sshd with internal-sftp on a free port; `home` is where its files lie, as whoever runs the test.

    more_keys: files of host keys beside its ed25519 one.
    """

    def __init__(self, folder: Path, more_keys: Sequence[Path] = ()) -> None:
        self.folder, self.home = folder, folder / "home"
        self.home.mkdir(parents=True)
        self.pin = key_of(make_host_key(folder / "host"))
        (folder / "authorized").write_text(make_host_key(folder / "ours") + "\n")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        lines = {
            "Port": self.port, "ListenAddress": "127.0.0.1", "HostKey": folder / "host", "PidFile": "none",
            "AuthorizedKeysFile": folder / "authorized", "StrictModes": "no", "UsePAM": "no",
            "PasswordAuthentication": "yes", "PermitRootLogin": "yes", "Subsystem": "sftp internal-sftp",
            "MaxStartups": "100", "UseDNS": "no",
        }  # fmt: skip
        said = [*lines.items(), *(("HostKey", key) for key in more_keys)]
        (folder / "config").write_text("".join(f"{name} {value}\n" for name, value in said))
        program = shutil.which("sshd")
        assert program
        with (folder / "log").open("w") as log:
            command = [program, "-D", "-e", "-f", str(folder / "config")]
            self.process = subprocess.Popen(command, stderr=log, stdout=log)
        self._wait()

    def _wait(self) -> None:
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())

    def server(self, port: int | None = None) -> Server:
        """How it is called."""
        return Server(
            host="127.0.0.1", port=port or self.port, user=getpass.getuser(), host_keys=(self.pin,),
            secret=self.folder / "ours",
        )  # fmt: skip

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE_S)


class CutLine:
    """A TCP line to a port; each connection ends, both ways, after so many bytes as `budget` says; None: never."""

    def __init__(self, port: int, budget: Callable[[], int | None]) -> None:
        self._to, self._budget = port, budget
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._to), PATIENCE_S)
            far.settimeout(None)
            _Pair(near, far, self._budget())

    def stop(self) -> None:
        self._listener.close()


class _Pair:
    def __init__(self, near: socket.socket, far: socket.socket, budget: int | None) -> None:
        self._ends, self._left, self._lock = (near, far), budget, threading.Lock()
        for source, target in ((near, far), (far, near)):
            threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                with self._lock:
                    if self._left is not None:
                        data = data[: self._left]
                        self._left -= len(data)
                    spent = self._left == 0
                target.sendall(data)
                if spent:
                    break
        except OSError:
            pass
        for end in self._ends:
            try:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()


class Odd:
    """What an odd server does: how many bytes its STAT adds, how long a READ takes, what its READ gives at most."""

    def __init__(self) -> None:
        self.files: dict[str, bytearray] = {}
        self.stat_adds = 0
        self.read_wait_s = 0.0
        self.read_most = 1 << 20
        self.logins: list[str] = []
        self.shown = 0  # which of its host keys it shows


class _Door(paramiko.ServerInterface):
    def __init__(self, odd: Odd) -> None:
        self._odd = odd

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_auth_password(self, username: str, password: str) -> int:
        self._odd.logins.append(password)
        return paramiko.AUTH_SUCCESSFUL if password == PASSWORD else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


class _Handle(paramiko.SFTPHandle):
    odd: Odd
    body: bytearray

    def read(self, offset: int, length: int) -> bytes | int:
        time.sleep(self.odd.read_wait_s)
        found = bytes(self.body[offset : offset + min(length, self.odd.read_most)])
        return found or paramiko.SFTP_EOF

    def write(self, offset: int, data: bytes) -> int:
        self.body[offset : offset + len(data)] = data
        return paramiko.SFTP_OK


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, server: paramiko.ServerInterface, odd: Odd) -> None:
        super().__init__(server)
        self._odd = odd

    def _attributes(self, name: str) -> paramiko.SFTPAttributes:
        found = paramiko.SFTPAttributes()
        found.filename, found.st_mode = name, 0o100600
        found.st_size, found.st_mtime = len(self._odd.files[name]) + self._odd.stat_adds, 1_700_000_000
        return found

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes]:
        return [self._attributes(name) for name in self._odd.files]

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        name = path.rpartition("/")[2]
        return self._attributes(name) if name in self._odd.files else paramiko.SFTP_NO_SUCH_FILE

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        name = path.rpartition("/")[2]
        if flags & os.O_CREAT:
            self._odd.files[name] = bytearray()
        if name not in self._odd.files:
            return paramiko.SFTP_NO_SUCH_FILE
        handle = _Handle(flags)
        handle.odd, handle.body = self._odd, self._odd.files[name]
        return handle

    def rename(self, oldpath: str, newpath: str) -> int:
        self._odd.files[newpath.rpartition("/")[2]] = self._odd.files.pop(oldpath.rpartition("/")[2])
        return paramiko.SFTP_OK

    def remove(self, path: str) -> int:
        return paramiko.SFTP_OK if self._odd.files.pop(path.rpartition("/")[2], None) else paramiko.SFTP_NO_SUCH_FILE


@contextmanager
def odd_server(odd: Odd, folder: Path) -> Iterator[Server]:
    """A server of paramiko's that lets PASSWORD in."""
    secret = folder / "password"
    secret.touch(0o600)
    secret.write_text(f"{PASSWORD}\n")
    keys = [paramiko.ECDSAKey.generate(), paramiko.ECDSAKey.generate()]
    listener = socket.create_server(("127.0.0.1", 0))
    transports: list[paramiko.Transport] = []

    def serve() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(sock)
            transport.add_server_key(keys[odd.shown])
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, odd)
            transports.append(transport)
            try:
                transport.start_server(event=threading.Event(), server=_Door(odd))
            except paramiko.SSHException:
                transport.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield Server(
        host="127.0.0.1", port=listener.getsockname()[1], user="gateway", secret=secret, by_password=True,
        host_keys=tuple(fingerprint(key.asbytes()) for key in keys[:1]),
    )  # fmt: skip
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for transport in transports:
        transport.close()


@contextmanager
def silent_server() -> Iterator[int]:
    """A port that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        yield listener.getsockname()[1]
