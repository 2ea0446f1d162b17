"""Weights of SNIP types 1 and 2: what a partner's settings may excuse, and what nothing excuses."""

from __future__ import annotations

from datetime import date

import pytest
from x12_material import accepted, base, joined, read, segments, summary, units

from parsers.codes import CodeSets
from parsers.edits import Editor, Terms
from parsers.envelope import EnvelopePolicy
from parsers.events import Event, GroupClosed, SetClosed, SetOpened, Unit
from parsers.findings import Finding
from parsers.snip import Snip, Weight

HD = "HD*030**PPO*BT-PPO-2026*FAM"
ORDER, LENGTH, REQUIRED, CODE, COUNT = "order", "length", "required", "code", "count"
CLOTHES: dict[str, tuple[int, str, list[str]]] = {
    ORDER: (1, HD, [HD, "ZZ9*1"]),
    LENGTH: (1, HD, [HD.replace("BT-PPO-2026", "B" * 51)]),
    REQUIRED: (2, HD, ["HD*030***BT-PPO-2026*FAM"]),
    CODE: (2, HD, [HD.replace("PPO*BT", "QQQ*BT")]),
}
"""Name of a fault -> its SNIP type, the segment it is made in, and what stands there instead."""


def damaged(fault: str) -> bytes:
    """The golden 834 with one fault."""
    parts = segments("in.834")
    if fault == COUNT:
        return ("~".join(parts) + "~").replace("SE*82", "SE*81").encode()
    _, old, new = CLOTHES[fault]
    at = parts.index(old)
    return joined([*parts[:at], *new, *parts[at + 1 :]])


def weighed(data: bytes, **weights: Weight) -> list[Event]:
    """The events of a file under weights."""
    return read(data, EnvelopePolicy(snip=Snip(**weights)))


def told(events: list[Event]) -> set[tuple[int, str]]:
    """(SNIP type, severity) of every finding."""
    sets = (event.verdict.findings for event in events if isinstance(event, SetClosed))
    return {(one.snip, one.severity) for findings in sets for one in findings}


@pytest.mark.parametrize("fault", CLOTHES)
def test_a_fault_weighs_what_its_type_weighs(fault: str) -> None:
    """error refuses the set, warning tells it and accepts with E, off says nothing; the other type changes nothing."""
    snip, data = CLOTHES[fault][0], damaged(fault)
    mine, other = f"snip{snip}", f"snip{3 - snip}"
    as_error, as_warning, unseen = (weighed(data, **{mine: weight}) for weight in ("error", "warning", "off"))
    assert told(as_error) == {(snip, "error")}
    assert "IK5:R*5" in summary(as_error)
    assert told(as_warning) == {(snip, "warning")}
    assert summary(as_warning).endswith("IK5:E*5 AK9:E TA1:A")
    assert summary(unseen) == "IK5:A AK9:A TA1:A"
    assert weighed(data, **{other: "off"}) == as_error


@pytest.mark.parametrize("fault", CLOTHES)
def test_a_unit_stays_clean_unless_an_error_was_found_in_it(fault: str) -> None:
    """What is only told does not keep a claim or a member from being used."""
    data = damaged(fault)
    assert not all(unit.clean for unit in units(read(data)))
    for weight in ("warning", "off"):
        assert all(unit.clean for unit in units(weighed(data, snip1=weight, snip2=weight)))


def test_a_segment_weighs_what_the_heaviest_of_its_elements_does() -> None:
    """IK3 8 is told with the faults that are told, and is an error when one of them is."""
    parts = segments("in.834")
    parts[parts.index(HD)] = "HD*030**QQQ*" + "B" * 51
    both = weighed(joined(parts), snip2="warning")
    assert told(both) == {(1, "error"), (2, "warning")}
    assert summary(both).startswith("IK3:HD*8 IK4:3*7 IK4:4*5 IK5:R*5")
    assert summary(weighed(joined(parts), snip2="off")).startswith("IK3:HD*8 IK4:4*5 IK5:R*5")


def test_a_wrong_count_weighs_as_integrity() -> None:
    """SE01 and its like are of type 1: refused, noted or not looked at."""
    assert summary(weighed(damaged(COUNT))) == "IK5:R*4 AK9:R TA1:A"
    assert summary(weighed(damaged(COUNT), snip1="warning")) == "IK5:E*4 AK9:E TA1:A"
    assert summary(weighed(damaged(COUNT), snip1="off", snip2="warning")) == "IK5:A AK9:A TA1:A"


ENVELOPE = {
    "IEA*1*000000101": "IEA*2*000000101",
    "GE*1*101": "GE*1*102",
    "ST*834*0001*005010X220A1": "ST*834*1*005010X220A1",
    "SE*82*0001": "ZZ9*1",
}


