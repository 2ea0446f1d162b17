"""`gateway remote`: partners' servers as an operator asks for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.flow import beginning
from gateway.flow.opening import open_context
from gateway.settings import load
from gateway.store.schema import audit, work
from tests.daemon.test_cli import gateway

PARTNERS = """
[[partner]]
id = "lakeline"
first = 2026-01-01
name = "Lakeline Freight"
isa_id = "LAKELINE"

[[partner]]
id = "clearpath"
first = 2026-01-01
name = "ClearPath Clearinghouse"
isa_id = "CLEARPATH"
[partner.remote]
host = "sftp.example.com"
user = "tpa"
host_keys = ["SHA256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
key_file = "/etc/gateway/clearpath.key"
fetch = "/outgoing"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """An installation with two partners, of which one has a server."""
    made = tmp_path / "site" / "gateway.toml"
    assert gateway("config", "init", made.parent).code == 0
    beginning.change(made, first_business_date="2026-04-01")
    assert gateway("migrate", "--config", made).code == 0
    (tmp_path / "partners.toml").write_text(PARTNERS)
    assert gateway("partner", "add", tmp_path / "partners.toml", "--config", made).code == 0
    return made


def test_a_server_is_looked_at_from_its_loading_on(config: Path) -> None:
    """Loading a partner makes the one step that looks at its folder; asking makes no second one, and is noted."""
    assert gateway("remote", "fetch", "clearpath", "--user", "ann", "--config", config).code == 0
    context = open_context(load(config))
    with context.store.read() as connection:
        steps = connection.execute(select(work.c.kind, work.c.partner, work.c.lane)).all()
        noted = connection.execute(select(audit.c.actor, audit.c.entity).where(audit.c.action == "ask")).all()
    context.store.close()
    assert [tuple(row) for row in steps] == [("pull", "clearpath", "remote/clearpath")]
    assert [tuple(row) for row in noted] == [("ann", "partner clearpath")]


def test_servers_are_listed(config: Path) -> None:
    """Who has one, where it is, how it went and what waits."""
    (told,) = json.loads(gateway("remote", "list", "--json", "--config", config).out)
    assert told == {"partner": "clearpath", "server": "sftp.example.com:22", "fetch": "/outgoing", "send": "",
                    "waiting": 0, "failures": 0, "reason": "", "next": "", "used": ""}  # fmt: skip
    assert "sftp.example.com:22" in gateway("remote", "list", "--config", config).out
    asked = gateway("remote", "fetch", "clearpath", "--json", "--config", config)
    assert json.loads(asked.out) == {"partner": "clearpath", "steps": 1}


@pytest.mark.parametrize("asked", [("fetch", "lakeline"), ("push", "clearpath"), ("fetch", "nobody")])
def test_what_is_not_agreed_is_told(config: Path, asked: tuple[str, str]) -> None:
    """A partner without a server for it ends with 78 and the place to write it."""
    said = gateway("remote", *asked, "--config", config)
    assert said.code == 78 and f"partner {asked[1]} has no server" in said.sentence
