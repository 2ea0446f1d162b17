"""What is said about a wrong segment: which codes, where, and about whom."""

from __future__ import annotations

import pytest
from x12_material import accepted, base, golden, joined, read, segments, summary, units

from parsers import guides
from parsers.envelope import EnvelopePolicy
from parsers.events import GroupClosed, InterchangeClosed, SetClosed, SetOpened
from parsers.findings import Finding, Place
from parsers.limits import Limits
from parsers.reader import Reader


def changed(name: str, old: str, *new: str) -> bytes:
    """The golden file with its first segment `old` replaced by the segments `new`."""
    parts = segments(name)
    at = parts.index(old)
    return joined([*parts[:at], *new, *parts[at + 1 :]])


def findings(data: bytes) -> list[Finding]:
    """All findings of all sets."""
    return [one for event in read(data) if isinstance(event, SetClosed) for one in event.verdict.findings]


HD = "HD*030**PPO*BT-PPO-2026*FAM"
CLM = "CLM*LFC-5001*240***11:B:1*Y*A*Y*Y"
LINE = "SV1*HC:99214*180*UN*1***1"

SERVICE = "DTP*472*D8*20260316"
BILLING = "NM1*85*2*LAKESIDE FAMILY CLINIC*****XX*1234567893"
STREET, TOWN = "N3*121 LAKE ST", "N4*AUSTIN*TX*78701"
DIAGNOSIS = "HI*ABK:E119"
THREE_FAULTS = f"SV1*XX:99214*1E5*UN*{'1' * 16}***1"

CASES = {
    "a wrong maintenance code is a code error, not an unknown segment":
        ("in.834", HD, [HD.replace("030", "999")], "IK3:HD*8 IK4:1*7"),
    "a missing code is a required element":
        ("in.834", HD, [HD.replace("030", "")], "IK3:HD*8 IK4:1*1"),
    "a segment left out that the guide requires":
        ("in.837p", DIAGNOSIS, [], "IK3:HI*3"),
    "a qualifier nobody knows at this place":
        ("in.837p", SERVICE, [SERVICE.replace("472", "999")], "IK3:DTP*8 IK4:1*7"),
    "a segment twice that may stand once":
        ("in.837p", DIAGNOSIS, [DIAGNOSIS, DIAGNOSIS], "IK3:HI*5"),
    "a segment of the loop that came too late":
        ("in.837p", STREET, [TOWN, STREET], "IK3:N3*3 IK3:N3*7 IK3:N4*5"),
    "a segment id of no guide":
        ("in.837p", LINE, [LINE, "ZZ9*1"], "IK3:ZZ9*1"),
    "a component that is too long":
        ("in.837p", CLM, [CLM.replace("11:B:1", "111:B:1")], "IK3:CLM*8 IK4:5*5"),
    "paired elements of which one is missing":
        ("in.837p", BILLING, [BILLING.rpartition("*")[0]], "IK3:NM1*8 IK4:9*2"),
    "an element the guide does not use":
        ("in.837p", CLM, [CLM.replace("*240***", "*240*X**")], "IK3:CLM*8 IK4:3*I10"),
    "a required component that is empty":
        ("in.837p", LINE, [LINE.replace("HC:99214", "HC")], "IK3:SV1*8 IK4:1*1"),
    "a date the calendar does not have":
        ("in.837p", SERVICE, ["DTP*472*D8*20260230"], "IK3:DTP*8 IK4:3*8"),
    "a date not of the form announced":
        ("in.837p", SERVICE, [SERVICE.replace("D8", "RD8")], "IK3:DTP*8 IK4:3*8"),
    "all that is wrong is said":
        ("in.837p", LINE, [THREE_FAULTS], "IK3:SV1*8 IK4:1*7 IK4:2*6 IK4:4*5"),
    "a line number out of turn":
        ("in.837p", "LX*2", ["LX*3"], "IK3:LX*8 IK4:1*7"),
    "a level out of turn":
        ("in.837p", "HL*3*1*22*0", ["HL*4*1*22*0"], "IK3:HL*8 IK4:1*7"),
    "a level whose parent is not open":
        ("in.837p", "HL*3*1*22*0", ["HL*3*2*22*0"], "IK3:HL*8 IK4:2*7"),
    "a loop opened twice still owes what the first one left out":
        ("in.837p", CLM, [CLM, CLM], "IK3:HI*3 IK3:LX*3"),
}  # fmt: skip


