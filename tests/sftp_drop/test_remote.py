"""Calling partners' servers: what is fetched and put is whole, who is not known gets nothing, and every wait ends."""

from __future__ import annotations

import io
import logging
import random
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import paramiko
import pytest
from conftest import DoorProcess
from door_process import content
from remote_servers import PASSWORD, CutLine, Odd, Sshd, key_of, odd_server, silent_server

from sftp_drop.remote import transfer
from sftp_drop.remote.link import connect, fingerprint
from sftp_drop.remote.server import Deadlines, Server, read_secret
from sftp_drop.remote.session import FSYNC
from sftp_drop.remote.trouble import Failed
from sftp_drop.wire import Ask

replace = msgspec.structs.replace
SOON = Deadlines(connect_s=5, login_s=10, request_s=10, file_s=20)
BRIEF = Deadlines(connect_s=1, login_s=1, request_s=1, file_s=1, slowest_bytes=1 << 30)
BODY = content(3_000_001)


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """The machine's sshd; it needs the program."""
    started = Sshd(tmp_path_factory.mktemp("sshd"))
    yield started
    started.stop()


def fails(server: Server, deadlines: Deadlines = SOON) -> str:
    """The code with which connecting fails."""
    with pytest.raises(Failed) as failed, connect(server, deadlines):
        pass
    return failed.value.code


@pytest.mark.program("sshd")
@pytest.mark.parametrize("size", [0, 1, transfer.PIECE_BYTES, 64 * transfer.PIECE_BYTES + 1, 3_000_001])
def test_what_is_put_is_got(sshd: Sshd, size: int) -> None:
    """A file of any size goes to OpenSSH's server and comes back byte for byte; its name is the new one alone."""
    body, home = content(size), f"{sshd.home}/{size}"
    got = io.BytesIO()
    Path(home).mkdir()
    with connect(sshd.server(), SOON) as session:
        transfer.put(session, f"{home}/.a.tmp", body)
        assert session.stat(f"{home}/a") is None
        session.rename(f"{home}/.a.tmp", f"{home}/a")
        found, whole = session.list(home, 10)
        assert whole and [(each.name, each.size) for each in found] == [("a", size)]
        transfer.get(session, f"{home}/a", size, got.write)
        assert transfer.same(session, f"{home}/a", body)
        if size:
            assert not transfer.same(session, f"{home}/a", body[:-1] + b"?")
        session.remove(f"{home}/a")
        assert session.list(home, 10) == ([], True)
    assert got.getvalue() == body


def test_our_own_door_is_a_server_like_any(door: DoorProcess) -> None:
    """The embedded door is put to, asked and fetched from."""
    server = Server(host="127.0.0.1", port=door.port, user="clear", host_keys=(key_of(door.host_line),),
                    secret=door.user_key)  # fmt: skip
    got = io.BytesIO()
    with connect(server, SOON) as session:
        transfer.put(session, "/inbound/.b.tmp", BODY)
        session.rename("/inbound/.b.tmp", "/inbound/remote.837")
        found, _ = session.list("/inbound", 100)
        assert ("remote.837", len(BODY)) in [(each.name, each.size) for each in found]
        transfer.get(session, "/inbound/remote.837", len(BODY), got.write)
        session.remove("/inbound/remote.837")
    assert got.getvalue() == BODY


@pytest.mark.program("sshd")
def test_a_listing_is_bounded(sshd: Sshd) -> None:
    """No more files are listed than asked for, and it is told that there are more; folders and links are none."""
    folder = sshd.home / "many"
    folder.mkdir()
    for number in range(300):
        (folder / f"{number:03d}").touch()
    (folder / "link").symlink_to(folder / "000")
    (folder / "folder").mkdir()
    with connect(sshd.server(), SOON) as session:
        some, whole = session.list(str(folder), 200)
        assert len(some) == 200 and not whole
        every, whole = session.list(str(folder), 1000)
        assert {each.name for each in every} == {f"{number:03d}" for number in range(300)} and whole


@pytest.mark.program("sshd")
def test_refusals_are_told_without_names(sshd: Sshd) -> None:
    """What the server refuses is a word of ours; the session goes on."""
    (sshd.home / "there").write_bytes(b"x")
    with connect(sshd.server(), SOON) as session:
        calls = {
            "missing": lambda: session.remove(f"{sshd.home}/DOE.837"),
            "refused": lambda: transfer.put(session, f"{sshd.home}/there", b"y"),
        }
        for code, call in calls.items():
            with pytest.raises(Failed) as failed:
                call()
            assert failed.value.code == code and "DOE" not in str(failed.value)
        assert session.stat(f"{sshd.home}/there") is not None
    assert (sshd.home / "there").read_bytes() == b"x"


