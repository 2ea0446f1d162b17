"""Who gets in."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko
import pytest
from conftest import ANSWER_S, DoorProcess

Start = Callable[..., DoorProcess]
QUICK = {"login_answer_s": 0.01}


@contextmanager
def stranger(door: DoorProcess) -> Iterator[paramiko.Transport]:
    transport = paramiko.Transport(socket.create_connection(("127.0.0.1", door.port), 10))
    transport.start_client(timeout=10)
    yield transport
    transport.close()


def key(folder: Path, name: str) -> paramiko.PKey:
    return paramiko.PKey.from_path(str(folder / name))


@pytest.mark.parametrize(("user", "name"), [("clear", "stranger"), ("nobody", "user"), ("nobody", "stranger")])
def test_strangers_are_told_nothing(door: DoorProcess, key_folder: Path, user: str, name: str) -> None:
    """A wrong key and an unknown user get the same answer, no sooner than the time set, and the drop was asked."""
    before = len(door.told("login"))
    with stranger(door) as transport:
        started_s = time.monotonic()
        with pytest.raises(paramiko.AuthenticationException, match="Authentication failed"):
            transport.auth_publickey(user, key(key_folder, name))
        assert time.monotonic() - started_s >= ANSWER_S
    assert [event["peer"] for event in door.told("login")[before:]] == ["127.0.0.1"]


def test_passwords_are_not_taken(door: DoorProcess) -> None:
    """Public key is the only method, and the door says so."""
    with stranger(door) as transport, pytest.raises(paramiko.BadAuthenticationType) as refused:
        transport.auth_password("clear", "password", fallback=False)
    assert refused.value.allowed_types == ["publickey"]


def test_four_failures_end_the_connection(door: DoorProcess, key_folder: Path) -> None:
    """After four failed tries the connection ends; asking for the service again does not count anew."""
    before = len(door.told("login"))
    with stranger(door) as transport:
        for _ in range(3):
            with pytest.raises(paramiko.AuthenticationException):
                transport.auth_publickey("clear", key(key_folder, "stranger"))
        with pytest.raises(paramiko.SSHException):
            transport.auth_publickey("clear", key(key_folder, "stranger"))
        assert not transport.is_active()
    assert len(door.told("login")) == before + 4


def test_the_right_key_gets_in_after_a_failure(door: DoorProcess, key_folder: Path) -> None:
    """One wrong key first is no harm."""
    with stranger(door) as transport:
        with pytest.raises(paramiko.AuthenticationException):
            transport.auth_publickey("clear", key(key_folder, "stranger"))
        transport.auth_publickey("clear", key(key_folder, "user"))
        assert transport.is_authenticated()


@pytest.mark.parametrize(("bits", "lets_in"), [(2048, False), (3072, True)])
def test_rsa_keys_have_a_least_size(start_door: Start, bits: int, lets_in: bool) -> None:
    """RSA keys of 3072 bits get in, signing with SHA-2; smaller ones are refused before the drop is asked."""
    rsa = paramiko.RSAKey.generate(bits)
    door = start_door(settings=QUICK, keys={rsa.get_base64(): ["clear", "p1"]})
    with stranger(door) as transport:
        if lets_in:
            transport.auth_publickey("clear", rsa)
        else:
            with pytest.raises(paramiko.AuthenticationException):
                transport.auth_publickey("clear", rsa)
        assert transport.is_authenticated() is lets_in
    assert bool(door.told("login")) is lets_in


def test_ecdsa_keys_are_refused(start_door: Start) -> None:
    """Only the key kinds of the profile are looked at."""
    ecdsa = paramiko.ECDSAKey.generate()
    door = start_door(settings=QUICK, keys={ecdsa.get_base64(): ["clear", "p1"]})
    with stranger(door) as transport, pytest.raises(paramiko.AuthenticationException):
        transport.auth_publickey("clear", ecdsa)


def test_the_log_knows_partner_and_fingerprint_and_no_packet(start_door: Start, key_folder: Path) -> None:
    """A login is logged with partner, peer and fingerprint; file contents and names are not logged at all."""
    door = start_door(settings=QUICK)
    with door.sftp() as sftp:
        with sftp.open("/inbound/doe-jane.837", "wb") as file:
            file.write(b"NM1*IL*1*DOE*JANE")
        with pytest.raises(OSError):
            sftp.mkdir("/inbound/doe")
    door.stop()
    log = "".join(door.log)
    assert '"event": "sftp login"' in log and '"partner": "p1"' in log and '"peer": "127.0.0.1"' in log
    assert "doe" not in log.lower() and "NM1" not in log
