"""Real connections from paramiko, at its best and at its worst."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import paramiko
import pytest
from conftest import DoorProcess
from door_process import content

from sftp_drop import client

Start = Callable[..., DoorProcess]
MB = 1_000_000


def test_put_stat_rename_get(start_door: Start) -> None:
    """What a partner's script does: put with confirmation, chmod, utime, rename, stat, list, get, remove."""
    door = start_door(files={"outbound": {"a.835": 100_001}, "reports": {}})
    with door.sftp() as sftp:
        sftp.putfo(io.BytesIO(content(300_000)), "/inbound/c.837.part", confirm=True)
        sftp.chmod("/inbound/c.837.part", 0o600)
        sftp.utime("/inbound/c.837.part", (1, 1))
        sftp.rename("/inbound/c.837.part", "/inbound/c.837")
        sftp.posix_rename("/inbound/c.837", "/inbound/d.837")
        assert sftp.stat("inbound/d.837").st_size == 300_000
        assert client.fetch(sftp, "/inbound/d.837") == content(300_000)
        assert client.fetch_all(sftp, "outbound") == {"a.835": content(100_001)}
        assert sorted(sftp.listdir("/")) == ["inbound", "outbound", "reports"]
        assert sftp.normalize(".") == "/" and sftp.normalize("inbound/../../x") == "/x"
        sftp.remove("/outbound/a.835")
        assert sftp.listdir("/outbound") == []
    assert door.wait("read-done", "a.835") and door.wait("hide", "a.835")


def test_the_helper_uploads_by_rename(start_door: Start) -> None:
    """`client.upload` commits under a temporary name first."""
    door = start_door()
    with door.sftp() as sftp:
        client.upload(sftp, b"ISA", "a.837")
    assert door.wait("commit")["name"] == "a.837.part" and door.wait("rename")["name"] == "a.837"


def test_the_helper_pins_the_host_key(door: DoorProcess, key_folder: Path) -> None:
    """A server with another key gets no login."""
    before = len(door.told("login"))
    wrong = (key_folder / "stranger.pub").read_text()
    with pytest.raises(client.WrongHostKey), client.connect("127.0.0.1", door.port, "clear", door.user_key, wrong):
        pass
    assert len(door.told("login")) == before


@pytest.mark.parametrize("call", ["mkdir", "rmdir", "symlink", "truncate", "outside", "outbound", "listing"])
def test_what_is_refused_reads_as_an_error(door: DoorProcess, call: str) -> None:
    """Refusals reach the client as the errors it knows."""
    calls: dict[str, Callable[[paramiko.SFTPClient], object]] = {
        "mkdir": lambda sftp: sftp.mkdir("/inbound/x"),
        "rmdir": lambda sftp: sftp.rmdir("/inbound"),
        "symlink": lambda sftp: sftp.symlink("/etc/passwd", "/inbound/x"),
        "truncate": lambda sftp: sftp.truncate("/inbound/a.837", 1),
        "outside": lambda sftp: sftp.open("/inbound/../../../etc/passwd"),
        "outbound": lambda sftp: sftp.putfo(io.BytesIO(b"x"), "/outbound/x"),
        "listing": lambda sftp: sftp.listdir("/etc"),
    }
    with door.sftp() as sftp, pytest.raises(OSError):
        calls[call](sftp)


def test_a_prefetching_client_does_not_freeze_the_others(start_door: Start) -> None:
    """While one client fetches 20 MB with everything asked for at once, another's small requests stay prompt."""
    door = start_door(files={"outbound": {"big": 20 * MB}}, mute=True)
    slowest_s, fetched = 0.0, []
    with door.sftp() as big, door.sftp() as small:
        fetcher = threading.Thread(target=lambda: fetched.append(client.fetch(big, "/outbound/big")))
        fetcher.start()
        while fetcher.is_alive():
            started_s = time.monotonic()
            small.stat("/outbound/big")
            slowest_s = max(slowest_s, time.monotonic() - started_s)
            time.sleep(0.01)
        fetcher.join()
    assert fetched == [content(20 * MB)]
    assert slowest_s < 2  # stock Conch: as long as the whole transfer, tens of seconds; here: milliseconds


def test_a_big_pipelined_upload_arrives_in_order(start_door: Start) -> None:
    """10 MB written without waiting for answers, into a drop that takes its time, arrive as they were."""
    door = start_door(delay_s={"write": 0.001}, mute=True)
    with door.sftp() as sftp:
        with sftp.open("/inbound/big", "wb") as file:
            file.set_pipelined(True)
            file.write(content(10 * MB))
        assert client.fetch(sftp, "/inbound/big") == content(10 * MB)


def test_close_is_answered_after_the_commit(start_door: Start) -> None:
    """The client sees success only when the drop has committed."""
    door = start_door(delay_s={"commit": 0.3})
    with door.sftp() as sftp:
        file = sftp.open("/inbound/a.837", "wb")
        file.write(b"ISA")
        started_s = time.monotonic()
        file.close()
        assert time.monotonic() - started_s >= 0.3 and door.told("commit")


UPLOAD_FOREVER = """
import sys, time
from pathlib import Path
from sftp_drop.client import connect
port, key, host_line = sys.argv[1:]
with connect("127.0.0.1", int(port), "clear", Path(key), host_line) as sftp:
    file = sftp.open("/inbound/a.837", "wb")
    file.set_pipelined(True)
    while True:
        file.write(bytes(32768))
"""


