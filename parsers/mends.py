"""What the guide wants where something is wrong: a sentence for the sender, and an action a program can take.

Everything said here is from the guide or counted. What only the sender knows - a date, a name, which of several codes
is true - is asked for, with the segment as the guide prints it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from parsers import maps
from parsers.diagnose import Fault
from parsers.findings import CHOICES, Action, Mend
from parsers.maps import COMPOSITE, MONEY, Element, Segment
from parsers.patterns import PERIOD, formats_before
from parsers.walk import Place

SAYS = {
    "1": "Send {place}: {wish}.",
    "2": "Send {place}, since {trigger} is sent: {wish}.",
    "3": "End the segment before {place}: the guide has no such element.",
    "4": "{place} is {wish}.",
    "5": "{place} is {wish}.",
    "6": "{place} is {wish}, in letters, digits and signs of the X12 character set, without blanks at its end.",
    "7": "{place} is {wish}.",
    "8": "{place} is {wish}.",
    "9": "{place} is {wish}.",
    "10": "Send {trigger} or {place}, not both.",
    "12": "{place} may stand {repeat} in its segment: leave the rest out.",
    "13": "{place} is one too many: leave it out, with what follows it in its element.",
    "I10": "Leave {place} empty: the guide does not use it.",
    "I12": "{place} is {wish}.",
}
"""IK403, as what to do."""

_UNDIVIDED = "{place} has no components: write it without the component separator."
_TRIM = frozenset(("3", "12", "13"))
_CLEAR = frozenset(("10", "I10"))
_CODED = frozenset(("1", "2", "7"))
_WORDS = frozenset(("3", "19", "93", "166", "352", "933", "1035", "1036", "1037", "1038", "1039"))
"""Data elements of prose - names, addresses, descriptions - which may be cut where they are too long. Anything else
that is too long is a number or an identifier, and another one when cut."""

_KINDS = {
    "DT": "a date like 20260401",
    "TM": "a time like 0930",
    MONEY: "an amount like 240 or 240.5, of at most 10 digits with its cents",
}
_FORMATS = {
    "D8": _KINDS["DT"],
    "RD8": "two dates like 20260401-20260430",
    "TM": _KINDS["TM"],
    "DT": "a date and time like 202604010930",
}
"""Element 1251 by its qualifier."""

_DIGITS_ONLY = "[0-9]{9}"  # the one pattern the guides have (an identification of nine digits)


def element(segment: Segment, fault: Fault) -> Mend:
    """How the fault of an element is mended."""
    if fault.mend:
        return fault.mend
    if fault.element > len(segment.elements):
        return Mend(text=SAYS[fault.code].format(place=_named(segment, fault.element)), action="trim")
    whole = segment.elements[fault.element - 1]
    one = whole.parts[fault.component - 1] if 0 < fault.component <= len(whole.parts) else whole
    around = whole.parts if one is not whole else segment.elements
    undivided = fault.code == "13" and whole.kind != COMPOSITE
    text = (_UNDIVIDED if undivided else SAYS[fault.code]).format(
        place=_named(segment, fault.element, fault.component),
        trigger=_named(segment, fault.trigger) if fault.trigger else "another of its elements",
        wish=wish(one, around),
        repeat=_times(whole.repeat),
    )
    action, value, choices = ("ask", "", ()) if undivided else _action(fault, one)
    return Mend(
        text=text, action=action, value=value, choices=choices, size=_size(fault, one) if action == "shorten" else 0
    )


def _action(fault: Fault, one: Element) -> tuple[Action, str, tuple[str, ...]]:
    """(action, value, choices)."""
    if fault.code in _TRIM:
        return "trim", "", ()
    if fault.code in _CLEAR:
        return "clear", "", ()
    if fault.code in _CODED and one.codes:
        return _coded(one.codes, fault.value)
    if _size(fault, one):
        return "shorten", "", ()
    if fault.value.isspace() and one.usage == "S":
        return "clear", "", ()
    return "ask", "", ()


def _coded(codes: Sequence[str], value: str) -> tuple[Action, str, tuple[str, ...]]:
    """The code that was meant, if it can be told: there is but one, or it differs in case, blanks or leading zeros."""
    if len(codes) == 1:
        return "replace", codes[0], ()
    bare = value.strip().upper().lstrip("0")
    meant = [code for code in codes if code.upper().lstrip("0") == bare] if bare else []
    return ("replace", meant[0], ()) if len(meant) == 1 else ("replace", "", tuple(codes[:CHOICES]))


def _size(fault: Fault, one: Element) -> int:
    """The length to which a value can be cut without harm, 0 if it cannot."""
    return fault.size or (one.most if fault.code == "5" and one.reference in _WORDS else 0)


def wish(one: Element, around: Sequence[Element]) -> str:
    """What the guide wants in an element, as the end of a sentence."""
    if one.kind == COMPOSITE:
        return " and ".join(part.name or "a component" for part in one.parts if part.usage == "R") or "its components"
    if one.codes:
        return _one_of(one.codes)
    if one.reference == PERIOD:
        said = [_FORMATS[code] for code in formats_before(around, one)[1] if code in _FORMATS]
        if said:
            return " or ".join(said)
    if one.pattern == _DIGITS_ONLY:
        return "exactly 9 digits"
    if one.kind in _KINDS:
        return _KINDS[one.kind]
    unit = {"AN": "characters", "ID": "characters", "R": "digits, with a point if need be"}.get(one.kind, "digits")
    if one.least == one.most:
        return f"exactly {one.most} {unit}"
    return f"between {one.least} and {one.most} {unit}" if one.least > 1 else f"at most {one.most} {unit}"


def _one_of(codes: Sequence[str]) -> str:
    if len(codes) == 1:
        return codes[0]
    listed = ", ".join(codes[:CHOICES])
    return f"one of {listed}" if len(codes) <= CHOICES else f"one of {len(codes)} codes of the guide: {listed}, ..."


def _named(segment: Segment, place: int, component: int = 0) -> str:
    """`CLM05-3`."""
    return f"{segment.id}{place:02}" + (f"-{component}" if component else "")


def _times(number: int) -> str:
    return "as often as needed" if number >= maps.UNBOUNDED else "once" if number == 1 else f"{number} times"


# ---- segments --------------------------------------------------------------------------------------------------------

ELEMENTS = Mend(text="Mend what is said of its elements.", action="see")
"""IK304 8: the elements' own findings say how."""

