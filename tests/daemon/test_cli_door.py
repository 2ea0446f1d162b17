"""The commands about the door."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway import cli
from gateway.cli.common import context_of
from gateway.store import bans
from gateway.store.schema import audit


def typed(*argv: str) -> int:
    """The exit code of a command."""
    with pytest.raises(SystemExit) as left:
        cli.main(list(argv))
    return int(left.value.code or 0)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A fresh installation's settings file."""
    assert typed("config", "init", str(tmp_path / "site")) == 0
    config = tmp_path / "site" / "gateway.toml"
    assert typed("migrate", "--config", str(config)) == 0
    return config


def test_bans_are_listed_and_lifted(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`door bans` tells who is shut out now; `door unban` lets an address in, on record; one that is not: 65."""
    context = context_of(config)
    with context.store.write("test") as connection:
        until_us = context.now_us + 3_600_000_000
        places = [("192.0.2.1", until_us), ("2001:db8:0:1::/64", until_us), ("192.0.2.2", 1)]
        bans.put(connection, [bans.Banned(place, us, 2) for place, us in places])
    capsys.readouterr()
    assert typed("door", "bans", "--json", "--config", str(config)) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["address"], one["times"]) for one in told] == [("192.0.2.1", 2), ("2001:db8:0:1::/64", 2)]
    for address in ("192.0.2.1", "2001:db8:0:1::99"):
        assert typed("door", "unban", address, "--user", "ann", "--config", str(config)) == 0
    assert typed("door", "unban", "192.0.2.1", "--config", str(config)) == 65
    with context.store.read() as connection:
        rows = connection.execute(select(audit).where(audit.c.action == "unban")).all()
    assert [(row.actor, row.entity) for row in rows] == [("ann", "192.0.2.1"), ("ann", "2001:db8:0:1::/64")]


@pytest.mark.parametrize("wrong", ["idle = 5", 'never_ban = ["nonsense"]', 'ban_s = "long"'])
def test_limits_that_cannot_be_are_refused(config: Path, wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A limit of the door that does not exist, or cannot have its value: 78, and its name is told."""
    config.write_text(config.read_text().replace("[sftp.limits]", f"[sftp.limits]\n{wrong}", 1))
    assert typed("config", "check", "--config", str(config)) == 78
    assert "sftp.limits" in capsys.readouterr().err