@pytest.mark.parametrize("old", ENVELOPE)
def test_no_weight_excuses_an_envelope(old: str) -> None:
    """Interchange, group, a set without an end and a number that cannot be answered for are refused at any weight."""
    data = "".join((ENVELOPE[old] if part == old else part) + "~" for part in segments("in.834")).encode()
    events = weighed(data, snip1="off", snip2="off")
    assert not accepted(events)
    verdicts = [e.verdict.verdict for e in events if isinstance(e, SetClosed | GroupClosed)]
    assert "R" in verdicts or "TA1:R" in summary(events)


@pytest.mark.parametrize(("after", "lost"), [(4, "CLM*LFC-5001*240***11:B:1*Y*A*Y*Y"), (20, "HL*9**99*1")])
def test_no_weight_excuses_a_lost_claim_or_member(after: int, lost: str) -> None:
    """A segment that begins a unit, where the guide has no place for it, would take the unit with it."""
    parts = segments("in.837p")
    events = weighed(joined([*parts[:after], lost, *parts[after:]]), snip1="off", snip2="off")
    assert "IK5:R*5" in summary(events)


@pytest.mark.parametrize("value", ["MALL\x00ORY", "MALL\nORY", "MALL\x1bORY", "MALL\xd1ORY"])
def test_no_weight_excuses_a_character_nobody_agreed_on(value: str) -> None:
    """Control characters and bytes of an unknown character set never reach a record."""
    parts = segments("in.834")
    at = next(index for index, part in enumerate(parts) if part.startswith("NM1*IL"))
    elements = parts[at].split("*")
    parts[at] = "*".join([*elements[:3], value, *elements[4:]])
    events = weighed(joined(parts), snip1="off", snip2="off")
    assert "IK4:3*6" in summary(events)
    assert "IK5:R*5" in summary(events)


def test_weights_of_other_types_are_not_the_readers() -> None:
    """Balancing and the rest are edits: the reader's verdict does not know them."""
    data = damaged(CODE)
    light = EnvelopePolicy(snip=Snip(snip3="off", snip4="warning", snip5="off", snip6="off", snip7="off"))
    assert read(data, light) == read(data)


def test_rows_under_weights_are_the_rows_that_were_sent() -> None:
    """A unit that was noted holds its segments as sent, so that the mapping decides what it can use."""
    rows = [
        row for event in weighed(damaged(CODE), snip2="warning") if isinstance(event, Unit) for _, row in event.rows
    ]
    assert HD.replace("PPO*BT", "QQQ*BT").split("*") in rows


def test_a_place_behind_a_stray_counts_it() -> None:
    """Where segments the guide has no place for are excused, a finding still names the position its segment has in the
    file, wherever the stray stands."""
    parts = [one.replace("SV1*HC:80053", "SV1*HC:8005") for one in segments("in.837p")]
    claim, wrong = (next(n for n, one in enumerate(parts) if one.startswith(text)) for text in ("CLM*", "SV1*HC:8005"))
    for where in (claim + 1, claim + 2, wrong - 1, wrong, wrong + 1):
        lines = [*parts[:where], "ZZ9*1", *parts[where:]]
        editor, found = Editor("005010X222A1", Terms(today=date(2026, 4, 10))), list[Finding]()
        for unit in units(weighed(joined(lines), snip1="warning", snip2="warning")):
            found += editor.take(unit)
        places = [one.place.position for one in found if one.place.segment == "SV1"]
        assert {lines[at + 1] for at in places} == {"SV1*HC:8005*60*UN*1***1"}  # behind ISA and GS


@pytest.mark.parametrize("name", ["837p", "837i", "837d", "834", "835", "820"])
def test_what_types_1_and_2_excuse_is_still_edited(name: str) -> None:
    """A segment cut short anywhere, every element of it left out in turn, is nothing the edits of types 3 to 7 stumble
    over, where types 1 and 2 are off."""
    parts, edited = base(name).decode().split("~")[:-1], 0
    terms = Terms(today=date(2026, 4, 10), codes=CodeSets(()))
    for at in range(3, len(parts) - 3):
        elements = parts[at].split("*")
        short = [elements[:number] for number in range(1, len(elements))]
        gaps = [[*elements[:number], "", *elements[number + 1 :]] for number in range(1, len(elements))]
        for one in (*short, *gaps):
            editor: Editor | None = None
            data = "~".join([*parts[:at], "*".join(one), *parts[at + 1 :], ""]).encode()
            for event in weighed(data, snip1="off", snip2="off"):
                if isinstance(event, SetOpened):
                    editor = Editor(event.guide, terms)
                if isinstance(event, Unit) and editor:
                    edited += event.clean
                    editor.take(event)
                if isinstance(event, SetClosed) and editor:
                    editor.close()
    assert edited > len(parts)