SURPLUS = Mend(text="Leave this segment out: X12 gives its id to no segment of this kind of file.", action="remove")
"""IK304 1: nobody knows it."""

EMPTY = Mend(text="Leave the extra segment terminator out: there is nothing between two of them.", action="remove")


def missing(segment: Segment, known: Mapping[int, str] | None = None) -> Mend:
    """The segment as the guide prints it. Args: known: elements that can be counted (LX01, HL01, HL02)."""
    elements = [_printed(one, (known or {}).get(place, "")) for place, one in enumerate(segment.elements, 1)]
    while elements and not elements[-1]:
        elements.pop()
    printed = "*".join([segment.id, *elements])
    text = f"Insert {printed} ({segment.name}) before this segment."
    return Mend(text=text) if "<" in printed else Mend(text=text, action="insert", value=printed)


def _printed(one: Element, known: str = "") -> str:
    if known or one.usage != "R":
        return known
    if one.kind == COMPOSITE:
        return ":".join(_printed(part) for part in one.parts).rstrip(":")
    if len(one.codes) == 1:
        return one.codes[0]
    return f"<{'|'.join(one.codes)}>" if 0 < len(one.codes) <= CHOICES else f"<{one.name or 'value'}>"


def again(segment: Segment) -> Mend:
    """IK304 5: one more than the guide allows."""
    text = f"{segment.id} ({segment.name}) may stand {_times(segment.most)} here: leave this one out."
    return Mend(text=text, action="remove")


def loop_again(loop: Place) -> Mend:
    """IK304 4. Of many loops allowed the sender must say which goes elsewhere; a second of one can only go."""
    text = f"Loop {loop.id} may stand {_times(loop.most)} here: leave this one out, with all that belongs to it."
    return Mend(text=text, action="remove" if loop.most == 1 else "ask")


def unexpected(name: str, loops: Sequence[str]) -> Mend:
    """IK304 2. Args: loops: where the guide has such segments."""
    shown = ", ".join(loops[:CHOICES])
    return Mend(text=f"Leave {name} out here, or move it to where the guide has it: loop {shown}.", action="remove")


def misplaced(name: str, before: int) -> Mend:
    """IK304 7. Args: before: the position it belongs before, 0 if that is not known."""
    if not before:
        return Mend(text=f"Move {name} to its place in the loop.")
    return Mend(text=f"Move {name} before segment {before}.", action="move", value=str(before))


def respelled(name: str) -> Mend:
    """IK304 1, but for its case the guide has such a segment."""
    return Mend(text=f"Write the segment id {name} in capital letters.", action="replace", value=name)


def counted(place: str, number: str) -> Mend:
    """HL01 and LX01 count from 1."""
    return Mend(text=f"{place} must be {number} here.", action="replace", value=number)


def level_above(number: str) -> Mend:
    """HL02 repeats a number of the file, so the sentence does not say it."""
    text = "HL02 must repeat the HL01 of the level this one lies in."
    legal = number.isascii() and number.isdigit()
    return Mend(text=text, action="replace", value=number) if legal else Mend(text=text)


def qualified(segment_id: str, fault: Fault, codes: Sequence[str]) -> Mend:
    """A qualifier that says which segment this is. Args: codes: those that may stand here."""
    action, value, choices = _coded(codes, fault.value) if codes else ("ask", "", ())
    place = f"{segment_id}{fault.element:02}" + ("-1" if fault.component else "")
    return Mend(
        text=f"{place} is {_one_of(codes) if codes else 'not known here'}.", action=action, value=value, choices=choices
    )