@pytest.mark.parametrize("law", CASES)
def test_each_fault_has_its_code(law: str) -> None:
    """A single fault in a good file gives exactly the codes of that fault."""
    name, old, new, expected = CASES[law]
    assert summary(read(changed(name, old, *new))).startswith(f"{expected} IK5:R*5")


@pytest.mark.parametrize("address", ["N4*MONTREAL*QC*H2X1Y4*CA", "N4*ST JOHNS*NL*A1C5S7*CA", "N4*BELGRADE**11000*RS"])
def test_states_and_countries_are_no_matter_of_a_999(address: str) -> None:
    """An address in a province or country that is younger than a packaged list is not refused."""
    assert summary(read(changed("in.837p", TOWN, address))).startswith("IK5:A")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("HL*3*1*22*0", "HL*3*2*22*0", "is not the number of the level above."),
        ("HL*3*1*22*0", "HL*4*1*22*0", "does not count on from the one before."),
        ("LX*2", "LX*3", "does not count on from the one before."),
    ],
)
def test_a_wrong_number_is_not_called_a_wrong_code(old: str, new: str, said: str) -> None:
    """HL01, HL02 and LX01 have no codes: what is said of them is that they are not the number that comes."""
    element = next(one for one in findings(changed("in.837p", old, new)) if one.level == "element")
    assert (element.code, element.message.endswith(said)) == ("7", True)


def test_a_finding_names_the_claim_it_belongs_to_and_only_that_unit_is_unclean() -> None:
    """CTX wants CLM01; a claim beside a wrong one stays clean."""
    data = changed("in.837p", LINE, LINE.replace("180", "1E5"))
    (segment, element) = findings(data)
    place = Place(position=22, loop="2400", segment="SV1", claim="LFC-5001")
    assert segment.place == place
    assert element == Finding(
        level="element", code="6", snip=1, value="1E5", message=element.message, mend=element.mend,
        place=Place(position=22, loop="2400", segment="SV1", element=2, reference="782", claim="LFC-5001"),
    )  # fmt: skip
    assert [unit.position for unit in units(read(data)) if not unit.clean] == [19]


def test_a_member_is_named_by_ref_0f_even_for_what_was_wrong_before_it() -> None:
    """INS comes before REF*0F, and its findings still name the member."""
    data = changed("in.834", "INS*Y*18*030*XN*A***FT", "INS*Q*18*030*XN*A***FT")
    assert {one.place.claim for one in findings(data)} == {"SBA100001"}


def test_messages_hold_no_value_of_the_file() -> None:
    """A message may be logged, a value may not."""
    secret = "SECRET" * 20
    found = findings(changed("in.837p", CLM, CLM.replace("LFC-5001", secret)) + b"")
    found += findings(changed("in.837p", "HI*ABK:E119", f"{secret}*{secret}"))
    assert found
    assert not [one.message for one in found if "SECRET" in one.message]
    assert max(len(one.value) for one in found) <= Limits().value_chars


def test_one_segment_may_have_two_meanings_under_one_qualifier() -> None:
    """In 2400, PWK*CT is an attachment or a certificate; either is accepted."""
    attachment, certificate = "PWK*CT*BM***AC*CONTROL1", "PWK*CT*AB"
    assert "IK5:A" in summary(read(changed("in.837p", LINE, LINE, attachment, certificate)))


