"""Laws of drug claims in the daemon: received by the door, booked among medical claims, taken back, paid, told."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway import synth
from gateway.flow import acceptance, drug_accumulators, figures, loading, route
from gateway.settings import shipped
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import claim, decision, drug_claim, entry, fact, journal, receipt, remittance
from mappings.drugs import FILE, DrugRow
from tests.flow.deaths import APART, Deaths
from tests.flow.drug_files import MANAGER, SETTINGS, drug_world, file_of, fill, manager, sums
from tests.flow.world import LAKESIDE, World, asked, begun, golden, only, run

BOOKS = (claim, decision, drug_claim, entry, fact, journal)
"""What a file that changes nothing leaves as it is."""

DAY = date(2026, 4, 6)

COMMITS = ("stage", "accept", "decided", "route", "adjudicate")


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An employer whose plan counts drugs with everything else, and its drug manager."""
    return drug_world(store, keys, tmp_path)


def drug_rows(world: World) -> list[tuple[str, str, int]]:
    """(manager's number, state, paid cents) of every drug claim, as they came."""
    return [(row.pcn, row.state, row.paid_cents) for row in world.claims() if row.partner == MANAGER]


def test_paid_claims_are_booked(world: World) -> None:
    """Each claim of a file is a claim of ours: paid as told, counted to the person's sums, in the ledger."""
    before = sums(world, "DANA")
    rows = [
        fill("A1", "ALAN", 80_00, deductible_cents=100_00),
        fill("A2", "DANA", 60_00, copay_cents=10_00, coinsurance_cents=5_00, other_cents=2_00),
    ]
    world.send(MANAGER, "claims.txt", file_of(*rows))
    assert drug_rows(world) == [("A1", "decided", 80_00), ("A2", "decided", 60_00)]
    assert sums(world, "ALAN") == {"deductible": 100_00, "oop": 100_00, "paid": 80_00}
    assert sums(world, "DANA") == before | {"oop": before["oop"] + 15_00, "paid": 60_00}
    assert world.books()["5010"] == 400_00 + 140_00  # the claim that was taken over, and these
    assert world.holds("pend") == []


def test_a_reversal_gives_everything_back(world: World) -> None:
    """A claim and its reversal, in one file or in two, leave accumulators and ledger as if neither had come."""
    before, books = sums(world, "ALAN"), world.books()
    paid = fill("A1", "ALAN", 80_00, deductible_cents=100_00)
    back, other = replace(paid, reversal=True), fill("A2", "ALAN", 7_00, copay_cents=3_00)
    world.send(MANAGER, "one.txt", file_of(paid, other, back, replace(other, reversal=True)))
    assert [state for _, state, _ in drug_rows(world)] == ["voided", "voided", "void", "void"]
    assert (sums(world, "ALAN"), {k: v for k, v in world.books().items() if v}) == (before, books)
    world.send(MANAGER, "two.txt", file_of(replace(paid, number="B1")))
    assert sums(world, "ALAN")["deductible"] == 100_00
    world.send(MANAGER, "three.txt", file_of(replace(back, number="B1")))
    assert (sums(world, "ALAN"), {k: v for k, v in world.books().items() if v}) == (before, books)


def test_sums_apart(store: Store, keys: Keys, tmp_path: Path) -> None:
    """A plan that does not count drugs keeps their sums apart: a medical claim takes its deductible all the same."""
    world = drug_world(store, keys, tmp_path, shared=False)
    world.send(MANAGER, "claims.txt", file_of(fill("A1", "ALAN", 80_00, deductible_cents=990_00)))
    world.send("clearpath", "claims.837", only(golden("in.837p"), LAKESIDE))
    found = sums(world, "ALAN")
    assert (found["drugs deductible"], found["deductible"]) == (990_00, 25_00)


@pytest.mark.parametrize(("drugs_first", "deductible", "paid"), [(True, 10_00, 107_00), (False, 25_00, 95_00)])
def test_receipts_order_a_family(world: World, drugs_first: bool, deductible: int, paid: int) -> None:
    """Drug and medical claims of a family are counted in the order of their receipts, whichever step comes first.

    990.00 of a drug leaves 10.00 of Alan's deductible for his lab of 25.00: 15.00 at 20 % is 3.00, 12.00 are paid.
    """
    told = file_of(fill("A1", "ALAN", 0, deductible_cents=990_00))
    first, second = ((MANAGER, told), ("clearpath", only(golden("in.837p"), LAKESIDE)))[:: 1 if drugs_first else -1]
    for partner, body in (first, second):
        world.put(partner, "file", body)
    world.run()
    lab = next(row for row in world.claims() if row.pcn == "LFC-5001" and row.state == "decided")
    assert lab.paid_cents == paid
    assert sums(world, "ALAN")["deductible"] == 990_00 + deductible


