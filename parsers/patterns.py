"""One regular expression for one guide segment: it accepts exactly what the guide accepts.

The text matched has the delimiters `* : ^ ~` (the reader swaps others in). Patterns are strings here; whoever matches
compiles them at first use, with `re.ASCII`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from parsers.maps import COMPOSITE, MONEY, Element, Note, Segment

CHARACTERS = r"""[A-Za-z0-9!"&'()+,\-./;?= %@\[\]_{}\\|<>`#$^]"""
"""Basic and extended character set of 5010 (X12.5 appendix), less the delimiters. The repetition separator stays in:
where nothing may repeat, it is data (a claim number `A^B` is echoed, not refused)."""

_YEAR = "(?:1[89]|[2-9][0-9])[0-9][0-9]"
_LEAP_YEAR = (
    "(?:(?:1[89]|[2-9][0-9])(?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[3579][26])00)"  # 1800, 1900 were none
)
DATE = (
    f"(?:{_YEAR}(?:(?:0[13578]|1[02])(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)(?:0[1-9]|[12][0-9]|30)|02(?:0[1-9]|1[0-9]|2[0-8]))"
    f"|{_LEAP_YEAR}0229)"
)
"""CCYYMMDD of a real calendar day from 1800 on."""

TIME = "(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9](?:[0-9]{1,2})?)?"
"""HHMM, HHMMSS or HHMMSS with one or two decimals."""

AMOUNT = r"-?(?:[0-9]{0,8}\.[0-9]{2}|[0-9]{0,9}\.[0-9]|[0-9]{1,10})"
"""Element 782: at most ten digits with the cents, at most two decimals, no plus sign, no exponent."""

FORMATS = {"D8": DATE, "RD8": f"{DATE}-{DATE}", "TM": TIME, "DT": f"{DATE}(?:[01][0-9]|2[0-3])[0-5][0-9]"}
"""Element 1251 by its qualifier, element 1250."""

QUALIFIER, PERIOD = "1250", "1251"
_FAIL = "(?!)"


def trie(words: Iterable[str]) -> str:
    """The pattern of exactly these words, shared beginnings written once so that a long code list stays fast."""
    heads: dict[str, list[str]] = {}
    for word in sorted(set(words)):
        heads.setdefault(word[:1], []).append(word[1:])
    leaves = [re.escape(head) for head, tails in heads.items() if head and tails == [""]]
    branches = [f"[{''.join(leaves)}]" if len(leaves) > 1 else leaves[0]] if leaves else []
    branches += [re.escape(head) + trie(tails) for head, tails in heads.items() if head and tails != [""]]
    if not branches:
        return ""
    body = branches[0] if len(branches) == 1 and "" not in heads else f"(?:{'|'.join(branches)})"
    return body + ("?" if "" in heads else "")


def _text(least: int, most: int) -> str:
    """AN or ID: no trailing space, unless it only fills the value up to its least length."""
    plain = f"{CHARACTERS}{{{max(least, 1)},{most}}}+(?<! )"
    return f"(?:{plain}|(?! ){CHARACTERS}{{{least}}})" if least > 1 else plain


def _decimal(least: int, most: int) -> str:
    """R: sign and point do not count as characters."""
    return rf"-?(?=\.?(?:[0-9]\.?){{{least},{most}}}(?![0-9.]))[0-9]*(?:\.[0-9]+)?"


def _whole(least: int, most: int) -> str:
    """N0 and its like: the sign does not count."""
    return f"-?[0-9]{{{least},{most}}}"


_KINDS: dict[str, Callable[[int, int], str]] = {
    "AN": _text,
    "ID": _text,
    "R": _decimal,
    "DT": lambda least, most: DATE,
    "TM": lambda least, most: rf"(?=[0-9]{{{least},{most}}}(?![0-9])){TIME}",
    MONEY: lambda least, most: AMOUNT,
}


def value_pattern(element: Element) -> str:
    """What a present, simple element may hold."""
    if element.codes:
        return trie(element.codes)
    kind = _KINDS.get(element.kind, _whole)
    body = kind(element.least, element.most)
    return f"(?={element.pattern}(?![^*:]))(?:{body})" if element.pattern else body


def segment_pattern(segment: Segment) -> str:
    """The whole segment: its elements in order, empty ones at the end left out or not, then its syntax notes.

    A segment without any element is none (X12.6), even where the guide requires none of them.
    """
    in_notes = {place for note in segment.notes for place in note.elements}
    names = {place: f"e{place}" for place in in_notes if _usage(segment, place) == "S"}
    something = "" if any(element.usage == "R" for element in segment.elements) else r"(?=\*+[^*])"
    body = re.escape(segment.id) + something + _sequence(segment.elements, r"\*", "e", names)
    return body + "".join(_note(segment, note) for note in segment.notes)


def _sequence(elements: Sequence[Element], separator: str, path: str, names: dict[int, str], start: int = 1) -> str:
    """Separator and element, again and again; what is optional up to the end may be missing with its separators."""
    last = len(elements)
    while last >= start and elements[last - 1].usage == "N":
        last -= 1
    rest, tail_optional = f"{separator}{{0,{len(elements) - last}}}" if last < len(elements) else "", True
    for place in range(last, start - 1, -1):
        element = elements[place - 1]
        tail_optional = tail_optional and element.usage != "R"
        piece = separator + _slot(element, elements, place, path, names.get(place, "")) + rest
        rest = f"(?:{piece})?" if tail_optional else piece
    return rest


def _slot(element: Element, around: Sequence[Element], place: int, path: str, name: str) -> str:
    """An element where it stands: always there, perhaps there (captured if a syntax note asks), or never."""
    if element.usage == "N":
        return ""
    value = _value(element, around, f"{path}_{place}" if path else "")
    if element.usage == "R":
        return value
    return f"(?P<{name}>{value})?" if name else f"(?:{value})?"


def _value(element: Element, around: Sequence[Element], path: str) -> str:
    if element.repeat == 1:
        return _once(element, around, path)
    once = _once(element, around, "").replace(CHARACTERS, CHARACTERS.replace("^", ""))
    return rf"(?:{once})(?:\^(?:{once})){{0,{element.repeat - 1}}}"


def _once(element: Element, around: Sequence[Element], path: str) -> str:
    """One repetition. path names its groups; "" = no group may be made (a repeated group would be made twice)."""
    if element.kind == COMPOSITE:
        return _composite(element, path)
    if element.reference == QUALIFIER and len(element.codes) > 1 and path:
        return f"(?:{'|'.join(f'(?P<{_group(path, code)}>{re.escape(code)})' for code in element.codes)})"
    if element.reference == PERIOD:
        return _period(element, around, path)
    return value_pattern(element)


def _composite(element: Element, path: str) -> str:
    """Its components; one whose components are all optional still holds something."""
    if not element.parts:
        return _FAIL
    something = "" if any(part.usage == "R" for part in element.parts) else "(?=:*[^*:])"
    head = _slot(element.parts[0], element.parts, 1, path, "")
    return something + head + _sequence(element.parts, ":", path, {}, start=2)


def _group(path: str, code: str) -> str:
    return f"f{path}_{code}"


def formats_before(around: Sequence[Element], period: Element) -> tuple[int, tuple[str, ...]]:
    """(index of the qualifier that says how `period` is written, the formats it allows); (-1, ()) if none does."""
    for index in range(around.index(period) - 1, -1, -1):
        if around[index].reference == QUALIFIER and around[index].codes:
            return index, around[index].codes
    return -1, ()


def _period(element: Element, around: Sequence[Element], path: str) -> str:
    """Element 1251, written as the 1250 before it says."""
    index, codes = formats_before(around, element)
    plain = value_pattern(element)
    if len(codes) <= 1 or not path:
        return FORMATS.get(codes[0], plain) if codes else plain
    owner = path.rpartition("_")[0] + f"_{index + 1}"
    result = plain
    for code in codes:
        result = f"(?({_group(owner, code)}){FORMATS.get(code, plain)}|{result})"
    return f"(?:{result})"


def _usage(segment: Segment, place: int) -> str:
    return segment.elements[place - 1].usage if place <= len(segment.elements) else "N"


def _note(segment: Segment, note: Note) -> str:
    """A syntax note as conditions on the groups captured; what the usages already settle costs nothing."""

    def present(place: int, yes: str = "", no: str = _FAIL) -> str:
        usage = _usage(segment, place)
        if usage == "R" or yes == no:
            return yes
        return no if usage == "N" else f"(?(e{place}){yes}|{no})"

    def every(places: Sequence[int]) -> str:
        return "".join(present(place) for place in places)

    def none(places: Sequence[int]) -> str:
        return "".join(present(place, _FAIL, "") for place in places)

    def some(places: Sequence[int]) -> str:
        return present(places[0], "", some(places[1:])) if places else _FAIL

    def one_at_most(places: Sequence[int]) -> str:
        return present(places[0], none(places[1:]), one_at_most(places[1:])) if places else ""

    first, rest = note.elements[0], note.elements[1:]
    return {
        "P": lambda: present(first, every(rest), none(rest)),
        "R": lambda: some(note.elements),
        "E": lambda: one_at_most(note.elements),
        "C": lambda: present(first, every(rest), ""),
        "L": lambda: present(first, some(rest), ""),
    }[note.letter]()
