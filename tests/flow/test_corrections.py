"""Replacements and voids through the pipeline: chains, other people's claims, duplicates, and what a release does."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest

from gateway.flow import acts, loading, parked, route
from gateway.plan.records import Decision
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import decision
from mappings.records import Claim, ServiceLine
from tests.flow.bills import billed, claims_file, correction
from tests.flow.world import World, begun
from tests.plan.plan_cases import ALAN, BIANCA, C1, C4, CODY, HILLCREST, LAKESIDE, bill, service

MARCH_18 = date(2026, 3, 18)
TAKEN_OVER = 40000
"""What the former administrator paid."""
UNPRICED = "99999"
STRANGER = msgspec.structs.replace(ALAN, subscriber_no="SBA999999")


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """The golden people, enrolled; nothing is paid yet."""
    return begun(store, keys, tmp_path, enrolled=True)


def send(world: World, control: int, *claims: Claim, kind: str = "CH") -> list[str]:
    """Sends a file of claims; returns their numbers."""
    before = len(world.claims())
    world.send("clearpath", f"{control}.837", claims_file(control, *claims, kind=kind))
    found = [row.icn for row in world.claims()[before:]]
    assert len(found) == len(claims)
    return found


def states(world: World, *icns: str) -> list[tuple[str, int]]:
    """(state, paid) of claims."""
    rows = {row.icn: row for row in world.claims()}
    return [(rows[icn].state, rows[icn].paid_cents) for icn in icns]


def price(world: World, folder: Path, code: str) -> None:
    """Lakeside gets 8.00 for a code that had no price."""
    row = f"Lakeside,{LAKESIDE.npi},{code},8.00,line,2026-01-01,\n"
    fees = folder / "more.csv"
    fees.write_text("provider,npi,code,allowed,per,effective_from,effective_to\n" + row)
    loading.load(world.context, [fees], "test")


def release_all(world: World) -> None:
    """A person releases every pend."""
    for each in world.holds("pend"):
        parked.release(world.context, each.id, "ann", "checked")
        world.run()


# ---- chains ----------------------------------------------------------------------------------------------------------


def waiting_replacement(world: World) -> tuple[str, str]:
    """C4, paid, and a replacement of it that waits for a price; their numbers."""
    (first,) = send(world, 301, C4)
    (second,) = send(world, 302, correction(billed(C4, service(1, UNPRICED, 1900, MARCH_18)), "7", first))
    assert [state for state, _ in states(world, first, second)] == ["decided", "pended"]
    return first, second


def test_the_replacement_of_a_waiting_replacement_pays_once(world: World) -> None:
    """The chain is followed down to what was paid: that is reversed, and only the newest claim pays."""
    first, second = waiting_replacement(world)
    visit = billed(C4, service(1, "99213", 150, MARCH_18))
    (third,) = send(world, 303, correction(visit, "7", second))
    assert states(world, first, second, third) == [("replaced", 0), ("replaced", 0), ("decided", 6800)]
    assert world.books()["5010"] - TAKEN_OVER == 6800
    assert world.holds("pend") == []


def test_the_void_of_a_waiting_replacement_takes_the_claim_back(world: World) -> None:
    """Nothing of the chain pays any more, and nobody waits."""
    first, second = waiting_replacement(world)
    (third,) = send(world, 303, correction(C4, "8", second))
    assert states(world, first, second, third) == [("voided", 0), ("voided", 0), ("void", 0)]
    assert world.books()["5010"] - TAKEN_OVER == 0
    assert world.holds("pend") == []


def test_what_was_replaced_is_not_decided_again(world: World, tmp_path: Path) -> None:
    """A release of the replaced claim's pend, while its replacement waits too, changes nothing."""
    first, second = waiting_replacement(world)
    (third,) = send(world, 303, correction(billed(C4, service(1, "99998", 1900, MARCH_18)), "7", second))
    (old, new) = world.holds("pend")
    price(world, tmp_path, UNPRICED)
    parked.release(world.context, old.id, "ann", "has a price now")
    world.run()
    assert [state for state, _ in states(world, first, second, third)] == ["decided", "pended", "pended"]
    price(world, tmp_path, "99998")
    parked.release(world.context, new.id, "ann", "has a price now")
    world.run()
    assert [state for state, _ in states(world, first, second, third)] == ["replaced", "replaced", "decided"]


