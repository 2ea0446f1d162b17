"""`gateway doctor`: what is well is said, what is not fails by its own code, and what cannot be asked says nothing."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update
from test_cli import gateway

from gateway.demo import Demo
from gateway.flow import beginning, doctor, machine
from gateway.flow.opening import open_context
from gateway.settings import Settings, load, shipped
from gateway.store import outbox
from gateway.store.engine import Store
from gateway.store.schema import audit
from gateway.store.schema import outbox as outbox_table


def examined(config: Path) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """Exit code, and check -> what it said."""
    said = gateway("doctor", "--json", "--config", config)
    found: dict[str, list[dict[str, Any]]] = {}
    for check in json.loads(said.out):
        found.setdefault(check["name"], []).append(check)
    assert said.err == ""
    return said.code, found


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The settings file of an installation on free ports that has sealed something."""
    assert gateway("config", "init", tmp_path / "site").code == 0
    made = tmp_path / "site" / "gateway.toml"
    beginning.change(made, **{"sftp.port": "0", "http.port": "0"})
    assert gateway("migrate", "--config", made).code == 0
    context = open_context(load(made))
    with context.store.write("post") as connection:
        parcel = outbox.Parcel(partner="clearpath", kind="999", name="a", body=b"a")
        outbox.post(connection, context.keys, 1, "2026-04-01", parcel)
    context.store.close()
    return made


def test_a_fresh_installation_is_fit(site: Path) -> None:
    """Nothing fails; what would be wrong in production is warned of; what cannot be asked is not said."""
    code, found = examined(site)
    assert code == 0 and "algorithms" not in found
    said = {check["name"]: check["state"] for name in found for check in found[name]}
    assert {said[name] for name in ("state folder", "key files", "database", "migrations", "sealed rows", "ports")} == {
        "ok"
    }
    assert (said["keys apart"], said["workers"]) == ("warn", "warn")
    people = gateway("doctor", "--config", site)
    assert people.code == 0 and "sealed rows" in people.out


def test_keys_that_end_soon_are_warned_of(site: Path, tmp_path: Path) -> None:
    """A partner whose last key ends within two weeks is named; with a longer key beside it, it is not."""
    administrator = [shipped() / name for name in ("administrator.toml", "partners/sample.toml")]
    assert gateway("load", *administrator, "--config", site).code == 0
    for name, until, state in (("short", date.today() + timedelta(days=3), "warn"), ("long", date(2999, 1, 1), "ok")):
        beginning.key_pair(tmp_path / name)
        days = ("--until", until, "--config", site)
        assert gateway("partner", "key", "add", "clearpath", tmp_path / f"{name}.pub", *days).code == 0
        (said,) = examined(site)[1]["partners' keys"]
        assert (said["state"], "clearpath" in said["said"]) == (state, state == "warn")


def _spoil_newest(site: Path, _: ExitStack) -> None:
    store = Store(load(site).database_url)
    with store.write("spoil") as connection:
        connection.execute(update(outbox_table).values(body=os.urandom(40)))
    store.close()


def _no_schema(site: Path, _: ExitStack) -> None:
    store = Store(load(site).database_url)
    with store.write("spoil") as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    store.close()


def _future(site: Path, _: ExitStack) -> None:
    context = open_context(load(site))
    with context.store.write("spoil") as connection:
        connection.execute(audit.insert().values(id="x", at_us=context.now_us + 3_600_000_000, actor="", action="",
                                                 entity="", detail=""))  # fmt: skip
    context.store.close()


def _taken(site: Path, until: ExitStack) -> None:
    other = until.enter_context(socket.create_server(("127.0.0.1", 0)))
    beginning.change(site, **{"sftp.port": str(other.getsockname()[1])})


TROUBLES: dict[str, tuple[Callable[[Path, ExitStack], object], str, int]] = {
    "readable folder": (lambda site, _: site.parent.chmod(0o755), "state folder", 77),
    "readable master": (lambda site, _: (site.parent / "keys" / "master-1").chmod(0o644), "key files", 77),
    "readable host key": (lambda site, _: (site.parent / "host_ed25519").chmod(0o640), "key files", 77),
    "no token": (lambda site, _: (site.parent / "http-token").unlink(), "key files", 77),
    "broken host key": (lambda site, _: (site.parent / "host_ed25519").write_text("x"), "host keys", 78),
    "no database": (
        lambda site, _: beginning.change(site, **{"database.url": '"sqlite:////proc/none/x.db"'}),
        "database",
        69,
    ),
    "no schema": (_no_schema, "migrations", 78),
    "other usage": (lambda site, _: beginning.change(site, usage='"P"'), "migrations", 78),
    "no master": (lambda site, _: (site.parent / "keys" / "master-1").unlink(), "sealed rows", 78),
    "spoiled row": (_spoil_newest, "sealed rows", 78),
    "clock set back": (_future, "clock", 78),
    "taken port": (_taken, "ports", 69),
}
"""What is done to an installation, the check that finds it, and the code."""


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_trouble_is_found_by_its_check(site: Path, trouble: str) -> None:
    """Each trouble fails its check, with a sentence and the check's exit code, and nothing else breaks off."""
    do, name, code = TROUBLES[trouble]
    with ExitStack() as until:
        do(site, until)
        found_code, found = examined(site)
    failed = [check for check in found[name] if check["state"] == "fail"]
    assert failed and failed[0]["said"], found
    assert code == failed[0]["exit_code"]
    assert found_code == next(
        check["exit_code"] for checks in found.values() for check in checks if check["state"] == "fail"
    )
    assert "ports" in found and "key files" in found


def test_a_running_daemon_is_looked_at(tmp_path: Path) -> None:
    """Of a real daemon: its ports answer, its workers live, its door offers strong algorithms only."""
    demo = Demo(tmp_path / "state", "golden", lambda _: None)
    demo.prepare(fresh=False, resume=False, sftp_port=0, http_port=0)
    with demo.running():
        code, found = examined(demo.config)
    assert code == 0
    said = {name: [check["said"] for check in found[name]] for name in ("ports", "workers", "algorithms")}
    assert all("our daemon listens" in one for one in said["ports"]) and len(said["ports"]) == 2
    assert "live" in said["workers"][0] and "aes256-ctr, hmac-sha2-512" in said["algorithms"][0]


def test_postgres_is_asked_whether_it_keeps_what_it_commits(store_url: str, tmp_path: Path) -> None:
    """The throw-away PostgreSQL of the tests runs without fsync, and is told; SQLite tells its log's size."""
    settings = Settings(folder=str(tmp_path), database=load_database(store_url))
    (durable,) = [check for check in doctor.examine(settings, tmp_path / "gateway.toml") if check.name == "durability"]
    expected = ("ok", "write-ahead log") if store_url.startswith("sqlite") else ("fail", "fsync = off")
    assert durable.state == expected[0] and expected[1] in durable.said


def load_database(url: str) -> Any:
    """The [database] section of a URL."""
    return type(Settings().database)(url=url)


def test_the_machine_answers() -> None:
    """Disk, clock, processes and addresses are read without rights, whatever the machine is."""
    assert machine.free_bytes(Path("/")) > 0
    assert machine.clock_synchronised() in (True, False, None) and isinstance(machine.encrypted(Path("/")), bool)
    assert machine.alive(os.getpid()) and not machine.alive(2**22 + 1)
    assert machine.reached_at("0.0.0.0") == "127.0.0.1" and machine.reached_at("10.1.2.3") == "10.1.2.3"
