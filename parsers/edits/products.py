"""Rules of a product or line of service (SNIP 6): ambulance, anaesthesia, equipment, dental, institutional.

Sources: domain 3.2; the guides' situational notes of CR1, SV103, SV5, CR3, TOO, DN1, HI. Codes are procedure ranges our
rules need, in our own words. What depends on a payer's contract weighs a warning at most.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsers.edits.balancing import cents
from parsers.edits.claims import diagnoses, inpatient
from parsers.edits.conditions import Condition, bars, both, either, has, lacks, needs, situation
from parsers.edits.table import D, Edit, I, P
from parsers.edits.view import Spot, View, sent


def coded(text: str, shape: str) -> Condition:
    """The procedure of a line (composite at a path, its component 2) has a shape."""
    pattern = re.compile(shape, re.ASCII)
    segment, element = text[:-2], int(text[-2:])

    def holds(line: View) -> bool:
        row = line.one(segment)
        return row is not None and bool(pattern.fullmatch(row.part(element, 2)))

    return holds


# ---- words of the table ----------------------------------------------------------------------------------------------

ambulance = coded("2400/SV101", r"A0(?!080|090|1[0-9]0|2[01]0|998)\d{3}")  # transports, without taxi, bus, private cars
mileage = coded("2400/SV101", r"A0425|A0435|A0436")
anaesthesia = coded("2400/SV101", r"0(?!1953|1996|1999)[01]\d{3}")  # 00100-01999 without those not timed
rental = both(has("2400/SV5"), either(*(has(f"2400/SV101-{component}", "RR") for component in (3, 4, 5, 6))))

FILLINGS = r"D21[46]\d|D2150|D233\d|D239[1-4]"
filling = coded("2400/SV301", FILLINGS)
on_a_tooth = coded("2400/SV301", FILLINGS + r"|D2390|D27[1-9]\d|D29[13]\d|D33[1-4]\d|D7111|D7140|D72[1-5]0")
on_a_quadrant = coded("2400/SV301", r"D4210|D4211|D4240|D4241|D4260|D4261|D4341|D4342")
orthodontic = coded("2400/SV301", r"D80[1-9]0")

SURFACES = {
    **dict.fromkeys(("D2140", "D2330", "D2391"), 1), **dict.fromkeys(("D2150", "D2331", "D2392"), 2),
    **dict.fromkeys(("D2160", "D2332", "D2393"), 3), **dict.fromkeys(("D2161", "D2394"), 4),
}  # fmt: skip
"""How many surfaces a filling is for; 4 means at least so many. D2335 also stands for an incisal angle: not counted."""

REGULAR = frozenset([*map(str, range(1, 33)), *"ABCDEFGHIJKLMNOPQRST"])
"""Teeth, permanent and primary."""

TEETH = REGULAR | {*map(str, range(51, 83))} | {f"{letter}S" for letter in "ABCDEFGHIJKLMNOPQRST"}
"""With the supernumerary ones (verify)."""

FRONT = frozenset([*map(str, (*range(6, 12), *range(22, 28))), *"CDEFGHMNOPQR"])
"""Teeth with an incisal edge instead of a chewing surface."""

QUADRANTS = ("10", "20", "30", "40")

POA = frozenset("YNUW1")
"""Present on admission: yes, no, unknown, undetermined, exempt; exempt may also be empty."""


def _transport(sv1: list[str]) -> bool:
    """What may be an ambulance."""
    return sent(sv1, 1)[3:5] == "A0"


def _timed(sv1: list[str]) -> bool:
    """What may be anaesthesia."""
    return sent(sv1, 1)[3:4] == "0"


def _in_minutes(sv1: list[str]) -> bool:
    """What is counted in minutes."""
    return sent(sv1, 3) == "MJ"


# ---- tests -----------------------------------------------------------------------------------------------------------


def _no_end(loop: str, entity: str) -> Condition:
    """Neither the claim (2310E, 2310F) nor the line (2420G, 2420H) names an end of the way."""
    of_claim = {"PW": "2310E", "45": "2310F"}[entity]
    return both(ambulance, lacks(f"{of_claim}/NM1*{entity}"), lacks(f"{loop}/NM1*{entity}"))


def _other_equipment(line: View) -> Iterator[Spot]:
    """SV501 names another procedure than SV101."""
    row, service = line.one("2400/SV5"), line.one("2400/SV1")
    if row and service and row.part(1, 2) != service.part(1, 2):
        yield row.spot(1, 2)


def _tooth(line: View) -> Iterator[Spot]:
    return (row.spot(2) for row in line.all("2400/TOO") if row[2] and row[2] not in TEETH)


def _surfaces(line: View) -> Iterator[Spot]:
    """As many surfaces as the procedure says, each once."""
    most = SURFACES.get(line.value("2400/SV301-2"))
    for row in line.all("2400/TOO"):
        told = [one for one in row.parts(3) if one]
        if most and told and (len(set(told)) != len(told) or min(len(told), 4) != most):
            yield row.spot(3)


def _surface_of_tooth(line: View) -> Iterator[Spot]:
    """Incisal only in front, occlusal only behind."""
    for row in line.all("2400/TOO"):
        if row[2] in REGULAR:
            barred = "O" if row[2] in FRONT else "I"
            yield from (row.spot(3, at) for at, one in enumerate(row.parts(3), 1) if one == barred)


def _no_quadrant(line: View) -> Iterator[Spot]:
    """A procedure on a quadrant with none in SV304, and no tooth either."""
    row = line.one("2400/SV3")
    if row and on_a_quadrant(line) and not {*row.parts(4)}.intersection(QUADRANTS) and not line.value("2400/TOO02"):
        yield row.spot(4)


def _poa_missing(claim: View) -> Iterator[Spot]:
    """Principal and other diagnoses of a hospital stay without indicator; exempt codes have none, so it is advice."""
    if has("2300/CLM05-1", "11")(claim):
        for row, element, qualifier, _ in diagnoses(claim):
            if qualifier in ("ABK", "ABF") and not row.part(element, 9):
                yield row.spot(element, 9)


def _poa_unknown(claim: View) -> Iterator[Spot]:
    """An indicator that is none."""
    for row, element, _, _ in diagnoses(claim):
        if row.part(element, 9) and row.part(element, 9) not in POA:
            yield row.spot(element, 9)


def _poa_elsewhere(claim: View) -> Iterator[Spot]:
    """An indicator outside a stay; what else is one (Part B of a stay, residential care) is the receiver's word."""
    for row, element, _, _ in diagnoses(claim):
        if row.part(element, 9) and not inpatient(claim):
            yield row.spot(element, 9)