def test_twice_is_once(world: World) -> None:
    """The very file again is a duplicate; its claims in another file are known; the ledger is as it was."""
    paid = fill("A1", "ALAN", 80_00, deductible_cents=100_00)
    body = file_of(paid, fill("A2", "DANA", 60_00))
    world.send(MANAGER, "a.txt", body)
    before, books = [world.rows(table) for table in BOOKS], world.books()
    world.send(MANAGER, "b.txt", body)
    assert [world.rows(table) for table in BOOKS] == before
    assert [row.state for row in world.rows(receipt, receipt.c.partner == MANAGER)] == ["decided", "duplicate"]
    world.send(MANAGER, "c.txt", file_of(paid, fill("A3", "DANA", 1_00)))
    assert drug_rows(world)[2:] == [("A1", "rejected", 0), ("A3", "decided", 1_00)]
    assert world.books()["5010"] == books["5010"] + 1_00


def test_a_taken_back_claim_does_not_come_again(world: World) -> None:
    """A claim that was taken back is not booked anew by a later file that repeats it, nor is its reversal."""
    paid = fill("A1", "ALAN", 80_00)
    world.send(MANAGER, "a.txt", file_of(paid, replace(paid, reversal=True)))
    books = world.books()
    world.send(MANAGER, "b.txt", file_of(paid, replace(paid, reversal=True), fill("A2", "DANA", 0)))
    assert [state for _, state, _ in drug_rows(world)] == ["voided", "void", "rejected", "rejected", "decided"]
    assert world.books() == books


def test_control_totals(world: World) -> None:
    """A file whose trailer disagrees, or that has none, is refused whole with the reason, and nothing is booked."""
    body = file_of(fill("A1", "ALAN", 80_00), fill("A2", "DANA", 60_00))
    before = [world.rows(table) for table in BOOKS]
    for broken, reason in (
        (body.replace(b"T,2,140.00", b"T,3,140.00"), "the trailer tells 3 claims, the file has 2"),
        (body.replace(b"T,2,140.00", b"T,2,140.01"), "the trailer tells 140.01 paid, the claims add up to 140.00"),
        (body.replace(b"T,2,140.00\n", b""), "the trailer is missing: the file is not whole"),
        (body.replace(b",60.00,", b",6O.00,"), "line 3: paid is no amount"),
    ):
        assert broken != body
        world.send(MANAGER, "claims.txt", broken)
        (*_, held) = world.holds("file")
        assert held.reason == reason
        assert [row.state for row in world.rows(receipt, receipt.c.partner == MANAGER)][-1] == "quarantined"
        assert reason.encode() in world.sent("report", MANAGER)[-2]
    assert [world.rows(table) for table in BOOKS] == before


HELD = [
    (fill("A1", "NOBODY", 1_00), "MBR", "somebody who is not on file"),
    (fill("A1", "FRANK", 1_00), "MBR", "a day without coverage"),
    (fill("A1", "ALAN", 1_00, filled=date(2025, 4, 2)), "MBR", "a day without coverage"),
    (fill("A1", "ALAN", 1_00, copay_cents=3_00, patient_cents=4_00), "PRC", "do not add up"),
    (fill("A1", "ALAN", -1_00), "PRC", "negative"),
    (fill("A1", "ALAN", 1_00, reversal=True), "RPL", "not on file"),
]
"""A row, the queue its claim waits in, and what is said."""


@pytest.mark.parametrize(("row", "queue", "said"), HELD)
def test_what_cannot_be_booked_waits(world: World, row: DrugRow, queue: str, said: str) -> None:
    """An unknown member, day, amount or original is a claim that waits with a sentence; the others are booked."""
    books = world.books()
    world.send(MANAGER, "claims.txt", file_of(row, fill("A2", "DANA", 1_00)))
    assert drug_rows(world) == [("A1", "pended", 0), ("A2", "decided", 1_00)]
    (held,) = world.holds("pend")
    assert held.queue == queue
    assert said in held.reason
    assert world.books()["5010"] == books["5010"] + 1_00


def test_a_group_nobody_knows_waits(world: World) -> None:
    """A claim of an unknown group waits for a person among those that name no sponsor."""
    world.send(MANAGER, "claims.txt", file_of(fill("A1", "ALAN", 1_00, group="XX1")))
    (row,) = world.rows(claim, claim.c.partner == MANAGER)
    assert (row.sponsor_id, row.state) == ("-", "pended")


