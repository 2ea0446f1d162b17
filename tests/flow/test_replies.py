"""Laws of what partners answer to what we sent, and of what they do not answer."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.flow import folders, replies
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import outbox
from tests.flow.world import World, asked, begun, golden

CLEARPATH = "*00*          *00*          *ZZ*CLEARPATH      *ZZ*SUMMITTPA      *260410*1000*^*00501*"
"""An ISA of the partner that gets the 835s, up to its control number; `{isa14}` is added behind it."""


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation on the day its first 835 left, a Friday."""
    made = begun(store, keys, tmp_path, enrolled=True)
    made.send("clearpath", "claims.837", golden("in.837p"))
    made.plan_run("ann", "ben")
    made.advance("2026-04-09")
    made.deposit(asked(made), "WIRE-1")
    made.advance("2026-04-10")
    return made


def remittance(world: World) -> Any:
    """The outbox row of the 835."""
    (row,) = world.rows(outbox, outbox.c.kind == "835")
    return row


def interchange(number: int, *inside: str, isa14: str = "0") -> bytes:
    """An interchange of the partner."""
    ours = "".join(one + "~" for one in inside)
    groups = sum(one.startswith("GS*") for one in inside)
    return f"ISA{CLEARPATH}{number:09d}*{isa14}*T*:~{ours}IEA*{groups}*{number:09d}~".encode()


def ack(number: int, gs06: str, verdict: str, *sets: str, functional_id: str = "HP", isa14: str = "0") -> bytes:
    """A 999 for a group of ours; sets: IK501 of each."""
    body = [f"ST*999*{number:04d}*005010X231A1", f"AK1*{functional_id}*{gs06}*005010X221A1"]
    for n, one in enumerate(sets, 1):
        body += [f"AK2*835*{n:04d}", f"IK5*{one}" + ("*5" if one == "R" else "")]
    good = sum(one != "R" for one in sets)
    body.append(f"AK9*{verdict}*{len(sets)}*{len(sets)}*{good}")
    head = f"GS*FA*CLEARPATH*SUMMITTPA*20260410*1000*{number}*X*005010X231A1"
    return interchange(
        number, head, *body, f"SE*{len(body) + 1}*{number:04d}", f"GE*1*{number}", isa14=isa14
    )  # fmt: skip


def test_an_acknowledged_835_has_its_verdict_and_time(world: World) -> None:
    """A 999 that accepts is noted on what it answers, and asks nobody for anything."""
    row = remittance(world)
    assert (row.ack, row.answered_us) == ("", None)
    world.send("clearpath", "a.999", ack(900, row.grp, "A", "A", "A", "A"))
    row = remittance(world)
    assert (row.ack, row.ta1) == ("A", "") and row.answered_us is not None
    assert world.holds("answer") == []


def test_an_acknowledgement_that_is_wrong_is_reported_and_never_answered(world: World) -> None:
    """No 999 is sent for a 999; what is wrong with one stands in the report its hold speaks of."""
    wrong = ack(900, remittance(world).grp, "A", "Z", "A", "A")
    world.send("clearpath", "a.999", wrong)
    (held,) = world.holds("file")
    assert held.reason.endswith("see its report") and remittance(world).ack == ""
    sent = world.rows(outbox, outbox.c.cause == held.subject)
    assert {one.kind for one in sent} == {"report"}


@pytest.mark.parametrize(
    ("verdict", "sets", "said"),
    [
        ("R", "RRR", "3 of 3 sets of the 835 of run 1 to clearpath"),
        ("P", "ARA", "1 of 3 sets of the 835 of run 1 to clearpath"),
        ("R", "", "the 835 of run 1 to clearpath"),
        ("A", "AR", "1 of 2 sets of the 835 of run 1 to clearpath"),
    ],
)
def test_a_rejected_835_asks_a_person(world: World, verdict: str, sets: str, said: str) -> None:
    """Whatever a 999 refuses, the whole group or one set, a person hears of it, and how much it was."""
    world.send("clearpath", "a.999", ack(900, remittance(world).grp, verdict, *sets))
    (hold,) = world.holds("answer")
    assert hold.reason == f"a partner rejected what we sent: {said}"
    assert remittance(world).ack == verdict


def test_a_ta1_is_noted_and_its_rejection_asks_a_person(world: World) -> None:
    """A TA1 stands beside the 999's verdict; R asks a person."""
    control = remittance(world).control
    world.send("clearpath", "a.ta1", interchange(901, f"TA1*{control}*260410*1000*A*000"))
    assert (remittance(world).ta1, world.holds("answer")) == ("A", [])
    world.send("clearpath", "b.ta1", interchange(902, f"TA1*{control}*260410*1000*R*025"))
    assert (remittance(world).ta1, len(world.holds("answer"))) == ("R", 1)