def _unitless_days(line: View) -> Iterator[Spot]:
    """Room and board (revenue 010x to 021x) is counted in days."""
    row = line.one("2400/SV2")
    if row and re.fullmatch(r"0(1[0-9]|2[01])\d", row[1], re.ASCII) and row[4] != "DA":
        yield row.spot(4)


def _minutes(line: View) -> Iterator[Spot]:
    """Minutes are whole and fit a day."""
    row = line.one("2400/SV1")
    if row and row[3] == "MJ" and (cents(row[4]) % 100 or not 0 < cents(row[4]) <= 24 * 60 * 100):
        yield row.spot(4)


# ---- the table -------------------------------------------------------------------------------------------------------

EDITS: tuple[Edit, ...] = (
    # ambulance
    situation("a transport has its certificate", P, "A6:337", "2400/SV1",
              needs(both(ambulance, lacks("2300/CR1")), "2400/CR1"), "An ambulance service has no CR1.",
              "Send CR1 with the claim or the line.", per="2400", snip=6, given=_transport),
    situation("a transport has its pick-up", P, "A6:266", "2400/SV1", needs(_no_end("2420G", "PW"), "2420G/NM1*PW"),
              "An ambulance service does not tell where the patient was picked up.",
              "Send 2310E NM1*PW, or 2420G with the line.", per="2400", snip=6, given=_transport),
    situation("a transport has its drop-off", P, "A6:740", "2400/SV1", needs(_no_end("2420H", "45"), "2420H/NM1*45"),
              "An ambulance service does not tell where the patient was taken.",
              "Send 2310F NM1*45, or 2420H with the line.", per="2400", snip=6, given=_transport),
    situation("mileage has its miles", P, "A6:267", "2400/SV1",
              needs(both(mileage, lacks("2300/CR106")), "2400/CR106"), "Mileage is charged without miles.",
              "Send the miles in CR106 of the claim or the line.", per="2400", snip=6, given=_transport),
    # anaesthesia
    situation("anaesthesia is counted in minutes", P, "A7:251", "2400/SV1",
              bars(anaesthesia, "2400/SV103", "UN"), "Anaesthesia is counted in units instead of minutes.",
              "Send MJ in SV103 and the minutes in SV104.", per="2400", snip=6, given=_timed),
    situation("minutes are anaesthesia's", P, "A8:251", "2400/SV1",
              bars(lambda line: not coded("2400/SV101", r"0[01]\d{3}")(line), "2400/SV103", "MJ"),
              "A service that is no anaesthesia is counted in minutes.", "Send UN in SV103 and the units in SV104.",
              per="2400", most="warning", snip=6, given=_in_minutes),
    situation("minutes are whole and fit a day", P, "A7:251", "2400/SV1", _minutes,
              "The minutes are no whole number between 1 and 1440.", "Correct SV104.",
              per="2400", snip=6, given=_in_minutes),
    # equipment
    situation("equipment is what is charged", P, "A8:454", "2400/SV5", _other_equipment,
              "SV5 tells another equipment than SV1.", "Send in SV501 the procedure of SV101.", per="2400", snip=6),
    situation("a rental has its price", P, "A6:185", "2400/SV5", needs(rental, "2400/SV504"),
              "A rental has no price.", "Send the rental price in SV504 and its unit in SV506.", per="2400", snip=6),
    situation("a certified therapy has begun", P, "A6:525", "2400/CR3", needs(has("2400/CR3"), "2400/DTP*463"),
              "Equipment is certified, but the therapy's first day is missing.", "Send DTP*463.", per="2400", snip=6),
    situation("a revised certificate has its day", P, "A6:529", "2400/CR3",
              needs(has("2400/CR301", "R", "S"), "2400/DTP*607"), "A renewed or revised certificate is undated.",
              "Send DTP*607.", per="2400", snip=6),
    # dental
    situation("a procedure on a tooth names it", D, "A6:244", "2400/SV3", needs(on_a_tooth, "2400/TOO02"),
              "A procedure on a tooth does not say which.", "Send TOO*JP with the tooth.", per="2400", snip=6),
    situation("a tooth is one of the chart", D, "A7:244", "2400/TOO", _tooth,
              "There is no such tooth.", "Send 1 to 32, A to T, or a supernumerary (51 to 82, AS to TS).", per="2400",
              snip=6),
    situation("a filling has its surfaces", D, "A6:240", "2400/SV3", needs(filling, "2400/TOO03"),
              "A filling does not say on which surfaces.", "Send the surfaces in TOO03: M, O, D, B, F, L, I.",
              per="2400", snip=6),
    situation("a filling has as many surfaces as its code", D, "A7:240", "2400/TOO", _surfaces,
              "The surfaces are more or fewer than the procedure is for.", "Correct TOO03 or the procedure.",
              per="2400", snip=6),
    situation("a surface is one the tooth has", D, "A7:240", "2400/TOO", _surface_of_tooth,
              "The tooth has no such surface.", "Send I for front teeth, O for the others.", per="2400", snip=6),
    situation("a procedure on a quadrant names it", D, "A6:245", "2400/SV3",
              _no_quadrant, "A periodontal procedure does not say in which quadrant.",
              "Send 10, 20, 30 or 40 in SV304.", per="2400", snip=6),
    situation("orthodontics tells its months", D, "A6:246", "2400/SV3",
              needs(orthodontic, "2300/DN1"), "An orthodontic treatment does not tell its months.",
              "Send DN1 with the claim.", per="2400", most="warning", snip=6),
    # institutional
    situation("an indicator of presence is known", I, "A7:688", "2300/HI", _poa_unknown,
              "An indicator of presence on admission is none.", "Send Y, N, U, W or 1 in HI component 9.", snip=6),
    situation("an indicator of presence is of a stay", I, "A8:688", "2300/HI", _poa_elsewhere,
              "A diagnosis of a claim that is of no stay tells whether it was present on admission.",
              "Leave HI component 9 out, or correct the type of bill.", most="warning", snip=6),
    situation("a hospital stay tells what was present", I, "A6:688", "2300/HI", _poa_missing,
              "A diagnosis of a hospital stay does not tell whether it was present on admission.",
              "Send Y, N, U or W in HI component 9, unless the code is exempt.", most="warning", snip=6),
    situation("a DRG is of a stay", I, "A8:256", "2300/HI", bars(lambda claim: not inpatient(claim), "2300/HI*DR"),
              "A claim that is of no stay names a DRG.", "Leave HI*DR out.", action="remove", most="warning", snip=6),
    situation("room and board is counted in days", I, "A7:476", "2400/SV2", _unitless_days,
              "Room and board is not counted in days.", "Send DA in SV204 and the days in SV205.", per="2400",
              most="warning", snip=6),
)  # fmt: skip
