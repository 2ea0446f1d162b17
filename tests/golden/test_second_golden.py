"""The second golden scenario: stays, emergencies and teeth, under an aggregate-family, a hospital and a dental plan.

The golden people enrol in other plans (`second/`): the Reeds (Alan, Bianca, Cody) in the aggregate one, the Ortizes
(Dana, Eli) in the hospital one, all in the dental one. Metro is their hospital, Hillcrest their dentist. Every figure
below was worked with a pencil; `WHY` is the working.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from gateway.flow import loading, parked
from gateway.plan.records import Decision
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import decision, entry
from mappings.records import Claim, Coding, Orthodontics, Procedure, Provider, ServiceLine, Stay, Tooth
from tests.flow.bills import claims_file, correction
from tests.flow.world import World, asked, golden, recounted
from tests.mappings.x12_files import pyx12_answer
from tests.plan.plan_cases import ALAN, BIANCA, DANA, HILLCREST, METRO, bill

SECOND = Path(__file__).parent / "second"
ATTENDING = Provider(npi="1203004035", entity="1", name="MERCER", first="JUNE", taxonomy="207R00000X")


def march(day: int) -> date:
    """A day counted from the first of March 2026; 32 is the first of April."""
    return date.fromordinal(date(2026, 2, 28).toordinal() + day)


def room(number: int, revenue: str, dollars: int, code: str = "", units: int = 1) -> ServiceLine:
    """A line of a hospital; its days are its statement's."""
    return ServiceLine(number=number, revenue=revenue, procedure=Procedure(code=code), charge_cents=dollars * 100,
                       unit="DA" if revenue == "0120" else "UN", units=Decimal(units), first=march(1), last=march(1),
                       dated=False)  # fmt: skip


def hospital(
    pcn: str, who: object, bill_type: str, first: int, last: int, *lines: ServiceLine, drg: str = "",
    admitted: int | None = None, status: str = "01", diagnoses: tuple[str, ...] = ("J189",),
    present: tuple[str, ...] = (), **changed: object,
) -> Claim:  # fmt: skip
    """A bill of Metro's, its statement from one day of March to another."""
    stay = Stay(first=march(first), last=march(last), admitted=march(admitted) if admitted else None,
                admitted_time="0830" if admitted else "", discharge_time="1100" if admitted and status != "30" else "",
                admission_type="1", admission_source="1",
                patient_status=status)  # fmt: skip
    days = tuple(msgspec.structs.replace(line, first=stay.first, last=stay.last, dated=bool(line.procedure.code))
                 for line in lines)  # fmt: skip
    coding = Coding(drg=drg, admitting=diagnoses[0]) if admitted else Coding(reasons=diagnoses[:1])
    return bill(pcn, who, METRO, "", *days, kind="I", pos="", facility_code=bill_type[:2], frequency=bill_type[2:],
                stay=stay, coding=coding, attending=ATTENDING, diagnoses=diagnoses, present=present,
                **changed)  # fmt: skip


def tooth(pcn: str, who: object, code: str, dollars: int, day: int, number: str = "", surface: str = "",
          **changed: object) -> Claim:  # fmt: skip
    """A dentist's claim of one line."""
    teeth = (Tooth(number=number, surfaces=tuple(surface)),) if number else ()
    line = ServiceLine(number=1, procedure=Procedure(code=code, qualifier="AD"), charge_cents=dollars * 100,
                       teeth=teeth, first=march(day), last=march(day))  # fmt: skip
    return bill(pcn, who, HILLCREST, "", line, kind="D", diagnoses=(), **changed)


