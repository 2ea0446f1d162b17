"""What lies around a claim and reaches its decision: code rules, other plans, COBRA, what was paid before."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest

from gateway.errors import BadData
from gateway.flow import code_rules, loading
from gateway.plan.records import Decision, ProviderRow
from gateway.settings import shipped
from gateway.store import documents
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import decision
from tests.flow.bills import claims_file
from tests.flow.world import World, golden
from tests.plan.plan_cases import C1, LAKESIDE, METRO

HEAD = "edit,code,other,values,effective_from,effective_to\n"
ACME = (shipped() / "answers" / "sample.toml").read_text()


def told(world: World, icn: str) -> Decision:
    """The newest decision of a claim."""
    rows = [row for row in world.rows(decision) if row.icn == icn]
    return msgspec.json.decode(max(rows, key=lambda row: row.version).body, type=Decision)


def load(world: World, folder: Path, name: str, text: str) -> tuple[int, int, int]:
    """Loads a file: rows, new, changed."""
    file = folder / name
    file.write_text(text)
    (loaded,) = loading.load(world.context, [file], "test")
    return loaded.rows, loaded.new, loaded.changed


def test_loaded_rules_and_answers_reach_the_decision(store: Store, keys: Keys, tmp_path: Path) -> None:
    """A pair denies golden C1's laboratory line; the answer that the mother's birthday comes first holds C6 in COB.
    Both loaded again are not new, and a rule that ends is changed."""
    world = World(store, keys, tmp_path)
    pair = HEAD + "pair,80053,99214,,2026-01-01,\n"
    assert [load(world, tmp_path, "pairs.csv", pair) for _ in range(2)] == [(1, 1, 0), (1, 0, 0)]
    answer = ACME.replace("1984-02-10", "1984-09-01")
    assert [load(world, tmp_path, "acme.toml", answer) for _ in range(2)] == [(1, 1, 0), (1, 0, 0)]
    world.advance("2026-04-06")
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    world.send("clearpath", "claims.837", golden("in.837p"))
    (_, laboratory) = told(world, "26096000001").lines
    assert [(each.group, each.reason) for each in laboratory.adjustments] == [("CO", "236")]
    waits = told(world, "26096000006").pend
    assert waits is not None and waits.queue == "COB" and "birthday" in waits.reason
    assert load(world, tmp_path, "pairs.csv", pair.replace("01-01,\n", "01-01,2026-02-28\n")) == (1, 0, 1)


def test_cobra_that_may_come_holds_the_claim(store: Store, keys: Keys, tmp_path: Path) -> None:
    """The 834 that ends Frank opens his COBRA case; a plan that pends lets golden C2 wait in COB instead of PR-27."""
    plan = (shipped() / "plans" / "bluebonnet-ppo.toml").read_text()
    world = World(store, keys, tmp_path, plan=plan.replace("[in_network]", 'cobra_unpaid = "pend"\n[in_network]', 1))
    world.advance("2026-04-06")
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    world.send("clearpath", "claims.837", golden("in.837p"))
    waits = told(world, "26096000002").pend
    assert waits is not None and (waits.queue, "COBRA" in waits.reason) == ("COB", True)


def test_what_was_paid_under_another_number_is_not_paid_again(store: Store, keys: Keys, tmp_path: Path) -> None:
    """Golden C1 billed once more by another NPI of its tax id: the visit, which was paid, is OA-B13; the laboratory,
    which went to the deductible and so is only alike, waits for a person."""
    world = World(store, keys, tmp_path)
    row = ProviderRow(npi=METRO.npi, tin=LAKESIDE.tin, name="GROUP", networks=("SUMMIT",), first=date(2026, 1, 2))
    with store.write("load") as connection:
        documents.put(connection, 0, "provider", row.npi, row.first, None, row)
    world.advance("2026-04-06")
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    again = msgspec.structs.replace(C1, pcn="LFC-5009", billing=msgspec.structs.replace(LAKESIDE, npi=METRO.npi))
    world.send("clearpath", "two.837", claims_file(77, C1, again))
    found = told(world, "26096000002")
    assert found.pend is not None and found.pend.queue == "DUP"
    visit = msgspec.structs.replace(again, lines=again.lines[:1], charge_cents=18000)
    world.send("clearpath", "one.837", claims_file(78, visit))
    (line,) = told(world, "26096000003").lines
    assert [(each.group, each.reason) for each in line.adjustments] == [("OA", "B13")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("colour,99214,,,2026-01-01,", "edit"),
        ("age,99214,,9,2026-01-01,", "values"),
        ("age,99214,,9 3,2026-01-01,", "values"),
        ("sex,99214,,X,2026-01-01,", "values"),
        ("needs,99214,,sugar,2026-01-01,", "values"),
        ("pos,99214,,,2026-01-01,", "values"),
        ("pair,99214,,,2026-01-01,", "other"),
        ("pair,99214,99214,,2026-01-01,", "other"),
        ("sex,99214,80053,F,2026-01-01,", "other"),
        ("review,,,,2026-01-01,", "code"),
        ("review,99214,,,soon,", "effective_from"),
        ("review,99214,,,2026-01-01,2025-12-31", "effective_to"),
        ("sex,77067,,M,2026-01-01,", "another rule"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_told(line: str, said: str) -> None:
    """Every line that contradicts itself or another is refused by its number; the others are not named."""
    with pytest.raises(BadData) as caught:
        code_rules.read(f"{HEAD}sex,77067,,F,2026-01-01,\n{line}\n")
    assert caught.value.detail.startswith(f"line 3: {said}")


def test_the_shipped_samples_can_be_loaded(store: Store, keys: Keys, tmp_path: Path) -> None:
    """Every kind of rule has a line in the sample, and sample rules and answers load."""
    rules = code_rules.read((shipped() / "edits" / "sample.csv").read_text())
    assert {rule.edit for rule in rules} == set(code_rules.KINDS)
    world = World(store, keys, tmp_path)
    files = [shipped() / "edits" / "sample.csv", shipped() / "answers" / "sample.toml"]
    assert [each.new for each in loading.load(world.context, files, "test")] == [len(rules), 1]
