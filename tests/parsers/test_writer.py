"""What is written can be read again, and nothing is ever altered on the way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from x12_material import GOLDEN_NAMES, golden, read, summary

from parsers.events import Delimiters, GroupHeader, GroupOpened, InterchangeOpened
from parsers.writer import Segment, choose_delimiters, write_interchange, write_segment


def rebuilt(name: str, delimiters: Delimiters, newline: bool = False) -> bytes:
    """A golden file taken apart and written again."""
    events = read(golden(name))
    header = next(event.header for event in events if isinstance(event, InterchangeOpened))
    group = next(event.header for event in events if isinstance(event, GroupOpened))
    sets: list[list[Segment]] = []
    for part in golden(name).decode().split("~"):
        elements = [tuple(value.split(":")) if ":" in value else value for value in part.split("*")]
        if elements[0] == "ST":
            sets.append([])
        if sets and elements[0] not in ("SE", "GE", "IEA", ""):
            sets[-1].append(elements)
    return write_interchange(header, [(group, sets)], delimiters, newline=newline)


@pytest.mark.parametrize("name", GOLDEN_NAMES)
def test_reading_and_writing_a_file_gives_the_same_bytes(name: str) -> None:
    """write(read(file)) == file, counts and padding included."""
    assert rebuilt(name, Delimiters()) == golden(name)


@pytest.mark.parametrize("name", GOLDEN_NAMES)
def test_a_file_written_in_other_delimiters_with_line_ends_is_accepted(name: str) -> None:
    """Delimiters and line ends are only clothes."""
    assert summary(read(rebuilt(name, Delimiters("|", ">", "!", "\x1e"), newline=True))).endswith("TA1:A")


def test_empty_elements_and_components_at_the_end_are_left_out() -> None:
    """X12 writes nothing after the last value."""
    assert write_segment(["HI", ("ABK", "E119", "", ""), "", ("", "")], Delimiters()) == "HI*ABK:E119~"


@pytest.mark.parametrize("value", ["A*B", "A:B", "A~B", "A^B"])
def test_a_delimiter_in_an_element_is_never_written(value: str) -> None:
    """There is no escape, so such a value cannot be sent."""
    with pytest.raises(ValueError, match="delimiter"):
        write_segment(["REF", "6R", value], Delimiters())


@given(st.lists(st.text("*~:^|>!AB", max_size=8)))
def test_delimiters_are_chosen_outside_every_identifier(identifiers: list[str]) -> None:
    """Four different delimiters, none in any identifier, the preferred ones wherever they are free."""
    preferred = Delimiters()
    chosen = choose_delimiters(identifiers, preferred)
    used = set("".join(identifiers))
    four = (chosen.element, chosen.component, chosen.repetition, chosen.segment)
    assert len(set(four)) == 4
    assert not used & set(four)
    if preferred.element not in used:
        assert chosen.element == preferred.element


def test_too_few_free_characters_is_an_error() -> None:
    """When every candidate occurs in an identifier, nothing can be sent."""
    with pytest.raises(ValueError, match="free"):
        choose_delimiters(["*~:^|>!\\%@`{}[]_;?\x1d\x1c\x1e\x1f"], Delimiters())


def test_an_isa_element_too_long_is_an_error() -> None:
    """A cut sender id would be somebody else's."""
    header = next(event.header for event in read(golden("in.834")) if isinstance(event, InterchangeOpened))
    with pytest.raises(ValueError, match="longer"):
        write_interchange(type(header)(**{**_fields(header), "isa06": "X" * 16}), [], Delimiters())


def test_ta1_segments_stand_between_the_isa_and_the_groups() -> None:
    """A TA1 alone travels with IEA01 = 0."""
    header = next(event.header for event in read(golden("in.834")) if isinstance(event, InterchangeOpened))
    ta1 = ["TA1", "000000101", "260406", "0900", "A", "000"]
    data = write_interchange(header, [], Delimiters(), ta1=[ta1])
    assert data[106:] == b"TA1*000000101*260406*0900*A*000~IEA*0*000000101~"
    assert write_interchange(header, [(GroupHeader("HN"), [])], Delimiters()).count(b"GE*0") == 1


def _fields(header: object) -> dict[str, object]:
    return {f"isa{place:02}": getattr(header, f"isa{place:02}") for place in range(1, 17)}


def test_four_delimiters_are_always_left() -> None:
    """Four candidates are control characters, which no legal value holds: some are free of any identifiers."""
    legal = "".join(map(chr, range(0x20, 0x7F)))
    assert choose_delimiters([legal], Delimiters()) == Delimiters("\x1d", "\x1c", "\x1e", "\x1f")
