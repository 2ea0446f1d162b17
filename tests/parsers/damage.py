"""Files as partners send them on a bad day: good ones with cuts, doubles, foreign bytes, other clothes, any order.

One table of what can happen to a file; hypothesis chooses from it in every run, a fuzzer in a long one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import strategies as st
from x12_material import GOLDEN_NAMES, golden, in_other_delimiters

from parsers.events import (
    Delimiters,
    Event,
    GroupClosed,
    GroupOpened,
    InterchangeClosed,
    InterchangeOpened,
    Junk,
    SetClosed,
    SetOpened,
    Unit,
)

SPARE = (
    b"", b"~", b"*", b":", b"^", b"\n", b"\r\n", b" ", b"\0", b"\x1a", b"\xef\xbb\xbf", b"\xd1", b"\xc3\x91", b"\xff",
    b"ISA*", b"~ISA*", b"~IEA*1*000000101~", b"~GS*HC*A*B*20260101*0900*1*X*005010X222A1~", b"~GE*1*101~",
    b"~ST*837*0001*005010X222A1~", b"~SE*1*0001~", b"~HL*1**20*1~", b"~LX*1~", b"~TA1*000000001*260101*0900*A*000~",
    b"~zzz~", b"~~~~", b"*" * 40, b":" * 40, b"^" * 40, b"A" * 300, b"9" * 40, b"~CLM*1*1E9***11:B:1*Y*A*Y*Y",
)  # fmt: skip
"""What may turn up in a file that does not belong there."""

Harm = Callable[[bytes, int, int, bytes], bytes]
"""(file, two places in it, spare bytes) -> the file after it."""

HARMS: Sequence[Harm] = (
    lambda data, at, to, spare: data[:at] + spare + data[at:],
    lambda data, at, to, spare: data[:at] + spare + data[max(at, to) :],
    lambda data, at, to, spare: data[:at],
    lambda data, at, to, spare: data[:at] + data[min(at, to) : max(at, to)] + data[at:],
    lambda data, at, to, spare: data[:at] + bytes([to % 256]) + data[at + 1 :],
    lambda data, at, to, spare: data + data[at:],
    lambda data, at, to, spare: data.replace(b"~", b"~\r\n"),
    lambda data, at, to, spare: data.replace(data[at : at + 3], spare) if data[at : at + 3] else data,
    lambda data, at, to, spare: wrapped(data, 20 + to % 100),
    lambda data, at, to, spare: in_other_delimiters(data, Delimiters("|", ">", "!", "\n")),
    lambda data, at, to, spare: data.lower(),
)


def wrapped(data: bytes, columns: int) -> bytes:
    """The file in lines of so many columns, wherever they break."""
    return b"\n".join(data[at : at + columns] for at in range(0, len(data), columns))


def harmed(data: bytes, harms: Sequence[tuple[int, int, int, int]]) -> bytes:
    """A file after several harms. Args: harms: (which, two places, which spare bytes), any numbers."""
    for which, at, to, spare in harms:
        size = len(data) + 1
        data = HARMS[which % len(HARMS)](data, at % size, to % size, SPARE[spare % len(SPARE)])[: 64 * 1024]
    return data


def bad_files() -> st.SearchStrategy[bytes]:
    """Files with up to five harms, or nothing but bytes."""
    place = st.integers(0, 5_000)
    harm = st.tuples(st.integers(0, len(HARMS) - 1), place, place, st.integers(0, len(SPARE) - 1))
    good = st.sampled_from([golden(name) for name in GOLDEN_NAMES])
    return st.one_of(st.builds(harmed, good, st.lists(harm, max_size=5)), st.binary(max_size=400))


_INSIDE = {
    "file": (InterchangeOpened, Junk),
    "interchange": (GroupOpened, InterchangeClosed),
    "group": (SetOpened, GroupClosed),
    "set": (Unit, SetClosed),
}
_LEADS_TO: dict[type, str] = {
    InterchangeOpened: "interchange", GroupOpened: "group", SetOpened: "set", Unit: "set", SetClosed: "group",
    GroupClosed: "interchange", InterchangeClosed: "file", Junk: "nothing",
}  # fmt: skip


def in_order(events: Sequence[Event]) -> bool:
    """Whether events follow the grammar of `parsers.events` to its end, and say something at all."""
    where = "file"
    for event in events:
        if not isinstance(event, _INSIDE.get(where, ())):
            return False
        where = _LEADS_TO[type(event)]
    return bool(events) and where in ("file", "nothing")
