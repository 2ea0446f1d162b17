"""Variants of the golden scenario that must hold as well: sent again, paid short, the next run, a void, absences."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.settings import shipped
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import claim, decision, entry, fact, interchange, journal, person, span, staged, x12_set
from tests.flow.world import (
    METRO_C8,
    SPONSOR,
    World,
    asked,
    begun,
    changed,
    golden,
    only,
    play_golden,
    recounted,
    renumbered,
)

BUSINESS = (claim, decision, entry, fact, journal, person, span, staged)
"""Tables a file that is refused must leave as they were."""


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation before the scenario."""
    return begun(store, keys, tmp_path, day=None)


def snapshot(world: World) -> list[object]:
    """Every business row."""
    return [world.rows(table) for table in BUSINESS]


def received(world: World) -> None:
    """The day both files came."""
    world.advance("2026-04-06")
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    world.send("clearpath", "claims.837", golden("in.837p"))


def segments(body: bytes, name: str) -> list[list[str]]:
    """The elements of every segment of one name."""
    text = body.decode().replace("\n", "")
    return [one.split("*") for one in text.split("~") if one.startswith(f"{name}*")]


def one_claim(
    pcn: str, charge: str, *, control: int, name: str = "25600", on: str = "20260408", clm: str = "1"
) -> bytes:
    """A claim of Hillcrest for Cody Reed."""
    isa = f"{control:09}*0*T*:~"
    text = f"""ISA*00*          *00*          *ZZ*CLEARPATH      *ZZ*SUMMITTPA      *260420*0900*^*00501*{isa}
GS*HC*CLEARPATH*SUMMITTPA*20260420*0900*{control}*X*005010X222A1~
ST*837*0001*005010X222A1~
BHT*0019*00*NEXT{control}*20260420*0900*CH~
NM1*41*2*CLEARPATH CLEARINGHOUSE*****46*CLRPTH~
PER*IC*EDI DESK*TE*5125550100~
NM1*40*2*SUMMIT BENEFIT ADMINISTRATORS*****46*SBA01~
HL*1**20*1~
NM1*85*2*HILLCREST ORTHOPEDICS*****XX*1679576722~
N3*77 HILL RD~
N4*AUSTIN*TX*787031234~
REF*EI*743456789~
HL*2*1*22*1~
SBR*P**BT1001******CI~
NM1*IL*1*REED*ALAN****MI*SBA100001~
NM1*PR*2*SUMMIT BENEFIT ADMINISTRATORS*****PI*SBA01~
HL*3*2*23*0~
PAT*19~
NM1*QC*1*REED*CODY~
N3*10 MAIN ST~
N4*AUSTIN*TX*78701~
DMG*D8*20120622*M~
CLM*{pcn}*{charge}***11:B:1*Y*A*Y*Y~
HI*ABK:S52501A~
LX*1~
SV1*HC:{name}*{charge}*UN*1***1~
DTP*472*D8*{on}~
SE*0*0001~
GE*1*{control}~
IEA*1*{control:09}~
"""
    return recounted(text.encode())


# ---- variant 2: sent again -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked_for", ["0", "1"])
def test_the_same_file_again_changes_nothing(world: World, asked_for: str) -> None:
    """A repeated interchange is refused with TA1 025 where a TA1 was asked for, and changes no business row."""
    body = changed(golden("in.837p"), ("*000000202*0*T*", f"*000000202*{asked_for}*T*"))
    world.advance("2026-04-06")
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    world.send("clearpath", "claims.837", body)
    before, answers = snapshot(world), len(world.sent("TA1"))
    world.send("clearpath", "again.837", body)
    assert snapshot(world) == before
    told = [one for body in world.sent("TA1")[answers:] for one in segments(body, "TA1")]
    assert [one[1:2] + one[4:] for one in told] == ([["000000202", "R", "025"]] if asked_for == "1" else [])
    assert [row.codes for row in world.rows(interchange) if row.state == "rejected"] == ['["025"]']
    assert world.holds("replay") == []
    assert "025" in world.sent("report")[-1].decode()


