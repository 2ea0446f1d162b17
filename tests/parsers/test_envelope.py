"""The envelope: each broken element of ISA, GS and ST has its own code."""

from __future__ import annotations

import pytest
from x12_material import golden, read, segments, summary

from parsers.envelope import EnvelopePolicy
from parsers.events import Delimiters, GroupClosed, InterchangeOpened, SetClosed
from parsers.isa import read_isa

ISA_FAULTS = {
    "*00*          *00*": ("*09*          *00*", "010"),
    "*00*          *ZZ*": ("*07*          *ZZ*", "012"),
    "*ZZ*BLUEBONNET": ("*XX*BLUEBONNET", "005"),
    "*ZZ*BLUEBONNET     *": ("*ZZ*               *", "006"),
    "*ZZ*SUMMITTPA": ("*31*SUMMITTPA", "007"),
    "*ZZ*SUMMITTPA      *": ("*ZZ*               *", "008"),
    "*260406*": ("*260431*", "014"),
    "*0900*^": ("*2460*^", "015"),
    "*^*00501*": ("*V*00501*", "016"),
    "*00501*": ("*99999*", "017"),
    "*000000101*0": ("*00000010A*0", "018"),
    "*0*T*": ("*2*T*", "019"),
    "*T*:": ("*X*:", "020"),
}


@pytest.mark.parametrize("old", ISA_FAULTS)
def test_each_broken_isa_element_has_its_ta1_code(old: str) -> None:
    """An element of the ISA that breaks its law refuses the interchange with that element's code and no other."""
    new, code = ISA_FAULTS[old]
    data = golden("in.834").decode()
    assert old in data[:106]
    broken = data[:106].replace(old, new, 1) + data[106:]
    assert summary(read(broken.encode())) == f"TA1:R*{code}"


@pytest.mark.parametrize("component", [":", "^"])
def test_the_standards_id_of_4010_names_no_repetition_separator(component: str) -> None:
    """A U in ISA11 is what many still write: no letter of the data is taken for a separator, and nothing is refused."""
    data = golden("in.834").replace(b"*^*00501*", b"*U*00501*").replace(b"*T*:~", f"*T*{component}~".encode())
    events = read(data.replace(b"*REED*", b"*U*", 1))
    assert summary(events) == "IK5:A AK9:A TA1:A"
    assert next(e.header.delimiters.repetition for e in events if isinstance(e, InterchangeOpened)) not in (
        "U",
        component,
    )


def test_groups_of_4010_are_answered_and_not_read() -> None:
    """The envelope of the version before is understood: each group learns that its guide is not supported (AK905 2)."""
    data = golden("in.834").replace(b"*^*00501*", b"*U*00401*").replace(b"005010X220A1", b"004010X095A1")
    assert summary(read(data)) == "IK5:R*I6 AK9:R*2 TA1:A"
    assert summary(read(data.replace(b"004010X095A1", b"005010X220A1"))) == "TA1:R*003"


def test_all_faults_of_an_isa_are_told() -> None:
    """Not only the first."""
    data = golden("in.834").replace(b"*260406*0900*^", b"*260431*2460*^", 1)
    assert summary(read(data, EnvelopePolicy(usage="P"))) == "TA1:R*014*015*020"


@pytest.mark.parametrize(
    ("policy", "answer"),
    [
        (EnvelopePolicy(), "IK5:A AK9:A TA1:A"),
        (EnvelopePolicy(senders=frozenset({("ZZ", "BLUEBONNET")})), "IK5:A AK9:A TA1:A"),
        (EnvelopePolicy(senders=frozenset({("01", "BLUEBONNET")})), "TA1:R*006"),
        (EnvelopePolicy(receivers=frozenset({("ZZ", "OTHER")})), "TA1:R*009"),
        (EnvelopePolicy(usage="P"), "TA1:R*020"),
        (EnvelopePolicy(usage="T"), "IK5:A AK9:A TA1:A"),
        (EnvelopePolicy(groups=frozenset({"HC"})), "IK5:R*I6 AK9:R*1 TA1:A"),
    ],
)
def test_policy_says_who_may_send_what_here(policy: EnvelopePolicy, answer: str) -> None:
    """A sender, a receiver, a usage or a group outside the policy is refused with its own code."""
    assert summary(read(golden("in.834"), policy)) == answer


