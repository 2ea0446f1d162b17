"""Laws of the whole pipeline on generated and on other people's files: answers, sums, order of families, repetition."""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway import synth
from gateway.settings import shipped
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import claim, decision, entry, interchange, outbox, receipt, span, staged, x12_set
from tests.flow.world import SPONSOR, World, begun, golden

DAY = date(2026, 4, 6)
MEMBERS, CLAIMS = 30, 60
FEES = (shipped() / "fees" / "sample.csv").read_text()
LONGEST, EVERY = 200_000, 5
"""Of the corpus: bytes of a file that is still taken, and how many of the plain ones; more say nothing new."""


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An empty installation with the sample prices."""
    return begun(store, keys, tmp_path, day=None, first=DAY.isoformat(), fees=FEES, taken_over=False)


@pytest.fixture
def sqlite_world(sqlite_template: Path, keys: Keys, tmp_path: Path) -> World:
    """The same on SQLite alone, for what is about bytes and not about the database."""
    shutil.copytree(sqlite_template, tmp_path / "state")
    store = Store(f"sqlite:///{tmp_path}/state/state.db")
    return begun(store, keys, tmp_path, day=None, first=DAY.isoformat(), fees=FEES, taken_over=False)


def segments(bodies: list[bytes], name: str) -> list[list[str]]:
    """The elements of every segment of one name in some files."""
    found = []
    for body in bodies:
        text = body.decode()
        terminator, separator = text[105], text[3]
        parts = text.replace("\n", "").split(terminator)
        found += [one.split(separator) for one in parts if one.startswith(f"{name}{separator}")]
    return found


def test_answers_and_sums(world: World) -> None:
    """Each group has one 999, each accepted 837 set one 277CA, and its claims and charges are all accounted for."""
    world.send("bluebonnet", "all.834", synth.write_834(MEMBERS, 7, DAY))
    body = synth.write_837p(MEMBERS, CLAIMS, 7, 15, DAY, claims_per_set=20, broken_sets=2)
    world.send("clearpath", "claims.837", body)
    assert len(segments(world.sent("999"), "AK9")) == 2
    (told,) = segments(world.sent("999", "clearpath"), "AK9")
    assert told[1:5] == ["P", "5", "5", "3"]
    answers = world.sent("277CA")
    assert len(answers) == 3
    batch_counts = Counter[str]()
    for one in segments(answers, "QTY"):
        batch_counts[one[1]] += int(one[2])
    assert batch_counts["90"] + batch_counts["AA"] == CLAIMS
    assert (batch_counts["QA"], batch_counts["QC"]) == (batch_counts["90"], batch_counts["AA"])
    assert batch_counts["AA"] == world.count(claim, claim.c.state == "rejected") > 0
    charged = segments([body], "CLM")[:CLAIMS]
    cents = Counter[str]()
    for one in segments(answers, "AMT"):
        cents[one[1]] += round(float(one[2]) * 100)
    assert cents["YU"] + cents["YY"] == 2 * sum(round(float(one[2]) * 100) for one in charged)  # 2200B and 2200C
    assert world.count(staged) == 0


def test_a_full_file_twice_changes_nothing(world: World) -> None:
    """The same full file under a new number and reference leaves every span and person as it was."""
    world.send("bluebonnet", "one.834", synth.write_834(MEMBERS, 3, DAY, control=1))
    before = world.rows(span)
    assert len(before) >= MEMBERS
    world.send("bluebonnet", "two.834", synth.write_834(MEMBERS, 3, DAY, control=2))
    assert world.rows(span) == before


def test_families_may_come_in_any_order(store: Store, keys: Keys, tmp_path: Path) -> None:
    """Permuting families leaves every family's decisions and accumulators as they are."""
    made = list(synth.claims(CLAIMS, MEMBERS, 5, 0, DAY))
    found = []
    for number, seed in enumerate((None, 1)):
        folder = tmp_path / str(number)
        folder.mkdir()
        if number:
            _empty(store)
        world = World(store, keys, folder, first=DAY.isoformat(), fees=FEES, taken_over=False)
        world.send("bluebonnet", "all.834", synth.write_834(MEMBERS, 5, DAY))
        world.send("clearpath", "claims.837", _written(_by_family(made, seed)))
        found.append(_family_results(world))
    assert found[0] == found[1]
    assert len(found[0][0]) == CLAIMS


def _by_family(made: list[Any], seed: int | None) -> list[Any]:
    families = list(dict.fromkeys(one.subscriber.id for one in made))
    if seed is not None:
        random.Random(seed).shuffle(families)
    return [one for family in families for one in made if one.subscriber.id == family]


def _written(made: list[Any]) -> bytes:
    """The claims as a file, the way synth writes its own."""
    from mappings import professional
    from mappings.records import ClaimBatch, Contact, Organisation

    batch = ClaimBatch(
        reference="FAMILIES", created=DAY, time="0900", submitter=synth.SUBMITTER,
        contact=Contact(name="EDI DESK", number="5125550100"),
        receiver=Organisation(name=synth.ADMINISTRATOR.name, id_qualifier="46", id=synth.ADMINISTRATOR.id),
    )  # fmt: skip
    sets = [professional.segments(batch, made, "0001")]
    file = synth.interchange("HC", professional.GUIDE, sets, DAY, control=9)
    return b"".join(file)