# ---- who it is -------------------------------------------------------------------------------------------------------


def test_another_host_key_stops_before_anything_is_sent(tmp_path: Path) -> None:
    """A server with a key that is not pinned learns no password; with two pinned keys it may change from one to one."""
    odd = Odd()
    with odd_server(odd, tmp_path) as server:
        with connect(server, SOON):
            pass
        before = list(odd.logins)
        odd.shown = 1
        with pytest.raises(Failed) as failed, connect(server, SOON):
            pass
        assert failed.value.code == "host-key" and odd.logins == before
        both = replace(server, host_keys=(*server.host_keys, failed.value.detail))
        with connect(both, SOON):
            pass
        odd.shown = 0
        with connect(both, SOON):
            pass


@pytest.mark.program("sshd")
def test_the_pinned_key_may_be_of_any_kind_the_server_has(tmp_path: Path) -> None:
    """A server is known by whichever of its keys was told; by none of them, the one it would rather show is told."""
    rsa = paramiko.RSAKey.generate(3072)
    rsa.write_private_key_file(str(tmp_path / "rsa"))
    (tmp_path / "sshd").mkdir()
    both = Sshd(tmp_path / "sshd", [tmp_path / "rsa"])
    try:
        with connect(replace(both.server(), host_keys=(fingerprint(rsa.asbytes()),)), SOON) as session:
            assert session.stat(str(both.home)) is not None
        with pytest.raises(Failed) as failed, connect(replace(both.server(), host_keys=("SHA256:other",)), SOON):
            pass
        assert (failed.value.code, failed.value.detail) == ("host-key", both.pin)
    finally:
        both.stop()


@pytest.mark.program("sshd")
def test_a_key_or_password_that_is_refused(sshd: Sshd, tmp_path: Path) -> None:
    """A stranger's key and a wrong password are told as `login`."""
    secret = tmp_path / "wrong"
    secret.touch(0o600)
    secret.write_text("not this one")
    assert fails(replace(sshd.server(), secret=secret, by_password=True)) == "login"
    assert fails(replace(sshd.server(), secret=sshd.folder / "host")) == "login"
    with odd_server(Odd(), tmp_path) as server:
        assert fails(replace(server, secret=secret)) == "login"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_a_secret_others_may_open_is_not_used(tmp_path: Path, mode: int) -> None:
    """A secret file is its owner's alone, a file, and there."""
    secret = tmp_path / "secret"
    secret.write_text(PASSWORD)
    secret.chmod(mode)
    for path in (secret, tmp_path, tmp_path / "missing"):
        with pytest.raises(Failed) as failed:
            read_secret(path)
        assert failed.value.code == "secret"
    secret.chmod(0o600)
    assert read_secret(secret) == PASSWORD.encode()


def test_a_file_that_is_no_key_is_told(tmp_path: Path) -> None:
    """A key file that holds something else is told as `secret`, without what it holds."""
    with odd_server(Odd(), tmp_path) as server:
        assert fails(replace(server, by_password=False)) == "secret"


