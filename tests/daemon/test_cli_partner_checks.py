"""`partner test` and `partner certify`: what would happen, and what a partner has shown by its own files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_cli import LOADED, gateway, installed, work

from gateway.flow import beginning, folders
from gateway.flow.context import Context
from gateway.settings import shipped
from tests.flow.world import drop_into


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The settings file of an installation with partners, plans and an employer."""
    return installed(tmp_path / "site", "2026-04-06", *LOADED, "sponsors/sample.toml")


def checks(site: Path, partner: str) -> tuple[int, dict[str, list[tuple[str, str]]]]:
    """Exit code, and check -> (state, sentence) of `partner test`."""
    said = gateway("partner", "test", partner, "--json", "--config", site)
    found: dict[str, list[tuple[str, str]]] = {}
    for one in json.loads(said.out):
        found.setdefault(one["name"], []).append((one["state"], one["said"]))
    return said.code, found


def test_a_partner_is_tested_without_sending_anything(site: Path, tmp_path: Path) -> None:
    """Without a key it fails; with one all is said: names, kinds of files, folders, names of answers."""
    code, found = checks(site, "clearpath")
    assert code == 78 and found["keys"] == [("fail", "no key opens for it now: it cannot log in")]
    beginning.key_pair(tmp_path / "id")
    assert gateway("partner", "key", "add", "clearpath", tmp_path / "id.pub", "--config", site).code == 0
    code, found = checks(site, "clearpath")
    assert code == 0
    assert "CLEARPATH" in found["names"][0][1] and found["roles"] == [("ok", "it may send GS01 HC, FA")]
    assert ("ok", "a 277CA is called like R000000012-1-1-1.277CA.x12") in found["files"]
    assert found["certified"][0][0] == "warn"
    assert gateway("partner", "test", "nobody", "--config", site).code == 78
    assert "keys" in gateway("partner", "test", "clearpath", "--config", site).out


def test_a_partner_without_sponsors_on_file_is_told(site: Path, tmp_path: Path) -> None:
    """A sender for nobody, and two partners of one name, are found."""
    file = tmp_path / "p.toml"
    row = '[[partner]]\nid = "new"\nfirst = 2026-01-01\nname = "N"\nisa_id = "CLEARPATH"\nroles = ["submitter"]\n'
    file.write_text(row + 'sponsors = ["nobody"]\n')
    assert gateway("partner", "add", file, "--config", site).code == 0
    _, found = checks(site, "new")
    assert ("warn", "sponsor nobody is not on file today; what names it waits for a person") in found["roles"]
    assert any(state == "warn" and "alike" in said for state, said in found["names"])


def fetch_all(context: Context, partner: str) -> None:
    """The partner reads everything it sees to its end."""
    for entry in folders.entries(context, partner, "outbound"):
        folders.read_done(context, partner, "outbound", entry.name)


def certified(site: Path, partner: str) -> tuple[int, dict[str, str]]:
    """Exit code, and test -> state of `partner certify`."""
    said = gateway("partner", "certify", partner, "--json", "--config", site)
    told: dict[str, Any] = json.loads(said.out)
    return said.code, {one["name"]: one["state"] for one in told["tests"]}


@pytest.mark.parametrize(("partner", "kinds"), [("bluebonnet", ""), ("clearpath", '["P", "I", "D"]')])
def test_the_sample_files_certify(site: Path, tmp_path: Path, partner: str, kinds: str) -> None:
    """Sent one after the other, each sample passes its test, and not before; fetching the answers passes the rest."""
    if kinds:
        text = (shipped() / "partners" / "sample.toml").read_text()
        file = tmp_path / "partners.toml"
        file.write_text(text.replace('roles = ["submitter", "payee"]', f'roles = ["submitter"]\nclaims = {kinds}'))
        assert gateway("partner", "add", file, "--config", site).code == 0
    folder = tmp_path / "samples"
    assert gateway("partner", "certify", partner, "--write", folder, "--config", site).code == 75
    code, shown = certified(site, partner)
    assert code == 75 and set(shown.values()) == {"missing"}
    samples = sorted(path for path in folder.iterdir() if path.name != "LIST.txt")
    assert (folder / "LIST.txt").read_text().count("\n") == len(shown)
    for path in samples:
        test = path.stem[3:].replace("-", " ")
        assert certified(site, partner)[1][test] == "missing"
        context = work(site)
        drop_into(context, partner, path.name, path.read_bytes())
        context = work(site)
        assert certified(site, partner)[1][test] == "passed"
        context.store.close()
    context = work(site)
    fetch_all(context, partner)
    code, shown = certified(site, partner)
    assert (code, set(shown.values())) == (0, {"passed"})
    assert "certified = DATE" in gateway("partner", "certify", partner, "--config", site).out


def test_production_takes_the_certified_only_if_told_so(site: Path, tmp_path: Path) -> None:
    """With certified_only a sending partner needs the day of its certificate, a bank does not; else nobody does."""
    file = tmp_path / "p.toml"
    row = '[[partner]]\nid = "new"\nfirst = 2026-01-01\nname = "N"\nisa_id = "NEW"\nroles = ["submitter"]\n'
    file.write_text(row)
    assert gateway("partner", "add", file, "--config", site).code == 0
    beginning.change(site, certified_only="true")
    said = gateway("partner", "add", file, "--config", site)
    assert said.code == 65 and "certified" in said.sentence
    for fit in (row + "certified = 2026-03-31\n", row.replace("submitter", "bank")):
        file.write_text(fit)
        assert gateway("partner", "add", file, "--config", site).code == 0