GROUP_FAULTS = {
    "ST*834*0001*005010X220A1": {
        "ST*837*0001*005010X220A1": "IK5:R*18",
        "ST*270*0001*005010X220A1": "IK5:R*1",
        "ST*83*0001*005010X220A1": "IK5:R*6",
        "ST*834*1*005010X220A1": "IK5:R*7*3",
        "ST*834*0001*005010X999": "IK5:R*19",
        "ST*834*0001": "IK5:R*19",
        "ST*834*0001*005010X220A1*X": "IK5:R*5",
        "ST*834*0001*005010X220A1*": "IK5:A",
    },
    "SE*82*0001": {
        "SE*81*0001": "IK5:R*4",
        "SE*082*0001": "IK5:A",
        "SE*x*0001": "IK5:R*4",
        "SE*82*0002": "IK5:R*3",
        "SE": "IK5:R*3*4",
        "SE*82*0001*X": "IK5:R*5",
        "SE*82*0001**": "IK5:A",
    },
    "GE*1*101": {
        "GE*2*101": "AK9:R*5",
        "GE*1*102": "AK9:R*4",
        "GE": "AK9:R*4*5",
        "GE*1*101*X": "AK9:R",
        "GE*1*101*": "AK9:A",
    },
    "IEA*1*000000101": {
        "IEA*2*000000101": "TA1:R*021",
        "IEA*1*000000102": "TA1:R*001",
        "IEA*": "TA1:R*001*021",
        "IEA*1*000000101*X": "TA1:R*022",
        "IEA*1*000000101*": "TA1:A",
    },
}


@pytest.mark.parametrize(("old", "new"), [(old, new) for old, faults in GROUP_FAULTS.items() for new in faults])
def test_headers_and_trailers_that_disagree_have_their_codes(old: str, new: str) -> None:
    """Counts and control numbers are compared, what does not agree is named, and what has no place is refused."""
    data = "~".join(new if part == old else part for part in segments("in.834")) + "~"
    assert GROUP_FAULTS[old][new] in summary(read(data.encode())).split(" ")


def test_counts_of_a_group_are_claimed_received_and_accepted() -> None:
    """AK902 is what GE01 claims, AK903 what came, AK904 what was accepted; a refused group accepts nothing."""
    data = golden("out.835").replace(b"CLP*HIL-3001", b"CLP*" + b"X" * 60)
    events = read(data.replace(b"GE*3*404", b"GE*3*404"))
    (verdict,) = [event.verdict for event in events if isinstance(event, GroupClosed)]
    assert (verdict.verdict, verdict.claimed, verdict.received, verdict.accepted) == ("P", 3, 3, 2)
    (verdict,) = [e.verdict for e in read(data.replace(b"GE*3", b"GE*9")) if isinstance(e, GroupClosed)]
    assert (verdict.verdict, verdict.claimed, verdict.received, verdict.accepted) == ("R", 9, 3, 0)


def test_an_isa_is_read_with_its_own_delimiters_and_without_padding() -> None:
    """Delimiters are bytes 3, 82, 104 and 105; values come out without the spaces that fill them."""
    header = next(event.header for event in read(golden("in.834")) if isinstance(event, InterchangeOpened))
    assert (header.isa06, header.isa08, header.isa13) == ("BLUEBONNET", "SUMMITTPA", "000000101")
    assert header.delimiters == Delimiters("*", ":", "^", "~")


def test_an_unpadded_isa_is_read_and_refused_by_the_element_that_is_short() -> None:
    """Delimiters are never taken from a wrong place; the sender learns which element is too short."""
    data = golden("in.834").replace(b"BLUEBONNET     ", b"BLUEBONNET")
    isa = read_isa(data[:256])
    assert isa is not None
    assert isa.codes == ("006",)
    assert isa.header.delimiters == Delimiters()
    assert summary(read(data + golden("in.837p"))) == "TA1:R*006 IK5:A AK9:A TA1:A"


def test_the_digest_of_a_set_is_that_of_its_body_alone() -> None:
    """The same ST..SE in another envelope has the same digest: that is how a batch sent twice is seen."""
    data = golden("in.834")
    other = data.replace(b"000000101", b"000000109").replace(b"*101*X", b"*109*X").replace(b"GE*1*101", b"GE*1*109")
    first, second = ([e.body_sha256 for e in read(one) if isinstance(e, SetClosed)] for one in (data, other))
    assert first == second
    assert len(first[0]) == 64