@pytest.mark.parametrize(
    "body",
    [ack(900, "777", "A"), ack(900, "1", "A"), interchange(900, "TA1*000000777*260410*1000*A*000")],
    ids=["group", "group of another kind", "interchange"],
)
def test_an_answer_to_nothing_we_sent_asks_a_person(world: World, body: bytes) -> None:
    """A control number we gave nothing of that kind is a person's to look at."""
    world.send("clearpath", "a.999", body)
    (hold,) = world.holds("answer")
    assert hold.reason == "an answer to nothing we sent"
    assert remittance(world).answered_us is None


def test_answers_are_never_answered(world: World) -> None:
    """Neither a 999 nor a TA1 gets a TA1 or a 999, even if its sender asks for one, accepted or not."""
    row, before = remittance(world), world.count(outbox)
    world.send("clearpath", "a.999", ack(900, row.grp, "A", "A", isa14="1"))
    world.send("clearpath", "b.ta1", interchange(901, f"TA1*{row.control}*260410*1000*A*000", isa14="1"))
    assert world.count(outbox) == before
    world.send("clearpath", "c.999", ack(900, row.grp, "A", "A", isa14="1"))
    assert {one.kind for one in world.rows(outbox)[before:]} == {"report"}


def test_silence_asks_a_person_once_and_a_late_999_ends_it(world: World) -> None:
    """On the first day after the one business day a partner has, an unanswered 835 is a hold; the 999 closes it."""
    world.advance("2026-04-13")
    assert world.holds("silence") == []  # Monday is the one business day
    world.advance("2026-04-15")
    (hold,) = world.holds("silence")
    assert hold.subject == f"sent clearpath/{remittance(world).name}" and hold.sponsor_id == "bluebonnet"
    assert hold.reason == "no 999 came for the 835 of run 1 to clearpath, which was not fetched"
    world.send("clearpath", "a.999", ack(900, remittance(world).grp, "A", "A", "A", "A"))
    assert world.holds("silence") == []
    world.advance("2026-04-17")
    assert world.holds("silence") == []


def test_silence_counts_from_the_fetch(world: World) -> None:
    """A partner has its days from when it took the file, and what a person has released is not asked again."""
    world.advance("2026-04-13")
    folders.read_done(world.context, "clearpath", "outbound", remittance(world).name)
    world.advance("2026-04-14")
    folders.read_done(world.context, "clearpath", "outbound", remittance(world).name)
    assert world.holds("silence") == []
    world.advance("2026-04-15")
    (hold,) = world.holds("silence")
    assert hold.reason.endswith("which was fetched")
    world.release("silence")
    world.advance("2026-04-17")
    assert world.holds("silence") == []


def test_an_answered_835_is_not_missed(world: World) -> None:
    """Any 999, and a TA1 that rejects, is an answer; a TA1 that accepts is none."""
    row = remittance(world)
    world.send("clearpath", "b.ta1", interchange(901, f"TA1*{row.control}*260410*1000*R*025"))
    world.advance("2026-04-15")
    assert world.holds("silence") == []


@pytest.mark.parametrize(
    ("ta1", "ack", "silent", "said"),
    [
        ("", "", 0, "waited for"), ("A", "", 0, "waited for"), ("", "", 1, "missing"), ("", "A", 1, "accepted"),
        ("A", "E", 0, "accepted"), ("", "P", 0, "rejected in part"), ("", "R", 0, "rejected"), ("R", "", 0, "rejected"),
    ],
)  # fmt: skip
def test_an_835_has_an_acknowledgement_in_a_word(ta1: str, ack: str, silent: int, said: str) -> None:
    """What a person sees of an 835 is one of five words; of what nobody acknowledges, none."""
    row = SimpleNamespace(kind="835", ta1=ta1, ack=ack, silent=silent)
    assert replies.acknowledgement(row) == said
    nobody = SimpleNamespace(kind="EFT", ta1="", ack="", silent=0)
    assert replies.acknowledgement(nobody) == ""


def test_what_is_open_is_listed(world: World) -> None:
    """`--open` lists the 835 until it is accepted, and again once it is rejected."""
    row = remittance(world)
    for n, (verdict, listed) in enumerate((("A", []), ("R", [row.id]))):
        assert [one.id for one in opened(world)] == ([row.id] if n == 0 else [])
        world.send("clearpath", "a.999", ack(900 + n, row.grp, verdict, verdict))
        assert [one.id for one in opened(world)] == listed


def opened(world: World) -> list[Any]:
    """What `gateway sent list --open` lists."""
    with world.store.read() as connection:
        return replies.listing(connection, (), only_open=True, most=10)