def test_secrets_are_in_no_log_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing of a session, good or refused, reaches a log or stderr."""
    caplog.set_level(logging.DEBUG)
    secret = tmp_path / "wrong"
    secret.touch(0o600)
    secret.write_text("wrong-secret")
    odd = Odd()
    odd.files["DOE.837"] = bytearray(b"ISA")
    with odd_server(odd, tmp_path) as server:
        with connect(server, SOON) as session:
            transfer.get(session, "/DOE.837", 3, lambda _: None)
        fails(replace(server, secret=secret))
    said = capfd.readouterr()
    assert caplog.text == said.out == said.err == ""


# ---- every wait ends -------------------------------------------------------------------------------------------------


def test_nobody_there(tmp_path: Path) -> None:
    """A port nobody listens on, and a name no host can have, are told as unreachable."""
    with odd_server(Odd(), tmp_path) as server:
        pass
    assert fails(server) == "unreachable"
    for host in ("sftp..example.com", "a" * 64 + ".example.com"):
        assert fails(msgspec.structs.replace(server, host=host)) == "unreachable"


def test_a_server_that_never_answers(tmp_path: Path) -> None:
    """Whoever takes the connection and says nothing is left when the deadline passes."""
    with silent_server() as port, odd_server(Odd(), tmp_path) as server:
        began_s = time.monotonic()
        assert fails(replace(server, port=port), BRIEF) == "silent"
        assert time.monotonic() - began_s < 3


def test_a_server_that_falls_silent(tmp_path: Path) -> None:
    """A request that is not answered in time ends the session, whatever the library waits for."""
    odd = Odd()
    odd.files["a"] = bytearray(10)
    with odd_server(odd, tmp_path) as server, connect(server, BRIEF) as session:
        odd.read_wait_s = 4
        began_s = time.monotonic()
        with pytest.raises(Failed) as failed:
            transfer.get(session, "/a", 10, lambda _: None)
        assert failed.value.code == "silent" and time.monotonic() - began_s < 3


def test_a_server_that_trickles(tmp_path: Path) -> None:
    """Each answer in time and the whole too slow: the file's own deadline ends it."""
    odd = Odd()
    odd.files["a"] = bytearray(1000)
    odd.read_wait_s, odd.read_most = 0.1, 1
    with odd_server(odd, tmp_path) as server, connect(server, BRIEF) as session:
        began_s = time.monotonic()
        with pytest.raises(Failed) as failed:
            transfer.get(session, "/a", 1000, lambda _: None)
        assert failed.value.code == "silent" and time.monotonic() - began_s < 3


def test_short_answers_are_asked_for_again(tmp_path: Path) -> None:
    """A server that gives less than asked for is asked for the rest: the same bytes in the same order."""
    odd = Odd()
    odd.files["a"], odd.read_most = bytearray(content(200_003)), 7_000
    got = io.BytesIO()
    with odd_server(odd, tmp_path) as server, connect(server, SOON) as session:
        transfer.get(session, "/a", 200_003, got.write)
    assert got.getvalue() == content(200_003)


@pytest.mark.parametrize("lie", [-1, 1, 100_000])
def test_a_size_that_lies(tmp_path: Path, lie: int) -> None:
    """A file longer or shorter than its server says is refused, and the session goes on."""
    odd = Odd()
    odd.files["a"], odd.stat_adds = bytearray(content(90_000)), lie
    with odd_server(odd, tmp_path) as server, connect(server, SOON) as session:
        found = session.stat("/a")
        assert found and found.size == 90_000 + lie
        with pytest.raises(Failed) as failed:
            transfer.get(session, "/a", found.size, lambda _: None)
        assert failed.value.code == "changed"
        assert session.list("/", 10)[1]


@pytest.mark.program("sshd")
def test_a_cut_line_is_broken_off(sshd: Sshd) -> None:
    """A line cut after any number of bytes raises Failed, soon, and nothing else."""
    chance, path = random.Random(4), f"{sshd.home}/cut"
    Path(path).write_bytes(BODY)
    budgets = iter(
        [chance.randrange(1, 5_000) for _ in range(4)] + [chance.randrange(5_000, 3_000_000) for _ in range(4)]
    )
    line = CutLine(sshd.port, lambda: next(budgets))
    for _ in range(8):
        began_s = time.monotonic()
        with pytest.raises(Failed) as failed, connect(sshd.server(line.port), SOON) as session:
            transfer.get(session, path, len(BODY), lambda _: None)
        assert failed.value.code == "broken-off" and time.monotonic() - began_s < 5
    line.stop()


def test_a_server_without_extensions(tmp_path: Path) -> None:
    """Writing does with version 3 alone where a server offers no more."""
    odd = Odd()
    with odd_server(odd, tmp_path) as server, connect(server, SOON) as session:
        assert FSYNC not in session.extensions
        transfer.put(session, "/.a.tmp", BODY)
        session.rename("/.a.tmp", "/a")
    assert list(odd.files) == ["a"] and odd.files["a"] == BODY


def test_requests_of_the_wire_are_numbered_apart(tmp_path: Path) -> None:
    """A reply nobody waits for any more is passed over."""
    odd = Odd()
    odd.files["a"] = bytearray(1)
    with odd_server(odd, tmp_path) as server, connect(server, SOON) as session:
        session.abandon({session.send(Ask.STAT, b"\0\0\0\2/a")})
        assert session.stat("/a")
