"""What another program's opinion of the door's algorithms is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from os import environ

import pytest
from conftest import DoorProcess


def test_ssh_audit_finds_no_fail(start_door: Callable[..., DoorProcess]) -> None:
    """ssh-audit knows of no algorithm offered, nor size of a host key, that fails; and of none that is not ours."""
    if find_spec("ssh_audit") is None:
        (pytest.fail if environ.get("CI") == "true" else pytest.skip)("needs ssh-audit, of the extra [audit]")
    door = start_door(settings={"ban_score": 0})
    command = [
        sys.executable,
        "-m",
        "ssh_audit.ssh_audit",
        "--skip-rate-test",
        "-jj",
        "-p",
        str(door.port),
        "127.0.0.1",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    told = json.loads(done.stdout)
    named = {
        kind: {one["algorithm"]: one.get("notes", {}) for one in told[kind]} for kind in ("kex", "key", "enc", "mac")
    }
    failed = [(kind, name) for kind, ones in named.items() for name, notes in ones.items() if notes.get("fail")]
    assert failed == [] and not told["cves"], told
    assert set(named["enc"]) == {"aes256-ctr", "aes128-ctr"} and set(named["key"]) == {"ssh-ed25519"}
    assert "mlkem768x25519-sha256" in named["kex"] and told["compression"] == ["none"]
