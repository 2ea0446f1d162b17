"""replay, resend, retention and legal holds as an operator types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from test_cli import LOADED, gateway, installed, work

from gateway.flow import beginning
from gateway.flow.opening import open_context
from gateway.settings import load
from gateway.store import bans
from gateway.store.schema import installation as facts
from gateway.store.schema import outbox
from tests.flow.world import drop_into, golden

CLAIMS = golden("in.837p")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """An installation with partners and sponsors, on the day the files come."""
    return installed(tmp_path / "site", "2026-04-06", *LOADED, "sponsors/sample.toml")


def send(config: Path, name: str, body: bytes) -> None:
    """A partner's file, and everything that follows."""
    drop_into(open_context(load(config)), "clearpath", name, body)
    work(config)


def told(config: Path, *args: object) -> Any:
    """What a command says as JSON."""
    said = gateway(*args, "--json", "--config", config)
    assert said.code == 0, said.err
    return json.loads(said.out)


def test_a_replay_is_previewed_and_then_done(config: Path) -> None:
    """Without --yes it says what would be read; with it a new receipt; what was accepted is 77, a stranger 64."""
    send(config, "a.837", CLAIMS.replace(b"*0*T*:", b"*0*P*:"))
    shown = told(config, "replay", "a.837")
    assert (shown["receipt_no"], shown["state"], shown["refusal"], shown["new_receipt_no"]) == (1, "quarantined", "", 0)
    assert "Say --yes" in gateway("replay", 1, "--config", config).out
    done = gateway("replay", 1, "--yes", "--user", "ann", "--config", config)
    assert (done.code, done.out.splitlines()[-1]) == (0, "It is read again as receipt 2.")
    work(config)
    send(config, "b.837", CLAIMS)
    refused = gateway("replay", 3, "--yes", "--config", config)
    assert refused.code == 77 and "would count twice" in refused.sentence
    assert "cannot be replayed" in gateway("replay", "b.837", "--config", config).out
    assert gateway("replay", 99, "--config", config).code == 64


def test_a_resend_is_counted(config: Path) -> None:
    """What left is sent again by its id of `sent list`, which then says how often; an unknown id is 64."""
    send(config, "a.837", CLAIMS)
    (row,) = told(config, "sent", "list", "--kind", "999")
    said = gateway("resend", row["id"], "--user", "ann", "--config", config)
    assert said.code == 0 and row["sha256"] in said.out
    work(config)
    (again,) = told(config, "sent", "list", "--kind", "999")
    assert again == {**row, "resent": 1}
    assert gateway("resend", "NOTHING", "--config", config).code == 64


def test_retention_is_previewed_and_kept_back_by_a_legal_hold(config: Path) -> None:
    """A run without --yes removes nothing; under a hold nothing is due; lifted, it goes and is counted."""
    send(config, "a.837", CLAIMS)
    context = open_context(load(config))
    with context.store.write("years") as connection:
        connection.execute(update(facts).where(facts.c.name == "business_date").values(value="2033-04-08"))
    hold_id = gateway("legal-hold", "add", "all", "--reason", "a dispute", "--config", config).out.strip()
    assert told(config, "retention", "show")[0] == {
        "name": "inbound", "days": 2557, "there": 1, "held": 1, "due": 0, "due_bytes": 0, "by": "retention run",
    }  # fmt: skip
    assert told(config, "retention", "run", "--yes")["removed"] == {"inbound": 0, "outbound": 0}
    assert [one["id"] for one in told(config, "legal-hold", "list")] == [hold_id]
    assert gateway("legal-hold", "lift", hold_id, "--reason", "settled", "--config", config).code == 0
    assert told(config, "legal-hold", "list") == [] and len(told(config, "legal-hold", "list", "--all")) == 1
    for preview in (("retention", "run"), ("retention", "run", "--dry-run")):
        found = told(config, *preview)
        assert found["removed"] == {} and found["classes"][0]["due"] == 1
    assert "inbound" in gateway("retention", "run", "--config", config).out
    removed = told(config, "retention", "run", "--yes", "--user", "ann")["removed"]
    assert removed["inbound"] == 1 and removed["outbound"] > 0
    assert told(config, "retention", "show")[0]["there"] == 0
    gone = told(config, "sent", "list", "--kind", "999")[0]
    assert gone["state"] == "removed" and gateway("resend", gone["id"], "--config", config).code == 65