def test_the_same_number_with_other_content_alerts_a_person(world: World) -> None:
    """An interchange number that comes again with other content is refused like a replay, and a person hears of it."""
    received(world)
    before = snapshot(world)
    world.send("clearpath", "other.837", renumbered(golden("in.837p"), "000000202", "BATCH0407"))
    assert snapshot(world) == before
    assert len(world.holds("replay")) == 1


def test_the_same_batch_under_a_new_number_waits_for_a_person(world: World) -> None:
    """The same batch in a new interchange is held; released, it gives what the state now says, and no money moves."""
    received(world)
    before, books = snapshot(world), world.books()
    world.send("clearpath", "again.837", renumbered(golden("in.837p"), "000000203"))
    assert [row.state for row in world.rows(x12_set) if row.st01 == "837"] == ["accepted", "held"]
    assert snapshot(world)[:-1] == before[:-1]
    assert len(world.sent("277CA")) == 1
    world.release("batch")
    again = world.claims()[-8:]
    assert [row.paid_cents for row in again] == [0] * 8
    assert [_reasons(world, row.icn) for row in again] == [
        {"OA18"}, {"PR27"}, {"OA18"}, {"OA18"}, {"OA18"}, {"OA18"}, set(), {"OA18"},
    ]  # fmt: skip
    (answer,) = world.sent("277CA")[1:]
    told = {stc[1] for stc in segments(answer, "STC")}
    assert "A7:464" in told and "A2:20:PR" in told
    rejected = [row for row in again if row.state == "rejected"]
    assert [row.pcn for row in rejected] == ["HIL-2001"]
    assert world.books() == books


def _reasons(world: World, icn: str) -> set[str]:
    bodies = [row.body for row in world.rows(decision) if row.icn == icn]
    return {
        group + reason for body in bodies for group, reason in re.findall(r'"group":"(\w+)","reason":"(\w+)"', body)
    }


# ---- variant 4: paid short -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["all-or-nothing", "fifo"])
def test_a_short_deposit(store: Store, keys: Keys, tmp_path: Path, policy: str) -> None:
    """With 17,000.00 of 17,656.06 nothing leaves under all-or-nothing; first in, first out pays Lakeside and
    tells Hillcrest, which needs no money; Metro waits for the rest."""
    sponsors = (shipped() / "sponsors" / "sample.toml").read_text().replace('"all-or-nothing"', f'"{policy}"')
    world = World(store, keys, tmp_path, sponsors=sponsors)
    received(world)
    world.plan_run("ann", "ben")
    world.advance("2026-04-09")
    world.deposit(1_700_000, "SHORT")
    world.advance("2026-04-10")
    paid = [(row["payee_npi"], row["bpr02_cents"]) for row in world.result()["remittances"]]
    assert paid == ([] if policy == "all-or-nothing" else [("1234567893", 65606), ("1679576722", 0)])
    assert len(world.sent("835")) == (0 if policy == "all-or-nothing" else 1)
    world.deposit(65_606, "REST")
    paid = [(row["payee_npi"], row["bpr02_cents"]) for row in world.result()["remittances"]]
    assert sorted(paid) == [("1234567893", 65606), ("1245319599", 2700000), ("1679576722", 0)]
    assert asked(world) == 0
    world.books()


