"""The engine: a guide written down as a table of loops, segments and elements, read and written by the same rows.

A table is a tree that reads like the printed guide:

    Table("2300",
        Seg("CLM", Id("pcn"), F("charge_cents", MONEY), ...),
        Seg("REF", "G1", Id("prior_auth")),
        One("rendering", Provider, Within("2310B", Seg("NM1", "82", ...))),
        Many("lines", ServiceLine, "2400", Seg("LX", F("number", COUNT)), ...))

Elements stand in their order: text is a constant (the first one is the qualifier rows are chosen by), None is unused.
`Within` names the loop its rows lie in, `One` is a record made of rows (opened by the first that comes), `Many` a tuple
of records, each opened by its first segment. A segment none of whose values is present is not written; a loop or
segment the table does not name is not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from mappings.codecs import TEXT, Codec
from mappings.elements import Const, Element, F, Part
from parsers.events import Unit
from parsers.findings import Finding, Mend, Place
from parsers.forms import FORMS

Segment = list[Element]
Values = dict[str, Any]
REFUSALS = (ValueError, ArithmeticError, LookupError)
"""What reading a row raises when it holds no such value, or too few elements."""


class Unreadable(ValueError):
    """Rows that do not make the record; findings say where (levels element and segment, never a value)."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(f"{len(findings)} value(s) cannot be read")
        self.findings = findings


# ---- segments --------------------------------------------------------------------------------------------------------


class Seg:
    """One segment: id and elements from 01 on."""

    def __init__(self, id: str, *elements: Part | str | tuple[str, ...] | None) -> None:
        self.id = id
        self.parts = [e if isinstance(e, Part) else Const(e) for e in elements]
        self.codes = self.parts[0].codes if self.parts else ()
        self.composite_code = bool(self.parts) and self.parts[0].composite
        places = _places(self.parts)
        self._plain = [(at, p.name, p.decode) for at, p in places if type(p).read is F.read and isinstance(p, F)]
        self._other = [(at, p) for at, p in places if type(p).read not in (F.read, Part.read)]
        self._always = not any(p.bears for p in self.parts)

    def read(self, values: list[str], into: Values, separator: str) -> None:
        """Put what the row says into the record's fields; absent elements leave them alone."""
        size = len(values)
        for at, name, decode in self._plain:
            if at < size and (text := values[at]):
                into[name] = decode(text) if decode else text
        for at, part in self._other:
            if at < size:
                part.read(values, at, into, separator)

    def write(self, record: Any) -> Iterator[Segment]:
        """Yield the segment, or nothing when none of its values is present."""
        row: Segment = [self.id]
        filled = self._always
        for part in self.parts:
            written = part.write(record)
            filled = filled or (part.bears and any(written))
            row.extend(written)
        if filled:
            yield trimmed(row)

    def identifiers(self, record: Any) -> Iterator[str]:
        """The values of this segment no writer may alter."""
        for part in self.parts:
            if part.fixed:
                yield from (text for text in flat(part.write(record)) if text)

    def blame(self, values: list[str], separator: str) -> int:
        """The number of the first element of a refused row that cannot be read, 0 if it is none in particular."""
        for at, part in _places(self.parts):
            try:
                if at < len(values):
                    part.read(values, at, {}, separator)
            except REFUSALS:
                return at + part.width - 1  # of a part of two, format and value, the value
        return 0


class Each(Seg):
    """One segment for every item of a tuple field: `Each("LQ", "HE", name="remarks")`; the item is the last element."""

    def __init__(self, id: str, *constants: str, name: str, codec: Codec = TEXT) -> None:
        self._item = F(name, codec)
        super().__init__(id, *constants, self._item)
        self.name = name

    def read(self, values: list[str], into: Values, separator: str) -> None:
        found: Values = {}
        super().read(values, found, separator)
        if found:
            into[self.name] = (*into.get(self.name, ()), found[self.name])

    def write(self, record: Any) -> Iterator[Segment]:
        constants: Segment = [text for part in self.parts[:-1] for text in part.write(record)]
        for item in getattr(record, self.name):
            yield [self.id, *constants, self._item.text(item)]