def _family_results(world: World) -> tuple[dict[str, Any], Any]:
    pcns = {row.icn: row.pcn for row in world.claims()}
    results = {
        row.pcn: (row.state, row.status, row.paid_cents, row.patient_cents, row.person_id) for row in world.claims()
    }
    entries = sorted((pcns[row.icn], row.person_id, row.kind, row.tier, row.cents) for row in world.rows(entry))
    return results, entries


def _empty(store: Store) -> None:
    from gateway.store import installation
    from gateway.store.schema import blob, metadata

    with store.write("empty") as connection:
        for table in reversed(metadata.sorted_tables):
            if table is not blob:
                connection.execute(table.delete())
        installation.put(connection, "usage", "T")


def test_two_workers_worth_of_books(world: World) -> None:
    """Paid claims, forward balances and payments agree with the ledger on generated files, whatever was decided."""
    world.send("bluebonnet", "all.834", synth.write_834(MEMBERS, 11, DAY))
    world.send("clearpath", "claims.837", synth.write_837p(MEMBERS, CLAIMS, 11, 10, DAY))
    world.plan_run("ann", "ben")
    world.deposit(100_000_00, "PLENTY")
    world.advance("2026-04-15")
    books = world.books()
    assert books["5010"] == sum(row.paid_cents for row in world.claims() if row.state == "decided") > 0
    assert world.count(decision, decision.c.run_no == 0, decision.c.outcome.in_(("paid", "denied"))) == 0


# ---- bad input -------------------------------------------------------------------------------------------------------


def test_a_cut_interchange_is_never_applied_but_those_before_it_stand(world: World) -> None:
    """Two interchanges in a file, the second cut in its second set: the first is used, nothing of the second is."""
    first = synth.write_837p(MEMBERS, 10, 1, 0, DAY, control=1, claims_per_set=5)
    second = synth.write_837p(MEMBERS, 10, 2, 0, DAY, control=2, claims_per_set=5)
    cut = second[: second.index(b"ST*837*0002") + 900]
    world.send("bluebonnet", "all.834", synth.write_834(MEMBERS, 1, DAY))
    world.send("clearpath", "both.837", first + cut)
    assert world.count(claim) == 10
    assert [row.state for row in world.rows(interchange) if row.partner == "clearpath"] == ["accepted", "rejected"]
    assert world.count(staged) == 0
    assert [row.state for row in world.rows(receipt)] == ["decided", "decided"]
    assert len(world.holds("file")) == 1
    assert "TA105 023" in world.sent("report", "clearpath")[-2].decode()


def test_bytes_after_an_interchange_do_not_undo_it(world: World) -> None:
    """What follows a good interchange and is no X12 is reported; the interchange stands."""
    world.send("bluebonnet", "all.834", synth.write_834(MEMBERS, 1, DAY) + b"and now for something else")
    assert world.count(span) >= MEMBERS
    assert len(world.holds("file")) == 1
    assert world.sent("report", "bluebonnet") != []


def _files(folder: Path) -> list[Path]:
    found = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [path for path in found if 0 < path.stat().st_size < LONGEST]


def _ours(body: bytes) -> bytes:
    """The file as our clearinghouse would send it: its ISA names it, us and a test; all else as it was."""
    if body[:3] != b"ISA" or len(body) < 106:
        return body
    isa = bytearray(body[:106])
    isa[32:34], isa[35:50], isa[51:53], isa[54:69] = b"ZZ", b"CLEARPATH      ", b"ZZ", b"SUMMITTPA      "
    isa[102:103] = b"T"
    return bytes(isa) + body[106:]


@pytest.mark.corpus
def test_every_file_of_the_corpus_is_decided(sqlite_world: World) -> None:
    """Other people's files, whatever they hold: each is decided with an answer or a report, and stops nothing else."""
    world, corpus = sqlite_world, Path(os.environ["X12_CORPUS"])
    bodies = [path.read_bytes() for path in _files(corpus / "hostile")]
    bodies += [_ours(path.read_bytes()) for path in _files(corpus / "real")[::EVERY]]
    assert len(bodies) > 100
    for number, body in enumerate(bodies):
        world.put("clearpath", f"{number}.x12", body)
    world.run()
    assert {row.state for row in world.rows(receipt)} <= {"decided", "quarantined"}
    answered = {row.cause for row in world.rows(outbox)}
    acks = {row.receipt_no for row in world.rows(x12_set) if row.st01 in ("997", "999")}  # are never acknowledged
    assert [n for n, _ in enumerate(bodies, 1) if f"receipt {n}" not in answered and n not in acks] == []
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    assert world.count(x12_set, x12_set.c.st01 == "834", x12_set.c.state == "accepted") == 1
    assert world.count(span, span.c.sponsor_id == SPONSOR) > 0
