"""plan check, try and diff as an operator meets them: without an installation, in words and in JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_cli import GOLDEN, gateway

from gateway.settings import shipped

BLUEBONNET = shipped() / "plans" / "bluebonnet-ppo.toml"
LAKELINE = shipped() / "plans" / "lakeline-ppo.toml"
ON_FILE = ("--providers", shipped() / "providers" / "sample.toml", "--fees", GOLDEN / "fees.csv")


def tried(*options: object, plan: Path = BLUEBONNET) -> list[tuple[str, int, int]]:
    """Outcome, paid and patient's cents of each golden claim that `plan try` decides."""
    said = gateway("plan", "try", plan, GOLDEN / "in.837p", *options, "--json")
    assert said.code == 0, said.err
    return [(each["outcome"], each["paid_cents"], each["patient_cents"]) for each in json.loads(said.out)["claims"]]


@pytest.mark.parametrize(
    ("pcn", "supposed", "decided"),
    [
        # C1 and its duplicate C3; C2 after coverage; C4 with 300.00 met; C5 where the family has 1,025.00 met;
        # C6 with everything met; C7 as if H1 never was; C8 after C5 (domain 10.3)
        ("LFC-5001", (), [("paid", 95_00, 55_00), ("denied", 0, 0)]),
        ("LFC-5002", ("--covered-until", "2026-02-28"), [("denied", 0, 150_00)]),
        ("LFC-5004", ("--deductible", "300", "--oop", "300"), [("paid", 561_06, 840_27)]),
        ("MOG-9001", ("--authorised", "--family-deductible", "1,025"), [("paid", 9_000_00, 3_000_00)]),
        ("HIL-3001", ("--deductible", "1000", "--oop", "1000"), [("paid", 120_00, 0)]),
        ("HIL-2001", ("--family-deductible", "1000"), [("paid", 160_00, 1_040_00)]),
        ("MOG-9002", ("--authorised", "--deductible", "975", "--oop", "3000"), [("paid", 18_000_00, 0)]),
    ],
)
def test_try_gives_the_golden_cents(pcn: str, supposed: tuple[str, ...], decided: list[tuple[str, int, int]]) -> None:
    """Each golden claim, tried with what its patient had met before, comes to what the scenario says."""
    assert tried("--pcn", pcn, *ON_FILE, *supposed) == decided


def test_claims_of_a_file_follow_each_other() -> None:
    """Bianca's two claims in one trial: the second sees that the first met the maximum."""
    pcns = ("--pcn", "MOG-9001", "--pcn", "MOG-9002")
    found = tried(*pcns, *ON_FILE, "--authorised", "--family-deductible", "1025")
    assert found == [("paid", 9_000_00, 3_000_00), ("paid", 18_000_00, 0)]


def test_try_without_fees_or_providers() -> None:
    """The charge is the price and providers are in network: 240.00 less copay 30.00 and the deductible's 60.00; out of
    network Lakeline takes its larger deductible first; with the maximum met nobody owes anything."""
    assert tried("--pcn", "LFC-5001")[0] == ("paid", 150_00, 90_00)
    assert tried("--pcn", "LFC-5001", "--network", "out", plan=LAKELINE)[0] == ("paid", 0, 240_00)
    met = ("--oop", "10600", "--tier", "FAM")
    assert tried("--pcn", "LFC-5001", *met, plan=LAKELINE)[0] == ("paid", 240_00, 0)


def test_try_says_why() -> None:
    """In words every amount has its provision and source."""
    said = gateway("plan", "try", BLUEBONNET, GOLDEN / "in.837p", "--pcn", "LFC-5001", *ON_FILE)
    assert "copay: Copay 30.00. [BT-PPO-2026 v1 benefit office visit]" in said.out
    assert "[fee 99214 125.00 per line from 2026-01-01]" in said.out
    assert said.out.endswith("In all the plan would pay 95.00.\n")


@pytest.mark.parametrize(
    ("claims", "options", "code", "sentence"),
    [
        ("golden/in.837p", ("--pcn", "NOBODY"), 64, "no claim NOBODY"),
        ("golden/in.834", (), 65, "no claims in it"),
        ("golden/fees.csv", (), 65, "no claims in it"),
        ("golden/in.837p", ("--fees", BLUEBONNET), 65, "it holds no fees"),
        ("golden/in.837p", ("--providers", GOLDEN / "fees.csv"), 65, "it holds no providers"),
    ],
)
def test_what_cannot_be_tried(claims: str, options: tuple[object, ...], code: int, sentence: str) -> None:
    """A file without claims, or of the wrong kind, is one sentence and an exit code."""
    said = gateway("plan", "try", BLUEBONNET, shipped() / claims, *options)
    assert (said.code, sentence in said.sentence) == (code, True)


def test_a_damaged_file_is_not_tried(tmp_path: Path) -> None:
    """A set that would be rejected is not decided on in part."""
    damaged = tmp_path / "claims.x12"
    damaged.write_text((GOLDEN / "in.837p").read_text().replace("CLM*LFC-5001*240*", "CLM*LFC-5001**", 1))
    said = gateway("plan", "try", BLUEBONNET, damaged)
    assert (said.code, "gateway check says why" in said.sentence) == (65, True)


def test_check_prints_the_plan_and_finds_nothing() -> None:
    """A good document is printed, exit 0; the JSON has the same sentences by section."""
    said = gateway("plan", "check", BLUEBONNET)
    assert (said.code, said.err) == (0, "")
    found = json.loads(gateway("plan", "check", BLUEBONNET, "--json").out)
    assert (found["accepted"], found["problems"]) == (True, [])
    assert "\n".join(each["text"] for each in found["sections"]) + "\n" == said.out


def test_check_tells_contradictions(tmp_path: Path) -> None:
    """A contradiction is told beside the sentences, exit 65; so is what is no plan document."""
    wrong = tmp_path / "plan.toml"
    wrong.write_text(BLUEBONNET.read_text().replace("individual = 1000", "individual = 4000"))
    said = gateway("plan", "check", wrong)
    assert said.code == 65
    assert "Office visit" in said.out
    assert "contradiction: in_network: the deductible is above the out-of-pocket maximum" in said.err
    wrong.write_text("first = 1")
    said = gateway("plan", "check", wrong, "--json")
    assert (said.code, json.loads(said.out)["accepted"]) == (65, False)
    wrong.write_bytes(b"\xff")
    assert gateway("plan", "check", wrong).code == 65


def test_diff_in_words(tmp_path: Path) -> None:
    """A changed copay is told as it was and is; a document does not differ from itself."""
    later = tmp_path / "later.toml"
    later.write_text(BLUEBONNET.read_text().replace("copay = 30", "copay = 40"))
    (found,) = json.loads(gateway("plan", "diff", BLUEBONNET, later, "--json").out)
    assert found["section"] == "benefit office visit"
    said = gateway("plan", "diff", BLUEBONNET, later)
    assert "was: Office visit (codes 99202-99215): copay $30.00 a visit" in said.out
    assert "now: Office visit (codes 99202-99215): copay $40.00 a visit" in said.out
    assert gateway("plan", "diff", later, later).out == "The two say the same.\n"
    assert gateway("plan", "diff", BLUEBONNET, GOLDEN / "fees.csv").code == 65