def test_a_client_killed_in_mid_upload_commits_nothing(start_door: Start) -> None:
    """A client that dies while it uploads ends in lose, never in commit."""
    door = start_door()
    arguments = [str(door.port), str(door.user_key), door.host_line]
    where = os.environ | {"PYTHONPATH": str(Path(client.__file__).parents[1])}
    process = subprocess.Popen([sys.executable, "-c", UPLOAD_FOREVER, *arguments], env=where)
    door.wait("write")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert door.wait("lose")["name"] == "a.837"
    assert not door.told("commit-begin")


def test_stopping_the_door_loses_uploads(start_door: Start) -> None:
    """A door that stops in mid-upload loses the upload and ends in time."""
    door = start_door()
    with pytest.raises(Exception), door.sftp() as sftp:  # noqa: B017  # whatever a cut connection raises
        file = sftp.open("/inbound/a.837", "wb")
        file.write(b"ISA")
        file.flush()
        door.wait("write")
        door.stop()
        assert door.told("lose") and not door.told("commit-begin")
        sftp.stat("/")
    assert door.process.returncode == 0


def raw_channel(door: DoorProcess) -> tuple[paramiko.Transport, paramiko.Channel]:
    transport = paramiko.Transport(socket.create_connection(("127.0.0.1", door.port), 10))
    transport.start_client(timeout=10)
    transport.auth_publickey("clear", paramiko.PKey.from_path(str(door.user_key)))
    channel = transport.open_session(timeout=10)
    channel.settimeout(10)
    return transport, channel


def test_raw_packets_get_their_replies(door: DoorProcess) -> None:
    """On the wire: unknown and malformed packets are answered, an endless one ends the channel."""
    transport, channel = raw_channel(door)
    channel.invoke_subsystem("sftp")
    stream = channel.makefile("rb")

    def ask(packet: bytes) -> bytes:
        channel.sendall(struct.pack("!L", len(packet)) + packet)
        return stream.read(int.from_bytes(stream.read(4), "big"))

    assert ask(b"\x01\0\0\0\x03")[:5] == b"\x02\0\0\0\x03"
    assert ask(b"\x63\0\0\0\x07junk")[:9] == b"\x65\0\0\0\x07\0\0\0\x08"
    assert ask(b"\x11\0\0\0\x08\0\0\0\x63/")[:9] == b"\x65\0\0\0\x08\0\0\0\x05"
    channel.sendall(struct.pack("!LB", 2**31, 6))
    assert stream.read(1) == b""
    transport.close()


@pytest.mark.parametrize(
    "request_name", ["shell", "exec", "pty", "env", "x11", "agent", "other subsystem", "tunnel", "forward"]
)
def test_only_sftp_is_served(door: DoorProcess, request_name: str) -> None:
    """No shell, command, terminal, environment, forwarding or other subsystem."""
    transport, channel = raw_channel(door)
    calls: dict[str, Callable[[], object]] = {
        "shell": channel.invoke_shell,
        "exec": lambda: channel.exec_command("id"),
        "pty": channel.get_pty,
        "env": lambda: channel.set_environment_variable("A", "b"),
        "x11": channel.request_x11,
        "agent": lambda: transport.global_request("auth-agent-req@openssh.com", wait=True) or refuse(),
        "other subsystem": lambda: channel.invoke_subsystem("netconf"),
        "tunnel": lambda: transport.open_channel("direct-tcpip", ("127.0.0.1", 22), ("127.0.0.1", 1), timeout=10),
        "forward": lambda: transport.request_port_forward("127.0.0.1", 0),
    }
    if request_name == "env":  # asks for no answer; that nothing happens is all there is to see
        calls["env"]()
        channel.invoke_subsystem("sftp")
    else:
        with pytest.raises((paramiko.SSHException, EOFError)):
            calls[request_name]()
    transport.close()


def refuse() -> None:
    raise paramiko.SSHException


def test_an_idle_stranger_is_cut_off(start_door: Start) -> None:
    """A TCP connection that says nothing ends with the login grace."""
    door = start_door(settings={"login_grace_s": 0.3})
    with socket.create_connection(("127.0.0.1", door.port), 10) as stranger:
        stranger.settimeout(10)
        received = stranger.recv(65536)
        with contextlib.suppress(ConnectionResetError):  # cut off, not politely closed
            while piece := stranger.recv(65536):
                received += piece
        assert received.startswith(b"SSH-2.0-aso\r\n")


def test_zlib_is_refused(door: DoorProcess) -> None:
    """A client that insists on compression gets no connection."""
    with socket.create_connection(("127.0.0.1", door.port), 10) as tcp:
        transport = paramiko.Transport(tcp)
        transport._preferred_compression = ("zlib",)
        with pytest.raises(paramiko.SSHException):
            transport.start_client(timeout=10)
        transport.close()


def test_a_rekey_in_mid_transfer_changes_nothing(start_door: Start) -> None:
    """The client may renew its keys while it fetches."""
    door = start_door(files={"outbound": {"big": 8 * MB}}, mute=True)
    transport, channel = raw_channel(door)
    channel.invoke_subsystem("sftp")
    sftp = paramiko.SFTPClient(channel)
    with sftp.open("/outbound/big", "rb") as file:
        file.prefetch(8 * MB)
        first = file.read(MB)
        transport.renegotiate_keys()
        assert first + file.read() == content(8 * MB)
    transport.close()
