"""Laws of checking a file at a desk: what is said, in which shape, and what is never shown."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from check_material import CANARIES, changed, checked, desk, golden, poisoned

from gateway.check import choice, masking
from gateway.check.records import every_finding, every_set, told
from mappings import professional, readers
from mappings.professional import ClaimReader
from mappings.records import Claim
from mappings.table import missing
from parsers.events import Unit
from parsers.findings import Finding
from parsers.snip import Snip

KEYS = {
    "file": {"file", "accepted", "interchanges"},
    "interchange": {"ta1", "groups"},
    "group": {"version", "verdict", "sets"},
    "set": {"st02", "type", "verdict", "findings"},
    "finding": {"snip", "severity", "loop", "segment", "position", "element", "code", "message"},
}


def as_json(data: bytes, **said: Any) -> dict[str, Any]:
    """What `--json` prints of a file."""
    found: dict[str, Any] = json.loads(msgspec.json.encode(checked(data, desk(**said))))
    return found


def test_the_shape_is_the_agreed_one() -> None:
    """A file, its interchanges, groups, sets and findings have the agreed keys at every level."""
    found = as_json(poisoned())
    (interchange,) = found["interchanges"]
    (group,) = interchange["groups"]
    (one,) = group["sets"]
    assert found.keys() >= KEYS["file"] and interchange.keys() >= KEYS["interchange"]
    assert group.keys() >= KEYS["group"] and one.keys() >= KEYS["set"]
    assert one["findings"] and all(each.keys() >= KEYS["finding"] for each in one["findings"])
    assert (found["file"], found["accepted"]) == ("in.x12", False)
    assert (interchange["ta1"], group["version"], one["st02"], one["type"]) == ("A", "005010X222A1", "0001", "837")


@pytest.mark.parametrize(("name", "units", "cents"), [("in.837p", 8, 4_643_000), ("in.834", 6, None)])
def test_a_good_file_is_accepted_and_counted(name: str, units: int, cents: int | None) -> None:
    """Nothing is said against a good file, and what it holds is counted."""
    result = checked(golden(name))
    (one,) = every_set(result)
    assert result.accepted and every_finding(result) == []
    assert (one.verdict, one.units, one.amount_cents) == ("A", units, cents)


@pytest.mark.parametrize(
    ("change", "level", "code"),
    [
        (("IEA*1*", "IEA*2*"), "interchange", "021"),
        (("\nGE*1*", "\nGE*2*"), "group", "5"),
        (("\nSE*178*", "\nSE*177*"), "set", "4"),
        (("HI*ABK:E119~\n", ""), "segment", "3"),
        (("*11:B:1*", "*11:Q:1*"), "element", "7"),
    ],
)
def test_every_level_is_told(change: tuple[str, str], level: str, code: str) -> None:
    """One fault at any level makes a file not accepted, and is told as a finding with its code and words."""
    result = checked(changed("in.837p", change))
    assert not result.accepted
    told = [one for one in every_finding(result) if (one.level, one.code) == (level, code)]
    assert told and all(one.message for one in told)


class Refusing(ClaimReader):
    """Makes no record of the second claim it is given."""

    claims = 0

    def take(self, unit: Unit) -> Claim | None:
        """The claim, but for the second."""
        self.claims += unit.kind == "2300"
        if unit.kind == "2300" and self.claims == 2:
            self.findings.append(missing(unit))
            return None
        return super().take(unit)


def test_a_claim_no_record_can_be_made_of_is_not_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A set the guide allows and intake would reject, because it cannot read a claim of it, is rejected here, too."""
    monkeypatch.setitem(readers.READERS, professional.GUIDE, readers.Reads(Refusing, "2300"))
    result = checked(golden("in.837p"))
    (one,), (group,) = every_set(result), result.interchanges[0].groups
    assert (result.accepted, one.verdict, one.codes, group.verdict) == (False, "R", ("5",), "R")
    assert [told.message for told in one.findings] == ["A part this record cannot do without is missing."]


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n", b"name,amount\nx,1\n", bytes(range(256)) * 8, b"ISA*00*"])
def test_what_is_no_x12_gets_a_reason_and_a_mend(data: bytes) -> None:
    """A file that is not X12 is an answer, never an exception."""
    result = checked(data)
    assert not result.accepted and result.reason and result.mend and result.interchanges == ()