# ---- variant 5: the next run -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("earned", "bpr02", "plb"),
    [(500_00, 380_00, {"RA0410003": 120_00}), (50_00, 0, {"RA0410003": 120_00, "own": -70_00})],
    ids=["enough", "not enough"],
)
def test_the_next_run_recovers_a_forward_balance(
    store: Store, keys: Keys, tmp_path: Path, earned: int, bpr02: int, plb: dict[str, int]
) -> None:
    """What Hillcrest came to owe is taken from what it earns next, and what is left over is forwarded again."""
    fees = (Path(__file__).parent / "fees.csv").read_text()
    fees += f"Hillcrest,1679576722,73110,{earned / 80:.2f},line,2026-01-01,\n"
    world = World(store, keys, tmp_path, fees=fees)
    play_golden(world, last="2026-04-15")
    world.send("clearpath", "next.837", one_claim("HIL-3002", "700", control=204, name="73110", on="20260408"))
    assert world.claims()[-1].paid_cents == earned
    world.plan_run()
    assert asked(world) == 0
    world.advance("2026-04-17")
    (last,) = [row for row in world.result()["remittances"] if row["trn02"][-3:] == "004"]
    assert (last["payee_npi"], last["bpr02_cents"]) == ("1679576722", bpr02)
    told = {one: round(float(cents) * 100) for one, cents in _plb(world.sent("835")[-1]).items()}
    assert told == {(last["trn02"] if one == "own" else one): cents for one, cents in plb.items()}
    assert world.books()["1300"] == 120_00 - (earned if earned < 120_00 else 120_00)


def _plb(body: bytes) -> dict[str, str]:
    found = {}
    for one in segments(body, "PLB"):
        for at in range(3, len(one), 2):
            found[one[at].split(":")[1]] = one[at + 1]
    return found


# ---- variant 7: a void -----------------------------------------------------------------------------------------------


def test_a_void_gives_the_carriers_money_back(world: World) -> None:
    """C8 voided after the carrier paid: Metro is taken back from, and 17,000.00 are the carrier's."""
    play_golden(world, last="2026-04-15")
    world.advance("2026-04-16")
    notices = world.notices()
    world.send("clearpath", "void.837", void_of_c8())
    states = {row.pcn: row.state for row in world.claims()}
    assert states["MOG-9002"] in ("voided", "void")
    (reversal,) = [row for row in world.rows(decision) if row.icn == "26096000008" and row.outcome == "reversal"]
    assert reversal.paid_cents == -18_000_00
    world.plan_run()
    world.advance("2026-04-22")
    books = world.books()
    assert (books["2200"], books["5900"]) == (-17_000_00, 0)
    assert [one for one in world.notices() if one[0] in ("SPEC50", "SPEC100")] == [
        one for one in notices if one[0] in ("SPEC50", "SPEC100")
    ]


def void_of_c8() -> bytes:
    """The golden file's last claim as a void, alone in its set."""
    as_void = changed(
        only(golden("in.837p"), METRO_C8),
        ("CLM*MOG-9002*25000***11:B:1*", "CLM*MOG-9002*25000***11:B:8*"), ("REF*G1*PA7781", "REF*F8*26096000008"),
    )  # fmt: skip
    return renumbered(as_void, "000000209", "VOID0601")


# ---- variant 9: counts and ids ---------------------------------------------------------------------------------------

BROKEN = (
    ("ISA13 and IEA02", ("IEA*1*000000202", "IEA*1*000000299"), "TA1", "001"),
    ("IEA01", ("IEA*1*000000202", "IEA*2*000000202"), "TA1", "021"),
    ("ISA12", ("*^*00501*", "*^*00401*"), "TA1", "003"),
    ("ISA06", ("*ZZ*CLEARPATH      *", "*ZZ*SOMEBODY       *"), "TA1", "006"),
    ("ISA08", ("*ZZ*SUMMITTPA      *", "*ZZ*NOBODY         *"), "TA1", "009"),
    ("ISA15", ("*1*T*:", "*1*P*:"), "TA1", "020"),
    ("ISA09", ("*260406*0900*^", "*261406*0900*^"), "TA1", "014"),
    ("ISA10", ("*260406*0900*^", "*260406*2900*^"), "TA1", "015"),
    ("no IEA", ("IEA*1*000000202~", ""), "TA1", "023"),
    ("GE02 and GS06", ("GE*1*202", "GE*1*299"), "AK9", "4"),
    ("GE01", ("GE*1*202", "GE*2*202"), "AK9", "5"),
    ("no GE", ("GE*1*202~", ""), "AK9", "3"),
    ("GS08", ("*X*005010X222A1", "*X*005010X299A9"), "AK9", "2"),
    ("SE01", ("SE*178*0001", "SE*177*0001"), "IK5", "4"),
    ("SE02 and ST02", ("SE*178*0001", "SE*178*0009"), "IK5", "3"),
    ("no SE", ("SE*178*0001~", ""), "IK5", "2"),
    ("ST01", ("ST*837*0001", "ST*838*0001"), "IK5", "1"),
    ("ST03", ("*0001*005010X222A1", "*0001*005010X299A9"), "IK5", "19"),
    ("GS01", ("GS*HC*", "GS*ZZ*"), "AK9", "1"),
    ("GS06", ("*0900*202*X*", "*0900*ABC*X*"), "TA1", "024"),
)
"""What is broken, by which change, and in which segment of the answer which code must stand."""