class Keyed(Seg):
    """A dict field, one segment for every key in 01: `Keyed("DTP", "D8", name="dates", codec=DAY)`.

    It takes the qualifiers no other segment of the loop names. A date range (RD8) is kept as its first date.
    """

    def __init__(self, id: str, *constants: str, name: str, codec: Codec = TEXT, fixed: bool = False) -> None:
        super().__init__(id)
        self.name, self._constants, self._item, self._fixed = name, constants, F(name, codec), fixed

    def read(self, values: list[str], into: Values, separator: str) -> None:
        at = 2 + len(self._constants)
        if at < len(values) and values[at]:
            text = values[at].partition("-")[0] if values[2] == "RD8" else values[at]
            decode = self._item.decode
            into.setdefault(self.name, {})[values[1]] = decode(text) if decode else text

    def write(self, record: Any) -> Iterator[Segment]:
        for key, item in getattr(record, self.name).items():
            yield [self.id, key, *self._constants, self._item.text(item)]

    def identifiers(self, record: Any) -> Iterator[str]:
        if self._fixed:
            yield from getattr(record, self.name).values()

    def blame(self, values: list[str], separator: str) -> int:
        return 2 + len(self._constants)


def _places(parts: Sequence[Part]) -> list[tuple[int, Part]]:
    places, at = [], 1
    for part in parts:
        places.append((at, part))
        at += part.width
    return places


def trimmed(row: Segment) -> Segment:
    """The segment without its trailing empty elements."""
    while not row[-1]:
        row.pop()
    return row


def flat(elements: Iterable[Element]) -> Iterator[str]:
    """Every component of every element."""
    for element in elements:
        if isinstance(element, tuple):
            yield from element
        else:
            yield element


# ---- loops -----------------------------------------------------------------------------------------------------------


class Within:
    """Rows of another loop that belong to the same record."""

    def __init__(self, loop: str, *items: Item) -> None:
        self.loop, self.items = loop, items

    def write(self, record: Any) -> Iterator[Segment]:
        for item in self.items:
            yield from item.write(record)

    def identifiers(self, record: Any) -> Iterator[str]:
        for item in self.items:
            yield from item.identifiers(record)


class One(Within):
    """A record in one field; the field is None or an empty record when no row of it came."""

    many = False

    def __init__(self, field: str, record: type, *items: Item, loop: str = "") -> None:
        super().__init__(loop, *items)
        self.field, self.record = field, record
        self._empty = _empty(record)

    def _records(self, owner: Any) -> Iterable[Any]:
        value = getattr(owner, self.field)
        return () if value is None or value == self._empty else (value,)

    def write(self, record: Any) -> Iterator[Segment]:
        for inner in self._records(record):
            yield from super().write(inner)

    def identifiers(self, record: Any) -> Iterator[str]:
        for inner in self._records(record):
            yield from super().identifiers(inner)


class Many(One):
    """A tuple of records, each opened by the first segment of the list."""

    many = True

    def __init__(self, field: str, record: type, loop: str, *items: Item) -> None:
        super().__init__(field, record, *items, loop=loop)

    def _records(self, owner: Any) -> Iterable[Any]:
        records: Iterable[Any] = getattr(owner, self.field)
        return records


Item = Seg | Within


def _empty(record: type) -> Any:
    try:
        return record()
    except TypeError:
        return None


# ---- tables ----------------------------------------------------------------------------------------------------------


class _Slot:
    """Where the rows of one record gather while a unit is read."""

    def __init__(self, node: One | None, parent: int) -> None:
        self.node, self.parent = node, parent
        self.children: list[int] = []
        self.below: list[int] = []


class _Choice:
    """The segments of one id in one loop, by qualifier."""

    def __init__(self) -> None:
        self.by_code: dict[str, tuple[Seg, int, bool]] = {}
        self.default: tuple[Seg, int, bool] | None = None
        self.composite = False

    def add(self, seg: Seg, slot: int, opens: bool) -> None:
        for code in seg.codes:
            self.by_code[code] = (seg, slot, opens)
        if not seg.codes:
            self.default = (seg, slot, opens)
        self.composite = self.composite or seg.composite_code

    def pick(self, values: list[str], separator: str) -> tuple[Seg, int, bool] | None:
        code = values[1] if len(values) > 1 else ""
        if self.composite:
            code = code.partition(separator)[0]
        return self.by_code.get(code, self.default)