def test_no_cut_makes_a_file_accepted() -> None:
    """No file cut off before its last terminator is accepted."""
    data = golden("in.834").rstrip()
    assert not any(checked(data[:length]).accepted for length in range(0, len(data) - 1, 97))
    assert not checked(data[:-1]).accepted


def test_types_not_chosen_reject_nothing() -> None:
    """A type that is off is not told and rejects nothing; one that is a warning is told and accepts with errors."""
    data = changed("in.837p", ("*11:B:1*", "*11:Q:1*"))
    off, warned = checked(data, desk(Snip(snip2="off"))), checked(data, desk(Snip(snip2="warning")))
    assert off.accepted and every_finding(off) == [] and every_set(off)[0].verdict == "A"
    assert warned.accepted and {one.severity for one in every_finding(warned)} == {"warning"}
    assert every_set(warned)[0].verdict == "E"


def test_wrong_envelopes_reject_whatever_is_chosen() -> None:
    """Counts of groups and interchanges are no SNIP type that could be off: the file stays rejected."""
    nothing = choice.only(Snip(), frozenset())
    assert not checked(changed("in.837p", ("\nGE*1*", "\nGE*2*")), desk(nothing)).accepted
    assert not checked(changed("in.837p", ("IEA*1*", "IEA*2*")), desk(nothing)).accepted


@pytest.mark.parametrize(("text", "types"), [("1-5", {1, 2, 3, 4, 5}), ("1,2,5", {1, 2, 5}), ("1-2, 7", {1, 2, 7})])
def test_types_are_written_as_ranges_and_lists(text: str, types: set[int]) -> None:
    """1-5 and 1,2,5 name types."""
    assert choice.chosen(text) == types


@pytest.mark.parametrize("text", ["", "0", "8", "5-1", "1-", "a", "1;2", "١"])
def test_other_words_are_no_types(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match="SNIP types are written"):
        choice.chosen(text)


def test_no_value_is_told() -> None:
    """Names, numbers and claims of the file are in no answer unless a person asks to see them."""
    assert [one for one in CANARIES if one in json.dumps(as_json(poisoned()))] == []
    shown = json.dumps(as_json(poisoned(), show_values=True))
    assert all(one in shown for one in CANARIES)


def test_a_shown_value_moves_no_terminal() -> None:
    """A value a person asked to see has a dot for each character that does not print."""
    assert told(Finding(level="element", code="6", value="Zoë\x1b[31m"), show_values=True).value == "Zoë·[31m"


@pytest.mark.parametrize(
    ("value", "masked"),
    [("", ""), ("M", "x"), ("FOX", "xxx"), ("ALAN", "Axxx"), ("123-45-6789", "199-99-9999"), ("11:B:1", "19:x:1"),
     ("AB\x1b[31m\n", "Ax·[99x·"), ("Zoë-Anne", "Zxx-xxxe")],
)  # fmt: skip
def test_a_masked_value_keeps_its_shape(value: str, masked: str) -> None:
    """Letters are x, digits 9; at most the first and the last character stay; nothing a terminal would act on."""
    assert masking.mask(value) == masked


def test_what_is_kept_of_a_set_is_bounded() -> None:
    """A set with a wrong segment in every claim keeps so many findings, says that there are more, and is rejected."""
    body = golden("in.837p").decode()
    start, end = body.index("CLM*"), body.index("HL*3*")
    claim = body[start:end].replace("*11:B:1*", "*11:Q:1*")
    result = checked((body[:start] + claim * 1200 + body[end:]).encode())
    (one,) = every_set(result)
    assert (1000 <= len(one.findings) <= 1010, one.more, one.verdict) == (True, True, "R")