def test_a_reversal_that_waited_is_booked_when_its_claim_is_there(world: World) -> None:
    """Released after the file with its original came, a reversal that came too early takes it back exactly."""
    paid, books, before = fill("A1", "ALAN", 80_00, deductible_cents=9_00), world.books(), sums(world, "ALAN")
    world.send(MANAGER, "early.txt", file_of(replace(paid, reversal=True)))
    world.send(MANAGER, "late.txt", file_of(paid))
    world.release("pend")
    assert [state for _, state, _ in drug_rows(world)] == ["void", "voided"]
    assert (sums(world, "ALAN"), {k: v for k, v in world.books().items() if v}) == (before, books)


def test_other_amounts_are_not_taken_back(world: World) -> None:
    """A reversal that tells other amounts than its claim, and a number used for another claim, wait."""
    paid = fill("A1", "ALAN", 80_00)
    world.send(MANAGER, "a.txt", file_of(paid, fill("A1", "ALAN", 81_00, reversal=True)))
    world.send(MANAGER, "b.txt", file_of(fill("A1", "ALAN", 90_00)))
    assert [row.queue for row in world.holds("pend")] == ["RPL", "DUP"]
    assert drug_rows(world)[0] == ("A1", "decided", 80_00)
    assert world.books()["5010"] == 480_00


def test_the_manager_is_paid_by_the_run(world: World) -> None:
    """What a manager paid is asked of the employer, paid to it by EFT, and told by an 835; the books balance."""
    rows = [fill("A1", "ALAN", 80_00, copay_cents=20_00, other_cents=1_00), fill("A2", "DANA", 60_00)]
    world.send(MANAGER, "claims.txt", file_of(*rows, replace(rows[1], reversal=True)))
    world.plan_run()
    world.deposit(asked(world) or 1_00, "WIRE-1")
    for day in ("2026-04-10", "2026-04-14"):
        world.advance(day)
    (row,) = world.rows(remittance)
    assert (row.npi, row.amount_cents, row.state) == ("1888887779", 80_00, "settled")
    (told,) = world.sent("835", MANAGER)
    assert b"SVC*N4:00093101042*106*80**1~" in told.replace(b"\n", b"")
    books = world.books()
    assert (books["5010"], books.get("2010"), books.get("2020")) == (480_00, 0, 0)


