"""The demo as a newcomer starts it: `gateway demo` spawns the daemon, speaks SFTP, and must not know the answers."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

GOLDEN = Path(__file__).parent.parent / "golden"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text())
PEOPLE = ("M01", "M02", "M03", "M04", "M05", "M06")
SENTENCE_S = 120


class Played(NamedTuple):
    """A demo that has ended: its state folder, what it printed, and what it said on the way."""

    state: Path
    result: dict[str, Any]
    said: str


def gateway(*args: str | Path) -> subprocess.CompletedProcess[str]:
    """A `gateway` command."""
    command = [sys.executable, "-m", "gateway", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=SENTENCE_S, check=False)


def demo(state: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """The golden demo on free ports, to its end."""
    return gateway("demo", "--state", state, "--scenario", "golden", "--port", "0", "--http-port", "0", "--exit", *more)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The golden demo, once."""
    state = tmp_path_factory.mktemp("demo") / "state"
    done = demo(state, "--json")
    assert done.returncode == 0, done.stderr
    return Played(state, json.loads(done.stdout), done.stderr)


def test_the_demo_prints_the_published_answers(played: Played) -> None:
    """Claims, accumulators, remittances, money, notices, books and acknowledgements, exactly."""
    payees = {name: text.split()[-1] for name, text in EXPECTED["payees"].items()}
    icn = {name: one["icn"] for name, one in EXPECTED["claims"].items()}
    paid = [
        (number, payees[name], EXPECTED["bpr"][name], EXPECTED["fb"][name]) for number, name in enumerate(payees, 1)
    ]
    assert played.result == {
        "sponsor": "bluebonnet",
        "business_date": EXPECTED["journal"][-1][0],
        "claims": [
            {"pcn": one["pcn"], "icn": one["icn"], "status": one["status"], "charge_cents": one["charge"],
             "paid_cents": one["paid"], "patient_cents": one["pr"]}
            for one in EXPECTED["claims"].values()
        ],
        "accumulators": [
            {"member": m, "deductible_cents": EXPECTED["ded"].get(m, 0), "oop_cents": EXPECTED["oop"].get(m, 0)}
            for m in PEOPLE
        ],
        "remittances": [
            {"payee_npi": npi, "bpr02_cents": cents, "method": "ACH" if cents else "NON",
             "trn02": f"{'EFT' if cents else 'RA'}0410{number:03}", "plb_cents": plb}
            for number, npi, cents, plb in paid
        ],
        "funding_request_cents": EXPECTED["funding_request"],
        "disbursed_cents": sum(EXPECTED["bpr"].values()),
        "notices": [{"kind": n[2], "member": n[1], "claim": icn[n[0]]} for n in EXPECTED["notices"]],
        "trial_balance": {account[:4]: cents for account, cents in EXPECTED["trial_balance"].items()},
        "acks": {"999": 2, "277CA": 1, "TA1": 0},
    }  # fmt: skip


FREE = {"ISA": (9, 10, 13), "GS": (4, 5, 6), "GE": (2,), "IEA": (2,), "ST": (2,), "SE": (1, 2), "BHT": (3, 4, 5)}
"""Elements that two legal renderings may differ in: dates and times of sending, control numbers, counts of segments."""

OPTIONAL = ("PER", "N3", "N4")
"""Segments that say how to reach somebody: a free choice."""


def compared(body: str) -> list[list[str]]:
    """A file's segments without what is free."""
    found = []
    for text in body.replace("\n", "").rstrip("~").split("~"):
        parts = text.split("*")
        for place in FREE.get(parts[0], ()):
            parts[place] = "?"
        if parts[:2] == ["TRN", "1"] and len(parts) == 3 and parts[2] != "0":
            parts[2] = "?"  # 2200A: our own number of the receipt
        if parts[0] not in OPTIONAL:
            found.append(parts)
    return found


@pytest.mark.parametrize(("expected", "pattern"), [("out.835", "*.835.x12"), ("out.277ca", "*.277CA.x12")])
def test_what_the_clearinghouse_fetched_is_what_was_published(played: Played, expected: str, pattern: str) -> None:
    """The 835 and the 277CA fetched over SFTP equal the published ones in everything that is not free."""
    (fetched,) = (played.state / "fetched" / "clearpath").glob(pattern)
    assert compared(fetched.read_text()) == compared((GOLDEN / expected).read_text())


def test_what_the_bank_fetched_pays_what_the_835_says(played: Played) -> None:
    """The NACHA file's addenda record of Metro is the published one, and its totals are what was disbursed."""
    (fetched,) = (played.state / "fetched" / "firstbank").glob("*.ach")
    lines = fetched.read_text().splitlines()
    assert {len(line) for line in lines} == {94}
    assert len(lines) % 10 == 0
    assert (GOLDEN / "ccd_addenda.txt").read_text().rstrip("\n") in lines
    control = next(line for line in lines if line.startswith("9"))
    assert int(control[43:55]) == sum(EXPECTED["bpr"].values())


def test_an_existing_state_is_kept_unless_told(played: Played) -> None:
    """A state folder that exists ends the demo with 73 and a sentence that names both ways on."""
    done = demo(played.state)
    assert done.returncode == 73
    assert done.stdout == ""
    (sentence,) = done.stderr.strip().splitlines()
    assert "--resume" in sentence and "--fresh" in sentence


def test_a_demo_that_has_ended_is_continued_without_change(played: Played) -> None:
    """--resume of a finished demo sends nothing twice and prints the same."""
    done = demo(played.state, "--resume", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == played.result


def test_a_state_is_continued_with_its_own_scenario(played: Played) -> None:
    """--resume of a golden state as a sample is refused with 64, and so is --fresh beside --resume."""
    for more in (("--scenario", "sample", "--resume"), ("--fresh", "--resume")):
        done = demo(played.state, *more)
        assert done.returncode == 64 and len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("way", [(), ("--fresh",), ("--resume",)], ids=["plain", "fresh", "resume"])
def test_what_a_demo_did_not_make_is_left_alone(tmp_path: Path, way: tuple[str, ...]) -> None:
    """A folder with somebody's files, and an installation a site began, are refused with 73 and stay as they are."""
    site, letters = tmp_path / "site", tmp_path / "letters"
    assert gateway("config", "init", site, "--usage", "P").returncode == 0
    letters.mkdir()
    (letters / "one.txt").write_text("mine")
    settings = (site / "gateway.toml").read_text()
    for folder in (site, letters, letters / "one.txt"):
        assert demo(folder, *way).returncode == 73
    assert (site / "gateway.toml").read_text() == settings
    assert (letters / "one.txt").read_text() == "mine"


def test_a_taken_port_leaves_nothing_behind(tmp_path: Path) -> None:
    """A port another program has is said before anything is made: 69, and the folder is still free."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = demo(tmp_path / "state", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 69
    assert not (tmp_path / "state").exists()


def test_the_business_date_never_goes_back(played: Played) -> None:
    """`gateway day advance` to a past day is refused with 77."""
    done = gateway("day", "advance", "2026-04-01", "--config", played.state / "gateway.toml")
    assert done.returncode == 77
    assert "never goes back" in done.stderr
