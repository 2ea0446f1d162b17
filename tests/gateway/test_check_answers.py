"""Laws of the answers a person gets at his desk: the files we would send, as we would send them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from check_material import changed, checked, golden

from gateway.check.answers import Answer, Answers
from gateway.check.reading import Writing
from gateway.check.records import every_finding
from parsers.events import Delimiters
from tests.mappings.x12_files import pyx12_answer

NOW = datetime(2026, 4, 6, 9, 30, tzinfo=UTC)
ASKED = ("000000202*0*T", "000000202*1*T")
ODD_STREET = ("N3*10 MAIN ST~", "N3*10 MAIN:ST~")


def answers(data: bytes) -> dict[str, bytes]:
    """What would be sent for a file, by name."""
    kept: list[Answer] = []
    checked(data, listeners=(Answers(kept.append, NOW),))
    return {one.name: one.body for one in kept}


def test_a_good_file_is_answered_in_full() -> None:
    """Who asks for a TA1 gets one, each group its 999, each accepted 837 its 277CA; every one with its own number."""
    made = answers(changed("in.837p", ASKED))
    assert set(made) == {"1.TA1.x12", "1.999.x12", "1-1-1.277CA.x12"}
    assert sorted(body[90:99] for body in made.values()) == [b"000000001", b"000000002", b"000000003"]
    assert b"TA1*000000202*260406*0900*A*000~" in made["1.TA1.x12"]
    assert b"IK5*A~\nAK9*A*1*1*1~" in made["1.999.x12"]
    assert b"QTY*90*8~\nAMT*YU*46430~" in made["1-1-1.277CA.x12"]


def test_who_asks_for_no_ta1_gets_none() -> None:
    """ISA14 0 is no TA1; a set of members has no 277CA."""
    assert set(answers(golden("in.834"))) == {"1.999.x12"}


def test_a_rejected_interchange_has_a_ta1_alone() -> None:
    """TA1 R is all there is."""
    made = answers(changed("in.837p", ASKED, ("IEA*1*", "IEA*2*")))
    assert set(made) == {"1.TA1.x12"} and b"*R*021~" in made["1.TA1.x12"]


def test_a_rejected_set_has_no_277ca() -> None:
    """A set the 999 rejects is answered by the 999 only, and the wrong element is named there."""
    made = answers(changed("in.837p", ("*11:B:1*", "*11:Q:1*")))
    assert set(made) == {"1.999.x12"}
    assert b"IK3*CLM*19*2300*8~\nCTX*CLM01:LFC-5001~\nIK4*5:2*1332*7*Q~\nIK5*R*5~" in made["1.999.x12"]


@pytest.mark.parametrize(
    "data",
    [
        changed("in.837p", ASKED), changed("in.837p", ASKED, ("IEA*1*", "IEA*2*")),
        changed("in.837p", ("*11:B:1*", "*11:Q:1*")), golden("in.834"),
        changed("in.837p", ("CLM*LFC-5001*", "CLM*LFC|5001*")),
    ],
)  # fmt: skip
def test_every_answer_is_legal(data: bytes) -> None:
    """Our own reader accepts each answer, and so does pyx12."""
    for body in answers(data).values():
        result = checked(body)
        assert result.accepted and every_finding(result) == []
        assert pyx12_answer(body) == []


@pytest.mark.parametrize(("claim", "component"), [("LFC-5001", ">"), ("LFC>5001", "*")])
def test_answers_are_written_as_agreed(claim: str, component: str) -> None:
    """Delimiters and line ends are those of the desk, as far as no identifier that is answered contains them."""
    body = changed("in.837p", ASKED, ("*11:B:1*", "*11:Q:1*"), ("CLM*LFC-5001*", f"CLM*{claim}*"))
    kept: list[Answer] = []
    writing = Writing(delimiters=Delimiters("|", ">", "!", "'"), newline=False)
    checked(body, listeners=(Answers(kept.append, NOW, writing),))
    assert [one.name for one in kept] == ["1.TA1.x12", "1.999.x12"]
    for one in kept:
        text = one.body.decode()
        assert "\n" not in text and text[3] == "|" and text[105] == "'"
        assert checked(one.body).accepted and pyx12_answer(one.body) == []
    named = kept[1].body.decode()
    assert named[104] == component and f"CTX|CLM01{component}{claim}'" in named