def test_a_void_and_a_new_original_in_one_file(world: World) -> None:
    """The new claim is no duplicate of the one voided before it in the same file."""
    (first,) = send(world, 301, C1)
    void, again = send(world, 302, correction(C1, "8", first), C1)
    assert states(world, first, void, again) == [("voided", 0), ("void", 0), ("decided", 9500)]


# ---- patients and providers ------------------------------------------------------------------------------------------


def test_a_corrected_member_number_replaces_the_claim_of_nobody(world: World) -> None:
    """The original waits for its member, or was denied for want of it: the correction is decided either way."""
    wrong = bill("U1", STRANGER, LAKESIDE, "E119", service(1, "99214", 180, date(2026, 3, 16)))
    later = bill("U2", STRANGER, LAKESIDE, "E119", service(1, "99214", 180, date(2026, 3, 17)))
    waits, denied = send(world, 301, wrong, later)
    right = bill("U1", ALAN, LAKESIDE, "E119", *wrong.lines)
    (first,) = send(world, 302, correction(right, "7", waits))
    world.advance("2026-04-14")
    assert states(world, waits, denied, first) == [("replaced", 0), ("decided", 0), ("decided", 9500)]
    (second,) = send(world, 303, correction(bill("U2", ALAN, LAKESIDE, "E119", *later.lines), "7", denied))
    assert states(world, denied, second) == [("replaced", 0), ("decided", 9500)]
    assert world.holds("pend") == []


def test_another_providers_number_does_not_lock_the_original(world: World) -> None:
    """A mistyped F8 waits; the real provider's replacement goes on; released, the first is decided by itself."""
    (first,) = send(world, 301, C1)
    fracture = bill("TYPO", CODY, HILLCREST, "S52501A", service(1, "25600", 800, date(2026, 3, 12)))
    (typo,) = send(world, 302, correction(fracture, "7", first))
    (real,) = send(world, 303, correction(billed(C1, C1.lines[0]), "7", first))
    assert [state for state, _ in states(world, first, typo, real)] == ["replaced", "pended", "decided"]
    world.release("pend")
    assert [state for state, _ in states(world, first, typo, real)] == ["replaced", "decided", "decided"]
    assert world.holds("pend") == []


def test_a_release_lets_another_patients_replacement_through(world: World) -> None:
    """Bianca's claim was billed for Alan: a person says so once, the original is reversed and hers is decided."""
    (first,) = send(world, 301, C1)
    hers = bill(C1.pcn, BIANCA, LAKESIDE, "E119", *C1.lines)
    (second,) = send(world, 302, correction(hers, "7", first))
    (waits,) = world.holds("pend")
    assert waits.reason.startswith("RPL")
    world.release("pend")
    assert states(world, first, second) == [("replaced", 0), ("decided", 9500)]
    assert world.books()["5010"] - TAKEN_OVER == 9500


@pytest.mark.parametrize("frequency", ["7", "8"])
def test_a_correction_denied_at_the_desk_takes_nobodys_place(world: World, frequency: str) -> None:
    """Bianca's replacement or void of Alan's claim is denied: his stands, paid, and his own void takes it back."""
    (first,) = send(world, 301, C1)
    hers = bill(C1.pcn, BIANCA, LAKESIDE, "E119", *C1.lines)
    (second,) = send(world, 302, correction(hers, frequency, first))
    acts.decide(world.context, second, acts.deny("PR", "96", ("N130",)), "ann", "another patient's claim")
    world.run()
    assert states(world, first, second) == [("decided", 9500), ("decided", 0)]
    (found,) = [row for row in world.rows(decision) if (row.icn, row.outcome) == (second, "denied")]
    assert msgspec.json.decode(found.body, type=Decision).original_icn == ""
    assert world.books()["5010"] - TAKEN_OVER == 9500
    (third,) = send(world, 303, correction(C1, "8", first))
    assert [state for state, _ in states(world, first, third)] == ["voided", "void"]


