"""Partners' keys, master keys and host keys as an operator meets them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_cli import LOADED, gateway

from gateway.flow import beginning
from gateway.settings import shipped


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The settings file of an installation with partners and plans."""
    assert gateway("config", "init", tmp_path / "site").code == 0
    made = tmp_path / "site" / "gateway.toml"
    beginning.change(made, first_business_date="2026-04-01")
    assert gateway("migrate", "--config", made).code == 0
    assert gateway("load", *(shipped() / name for name in LOADED), "--user", "ann", "--config", made).code == 0
    return made


def listed(site: Path, *more: str) -> list[dict[str, Any]]:
    """What `partner key list` says of clearpath."""
    found: list[dict[str, Any]] = json.loads(
        gateway("partner", "key", "list", "clearpath", "--json", "--config", site, *more).out
    )
    return found


def test_a_partner_changes_its_keys(site: Path, tmp_path: Path) -> None:
    """Two keys at a time, each with its days; the old one is closed by the beginning of its fingerprint, for ever."""
    at = ("--user", "ann", "--config", site)
    for name, days in (("old", ()), ("new", ("--from", "2020-01-01", "--until", "2999-12-31"))):
        beginning.key_pair(tmp_path / name)
        assert gateway("partner", "key", "add", "clearpath", tmp_path / f"{name}.pub", *days, *at).code == 0
    old, new = listed(site)
    assert (old["state"], old["until"], new["from"], new["until"]) == ("good", None, "2020-01-01", "2999-12-31")
    revoke = ("partner", "key", "revoke", "clearpath", old["fingerprint"][:16])
    said = gateway(*revoke, "--preview", *at)
    assert "would be closed" in said.out and said.out.endswith("open now: 1\n")
    assert listed(site)[0]["state"] == "good"
    assert gateway(*revoke, *at).code == 0
    assert [(one["state"], one["revoked_by"]) for one in listed(site)] == [("revoked", "ann"), ("good", "")]
    again = gateway("partner", "key", "add", "clearpath", tmp_path / "old.pub", *at)
    assert again.code == 65 and "revoked" in again.sentence
    assert gateway("partner", "key", "list", "--config", site).out.count("SHA256:") == 2


def test_keys_that_cannot_be_are_refused(site: Path, tmp_path: Path) -> None:
    """A key of nobody's, days that end before they begin, two keys in a file, no key: each is refused."""
    beginning.key_pair(tmp_path / "id")
    line = (tmp_path / "id.pub").read_text()
    (tmp_path / "two.pub").write_text(line + line)
    at = ("--config", site)
    for args, code in (
        (("nobody", tmp_path / "id.pub"), 78),
        (("clearpath", tmp_path / "id.pub", "--from", "2026-02-01", "--until", "2026-01-01"), 64),
        (("clearpath", tmp_path / "two.pub"), 64),
        (("clearpath", tmp_path / "id"), 64),
        (("clearpath", tmp_path / "none.pub"), 64),
    ):
        assert gateway("partner", "key", "add", *args, *at).code == code, args
    assert gateway("partner", "key", "revoke", "clearpath", "SHA256:none", *at).code == 64
    assert listed(site) == []
