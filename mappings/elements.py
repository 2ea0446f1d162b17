"""The elements of a table: what stands in one place of a segment, and which field of the record it is.

Every part reads from a row (`values[0]` is the segment id) and writes from a record; the order of a segment's parts is
the order of the guide, and `width` says how many elements a part takes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mappings.codecs import DAY, TEXT, Codec, ccyymmdd, day

Element = str | tuple[str, ...]


class Part:
    """One element (or a few that belong together). codes: the qualifiers it stands for. bears: carries a value.

    fixed: an identifier, which no writer may alter to fit delimiters. composite: its code is a first component.
    """

    width = 1
    codes: tuple[str, ...] = ()
    bears = True
    fixed = False
    composite = False

    def read(self, values: list[str], at: int, into: dict[str, Any], separator: str) -> None:
        """Set the fields from values[at] on."""

    def write(self, record: Any) -> tuple[Element, ...]:
        """The elements, "" where absent; as many as `width`."""
        raise NotImplementedError


class Const(Part):
    """A constant; of several the first is written. None: an element the table does not use."""

    bears = False

    def __init__(self, text: str | tuple[str, ...] | None) -> None:
        self.codes = () if text is None else (text,) if isinstance(text, str) else text
        self._written = (self.codes[0] if self.codes else "",)

    def write(self, record: Any) -> tuple[Element, ...]:
        return self._written


class Code(Part):
    """A qualifier that is itself a field: one of `codes`; an empty field is written as the first."""

    bears = False

    def __init__(self, name: str, *codes: str) -> None:
        self.name, self.codes = name, codes

    def read(self, values: list[str], at: int, into: dict[str, Any], separator: str) -> None:
        into[self.name] = values[at]

    def write(self, record: Any) -> tuple[Element, ...]:
        value = getattr(record, self.name)
        return (value if value in self.codes else self.codes[0],)


class F(Part):
    """One field in one element."""

    def __init__(self, name: str, codec: Codec = TEXT) -> None:
        self.name = name
        self.decode, self._encode = codec

    def text(self, value: Any) -> str:
        """The value as written, "" for None."""
        if value is None:
            return ""
        return self._encode(value) if self._encode else str(value)

    def read(self, values: list[str], at: int, into: dict[str, Any], separator: str) -> None:
        if values[at]:
            into[self.name] = self.decode(values[at]) if self.decode else values[at]

    def write(self, record: Any) -> tuple[Element, ...]:
        return (self.text(getattr(record, self.name)),)


class Id(F):
    """A field that is an identifier."""

    fixed = True


class Item(F):
    """One place of a tuple field: `Item("accident", 0)`; places are filled from the first on."""

    def __init__(self, name: str, place: int, codec: Codec = TEXT) -> None:
        super().__init__(name, codec)
        self._place = place

    def read(self, values: list[str], at: int, into: dict[str, Any], separator: str) -> None:
        if values[at]:
            item = self.decode(values[at]) if self.decode else values[at]
            into[self.name] = (*into.get(self.name, ()), item)

    def write(self, record: Any) -> tuple[Element, ...]:
        items = getattr(record, self.name)
        return (self.text(items[self._place]) if self._place < len(items) else "",)


class Q(Part):
    """A qualifier and its value, both present or both absent: `Q("XX", "npi")`; of several the first is written."""

    width = 2

    def __init__(self, qualifiers: str | tuple[str, ...], name: str, codec: Codec = TEXT, fixed: bool = True) -> None:
        self._qualifiers = (qualifiers,) if isinstance(qualifiers, str) else qualifiers
        self._value = F(name, codec)
        self.fixed = fixed

    def read(self, values: list[str], at: int, into: dict[str, Any], separator: str) -> None:
        if values[at] in self._qualifiers and at + 1 < len(values):
            self._value.read(values, at + 1, into, separator)

    def write(self, record: Any) -> tuple[Element, ...]:
        (text,) = self._value.write(record)
        return (self._qualifiers[0], text) if text else ("", "")


class Either(Part):
    """The first of several qualified values that is present: an NPI, else a tax number."""

    width = 2
    fixed = True

    def __init__(self, *choices: Q) -> None:
        self._choices = choices

    def read(self, values: list[str], at: int, into: dict[str, Any], separator: str) -> None:
        for choice in self._choices:
            choice.read(values, at, into, separator)

    def write(self, record: Any) -> tuple[Element, ...]:
        written = (choice.write(record) for choice in self._choices)
        return next((pair for pair in written if any(pair)), ("", ""))


class Period(Part):
    """A format and a day or a range of days: D8 or RD8, as DTP02 and DTP03."""

    width = 2

    def __init__(self, first: str, last: str) -> None:
        self._first, self._last = first, last

    def read(self, values: list[str], at: int, into: dict[str, Any], separator: str) -> None:
        if at + 1 < len(values) and values[at + 1]:
            first, _, last = values[at + 1].partition("-")
            into[self._first] = day(first)
            into[self._last] = day(last or first)

    def write(self, record: Any) -> tuple[Element, ...]:
        first, last = getattr(record, self._first), getattr(record, self._last)
        if first is None:
            return ("", "")
        if first == last:
            return ("D8", ccyymmdd(first))
        return ("RD8", f"{ccyymmdd(first)}-{ccyymmdd(last)}")


def D8(name: str) -> Q:
    """A format and one day, as DTP02 and DTP03, DMG01 and DMG02."""
    return Q("D8", name, DAY, fixed=False)


class C(Part):
    """A composite element made of parts: `C(F("pos"), "B", F("frequency"))`."""

    def __init__(self, *parts: Part | str | tuple[str, ...] | None) -> None:
        self._parts = [p if isinstance(p, Part) else Const(p) for p in parts]
        self.codes = self._parts[0].codes
        self.composite = bool(self.codes)

    def read(self, values: list[str], at: int, into: dict[str, Any], separator: str) -> None:
        if values[at]:
            components = values[at].split(separator)
            for place, part in enumerate(self._parts[: len(components)]):
                part.read(components, place, into, separator)

    def write(self, record: Any) -> tuple[Element, ...]:
        written = [(part, text) for part in self._parts for text in part.write(record)]
        if not any(text for part, text in written if part.bears):
            return ("",)
        return (components([str(text) for _, text in written]),)


class Composed(Part):
    """A composite element that is one value of its own: a procedure, a claim status, diagnosis pointers."""

    def __init__(
        self, name: str, read: Callable[[str, str], Any], write: Callable[[Any], tuple[str, ...]], fixed: bool = False
    ) -> None:
        self.name, self._read, self._write, self.fixed = name, read, write, fixed

    def read(self, values: list[str], at: int, into: dict[str, Any], separator: str) -> None:
        if values[at]:
            into[self.name] = self._read(values[at], separator)

    def write(self, record: Any) -> tuple[Element, ...]:
        value = getattr(record, self.name)
        return (components(list(self._write(value))) if value else "",)


class Run(Part):
    """A tuple field laid over the next `width` elements, one item each."""

    def __init__(
        self, name: str, width: int, read: Callable[[str, str], Any], write: Callable[[int, Any], Element]
    ) -> None:
        self.name, self.width, self._read, self._write = name, width, read, write

    def read(self, values: list[str], at: int, into: dict[str, Any], separator: str) -> None:
        found = tuple([self._read(text, separator) for text in values[at : at + self.width] if text])
        if found:
            into[self.name] = (*into.get(self.name, ()), *found)

    def write(self, record: Any) -> tuple[Element, ...]:
        items = getattr(record, self.name)[: self.width]
        written = [self._write(place, item) for place, item in enumerate(items)]
        return (*written, *[""] * (self.width - len(written)))


def components(texts: list[str]) -> tuple[str, ...]:
    """A composite without its trailing empty components."""
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)