I1 = hospital("I1", BIANCA, "131", 10, 10, room(1, "0300", 500, "80053"), room(2, "0320", 1000, "71046"))
STAYS = (
    I1,
    hospital("I2", ALAN, "112", 12, 20, room(1, "0120", 9000, units=9), room(2, "0250", 3000), drg="194", admitted=12,
             status="30"),
    hospital("I3", ALAN, "114", 21, 31, room(1, "0120", 10000, units=10), room(2, "0360", 25000), drg="470",
             admitted=12),
    hospital("I4", BIANCA, "131", 32, 32, room(1, "0510", 200, "99214")),
    hospital("I5", ALAN, "115", 12, 31, room(1, "0270", 400), drg="470", admitted=12),
    hospital("I6", DANA, "131", 15, 15, room(1, "0450", 1500, "99284"), room(2, "0300", 300, "80053"),
             diagnoses=("R079",)),
    hospital("I7", DANA, "111", 16, 18, room(1, "0120", 8000, units=2), room(2, "0250", 2000), drg="194", admitted=16,
             status="02"),
    hospital("I8", DANA, "111", 20, 22, room(1, "0120", 5000, units=2), drg="999", admitted=20),
    hospital("I9", DANA, "111", 23, 25, room(1, "0120", 5000, units=2), drg="194", admitted=23,
             diagnoses=("J189", "T8141XA"), present=("Y", "N")),
    hospital("I10", DANA, "135", 20, 20, room(1, "0270", 90, "A4649")),
)  # fmt: skip
TEETH = (
    tooth("D1", ALAN, "D1110", 100, 2),
    tooth("D2", ALAN, "D2391", 200, 5, "14", "O"),
    tooth("D3", ALAN, "D2391", 200, 33, "14", "O"),
    tooth("D4", ALAN, "D7140", 200, 20, "30"),
    tooth("D5", ALAN, "D2391", 200, 33, "30", "M"),
    tooth("D6", ALAN, "D6010", 2000, 34, "30"),
    tooth("D7", BIANCA, "D6010", 2000, 34, "3"),
    tooth("D8", DANA, "D2740", 1300, 37, "19", predetermination=True),
)


class Worked(NamedTuple):
    """A claim worked by hand: CLP02, paid, CAS of its lines one after the other, all in dollars, and why."""

    status: str
    paid: str
    adjustments: tuple[str, ...]
    why: str


WORKED = {
    "I1": Worked("1", "0.00", ("CO-45 200.00 PR-1 300.00", "CO-45 400.00 PR-1 600.00"),
                 "60 % of 500 and 1,000; the family's deductible (3,400) takes 900, 2,500 are left"),
    "I2": Worked("1", "4480.00", ("CO-45 2925.00 PR-1 2500.00 PR-2 715.00", "CO-45 975.00 PR-2 405.00"),
                 "first bill: DRG 194 is 0.9 x 9,000 = 8,100, over 9,000 and 3,000: 6,075 and 2,025; 20 % of 3,575"),
    "I3": Worked("1", "11124.50", ("CO-45 6427.29 PR-2 714.54", "CO-45 16068.21 PR-2 665.46"),
                 "last bill: DRG 470 is 17,104.50; the stay's charges 47,000 are 7,000 above 40,000, half of it 3,500; "
                 "20,604.50 less 8,100 is 12,504.50: 3,572.71 and 8,931.79; Alan's own cap of 5,000 leaves 1,380"),
    "I4": Worked("1", "96.00", ("CO-45 80.00 PR-2 24.00",), "the family's deductible is met, whoever met it"),
    "I5": Worked("1", "200.00", ("CO-45 200.00",), "late charges: 47,400 are 400 more, half is 200; Alan's cap is met"),
    "I6": Worked("1", "880.00", ("CO-45 600.00 PR-3 200.00", "CO-45 120.00"),
                 "an emergency room's visit: 900 and 180, one copay for all of it, no deductible"),
    "I7": Worked("1", "3360.00", ("CO-45 3140.00 PR-1 1000.00 PR-2 722.00 PR-3 250.00 CO-197 500.00",
                                  "CO-45 785.00 PR-2 243.00"),
                 "transferred after 2 days: 3 of 4.0 days of 8,100 is 6,075: 4,860 and 1,215; copay 250, deductible "
                 "1,000, 20 % of 3,610; not authorised: half of 2,888, at most 500"),
    "I10": Worked("1", "0.00", ("CO-107 90.00",), "late charges of a visit that was never billed"),
    "D1": Worked("1", "80.00", ("CO-45 20.00",), "preventive: all of the schedule's 80"),
    "D2": Worked("1", "48.00", ("CO-45 50.00 PR-1 50.00 PR-2 12.00 PR-169 40.00",),
                 "150 for composite, 110 for amalgam; the dental deductible is its own: 50, then 20 % of 60"),
    "D3": Worked("1", "0.00", ("PR-119 200.00",), "the same surface within 24 months"),
    "D4": Worked("1", "128.00", ("CO-45 40.00 PR-2 32.00",), "160 less 20 %"),
    "D5": Worked("1", "0.00", ("CO-16 200.00",), "a filling of a tooth that was taken out"),
    "D6": Worked("1", "744.00", ("CO-45 200.00 PR-2 900.00 PR-119 156.00",),
                 "the tooth was lost under the plan; half of 1,800, of which the year's 1,000 leave 1,000 - 256 = 744"),
    "D8": Worked("25", "0.00", ("CO-45 200.00 PR-1 50.00 PR-2 525.00 OA-101 525.00",),
                 "an estimate: half of 1,050 would be paid; nothing is, and nothing is used"),
}  # fmt: skip