class Table(Within):
    """A tree of items with its dispatch by (loop, segment id, qualifier) worked out once."""

    def __init__(self, loop: str, *items: Item) -> None:
        super().__init__(loop, *items)
        self._slots = [_Slot(None, -1)]
        self._choices: dict[tuple[str, str], _Choice] = {}
        self._add(items, loop, 0, None)

    def _add(self, items: Sequence[Item], loop: str, slot: int, opener: Seg | None) -> None:
        for item in items:
            if isinstance(item, Seg):
                self._choices.setdefault((loop, item.id), _Choice()).add(item, slot, item is opener)
            else:
                inner = self._slot(item, slot) if isinstance(item, One) else slot
                first = _first(item) if isinstance(item, Many) else opener
                self._add(item.items, item.loop or loop, inner, first)

    def _slot(self, node: One, parent: int) -> int:
        number = len(self._slots)
        self._slots.append(_Slot(node, parent))
        self._slots[parent].children.append(number)
        above = parent
        while above >= 0:
            self._slots[above].below.append(number)
            above = self._slots[above].parent
        return number

    def read(self, unit: Unit) -> Values:
        """The fields of the record the unit's rows make. Errors: Unreadable, naming every value that cannot be read."""
        frames: list[Values | None] = [None] * len(self._slots)
        frames[0] = {}
        findings: list[Finding] = []
        separator = unit.component
        for number, (loop, values) in enumerate(unit.rows):
            choice = self._choices.get((loop, values[0]))
            entry = choice.pick(values, separator) if choice else None
            if entry is None:
                continue
            seg, slot, opens = entry
            frame = frames[slot]
            if opens or frame is None:
                frame = self._open(frames, slot, opens)
            try:
                seg.read(values, frame, separator)
            except REFUSALS:
                findings.append(refused(unit, number, seg.blame(values, separator)))
        return self._built(frames[0], unit, findings)

    def _open(self, frames: list[Values | None], slot: int, opens: bool) -> Values:
        made: Values = {}
        place = self._slots[slot]
        node = place.node
        if node is None or (node.many and not opens):
            return made  # a row of a record that was never opened: nothing will hold it
        above = frames[place.parent]
        if above is None:
            above = self._open(frames, place.parent, False)
        if node.many:
            above.setdefault(node.field, []).append(made)
        else:
            above[node.field] = made
        for lower in place.below:
            frames[lower] = None
        frames[slot] = made
        return made

    def _built(self, fields: Values | None, unit: Unit, findings: list[Finding]) -> Values:
        if not findings:
            try:
                return self._children(0, fields or {})
            except TypeError:
                findings.append(missing(unit))
        raise Unreadable(findings)

    def _children(self, slot: int, fields: Values) -> Values:
        for number in self._slots[slot].children:
            node = self._slots[number].node
            if node is not None and node.field in fields:
                found = fields[node.field]
                if node.many:
                    fields[node.field] = tuple([node.record(**self._children(number, one)) for one in found])
                else:
                    fields[node.field] = node.record(**self._children(number, found))
        return fields


def _first(node: Within) -> Seg | None:
    for item in node.items:
        return item if isinstance(item, Seg) else _first(item)
    return None


def refused(unit: Unit, number: int, element: int) -> Finding:
    """The finding for a value of the unit's row `number` that its codec refused."""
    loop, values = unit.rows[number]
    place = Place(position=unit.at(number), loop=loop, segment=values[0], element=element, claim=_named(unit))
    return Finding(level="element", code="6", message="A value cannot be read as its guide describes it.", place=place,
                   mend=Mend(text="Write the value as the guide describes it."))  # fmt: skip


def missing(unit: Unit) -> Finding:
    """The finding for a unit that lacks a part its record requires."""
    loop, values = unit.rows[0]
    place = Place(position=unit.position, loop=loop, segment=values[0], claim=_named(unit))
    return Finding(level="segment", code="3", message="A part this record cannot do without is missing.", place=place,
                   mend=Mend(text="Send every part the guide requires of it."))  # fmt: skip


NAMES = {form.claim[0]: form.claim for form in FORMS.values() if form.claim[0]}
"""Kind of a unit -> what names it: CLM01, REF*0F, ENT01."""


def _named(unit: Unit) -> str:
    _, segment, element, qualifier = NAMES.get(unit.kind, ("", "", 0, ""))
    mine = (values for _, values in unit.rows if values[0] == segment and len(values) > element)
    return next((values[element] for values in mine if not qualifier or values[1] == qualifier), "")