def test_a_broken_limit_is_told(world: World) -> None:
    """A manager that took more than was left of a limit is booked as it told, and the explanation says how much."""
    world.send(MANAGER, "claims.txt", file_of(fill("A1", "DANA", 0, deductible_cents=800_00)))
    (row,) = world.rows(decision, decision.c.npi == manager().npi)
    assert "took 100.00 more than was left of the deductible limit" in row.body
    assert sums(world, "DANA")["deductible"] == 1_100_00


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_in_the_middle(world: World, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """Whichever commit of a file's way workers die before or after, what comes of it is as if none had died."""
    rows = [fill(f"A{n}", "ALAN", 1_00, copay_cents=n) for n in range(1, 8)]
    body = file_of(*rows, replace(rows[2], reversal=True))
    deaths = Deaths(monkeypatch, COMMITS, moment)
    monkeypatch.setitem(acceptance.STAGE_ROWS, FILE, 3)
    monkeypatch.setattr(route, "CHUNK_CLAIMS", 3)
    for first in range(APART):
        deaths.begin(first)
        world.put(MANAGER, "claims.txt", body.replace(b"D,A", f"D,{first}A".encode()))
        run(world)
        assert [state for number, state, _ in drug_rows(world) if number[0] == str(first)] == [
            "decided", "decided", "voided", *["decided"] * 4, "void"
        ]  # fmt: skip
        assert sums(world, "ALAN") == {"oop": (first + 1) * 25, "paid": (first + 1) * 6_00}
        assert world.books()["5010"] == 400_00 + (first + 1) * 6_00
    assert deaths.count > 0


def test_a_synthetic_file(store: Store, keys: Keys, tmp_path: Path) -> None:
    """A manager's synthetic file, the same for the same arguments, is booked whole for its people: what its claims pay
    less what it takes back is what the plan owes, and as many stand as its totals say."""
    world = begun(store, keys, tmp_path, taken_over=False)
    loading.load(world.context, SETTINGS, "test")
    world.send("bluebonnet", "all.834", synth.write_834(30, 1, DAY))
    body = synth.write_drugs(manager().claims, 210, 30, 1, DAY)
    assert body == synth.write_drugs(manager().claims, 210, 30, 1, DAY)
    world.send(MANAGER, "claims.txt", body)
    states = Counter(state for _, state, _ in drug_rows(world))
    assert states == {"decided": 190, "voided": 10, "void": 10}
    assert world.holds("pend") == []
    total = body.decode().splitlines()[-1].split(",")[2]
    assert f"{world.books()['5010'] / 100:.2f}" == total


def test_decisions_of_a_manager_are_no_figure_of_ours(world: World) -> None:
    """The rate of claims decided without a person counts none that a drug manager decided, waiting or not."""
    world.send(MANAGER, "claims.txt", file_of(fill("A1", "ALAN", 1_00), fill("A2", "NOBODY", 1_00)))
    with world.store.read() as connection:
        found = figures.read(connection)
    assert (found.first_decisions, found.causes) == (0, ())


# ---- stop-loss -------------------------------------------------------------------------------------------------------


def covering(world: World, folder: Path) -> None:
    """The carrier counts drugs, too."""
    text = (shipped() / "policies/bluebonnet.toml").read_text()
    file = folder / "policy.toml"
    file.write_text(text.replace('# covers = ["medical", "drugs"]', 'covers = ["medical", "drugs"]'))
    loading.load(world.context, [file], "test")


def test_a_policy_counts_drugs_where_it_covers_them(world: World, tmp_path: Path) -> None:
    """12,000.00 of drugs is nothing to a carrier that covers medical claims alone; to one that covers drugs it is two
    notices and, once paid, a claim of the 2,000.00 above the specific deductible; taken back, nothing stays of it."""
    paid = fill("A1", "BIANCA", 12_000_00)
    world.send(MANAGER, "one.txt", file_of(paid))
    assert world.notices() == []
    world.send(MANAGER, "two.txt", file_of(replace(paid, reversal=True)))
    covering(world, tmp_path)
    world.send(MANAGER, "three.txt", file_of(replace(paid, number="B1")))
    assert [kind for kind, _, _ in world.notices()] == ["SPEC50", "SPEC100"]
    world.plan_run()
    world.deposit(asked(world), "WIRE-1")
    for day in ("2026-04-10", "2026-04-14", "2026-04-15"):
        world.advance(day)
    assert world.recoveries() == [("SL-0001", 2_000_00, "filed")]
    assert world.books()["1200"] == 2_000_00
    world.send(MANAGER, "four.txt", file_of(replace(paid, number="B1", reversal=True)))
    assert [kind for kind, _, _ in world.notices()] == ["SPEC50", "SPEC100", "UPDATE", "UPDATE"]


# ---- the file back ---------------------------------------------------------------------------------------------------


def lines_of(body: bytes) -> list[list[str]]:
    return [line.split("|") for line in body.decode().splitlines()]


def test_the_manager_is_told_what_others_used(world: World) -> None:
    """The first file tells every person whose limits others used, later ones only changes; its trailer adds up."""
    world.send(MANAGER, "claims.txt", file_of(fill("A1", "ALAN", 1_00, deductible_cents=9_00)))
    told = drug_accumulators.tell(world.context, "", "ann")
    head, *rows, tail = lines_of(told.body)
    by_name = {row[3]: row[6:8] for row in rows}
    assert by_name == {"CODY": ["1000.00", "1100.00"], "DANA": ["300.00", "300.00"], "ELI": ["1000.00", "1000.00"]}
    assert (head, tail) == (["H"], ["T", "3", "2300.00", "2400.00"])
    world.send("clearpath", "claims.837", only(golden("in.837p"), LAKESIDE))
    world.advance("2026-04-07")
    again = drug_accumulators.tell(world.context, MANAGER, "ann")
    assert {row[3]: row[6:8] for row in lines_of(again.body)[1:-1]} == {
        "ALAN": ["25.00", "55.00"], "DANA": ["1000.00", "1140.27"]
    }  # fmt: skip
    world.run()
    assert world.sent("accumulators", MANAGER) == [told.body, again.body]


def test_a_day_has_one_file(world: World) -> None:
    """Asked for again on the same day, the file is the same bytes, whatever happened since."""
    first = drug_accumulators.tell(world.context, MANAGER, "ann")
    world.send("clearpath", "claims.837", only(golden("in.837p"), LAKESIDE))
    again = drug_accumulators.tell(world.context, MANAGER, "ann")
    assert (again.body, again.name, again.made) == (first.body, first.name, False)


def test_sums_that_are_not_shared_are_not_told(store: Store, keys: Keys, tmp_path: Path) -> None:
    """A manager whose sums are kept apart is told of nobody."""
    world = drug_world(store, keys, tmp_path, shared=False)
    assert drug_accumulators.tell(world.context, MANAGER, "ann").people == 0