@pytest.fixture(scope="module")
def small_world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """One installation for every broken file: none of them may change it."""
    import shutil

    from gateway.store.keys import create_master

    folder = tmp_path_factory.mktemp("broken")
    shutil.copytree(sqlite_template, folder / "state")
    create_master(folder / "keys")
    made = World(Store(f"sqlite:///{folder}/state/state.db"), Keys(folder / "keys"), folder)
    made.advance("2026-04-06")
    made.send("bluebonnet", "enrol.834", golden("in.834"))
    return made


@pytest.mark.parametrize(("name", "change", "segment", "code"), BROKEN, ids=[one[0] for one in BROKEN])
def test_each_broken_count_or_id_has_its_code(
    small_world: World, name: str, change: tuple[str, str], segment: str, code: str
) -> None:
    """One broken count or id of an envelope gives exactly its code of TA105, AK905 or IK502, and no business row."""
    world, before = small_world, snapshot(small_world)
    ta1, acks = len(world.sent("TA1")), len(world.sent("999"))
    body = changed(changed(golden("in.837p"), ("*000000202*0*T*", "*000000202*1*T*")), change)
    number = f"{900 + [one[0] for one in BROKEN].index(name):09}"  # the envelope of many of these is accepted
    world.send("clearpath", f"{name}.837", body.replace(b"000000202", number.encode()))
    assert snapshot(world) == before
    ta1s = [one for body in world.sent("TA1")[ta1:] for one in segments(body, "TA1")]
    sent = world.sent("999")[acks:]
    if segment == "TA1":
        assert [one[4:] for one in ta1s] == [["R", code]]
        assert sent == []
        return
    (answer,) = sent
    assert [one[4:] for one in ta1s] == [["A", "000"]]
    (told,) = segments(answer, segment)
    assert told[1] == "R"
    assert [one for one in (told[5:] if segment == "AK9" else told[2:]) if one] == [code]


# ---- variant 10: a file that leaves people out -----------------------------------------------------------------------


def test_absences_beyond_the_limit_wait(world: World) -> None:
    """A full file that names one of five active members ends nobody until a person releases it."""
    world.advance("2026-04-06")
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    active = open_spans(world)
    assert len(active) == 5
    world.send("bluebonnet", "short.834", only_alan())
    assert open_spans(world) == active
    (waits,) = world.holds("absence")
    assert waits.sponsor_id == SPONSOR
    world.release("absence")
    assert [row.person_id for row in open_spans(world)] == ["SBA100001-M01"]


def open_spans(world: World) -> list[object]:
    """Coverage known now that has no end."""
    return [row for row in world.rows(span) if row.last is None and row.known_to == "9" * 32]


def only_alan() -> bytes:
    """The golden 834 of a later day with the first member alone."""
    parts = golden("in.834").decode().replace("\n", "").split("~")
    starts = [n for n, one in enumerate(parts) if one.startswith("INS*")]
    end = next(n for n, one in enumerate(parts) if one.startswith("SE*"))
    body = "~".join([*parts[: starts[1]], *parts[end:]])
    for old, new in (("QTY*ET*3~", "QTY*ET*1~"), ("QTY*DT*3~", "QTY*DT*0~"), ("QTY*TO*6~", "QTY*TO*1~")):
        body = body.replace(old, new)
    return recounted(renumbered(body.encode(), "000000102", "ENR20260403"))