def test_a_retention_below_six_years_is_refused(config: Path) -> None:
    """What the law asks for at least is no setting."""
    beginning.change(config, **{"retention.inbound_days": "365"})
    said = gateway("retention", "show", "--config", config)
    assert said.code == 78 and "inbound_days" in said.sentence


def test_a_secret_key_others_may_read_is_refused(config: Path) -> None:
    """A file of the setting pgp.secrets that is not its owner's alone is 78, by name."""
    key = config.parent / "ours.asc"
    key.write_text("-----BEGIN PGP PRIVATE KEY BLOCK-----")
    key.chmod(0o644)
    beginning.change(config, **{"pgp.secrets": '["ours.asc"]'})
    said = gateway("status", "--config", config)
    assert said.code == 78 and "ours.asc" in said.sentence and "chmod 600" in said.sentence


def test_outbox_rows_are_told_without_their_bytes(config: Path) -> None:
    """No list carries keys or bodies."""
    send(config, "a.837", CLAIMS)
    for row in told(config, "sent", "list"):
        assert not {outbox.c.key.name, outbox.c.body.name, outbox.c.wrapped.name} & set(row)


def test_tables_show_what_was_written(config: Path) -> None:
    """A cell that looks like markup or a picture's name is shown as it is, and is no fault."""
    reason = "as he wrote: A[/B] [red]C :warning:"
    assert gateway("legal-hold", "add", "all", "--reason", reason, "--config", config).code == 0
    said = gateway("legal-hold", "list", "--config", config)
    assert said.code == 0 and reason in said.out


def test_what_is_done_is_told_as_json(config: Path, tmp_path: Path) -> None:
    """Keys, holds, bans and resends: with --json stdout is one document that says what was done, and nothing else."""
    send(config, "a.837", CLAIMS)
    (row,) = told(config, "sent", "list", "--kind", "999")
    assert told(config, "resend", row["id"])["sha256"] == row["sha256"]
    added = told(config, "legal-hold", "add", "all", "--reason", "a dispute")
    assert told(config, "legal-hold", "lift", added["id"], "--reason", "settled") == {"id": added["id"]}
    beginning.key_pair(tmp_path / "id")
    key = told(config, "partner", "key", "add", "clearpath", tmp_path / "id.pub")
    assert (key["partner"], key["state"]) == ("clearpath", "good")
    closed = told(config, "partner", "key", "revoke", "clearpath", key["fingerprint"])
    assert closed == {"partner": "clearpath", "fingerprint": key["fingerprint"], "preview": False, "keys_left": 0}
    turned = told(config, "key", "rotate")
    assert (turned["newest"], turned["made"], turned["retirable"]) == (2, True, [1]) and turned["rows"]
    assert told(config, "key", "retire", "1")["master"] == 1
    (tmp_path / "phrase").write_text("four words of a phrase")
    phrase = ("--passphrase-file", tmp_path / "phrase")
    assert told(config, "key", "backup", tmp_path / "keys", *phrase)["masters"] == [2]
    assert told(config, "key", "restore", tmp_path / "keys", *phrase) == {"restored": []}
    old = told(config, "key", "host", "list")[0]["file"]
    told(config, "key", "host", "add")
    assert told(config, "key", "host", "retire", old) == {"file": old}
    context = open_context(load(config))
    with context.store.write("ban") as connection:
        bans.put(connection, [bans.Banned("192.0.2.7", context.now_us + 60_000_000, 1)])
    context.store.close()
    assert told(config, "door", "unban", "192.0.2.7") == {"address": "192.0.2.7"}
