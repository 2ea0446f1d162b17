"""`gateway pbm` as people type it: a look, the booking, the file back, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.flow.opening import open_context
from gateway.settings import load, shipped
from gateway.store.schema import claim, posting, receipt
from tests.daemon.test_cli import GOLDEN, LOADED, gateway, installed, work
from tests.daemon.test_cli_desk import said
from tests.flow.drug_files import SETTINGS, file_of, fill, shared_plan
from tests.flow.world import drop_into, golden

ROWS = (
    fill("A1", "ALAN", 80_00, deductible_cents=100_00), fill("A2", "BIANCA", 40_00), fill("A3", "NOBODY", 1_00),
    replace(fill("A2", "BIANCA", 40_00), reversal=True), fill("A4", "DANA", 0, deductible_cents=800_00),
)  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """An installation with its members and a drug manager."""
    config = installed(tmp_path / "site", "2026-04-06", *LOADED)
    taken_over = ("sponsor", "add", shipped() / "sponsors" / "sample.toml", "--takeover", GOLDEN / "takeover.json")
    assert gateway(*taken_over, "--config", config).code == 0
    drop_into(work(config), "bluebonnet", "enrol.834", golden("in.834"))
    work(config)
    assert gateway("partner", "add", SETTINGS[0], "--config", config).code == 0
    assert gateway("load", SETTINGS[1], "--config", config).code == 0
    return config


def rows_of(site: Path, *tables: object) -> list[object]:
    """Every row of some tables."""
    with open_context(load(site)).store.read() as connection:
        return [connection.execute(table.select()).all() for table in tables]  # type: ignore[attr-defined]


def test_a_look_then_the_booking_then_once_more(site: Path, tmp_path: Path) -> None:
    """A look says what would be booked, whom it touches and what would wait, and books nothing; --yes books just that;
    the same file again changes nothing."""
    file = tmp_path / "april.txt"
    file.write_bytes(file_of(*ROWS))
    before = rows_of(site, claim, receipt, posting)
    look = said(site, "pbm", "load", file)
    assert rows_of(site, claim, receipt, posting) == before
    told = {"claims": 5, "paid": 3, "paid_cents": 120_00, "reversed": 1, "reversed_cents": -40_00, "held": 1}
    assert {name: look[name] for name in told} == told
    assert (look["members"], look["receipt_no"]) == (3, 0)
    (held,) = look["findings"]
    assert (held["line"], held["queue"]) == (4, "MBR")
    assert "Load the enrolment" in held["needed"]
    words = gateway("pbm", "load", file, "--preview", "--config", site).out
    assert "3 paid, 120.00; 1 taken back, -40.00; 3 members; 1 wait" in words and "--yes does it" in words
    booked = said(site, "pbm", "load", file, "--yes", "--user", "ann")
    work(site)
    assert booked["receipt_no"] > 0
    claims = [row for row in rows_of(site, claim)[0] if row.partner == "riverrx"]  # type: ignore[attr-defined]
    assert [(row.state, row.paid_cents) for row in claims] == [
        ("decided", 80_00), ("voided", 0), ("pended", 0), ("void", 0), ("decided", 0)
    ]  # fmt: skip
    assert "Decided and paid by River Rx." in gateway("explain", claims[0].icn, "--config", site).out
    after = rows_of(site, claim, receipt, posting)
    again = said(site, "pbm", "load", file, "--yes")
    work(site)
    assert (again["received"], again["receipt_no"], again["known"]) == (booked["receipt_no"], booked["receipt_no"], 5)
    assert rows_of(site, claim, receipt, posting) == after


def test_what_is_refused(site: Path, tmp_path: Path) -> None:
    """Broken control totals are one sentence and exit code 65, an unknown manager 64; nothing is received."""
    file = tmp_path / "april.txt"
    file.write_bytes(file_of(*ROWS).replace(b"T,5", b"T,6"))
    found = gateway("pbm", "load", file, "--yes", "--config", site)
    assert (found.code, "the trailer tells 6 claims, the file has 5" in found.sentence) == (65, True)
    file.write_bytes(b"\xff\xfe")
    assert gateway("pbm", "load", file, "--config", site).code == 65
    assert gateway("pbm", "load", file, "--partner", "clearpath", "--config", site).code == 64
    assert all(row.partner != "riverrx" for row in rows_of(site, receipt)[0])  # type: ignore[attr-defined]


def test_the_file_back(site: Path, tmp_path: Path) -> None:
    """`accumulators` writes the day's file, once: the second time it is the same bytes, and its name tells nobody."""
    plan = tmp_path / "plan.toml"
    plan.write_text(shared_plan())
    assert gateway("load", plan, "--config", site).code == 0
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    told = said(site, "pbm", "accumulators", "--out", one)
    assert (told["people"], told["name"], told["made"]) == (3, "accumulators-20260406.txt", True)
    assert "made before" in gateway("pbm", "accumulators", "--out", two, "--config", site).out
    assert one.read_bytes() == two.read_bytes()
    assert one.read_text().splitlines()[-1] == "T|3|2300.00|2400.00"
