"""Laws of the way from an edit to its answer: which claims a 277CA rejects, for which lines, under whose weights."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest

from gateway.flow import loading
from gateway.plan.claims.door import Objection
from gateway.settings import shipped
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import hold
from mappings import enrolment
from parsers import check, guides
from parsers.edits import Editor, Terms
from parsers.envelope import EnvelopePolicy
from parsers.events import Unit
from tests.flow.world import LAKESIDE, METRO_C5, World, begun, changed, golden, only

PARTNERS = "partners/sample.toml"
CLEARPATH = 'roles = ["submitter", "payee"]\nsponsors = ["bluebonnet", "lakeline"]\n'
UNBALANCED = changed(only(golden("in.837p"), METRO_C5), ("MOG-9001*16500*", "MOG-9001*16501*"))


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation with its members."""
    return begun(store, keys, tmp_path, enrolled=True)


def settle(world: World, folder: Path, validation: str) -> None:
    """The clearinghouse's files are checked by other settings from now on."""
    text = (shipped() / PARTNERS).read_text()
    assert CLEARPATH in text
    file = folder / "partners.toml"
    file.write_text(text.replace(CLEARPATH, CLEARPATH + validation))
    loading.load(world.context, [file], "test")


def claim_level(world: World, pcn: str) -> list[str]:
    """STC, SVC and REF*FJ of one claim in the last 277CA."""
    segments = world.sent("277CA")[-1].decode().replace("\n", "").split("~")
    begin = segments.index(f"TRN*2*{pcn}")
    end = next((n for n in range(begin, len(segments)) if segments[n].startswith(("HL*", "SE*"))), len(segments))
    return [one for one in segments[begin:end] if one.startswith(("STC*", "SVC*", "REF*FJ*"))]


def findings(world: World, pcn: str) -> list[tuple[str, str, int]]:
    """Code, severity and line of what is kept with a claim."""
    (row,) = [row for row in world.claims() if row.pcn == pcn]
    kept = msgspec.json.decode(row.findings, type=tuple[Objection, ...])
    return [(one.finding.code, one.finding.severity, one.line) for one in kept]


def test_a_line_that_is_wrong_is_named_with_its_reason(world: World) -> None:
    """The claim is rejected with every status once, and 2220D names the line at fault and no other."""
    body = changed(only(golden("in.837p"), LAKESIDE, METRO_C5), ("96413*500*UN*1***1~", "96413*500*UN*0***9~"))
    world.send("clearpath", "claims.837", body)
    assert claim_level(world, "MOG-9001") == [
        "STC*A7:477*20260406*U*16500******A7:476", "SVC*HC:96413*500*****0", "STC*A7:477*20260406*U*******A7:476",
        "REF*FJ*C5L2",
    ]  # fmt: skip
    assert findings(world, "MOG-9001") == [("A7:477", "error", 2), ("A7:476", "error", 2)]
    assert [row.state for row in world.claims() if row.pcn == "MOG-9001"] == ["rejected"]
    assert claim_level(world, "LFC-5002")[0].startswith("STC*A2:20:PR*20260406*WQ")


def test_a_fault_of_the_claim_names_no_line(world: World) -> None:
    """Sums that differ are nobody's line."""
    world.send("clearpath", "claims.837", UNBALANCED)
    assert claim_level(world, "MOG-9001") == ["STC*A8:400*20260406*U*16501"]


@pytest.mark.parametrize(
    ("weight", "kept"), [("warning", [("A8:400", "warning", 0)]), ("off", [])], ids=["warning", "off"]
)
def test_what_is_no_error_rejects_nobody(
    world: World, tmp_path: Path, weight: str, kept: list[tuple[str, str, int]]
) -> None:
    """A type that warns keeps its findings with the claim, which is accepted; one that is off keeps none."""
    settle(world, tmp_path, f'[partner.validation]\ninbound = {{ snip3 = "{weight}" }}\n')
    world.send("clearpath", "claims.837", UNBALANCED)
    assert claim_level(world, "MOG-9001") == ["STC*A2:20:PR*20260406*WQ*16501"]
    assert findings(world, "MOG-9001") == kept


def test_a_partners_own_rule_answers_with_its_status(world: World, tmp_path: Path) -> None:
    """A rule of type 7 rejects this partner's claims, at the place and with the status it names."""
    rule = (
        '[[partner.validation.rules]]\nname = "drugs only"\nguides = ["005010X222A1"]\n'
        'at = "2400/SV101-2"\nmatches = "J[0-9]{4}"\n'
        'status = "A7:454"\nmessage = "This plan takes drugs only."\n'
    )
    settle(world, tmp_path, rule)
    world.send("clearpath", "claims.837", only(golden("in.837p"), METRO_C5))
    assert claim_level(world, "MOG-9001") == [
        "STC*A7:454*20260406*U*16500", "SVC*HC:96413*500*****1", "STC*A7:454*20260406*U", "REF*FJ*C5L2",
    ]  # fmt: skip


@pytest.mark.parametrize("wrong", ["QTY*ET*4", "QTY*DT*2", "QTY*TO*7", ""], ids=["ET", "DT", "TO", "right"])
def test_a_total_that_holds_an_enrolment_is_the_one_that_is_found(
    store: Store, keys: Keys, tmp_path: Path, wrong: str
) -> None:
    """834: a file is held for its totals exactly when the edits find one wrong."""
    world, body = World(store, keys, tmp_path), golden("in.834")
    if wrong:
        body = changed(body, ({"E": "QTY*ET*3", "D": "QTY*DT*3", "T": "QTY*TO*6"}[wrong[4]], wrong))
    units = [event for event in check(body, guides.load, EnvelopePolicy()) if isinstance(event, Unit)]
    editor = Editor(enrolment.GUIDE, Terms(today=date(2026, 4, 6)))
    found = [finding for unit in units for finding in editor.take(unit)] + list(editor.close())
    world.advance("2026-04-06")
    world.send("bluebonnet", "enrol.834", body)
    held = [row.reason for row in world.rows(hold) if "QTY" in row.reason or "totals" in row.reason]
    assert (len(found), len(held)) == ((1, 1) if wrong else (0, 0))
