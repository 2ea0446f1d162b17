"""Partners' keys, master keys and host keys as an operator meets them."""

from __future__ import annotations

import json
import stat
from base64 import b64decode
from pathlib import Path
from typing import Any

import paramiko
import pytest
from test_cli import LOADED, gateway, installed

from gateway.demo import Demo
from gateway.errors import Unavailable
from gateway.flow import beginning
from gateway.flow.opening import open_context
from gateway.settings import load, shipped
from gateway.store import outbox
from sftp_drop import client
from sftp_drop.server import sftp_service


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The settings file of an installation with partners and plans."""
    return installed(tmp_path / "site", "2026-04-01", *LOADED)


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


def test_a_master_key_is_rotated_retired_and_restored(site: Path, tmp_path: Path) -> None:
    """Rotate, verify, retire: all is under the new key, the old file is kept; a backup brings a lost key back."""
    at, folder = ("--config", site), site.parent / "keys"
    context = open_context(load(site))
    with context.store.write("post") as connection:
        outbox.post(
            connection,
            context.keys,
            1,
            "2026-04-01",
            outbox.Parcel(partner="clearpath", kind="999", name="a", body=b"a"),
        )
    assert gateway("key", "retire", "1", *at).code == 64, "the only one"
    rotated = gateway("key", "rotate", "--user", "ann", *at)
    assert rotated.code == 0 and "master-2 made" in rotated.out and "gateway key retire 1" in rotated.out
    told = json.loads(gateway("key", "verify", "--json", *at).out)
    assert (told["newest"], told["retirable"], {need["master"] for need in told["needs"]}) == (2, [1], {2})
    assert gateway("key", "retire", "1", *at).code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["master-1.retired", "master-2"]
    (tmp_path / "phrase").write_text("four random plain words\n")
    (tmp_path / "short").write_text("secret\n")
    phrase = ("--passphrase-file", tmp_path / "phrase")
    assert gateway("key", "backup", tmp_path / "b", "--passphrase-file", tmp_path / "short", *at).code == 65
    assert gateway("key", "backup", tmp_path / "b", *phrase, *at).code == 0
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o600
    assert (folder / "master-2").read_bytes() not in (tmp_path / "b").read_bytes()
    assert gateway("key", "backup", tmp_path / "b", *phrase, *at).code == 73, "no file is replaced"
    (folder / "master-2").rename(tmp_path / "lost")
    assert gateway("key", "verify", *at).code == 78
    other = gateway("key", "restore", tmp_path / "b", "--passphrase-file", tmp_path / "short", *at)
    assert other.code == 65 and "passphrase" in other.sentence
    assert gateway("key", "restore", tmp_path / "b", *phrase, *at).code == 0
    assert (folder / "master-2").read_bytes() == (tmp_path / "lost").read_bytes()
    assert gateway("key", "verify", *at).code == 0
    (folder / "master-2").write_bytes(bytes(32))
    assert gateway("key", "restore", tmp_path / "b", *phrase, *at).code == 73, "another key of that number is kept"
    assert gateway("key", "verify", *at).code == 78


def test_the_doors_key_is_changed_in_two_steps(site: Path) -> None:
    """A new key is announced first; the old one can be retired then, and not before."""
    at = ("--config", site)
    assert gateway("key", "host", "retire", "host_ed25519", *at).code == 64, "the only one"
    made = json.loads(gateway("key", "host", "add", "--json", *at).out)
    told = json.loads(gateway("key", "host", "list", "--json", *at).out)
    assert [(one["file"], one["state"]) for one in told] == [("host_ed25519", "shown"), (made["file"], "announced")]
    assert stat.S_IMODE((site.parent / made["file"]).stat().st_mode) == 0o600
    factory = sftp_service(None, [site.parent / one["file"] for one in told], "127.0.0.1", 0).factory
    assert factory.privateKeys[b"ssh-ed25519"].public().blob() == b64decode(told[0]["line"].split()[1])
    assert gateway("key", "host", "retire", "no-such", *at).code == 64
    assert gateway("key", "host", "retire", "host_ed25519", *at).code == 0
    (left,) = json.loads(gateway("key", "host", "list", "--json", *at).out)
    assert (left["fingerprint"], left["state"]) == (made["fingerprint"], "shown")
    assert gateway("config", "check", *at).code == 0


def test_a_running_daemon_takes_new_keys_and_lets_go_of_old_ones(tmp_path: Path) -> None:
    """While it runs the master key changes, and what comes after is under it; a revoked login key opens no more."""
    demo = Demo(tmp_path / "state", "golden", lambda _: None)
    demo.prepare(fresh=False, resume=False, sftp_port=0, http_port=0)
    at = ("--config", demo.config)
    with demo.running() as run:
        with demo._sftp("bluebonnet") as sftp:
            client.upload(sftp, (shipped() / "golden" / "in.834").read_bytes(), "enrol.834")
            assert gateway("key", "rotate", *at).code in (0, 75), "75: a step was under way"
            client.upload(sftp, (shipped() / "golden" / "in.834").read_bytes(), "again.834")
        demo.settle_down()
        assert gateway("key", "rotate", *at).code == 0
        told = json.loads(gateway("key", "verify", "--json", *at).out)
        newest = {need["kind"]: need["master"] for need in told["needs"]}
        assert {"files received", "files sent", "SSNs"} <= set(newest) and set(newest.values()) == {told["newest"]}
        assert all(need["opened"] == need["tried"] > 0 for need in told["needs"])
        fingerprint = json.loads(gateway("partner", "key", "list", "bluebonnet", "--json", *at).out)[0]["fingerprint"]
        assert gateway("partner", "key", "revoke", "bluebonnet", fingerprint, *at).code == 0
        with pytest.raises(Unavailable) as refused, demo._sftp("bluebonnet"):
            pass
        assert isinstance(refused.value.__cause__, paramiko.AuthenticationException)
        assert json.loads((demo.state / "run.json").read_text())["worker_pids"] == run["worker_pids"], "no worker died"