def test_a_second_provider_level_adjustment_is_no_second_loop() -> None:
    """PLB may repeat in its loop."""
    plb = next(part for part in segments("out.835") if part.startswith("PLB"))
    assert "IK3" not in summary(read(changed("out.835", plb, plb, plb)))


@pytest.mark.parametrize("alias", ["005010X222", "005010X222A2"])
def test_near_versions_of_a_guide_are_read_as_the_one_we_know(alias: str) -> None:
    """Partners write earlier and later errata of the same structure; the set is judged by the canonical guide."""
    events = read(golden("in.837p").replace(b"005010X222A1", alias.encode()))
    assert summary(events) == "IK5:A AK9:A TA1:A"
    assert [event.guide for event in events if isinstance(event, SetOpened)] == ["005010X222A1"]


def test_findings_of_a_set_are_bounded_and_the_verdict_is_not() -> None:
    """However many errors, a bounded number is told and the set is refused."""
    limits = Limits(findings_per_set=10)
    reader = Reader(guides.load, EnvelopePolicy(), limits)
    parts = segments("in.834")
    data = joined([*parts[:4], *["ZZZ*1"] * 500, *parts[4:]])
    (closed,) = [event for event in reader.feed(data) + reader.close() if isinstance(event, SetClosed)]
    assert len(closed.verdict.findings) == 10
    assert closed.verdict.verdict == "R"


def test_a_group_of_acknowledgements_is_never_answered() -> None:
    """A 999 for a 999 would go on for ever."""
    data = (
        segments("in.834")[0]
        + "~GS*FA*AA*BB*20260101*0900*7*X*005010X231A1~ST*999*0001*005010X231A1~AK1*HC*202*005010X222A1~"
        "AK2*837*0001*005010X222A1~IK5*A~AK9*A*1*1*1~SE*6*0001~GE*1*7~IEA*1*000000101~"
    )
    events = read(data.encode())
    assert summary(events) == "IK5:A AK9:A TA1:A"
    assert [event.verdict.answerable for event in events if isinstance(event, GroupClosed)] == [False]


def test_ta1_segments_are_handed_over_with_their_interchange() -> None:
    """An acknowledgement of ours that came back travels in `ta1`, not in a group."""
    isa = segments("in.834")[0].replace("000000101", "000000055")
    events = read(f"{isa}~TA1*000000404*260410*0900*A*000~IEA*0*000000055~".encode())
    (closed,) = [event for event in events if isinstance(event, InterchangeClosed)]
    assert closed.ta1 == (("TA1", "000000404", "260410", "0900", "A", "000"),)
    assert closed.verdict.verdict == "A"


@pytest.mark.parametrize(("old", "new"), [("*X*005010X220A1", "*X*"), ("GS*BE*", "GS**"), ("GS*BE*", "GS*BEX*")])
def test_a_group_no_999_could_name_refuses_its_interchange(old: str, new: str) -> None:
    """AK1 repeats GS01, GS06 and GS08: without one of them the answer is TA1 024, and no 999."""
    events = read(golden("in.834").decode().replace(old, new, 1).encode())
    (group,) = [event.verdict for event in events if isinstance(event, GroupClosed)]
    (interchange,) = [event.verdict for event in events if isinstance(event, InterchangeClosed)]
    assert (group.answerable, interchange.verdict, interchange.codes) == (False, "R", ("024",))


def refused(parts: list[str]) -> list[tuple[str, int, str]]:
    """TA105, position and what to do, of each finding of a refused interchange."""
    (closed,) = [event.verdict for event in read(joined(parts)) if isinstance(event, InterchangeClosed)]
    assert closed.verdict == "R" and closed.codes == tuple(one.code for one in closed.findings)
    return [(one.code, one.place.position, one.mend.text if one.mend else "") for one in closed.findings]


HEADLESS = ("024", 2, "Begin a group before this set with a GS; it ends in a GE behind its last set.")


