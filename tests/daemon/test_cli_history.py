"""`gateway claim`, `reprocess` and `appeal` as the people at the desk type them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.daemon.test_cli import gateway, work
from tests.daemon.test_cli_desk import decided, said
from tests.flow.bills import billed, claims_file, correction
from tests.flow.world import drop_into, golden
from tests.plan.plan_cases import C1 as VISIT

C1, C3 = "26096000001", "26096000003"
DEARER = """provider,npi,code,allowed,per,effective_from,effective_to
Lakeside,1234567893,99214,135.00,line,2026-01-01,
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """An installation in which the golden claims are decided."""
    return decided(tmp_path / "site", golden("in.837p"))


def test_a_price_of_the_past(site: Path, tmp_path: Path) -> None:
    """A dearer contract: the look shows 10.00 more for the one visit and does nothing; --yes asks for a reason, then
    does it; the second time nothing changes; list, versions and explain tell what happened."""
    prices = tmp_path / "dearer.csv"
    prices.write_text(DEARER)
    assert gateway("load", prices, "--config", site).code == 0
    asked = ("reprocess", "claims", "--code", "99214", "--because", "rate", "--user", "ann")
    (look,) = said(site, *asked)["looks"]
    assert (look["looked"], look["more_cents"], look["back_cents"]) == (2, 10_00, 0)
    changed = [each for each in look["claims"] if each["outcome"] == "changed"]
    assert [(each["icn"], each["before_paid_cents"], each["paid_cents"]) for each in changed] == [(C1, 95_00, 105_00)]
    shown = gateway(*asked, "--config", site).out
    assert "plan pays 10.00 more, takes back 0.00" in shown and "--yes does it" in shown
    assert "--yes needs --why" in gateway(*asked, "--yes", "--config", site).sentence
    (done,) = said(site, *asked, "--yes", "--why", "the contract")["asked"]
    assert (done["number"], done["people"]) == (1, 1)
    work(site)
    assert said(site, *asked, "--yes", "--why", "the contract")["asked"] == []
    (listed,) = said(site, "reprocess", "list")
    assert (listed["state"], listed["asked"]["why"]) == ("done", "the contract")
    versions = said(site, "claim", "versions", C1)["versions"]
    assert [(one["outcome"], one["paid_cents"], one["status"]) for one in versions] == [
        ("paid", 95_00, "1"), ("reversal", -95_00, "22"), ("paid", 105_00, "1"),
    ]  # fmt: skip
    assert "Takes back version 1 for reprocess 1." in gateway("explain", C1, "--config", site).out
    assert "reprocess 1" in gateway("claim", "versions", C1, "--config", site).out


def test_the_chain_of_a_replacement(site: Path) -> None:
    """A visit sent again: one chain of three versions, whichever of the two claims is asked for."""
    context = work(site)
    drop_into(context, "clearpath", "again.837", claims_file(302, correction(billed(VISIT, VISIT.lines[0]), "7", C1)))
    work(site)
    (again,) = {one["icn"] for one in said(site, "claim", "versions", C1)["versions"]} - {C1}
    for icn in (C1, again):
        chain = said(site, "claim", "versions", icn)
        assert (chain["icns"], chain["in_force"]) == ([C1, again], again)
        assert [(one["icn"], one["outcome"], one["cause"].split(" in ")[0]) for one in chain["versions"]] == [
            (C1, "paid", "received"), (C1, "reversal", f"claim {again}"), (again, "paid", "replacement"),
        ]  # fmt: skip


def test_a_claim_is_taken_back_and_its_copy_is_affected(site: Path) -> None:
    """C3 was denied as a copy of C1. C1 voided, C3 is affected: the command names how to decide it again."""
    assert said(site, "claim", "affected", C1)["outcomes"].get("changed") is None
    void = ("claim", "void", C1, "--user", "ann")
    assert said(site, *void)["look"]["back_cents"] == 95_00
    assert said(site, *void, "--yes", "--why", "billed in error")["asked"][0]["claims"] == {"": 1}
    work(site)
    assert gateway(*void, "--config", site).code == 64
    shown = gateway("claim", "affected", C1, "--config", site).out
    assert f"gateway reprocess claims --claim {C3}" in shown
    (waits,) = [one for one in said(site, "hold", "list") if one["kind"] == "review"]
    (look,) = said(site, "reprocess", "claims", "--hold", waits["id"])["looks"]
    assert (look["outcomes"], look["more_cents"]) == ({"changed": 1}, 95_00)


def test_an_appeal(site: Path) -> None:
    """Opened, noted, listed, looked at, overturned by another person: paid; upheld asks for no edits; once decided it
    is not open."""
    said(site, "appeal", "open", C3, "two visits", "--by", "provider", "--user", "ann")
    assert "noted" in gateway("appeal", "note", C3, "we looked", "--user", "ann", "--config", site).out
    assert C3 in gateway("appeal", "list", "--config", site).out
    turn = ("appeal", "decide", C3, "overturned", "--edit", "duplicate", "--user", "ben")
    assert said(site, *turn)["look"]["more_cents"] > 0
    assert gateway("appeal", "decide", C3, "upheld", "--edit", "duplicate", "--config", site).code == 64
    done = said(site, *turn, "--yes", "--why", "two visits")
    assert (done["appeal"]["state"], done["asked"]["number"]) == ("overturned", 1)
    work(site)
    assert said(site, "appeal", "list") == []
    assert said(site, "appeal", "list", "--all")[0]["decided_by"] == "ben"
    assert said(site, "claim", "versions", C3)["versions"][-1]["paid_cents"] > 0
    assert "no appeal" in gateway(*turn, "--config", site).sentence


def test_what_is_refused(site: Path) -> None:
    """A reprocess of everything, of a hold that names no claims, of a number nobody gave: one sentence, code 64."""
    for args, words in (
        (("reprocess", "claims"), "say which claims"),
        (("reprocess", "claims", "--later"), "say which claims"),
        (("reprocess", "claims", "--hold", "X"), "names decided claims"),
        (("reprocess", "approve", "7"), "no reprocess 7"),
        (("reprocess", "withdraw", "7"), "no reprocess 7"),
        (("claim", "versions", "X"), "no claim X"),
        (("claim", "affected", "X"), "no claim X"),
        (("claim", "void", "X"), "not decided"),
        (("appeal", "note", C3, "so"), "no appeal"),
    ):
        found = gateway(*args, "--config", site)
        assert (found.code, words in found.sentence) == (64, True), (args, found.sentence)
    assert "No decided claim is meant" in gateway("reprocess", "claims", "--code", "00000", "--config", site).out
