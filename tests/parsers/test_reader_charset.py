"""Letters beyond ASCII: refused unless agreed on, and then kept letter by letter, in and out again."""

from __future__ import annotations

import pytest
from x12_material import golden, in_other_delimiters, read, segments, summary, units

from parsers import guides
from parsers.envelope import Charset, EnvelopePolicy
from parsers.events import Delimiters, Event, InterchangeOpened, SetClosed
from parsers.reader import Reader
from parsers.writer import write_interchange

NAME = "NUÑEZ Ärzte"


def named(value: str, charset: str, element: int = 3, name: str = "NM1*IL") -> bytes:
    """The golden 834 with one element of its first member changed, in a character set."""
    parts = segments("in.834")
    at = next(index for index, part in enumerate(parts) if part.startswith(name))
    elements = parts[at].split("*")
    parts[at] = "*".join([*elements[:element], value, *elements[element + 1 :]])
    return ("~".join(parts) + "~").encode(charset)


def under(data: bytes, charset: Charset) -> list[Event]:
    """The events of a file under a character set."""
    return read(data, EnvelopePolicy(charset=charset))


def names(events: list[Event]) -> list[str]:
    """NM103 of every NM1."""
    return [row[3] for unit in units(events) for _, row in unit.rows if row[0] == "NM1"]


@pytest.mark.parametrize("charset", ["latin-1", "utf-8"])
def test_letters_agreed_on_are_read_as_what_they_are(charset: Charset) -> None:
    """The name in the row is the name that was written, and nothing is said about it."""
    events = under(named(NAME, charset), charset)
    assert summary(events) == "IK5:A AK9:A TA1:A"
    assert names(events)[0] == NAME
    assert not [one for event in events if isinstance(event, SetClosed) for one in event.verdict.findings]


@pytest.mark.parametrize(("written", "agreed"), [("latin-1", "ascii"), ("utf-8", "ascii"), ("latin-1", "utf-8")])
def test_letters_not_agreed_on_are_refused(written: str, agreed: Charset) -> None:
    """Bytes that mean nothing in the agreed character set are an invalid character; they are never guessed at."""
    events = under(named(NAME, written), agreed)
    assert summary(events) == "IK3:NM1*8 IK4:3*6 IK5:R*5 AK9:R TA1:A"
    (value,) = [one.value for e in events if isinstance(e, SetClosed) for one in e.verdict.findings if one.value]
    assert value.isascii()


def test_letters_are_counted_and_not_their_bytes() -> None:
    """NM103 holds sixty characters: sixty letters of two bytes fit, sixty-one do not."""
    assert summary(under(named("Ñ" * 60, "utf-8"), "utf-8")) == "IK5:A AK9:A TA1:A"
    assert summary(under(named("Ñ" * 61, "utf-8"), "utf-8")).startswith("IK3:NM1*8 IK4:3*5")


def test_a_letter_and_its_mark_may_come_apart() -> None:
    """An Ñ written as N and a combining tilde is a letter too."""
    assert summary(under(named("NUN\u0303EZ", "utf-8"), "utf-8")) == "IK5:A AK9:A TA1:A"


@pytest.mark.parametrize("value", ["“QUOTED”", "NO\u00a0BREAK", "１２", "€", "\u202eABC", "\ufeffABC", "A\u0085B"])
def test_only_letters_are_legal_beyond_ascii(value: str) -> None:
    """Quotes, blanks, digits, signs and marks of direction stay invalid characters in any character set."""
    assert summary(under(named(value, "utf-8"), "utf-8")).startswith("IK3:NM1*8 IK4:3*6")


@pytest.mark.parametrize(
    ("name", "element", "value"), [("DMG", 2, "1980041２"), ("HD", 1, "03Ñ"), ("N4", 3, "7870Ñ"), ("INS", 1, "Ý")]
)
def test_letters_are_legal_in_free_text_alone(name: str, element: int, value: str) -> None:
    """A date, a code or an identifier of the guide's own has none."""
    assert f"IK3:{name}*8" in summary(under(named(value, "utf-8", element, name), "utf-8"))


@pytest.mark.parametrize("charset", ["latin-1", "utf-8"])
def test_other_delimiters_and_small_pieces_change_nothing_about_letters(charset: Charset) -> None:
    """A letter of two bytes may come in two pieces, and its bytes are no delimiters."""
    data = in_other_delimiters(named(NAME, charset), Delimiters("|", ">", "!", "\n"))
    whole = under(data, charset)
    reader = Reader(guides.load, EnvelopePolicy(charset=charset))
    pieces = [event for at in range(len(data)) for event in reader.feed(data[at : at + 1])]
    assert pieces + reader.close() == whole
    assert names(whole)[0] == NAME


@pytest.mark.parametrize("charset", ["latin-1", "utf-8"])
def test_letters_go_out_as_the_bytes_they_came_in_as(charset: Charset) -> None:
    """write(read(file)) == file."""
    data = named(NAME, charset)
    events = under(data, charset)
    header = next(event.header for event in events if isinstance(event, InterchangeOpened))
    body = [row for unit in units(events) for _, row in unit.rows]
    again = write_interchange(header, [], Delimiters(), ta1=body, charset=charset)
    assert NAME.encode(charset) in again
    assert again.decode(charset).count(NAME) == data.decode(charset).count(NAME)


def test_a_long_segment_of_letters_is_cut_alike_however_it_comes() -> None:
    """The limit counts bytes, in one piece or in many."""
    data = named("Ñ" * 70_000, "utf-8")
    reader = Reader(guides.load, EnvelopePolicy(charset="utf-8"))
    pieces = [event for at in range(0, len(data), 4001) for event in reader.feed(data[at : at + 4001])]
    assert pieces + reader.close() == under(data, "utf-8")


def test_a_file_in_ascii_reads_the_same_under_every_character_set() -> None:
    """The character sets differ only beyond ASCII."""
    for name in ("in.834", "in.837p"):
        ascii_events = read(golden(name))
        assert under(golden(name), "latin-1") == ascii_events
        assert under(golden(name), "utf-8") == ascii_events