WAITING = {
    "I8": ("PRC", "DRG 999"),
    "I9": ("MED", "DRG"),
    "D7": ("MED", "lost"),
}
"""What waits for a person: its queue, and a word of what is asked for."""


def enrolment() -> bytes:
    """The golden 834, the Reeds in the aggregate plan, everybody in the dental one besides."""
    rows, reed = [], True
    for row in golden("in.834").decode().splitlines():
        reed = row.endswith("SBA100001~") if row.startswith("REF*0F") else reed
        plan = row.replace("BT-PPO-2026", "BT-HDHP-2026") if reed else row
        rows.append(plan)
        if row.startswith("DTP*348"):
            tier = rows[-2].removesuffix("~").split("*")[5:]
            rows += ["*".join(["HD*030**DEN*BT-DEN-2026", *tier]) + "~", row]
    return recounted("\n".join(rows).encode())


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """The scenario, decided: enrolment, a file of the hospital, one of the dentist."""
    made = World(store, keys, tmp_path, sponsors=(SECOND / "sponsors.toml").read_text(),
                 plan=(SECOND / "hospital.toml").read_text(), taken_over=False)  # fmt: skip
    more = ("hdhp.toml", "dental.toml", "contract.toml", "fees.csv")
    loading.load(made.context, [SECOND / name for name in more], "test")
    made.advance("2026-04-06")
    made.send("bluebonnet", "enrol.834", enrolment())
    made.send("clearpath", "stays.837", claims_file(1, *STAYS))
    made.send("clearpath", "teeth.837", claims_file(2, *TEETH))
    return made


def decisions(world: World) -> dict[str, Decision]:
    """The newest decision of each claim, by its patient control number."""
    found = {}
    claims = {row.icn: msgspec.json.decode(row.body, type=Claim).pcn for row in world.claims()}
    for row in sorted(world.rows(decision), key=lambda row: (row.icn, row.version)):
        found[claims[row.icn]] = msgspec.json.decode(row.body, type=Decision)
    return found


def told(made: Decision) -> Worked:
    """A decision as the table writes it."""
    lines = tuple(" ".join(f"{a.group}-{a.reason} {dollars(a.cents)}" for a in line.adjustments) for line in made.lines)
    return Worked(made.status, dollars(made.paid_cents), lines, "")


def dollars(cents: int) -> str:
    return f"{Decimal(cents) / 100:.2f}"


def sums(world: World, kind: str, people: Iterable[str]) -> dict[str, int]:
    """Cents of a kind by person and book, where there are some."""
    found: dict[str, int] = {}
    for row in world.rows(entry, entry.c.kind == kind):
        name = f"{row.person_id.rpartition('-')[2]} {row.tier}"
        found[name] = found.get(name, 0) + row.cents
    return {name: cents for name, cents in found.items() if cents and name.split()[0] in people}


