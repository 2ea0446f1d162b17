"""Laws of the answers to a received file: TA1, 999, 277CA, and the report beside them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from gateway.store.engine import Store
from gateway.store.keys import Keys
from tests.flow.world import LAKESIDE, METRO_C5, World, begun, changed, golden, only


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation with its members."""
    return begun(store, keys, tmp_path, enrolled=True)


def provider_levels(world: World) -> list[str]:
    """STC of every 2200C of the last 277CA."""
    segments = world.sent("277CA")[-1].decode().replace("\n", "").split("~")
    begins = [n for n, one in enumerate(segments) if one.startswith("NM1*85*")]
    return [next(one for one in segments[n:] if one.startswith("STC*")) for n in begins]


def test_a_provider_whose_every_claim_fails_for_its_sake_is_rejected(world: World) -> None:
    """A billing NPI with a wrong check digit rejects 2200C with U and the reason; its neighbour is received."""
    body = only(golden("in.837p"), LAKESIDE, METRO_C5).replace(b"1234567893", b"1234567890")
    world.send("clearpath", "claims.837", body)
    assert provider_levels(world) == ["STC*A7:562:85**U*2530", "STC*A1:19:PR**WQ*16500"]


def test_a_provider_whose_claims_fail_for_their_own_sake_is_received(world: World) -> None:
    """Every claim rejected for what it says of itself leaves 2200C received."""
    body = changed(only(golden("in.837p"), METRO_C5), ("CLM*MOG-9001*16500*", "CLM*MOG-9001*16501*"))
    world.send("clearpath", "claims.837", body)
    assert provider_levels(world) == ["STC*A1:19:PR**WQ*16501"]


# ---- domain 1.2 to 1.6, sentence by sentence -------------------------------------------------------------------------


def two_sets(change: tuple[str, str]) -> bytes:
    """The claims file twice in one group, as sets 0001 and 0002, the second changed."""
    text = golden("in.837p").decode().replace("~\n", "~")
    head, body, tail = text.partition("ST*837*0001")
    first = (body + tail).partition("GE*")[0]
    second = first.replace("ST*837*0001", "ST*837*0002").replace("*0001~", "*0002~").replace("BATCH0406", "BATCH0407")
    return (head + first + changed(second.encode(), change).decode() + "GE*2*202~IEA*1*000000202~").encode()


def segments(body: bytes, *ids: str) -> list[str]:
    """Segments of a file with the given ids."""
    return [one for one in body.decode().replace("\n", "").split("~") if one.split("*")[0] in ids]


NO_DATE = ("CLM*MOG-9001*16500*", "CLM*MOG-9001*1650O*")
"""A letter O in an amount: IK403 6 in CLM02 of the claim MOG-9001."""


def test_a_set_is_accepted_without_its_neighbour(world: World) -> None:
    """The unit of acceptance is ST..SE: the 999 says P, names loop, position, element and claim of the bad set, and
    only the good one gets a 277CA."""
    world.send("clearpath", "two.837", two_sets(NO_DATE))
    (told,) = world.sent("999", "clearpath")
    acks = segments(told, "AK2", "IK3", "CTX", "IK4", "IK5", "AK9")
    assert acks[:2] == ["AK2*837*0001*005010X222A1", "IK5*A"] and acks[2] == "AK2*837*0002*005010X222A1"
    assert acks[3].startswith("IK3*CLM*") and acks[3].endswith("*2300*8") and acks[4] == "CTX*CLM01:MOG-9001"
    assert acks[5:] == ["IK4*2*782*6*1650O", "IK5*R*5", "AK9*P*2*2*1"]
    assert [segments(body, "TRN")[1] for body in world.sent("277CA")] == ["TRN*2*BATCH0406"]


def test_the_report_of_a_rejected_set_says_where_why_and_what_to_do(world: World) -> None:
    """Text and JSON name the place, the rule and the mend of every finding, and hold no value of the file."""
    world.send("clearpath", "two.837", two_sets(NO_DATE))
    text, document = (body.decode() for body in world.sent("report", "clearpath"))
    assert "CLM element 02 in loop 2300" in text and "(IK403 6)" in text and "1650O" not in text + document
    (bad,) = msgspec.json.decode(document)["sets"]
    finding = next(one for one in bad["findings"] if one["element"])
    assert (bad["st02"], bad["type"], bad["verdict"]) == ("0002", "837", "R")
    assert (finding["loop"], finding["segment"], finding["element"], finding["code"]) == ("2300", "CLM", 2, "6")
    assert finding["position"] > 1 and finding["mend"]


def test_accepted_and_rejected_claims_are_the_sets(world: World) -> None:
    """QTY*90 + QTY*AA are the claims of the set, AMT*YU + AMT*YY their charges, at the submitter's level and in sum
    over its providers; each claim has its own STC under its own name."""
    sent = golden("in.837p").replace(b"CLM*LFC-5001*240*", b"CLM*LFC-5001*241*")  # comes twice: two do not balance
    world.send("clearpath", "claims.837", sent)
    (told,) = world.sent("277CA")
    sums: dict[str, list[float]] = {}
    for one in segments(told, "QTY", "AMT"):
        _, code, number = one.split("*")
        sums.setdefault(code, []).append(float(number))
    charges = [float(one.split("*")[2]) for one in segments(sent, "CLM")]
    assert (sums["90"], sums["AA"]) == ([len(charges) - 2], [2])
    assert (sum(sums["QA"]), sum(sums["QC"])) == (len(charges) - 2, 2)
    assert sums["YU"][0] + sums["YY"][0] == sum(charges) == sum(sums["YU"][1:]) + sum(sums["YY"][1:])
    levels = [one.split("*")[3] for one in segments(told, "HL")]
    assert levels[:2] == ["20", "21"] and levels.count("PT") == len(charges)
    named = [one.split("*")[2] for one in segments(told, "TRN")[2:] if one.startswith("TRN*2*")]
    assert named == [one.split("*")[1] for one in segments(sent, "CLM")]


@pytest.mark.parametrize(("isa14", "count"), [("0", 0), ("1", 1)])
def test_a_ta1_is_sent_when_asked_for_only(world: World, isa14: str, count: int) -> None:
    """ISA14 decides; the answer echoes ISA13, date and time, stands alone in its interchange and asks for none."""
    body = golden("in.837p").decode()
    isa, rest = body[:106], body[106:]
    world.send("clearpath", "claims.837", (isa[:100] + isa14 + isa[101:] + rest).encode())
    ta1 = world.sent("TA1", "clearpath")
    assert len(ta1) == count
    for one in ta1:
        assert segments(one, "TA1", "GS", "IEA")[0] == f"TA1*{isa[90:99]}*{isa[70:76]}*{isa[77:81]}*A*000"
        assert len(segments(one, "GS")) == 0 and one.decode()[100] == "0"


def test_nothing_follows_a_ta1_that_rejects(world: World) -> None:
    """An interchange whose trailer disagrees is answered by TA1 R 001 alone: no 999, no 277CA, no claim."""
    body = golden("in.837p").decode()
    before = world.claims()
    spoilt = body[:100] + "1" + body[101:].replace("IEA*1*000000202", "IEA*1*000000999")
    world.send("clearpath", "claims.837", spoilt.encode())
    assert segments(world.sent("TA1", "clearpath")[0], "TA1")[0].endswith("*R*001")
    assert world.sent("999", "clearpath") == world.sent("277CA") == []
    assert world.claims() == before