def test_a_replacement_denied_for_another_reason_is_a_decision_in_its_place(world: World) -> None:
    """A replacement of Alan's own claim that waits for a price and is denied takes back what was paid for it."""
    (first,) = send(world, 301, C1)
    unpriced = billed(C1, service(1, UNPRICED, 10, MARCH_18))
    (second,) = send(world, 302, correction(unpriced, "7", first))
    acts.decide(world.context, second, acts.deny("PR", "96", ("N130",)), "ann", "not covered")
    world.run()
    assert states(world, first, second) == [("replaced", 0), ("decided", 0)]
    assert world.books()["5010"] == TAKEN_OVER
    world.plan_run("ann", "ben")
    assert world.holds("remittance") == []


def test_a_released_replacement_stays_in_its_originals_lane(world: World) -> None:
    """A patient not found is decided beside the original's family, also after a release."""
    (first,) = send(world, 301, C1)
    stranger = bill(C1.pcn, STRANGER, LAKESIDE, "E119", *C1.lines)
    (second,) = send(world, 302, correction(stranger, "7", first))
    (row,) = [row for row in world.claims() if row.icn == second]
    with world.store.read() as connection:
        assert route.root_of_original(connection, row.sponsor_id, row) == ALAN.family_root


# ---- duplicates ------------------------------------------------------------------------------------------------------


DAY = date(2026, 3, 16)
NEXT = date(2026, 3, 17)


def visit(pcn: str, *lines: ServiceLine) -> Claim:
    """A claim of Alan's with a visit, 68.00 after the copay, and more."""
    return bill(pcn, ALAN, LAKESIDE, "E119", service(1, "99213", 150, DAY), *lines)


def test_a_line_is_paid_once_by_two_claims_that_wait(world: World, tmp_path: Path) -> None:
    """Both share a line; released one after the other, one of them is paid for it and not none."""
    claims = visit("P1", service(2, UNPRICED, 10, DAY)), visit("P2", service(2, "99998", 20, DAY))
    first, second = send(world, 301, *claims)
    price(world, tmp_path, UNPRICED)
    price(world, tmp_path, "99998")
    release_all(world)
    assert sorted(states(world, first, second)) == [("decided", 0), ("decided", 6800)]


def test_a_line_denied_in_a_paid_claim_is_no_duplicate_source(world: World, tmp_path: Path) -> None:
    """P2's visit was denied against P1, which waited; released, P1 is paid for it."""
    claims = visit("P1", service(2, UNPRICED, 10, DAY)), visit("P2", service(2, "99214", 180, NEXT))
    first, second = send(world, 301, *claims)
    assert states(world, first, second) == [("pended", 0), ("decided", 9500)]
    price(world, tmp_path, UNPRICED)
    world.release("pend")
    assert states(world, first, second)[0] == ("decided", 6800)


# ---- sets that bill nothing ------------------------------------------------------------------------------------------


def test_an_encounter_set_pays_nothing(world: World) -> None:
    """BHT06 RP: the same claim that would pay is denied CO-24."""
    (first,) = send(world, 301, C1, kind="RP")
    assert states(world, first) == [("decided", 0)]
    (found,) = world.rows(decision, decision.c.icn == first)
    assert '"reason":"24"' in found.body


def test_a_set_of_demands_is_refused(world: World) -> None:
    """BHT06 31, another payer's demand, is none of the codes we take: 999 rejects the set and nothing is priced."""
    world.send("clearpath", "301.837", claims_file(301, C1, kind="31"))
    assert [row.pcn for row in world.claims()] == ["HIL-2001"]  # taken over
    assert b"IK4*6*640*7*31~" in world.sent("999", "clearpath")[-1]