@pytest.mark.parametrize("count", ["0", "1"])
@pytest.mark.parametrize("lost", [("GS*",), ("GS*", "GE*")])
def test_a_group_without_its_gs_is_told_once(lost: tuple[str, ...], count: str) -> None:
    """Its set is to be put in a group: no mend takes the SE or GE out, or the group from the count of IEA01."""
    parts = [one.replace("IEA*1*", f"IEA*{count}*") for one in segments("in.834") if not one.startswith(lost)]
    assert refused(parts) == [HEADLESS]


def test_what_a_lost_gs_does_not_explain_is_told_beside_it() -> None:
    """A count that no number of groups is, and a GE too many, are told as ever; the count as it is to be."""
    parts = [one for one in segments("in.834") if not one.startswith("GS*")]
    assert refused([one.replace("IEA*1*", "IEA*7*") for one in parts]) == [HEADLESS, ("021", 0, "IEA01 must be 1.")]
    trailers = [one for one in parts if one.startswith("GE*")]
    assert [code for code, _, _ in refused([*parts[:-1], *trailers, parts[-1]])] == ["024", "022"]


def test_mending_a_lost_gs_makes_the_file_clean() -> None:
    """Doing what the one finding says, and nothing else, makes an accepted interchange of it."""
    parts = segments("in.834")
    group, bare = parts[1], [one for one in parts if not one.startswith(("GS*", "GE*"))]
    trailer = next(one for one in parts if one.startswith("GE*"))
    (told,) = refused(bare)
    mended = [*bare[: told[1] - 1], group, *bare[told[1] - 1 : -1], trailer, bare[-1]]
    assert accepted(read(joined(mended)))


TA1 = "TA1*000000301*260401*0900*A*000"


@pytest.mark.parametrize(
    ("before", "sent", "codes"),
    [("GS*", TA1, ()), ("ST*", TA1, ("022",)), ("INS*", TA1, ("022",)), ("GE*", TA1, ("022",)), ("IEA*", TA1, ("022",)),
     ("GS*", "TA1", ("024",)), ("GS*", "TA1*1", ("024",)), ("GS*", TA1.replace("*A*000", "*Q*999"), ("024",))],
)  # fmt: skip
def test_a_ta1_stands_before_the_groups_and_says_what_it_must(before: str, sent: str, codes: tuple[str, ...]) -> None:
    """Anywhere else, or without number, date, time, verdict and code, it refuses the interchange it lies in."""
    parts = segments("in.834")
    at = next(number for number, one in enumerate(parts) if one.startswith(before))
    (interchange,) = [
        event for event in read(joined([*parts[:at], sent, *parts[at:]])) if isinstance(event, InterchangeClosed)
    ]
    assert interchange.verdict.codes == codes
    assert len(interchange.ta1) == (not codes)


@pytest.mark.parametrize("name", ["837p", "837i", "837d"])
def test_a_claim_set_says_its_guide(name: str) -> None:
    """ST03 is required of every 837 (IK502 19), whatever pyx12's map of the professional one says."""
    parts = base(name).decode().split("~")[:-1]
    short = ["*".join(one.split("*")[:3]) if one.startswith("ST*") else one for one in parts]
    (closed,) = [event for event in read(joined(short)) if isinstance(event, SetClosed)]
    assert (closed.verdict.verdict, closed.verdict.codes) == ("R", ("19",))


def test_levels_that_count_on_are_told_once() -> None:
    """One level too few: the first behind the gap is wrong, those that count on from it are not."""
    parts = base("837p").decode().split("~")[:-1]
    shifted = list(parts)
    for at in [at for at, one in enumerate(parts) if one.startswith("HL*")][1:]:
        _, number, above, *rest = parts[at].split("*")
        shifted[at] = "*".join(["HL", str(int(number) + 1), above if above == "1" else str(int(above) + 1), *rest])
    found = [one for event in read(joined(shifted)) if isinstance(event, SetClosed) for one in event.verdict.findings]
    wrong = [(one.code, one.place.segment, one.place.element) for one in found if one.level == "element"]
    assert wrong == [("7", "HL", 1)]
