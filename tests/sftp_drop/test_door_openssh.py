"""Real connections from OpenSSH's own client."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import DoorProcess
from door_process import content

pytestmark = pytest.mark.program("sftp")

Start = Callable[..., DoorProcess]


def sftp(door: DoorProcess, folder: Path, script: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Runs a batch; a line that fails ends it unless it begins with `-`."""
    known = folder / "known_hosts"
    known.write_text(f"[127.0.0.1]:{door.port} {door.host_line}")
    settings = {
        "UserKnownHostsFile": known,
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "IdentityFile": door.user_key,
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "User": "clear",
        "Port": door.port,
    }
    flags = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
    command = ["sftp", "-F", "/dev/null", *flags, *options, "-b", "-", "127.0.0.1"]
    return subprocess.run(command, input=script, capture_output=True, text=True, cwd=folder, timeout=60, check=False)


def test_a_batch_of_everything(start_door: Start, tmp_path: Path) -> None:
    """put -p -f, rename, chmod, ls -l, df, get, reget and rm: exit status 0 and the bytes as they were."""
    door = start_door(files={"outbound": {"a 835.txt": 1_000_003}}, mute=True)
    (tmp_path / "c.837").write_bytes(content(3_000_001))
    script = """
        cd inbound
        put -p -f c.837 c.837.part
        chmod 600 c.837.part
        rename c.837.part c.837
        ls -l
        df
        get c.837 back
        cd ../outbound
        get "a 835.txt" fetched
        rm "a 835.txt"
        -mkdir /inbound/x
        pwd
    """
    done = sftp(door, tmp_path, script)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "back").read_bytes() == content(3_000_001)
    assert (tmp_path / "fetched").read_bytes() == content(1_000_003)
    assert "-rw-r----- 1 partner partner      3000001 Nov 14  2023 c.837" in done.stdout
    assert "Remote working directory: /outbound" in done.stdout and "Permission denied" in done.stderr


@pytest.mark.parametrize("options", [("-B", "261120", "-R", "128"), ("-o", "RekeyLimit=1M"), ("-C",)])
def test_unusual_transfers(door: DoorProcess, tmp_path: Path, options: tuple[str, ...]) -> None:
    """Big requests far ahead, new keys every megabyte, and a wish for compression: the same bytes."""
    (tmp_path / "c.837").write_bytes(content(5_000_000))
    done = sftp(door, tmp_path, "put c.837 /inbound/c.837\nget /inbound/c.837 back\n", *options)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "back").read_bytes() == content(5_000_000)


def test_a_resumed_upload_is_whole(start_door: Start, tmp_path: Path) -> None:
    """`reput` continues a part at its size."""
    door = start_door(files={"inbound": {"c.837": 1_000_000}})
    (tmp_path / "c.837").write_bytes(content(2_000_000))
    done = sftp(door, tmp_path, "reput c.837 /inbound/c.837\nget /inbound/c.837 back\n")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "back").read_bytes() == content(2_000_000)
    assert door.wait("begin")["resume"] and door.wait("write")["offset"] == 1_000_000


def test_a_refused_write_fails_the_batch(start_door: Start, tmp_path: Path) -> None:
    """When the drop is full, put fails with its words, and nothing is committed though the client closes."""
    door = start_door(refuse_write_at=100_000)
    (tmp_path / "c.837").write_bytes(content(300_000))
    done = sftp(door, tmp_path, "put c.837 /inbound/c.837\n")
    assert done.returncode != 0
    assert door.wait("lose") and not door.told("commit-begin")


FORWARD = ["-N", "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:22"]


@pytest.mark.program("ssh")
@pytest.mark.parametrize("wish", [["-T"], ["-T", "id"], ["-tt"], FORWARD])
def test_ssh_gets_nothing(door: DoorProcess, tmp_path: Path, wish: list[str]) -> None:
    """No shell, no command, no terminal, no forwarding for a partner with a good key."""
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{door.port} {door.host_line}")
    settings = (f"UserKnownHostsFile={known}", "IdentitiesOnly=yes", "BatchMode=yes")
    options = ["-F", "/dev/null", *(part for setting in settings for part in ("-o", setting))]
    flags, command = ([wish[0]], wish[1:]) if wish[-1] == "id" else (wish, [])
    call = ["ssh", *options, *flags, "-i", str(door.user_key), "-p", str(door.port), "clear@127.0.0.1", *command]
    done = subprocess.run(call, input="", capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode != 0 and done.stdout == ""
    assert door.wait("login")