def test_second_golden(world: World) -> None:
    """Stays, late charges, emergencies, teeth and an estimate come to what the pencil came to, and their 835s balance.

    Paid: Metro 4,480.00 + 11,124.50 + 96.00 + 200.00 + 880.00 + 3,360.00 = 20,140.50; Hillcrest 80.00 + 48.00 +
    128.00 + 744.00 = 1,000.00.
    """
    found = decisions(world)
    assert {name: told(found[name]) for name in WORKED} == {n: w._replace(why="") for n, w in WORKED.items()}
    for name, (queue, word) in WAITING.items():
        pend = found[name].pend
        assert pend is not None and pend.queue == queue and word in pend.needed + pend.reason, name
    people = {"M01", "M02", "M04"}
    assert sums(world, "deductible", people) == {"M01 in": 250000, "M01 dental in": 5000, "M02 in": 90000,
                                                 "M04 in": 100000}  # fmt: skip
    assert sums(world, "oop", people) == {"M01 in": 500000, "M01 dental in": 99400, "M02 in": 92400, "M04 in": 241500}

    world.plan_run("ann", "ben")
    assert asked(world) == 2_114_050
    world.deposit(asked(world), "WIRE-1")
    world.advance("2026-04-10")
    advices = world.sent("835")
    text = b"".join(advices).decode()
    assert "BPR*I*20140.5*C" in text and "BPR*I*1000*C" in text
    for each in advices:
        assert pyx12_answer(each) == []
    for row in ("CLP*I3*1*35000*11124.5*1380*12*", "SVC*NU:0360*25000*8266.33**1~", "SVC*HC:99284*1500*700*0450*1~",
                "DTM*232*20260321~", "DTM*233*20260331~", "AMT*AU*35000~", "QTY*CA*10~",
                "CLP*D8*25*1300*0*575*12*", "SVC*AD:D2140*200*48**1*AD:D2391~"):  # fmt: skip
        assert row in text, row
    (i3,) = [row for row in text.splitlines() if row.startswith("CLP*I3*")]
    assert i3.split("*")[8:] == ["11", "4", "", "470~"]


def test_replacement_of_a_visit(world: World) -> None:
    """A replaced outpatient bill (xx7) is taken back before it is decided again: 900.00 return to the family's
    deductible, 300 + 60 % of 800 = 780.00 are taken; what Alan paid meanwhile is not touched."""
    first = world.claims()[0].icn
    again = hospital("I1", BIANCA, "131", 10, 10, room(1, "0300", 500, "80053"), room(2, "0320", 800, "71046"))
    world.send("clearpath", "again.837", claims_file(3, correction(again, "7", first)))
    assert told(decisions(world)["I1"]).adjustments == ("CO-45 200.00 PR-1 300.00", "CO-45 320.00 PR-1 480.00")
    assert sums(world, "deductible", {"M01", "M02"}) == {"M01 in": 250000, "M01 dental in": 5000, "M02 in": 78000}
    world.books()


def test_braces_are_paid_over_months(world: World) -> None:
    """Of 2,400.00 over 6 months 600.00 are due at once and 300.00 each month: 50.00 deductible and half of the rest are
    the patient's, so 275.00, then 425.00, then 575.00 are paid in all; a void takes them back and stops the rest."""
    months = Orthodontics(months=Decimal(6), months_left=Decimal(6))
    braces = tooth("B1", BIANCA, "D8080", 3000, 10, orthodontics=months)
    world.send("clearpath", "braces.837", claims_file(3, braces))
    icn = world.claims()[-1].icn
    assert told(decisions(world)["B1"]) == Worked(
        "1", "275.00", ("CO-45 600.00 OA-133 1800.00 PR-1 50.00 PR-2 275.00",), ""
    )  # fmt: skip
    world.plan_run("ann", "ben")
    for day, paid, versions in (("2026-04-09", 27500, 1), ("2026-04-10", 42500, 3), ("2026-05-10", 57500, 5)):
        world.advance(day)
        rows = world.rows(decision, decision.c.icn == icn)
        assert [sum(row.paid_cents for row in rows), len(rows)] == [paid, versions]
        assert sums(world, "deductible", {"M02"}) == {"M02 in": 90000, "M02 dental in": 5000}
    world.send("clearpath", "void.837", claims_file(4, correction(braces, "8", icn)))
    world.advance("2026-07-10")
    rows = world.rows(decision, decision.c.icn == icn)
    assert [sum(row.paid_cents for row in rows), len(rows)] == [0, 6]
    world.books()


def test_a_loaded_price_frees_the_stay(world: World, tmp_path: Path) -> None:
    """A stay of an unknown DRG says which row to load; loaded and released it is decided."""
    fees = tmp_path / "more.csv"
    fees.write_text("schedule,code,allowed,per,effective_from,effective_to\nDRG,999,4000.00,line,2026-01-01,\n")
    loading.load(world.context, [fees], "test")
    (held,) = [each for each in world.holds("pend") if each.reason.startswith("PRC")]
    parked.release(world.context, held.id, "ann", "checked")
    world.run()
    made = decisions(world)["I8"]
    assert (made.outcome, made.lines[0].allowed_cents) == ("paid", 400000)
