"""`gateway pend` and `gateway auth` as the people at the desk type them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.store.schema import audit, claim, pend_event
from tests.daemon.test_cli import LOADED, gateway, installed, work
from tests.flow.desk_world import C3, near_duplicate
from tests.flow.world import drop_into, golden

C6 = "26096000006"
"""Eli's claim: a broken wrist, and nobody has answered how."""

SITE = (*LOADED, "sponsors/sample.toml")


def decided(folder: Path, claims: bytes) -> Path:
    """An installation with the golden people in which these claims were decided; nothing was taken over."""
    config = installed(folder, "2026-04-06", *SITE)
    context = work(config)
    drop_into(context, "bluebonnet", "enrol.834", golden("in.834"))
    work(config)
    drop_into(context, "clearpath", "claims.837", claims)
    work(config)
    return config


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """An installation in which C3 waits in DUP."""
    return decided(tmp_path / "site", near_duplicate())


def said(site: Path, *args: object) -> Any:
    """What a command answers as JSON."""
    found = gateway(*args, "--json", "--config", site)
    assert found.code == 0, found.err
    return json.loads(found.out)


def test_a_day_at_the_desk(site: Path) -> None:
    """List, take, note, request, answer, show, a look at a denial, the denial: each says what it did, and a look did
    nothing."""
    (one,) = said(site, "pend", "list", "--queue", "DUP")
    assert (one["icn"], one["due"], one["owner"], one["charge_cents"]) == (C3, "2026-05-06", "", 241_00)
    assert said(site, "pend", "take", C3, "--user", "ann")["said"] == "ann looks after the claim"
    assert said(site, "pend", "note", C3, "called them", "--user", "ann")["said"] == "noted"
    assert "2026-05-21" in said(site, "pend", "request", C3, "The notes.", "--user", "ann")["said"]
    assert "asked, until 2026-05-21" in gateway("pend", "list", "--owner", "ANN", "--config", site).out
    assert "2026-05-06" in said(site, "pend", "answer", C3, "They came.", "--user", "ann")["said"]
    page = site.parent / "letter.pdf"
    shown = gateway("pend", "show", C3, "--letter", page, "--config", site)
    assert "DUP" in shown.out and "called them" in shown.out and "ann" in shown.out
    assert page.read_bytes().startswith(b"%PDF")
    data = said(site, "pend", "show", C3)
    assert [each["act"] for each in data["acts"]] == ["take", "note", "request", "answer"]
    assert data["release"]["outcome"] == "paid"
    denial = ("pend", "deny", C3, "--code", "oa-18", "--user", "ann")
    look = said(site, *denial)
    assert (look["done"], look["outlook"]["outcomes"], look["outlook"]["paid_cents"]) == (None, {"denied": 1}, 0)
    assert "--yes does it" in gateway(*denial, "--config", site).out
    assert gateway(*denial, "--yes", "--config", site).code == 64  # why?
    done = said(site, *denial, "--yes", "--why", "one visit")
    assert done["done"] == {"the claim is denied": 1}
    context = work(site)
    with context.store.read() as connection:
        (row,) = connection.execute(claim.select().where(claim.c.icn == C3))
        assert (row.state, row.denied) == ("decided", 1)
        told = connection.execute(audit.select().where(audit.c.entity == f"claim {C3}")).all()
        assert len(told) == len(connection.execute(pend_event.select()).all()) == 5
    assert said(site, "pend", "list", "--queue", "DUP") == []


def test_how_many_need_a_person(site: Path) -> None:
    """Of the seven claims decided two fell out, into ACC and DUP: 71.43 % needed nobody, as the status says, too."""
    causes = [{"queue": queue, "claims": 1, "waiting": 1} for queue in ("ACC", "DUP")]
    assert said(site, "pend", "figures")["automatic_rate"] == 71_43
    assert said(site, "status")["desk"]["causes"] == causes
    assert "71.43 %" in gateway("pend", "figures", "--since", "2026-04-01", "--config", site).out
    assert "71.43 % of 7 decided without a person; fell out: ACC 1 (1 wait)" in gateway("status", "--config", site).out


def test_one_act_on_many(site: Path) -> None:
    """Bulk asks which claims are meant, shows what their release comes to, and releases them."""
    assert "say which claims" in gateway("pend", "bulk", "release", "--config", site).sentence
    look = said(site, "pend", "bulk", "release", "--queue", "DUP")
    assert (look["outlook"]["count"], look["outlook"]["charge_cents"]) == (1, 241_00)
    assert said(site, "pend", "bulk", "release", "--queue", "PRC")["outlook"]["count"] == 0
    give = ("pend", "bulk", "take", "--queue", "DUP", "--for", "Ben", "--user", "ann")
    assert (said(site, *give)["done"], said(site, "pend", "list", "--owner", "ben")) == (None, [])
    assert said(site, *give, "--yes")["done"] == {"ben looks after the claim": 1}
    assert [one["icn"] for one in said(site, "pend", "list", "--owner", "ben")] == [C3]
    done = said(site, "pend", "bulk", "release", "--queue", "DUP", "--yes", "--why", "two visits", "--user", "ann")
    assert done["done"] == {"the claim is decided again": 1}
    work(site)
    assert [one["icn"] for one in said(site, "pend", "list")] == [C6]


REFUSED = (
    (("release", "X"), "does not wait"),
    (("deny", C3), "--code GROUP-CARC"),
    (("deny", C3, "--code", "18"), "--code GROUP-CARC"),
    (("deny", C3, "--code", "CO-18"), "may not stand under CO"),
    (("override", C3, "sums"), "no edit sums"),
    (("answer", C3, "it came"), "nobody was asked"),
    (("show", C3, "--letter", "letter.pdf"), "no letter was written"),
)
"""What is typed, and what the sentence says."""


def test_what_is_refused(site: Path) -> None:
    """What cannot be done is one sentence and exit code 64, and changes nothing."""
    for args, sentence in REFUSED:
        found = gateway("pend", *args, "--user", "ann", "--config", site)
        assert (found.code, sentence in found.sentence) == (64, True), args
    assert said(site, "pend", "show", C3)["acts"] == []


def test_answers_about_accidents_are_looked_at_and_loaded(site: Path, tmp_path: Path) -> None:
    """A file is shown first and stored with --yes, which decides what waited for it; a faulty one is exit code 65."""
    file = tmp_path / "answers.csv"
    line = "kind,sponsor,person,first,last,work,third_party\naccident,bluebonnet,SBA100002,2026-03-01,,no,no\n"
    file.write_text(line)
    assert gateway("auth", "load", file, "--yes", "--config", site).code == 65  # Dana and Eli have that number
    file.write_text(line.replace("SBA100002", "M05"))
    look = gateway("auth", "load", file, "--config", site)
    assert "1 new" in look.out and f"{C6}: would be decided again" in look.out and "--yes does it" in look.out
    assert said(site, "auth", "load", file, "--yes", "--user", "ann")["waiting"] == [C6]
    work(site)
    assert said(site, "pend", "list", "--queue", "ACC") == []
    assert said(site, "auth", "load", file, "--yes", "--user", "ann")["unchanged"] == 1
