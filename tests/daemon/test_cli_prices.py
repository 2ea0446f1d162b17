"""provider, fees and network load as an operator types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_cli import LOADED, gateway, installed, work

from gateway.flow.opening import open_context
from gateway.settings import load, shipped
from tests.flow.world import drop_into, golden

HEAD = "npi,code,allowed,per,effective_from,effective_to\n"
LAKESIDE = "1234567893"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """An installation that has decided the golden claims, without what was paid before."""
    made = installed(tmp_path / "site", "2026-04-06", *LOADED, "sponsors/sample.toml")
    for partner, name in (("bluebonnet", "in.834"), ("clearpath", "in.837p")):
        drop_into(open_context(load(made)), partner, name, golden(name))
        work(made)
    return made


def test_fees_are_previewed_then_loaded(config: Path, tmp_path: Path) -> None:
    """--preview tells the paid claim and the dollars and stores nothing; the load tells the same; again nothing."""
    file = tmp_path / "new.csv"
    file.write_text(f"{HEAD}{LAKESIDE},99214,120.00,line,2026-03-16,\n")
    told = []
    for extra in (("--preview",), (), ()):
        said = gateway("fees", "load", file, *extra, "--json", "--user", "ann", "--config", config)
        assert said.code == 0, said.err
        data = json.loads(said.out)
        told.append((data["stored"], data["files"][0]["new"], data["affected"].get("claims", 0)))
    assert told == [(False, 1, 1), (True, 1, 1), (True, 0, 0)]
    file.write_text(f"{HEAD}{LAKESIDE},99214,119.00,line,2026-03-16,\n")
    said = gateway("fees", "load", file, "--preview", "--config", config)
    assert "would change the price of 1 paid claims, by -1.00 allowed" in said.out and "nothing is stored" in said.out
    assert "26096000001" in said.out


def test_samples_load_and_strangers_are_refused(config: Path, tmp_path: Path) -> None:
    """The shipped contract, memberships and providers load under their commands; other kinds are 65 with a sentence."""
    networks = (shipped() / "networks" / "summit.toml", shipped() / "networks" / "members.csv")
    for args in (("network", *networks), ("provider", shipped() / "providers" / "sample.toml")):
        said = gateway(args[0], "load", *args[1:], "--json", "--config", config)
        assert said.code == 0, said.err
        assert "claims" not in json.loads(said.out)["affected"]
    refused = gateway("fees", "load", networks[0], "--config", config)
    assert refused.code == 65 and "it holds network rows" in refused.sentence
    bad = tmp_path / "bad.toml"
    bad.write_text('network = "N"\nfirst = 2026-01-01\n[[terms]]\nname = "x"\nmethod = "flat"\n')
    wrong = gateway("network", "load", bad, "--preview", "--config", config)
    assert wrong.code == 65 and "terms[1] x: amount: missing" in wrong.sentence
