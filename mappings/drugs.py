"""A drug manager's files: lines of fields, where a layout says what stands where, read and written by one table.

Each manager has its own layout, which is data of its partner. A line is told by what it begins with; the trailer says
how many claims there are and what they come to, and a file that disagrees with it is not read at all.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from mappings.records import Adjustment, Claim, LinePayment, Person, Procedure, Provider, Record, ServiceLine

KIND = "R"
"""`Claim.kind` of a claim a drug manager has decided and paid."""

FILE = "drugs"
"""What stands for ST01 of a drug manager's file."""

LINES = 50_000
"""Claims of one file: a plan of 100,000 lives fills about one prescription a life and month, billed twice a month. They
take 100 MB while the file is read."""

PROBLEMS = 20
"""Problems told of one file: a wrong layout is wrong in each of its lines."""

PHARMACY = "01"
"""Place of service."""

NDC = "N4"
"""Qualifier of a drug's number in SVC01."""

ORIGINAL, VOID = "1", "8"
"""`Claim.frequency` of a claim that pays, and of one that takes another back."""

# ---- what a field holds ----------------------------------------------------------------------------------------------

DAYS = {"YYYYMMDD": "%Y%m%d", "YYYY-MM-DD": "%Y-%m-%d", "MM/DD/YYYY": "%m/%d/%Y"}
"""How a layout writes a day."""

PLUS, MINUS = "{ABCDEFGHI", "}JKLMNOPQR"
"""The last digit of an overpunched amount, which tells its sign (NCPDP)."""


DOLLARS, CENTS = re.compile(r"-?[0-9]{1,10}(\.[0-9]{1,2})?"), re.compile("-?[0-9]{1,12}")
OVERPUNCHED, NUMBER = re.compile("[0-9]{0,11}[{}A-R]"), re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,3})?")
"""How amounts and numbers are written: at most ten thousand million dollars, as in X12, and thousandths."""


def _like(pattern: re.Pattern[str], text: str) -> str:
    """The text; raises ValueError when it is not written so."""
    if pattern.fullmatch(text) is None:
        raise ValueError("not written so")
    return text


def _dollars(text: str) -> int:
    return int(Decimal(_like(DOLLARS, text)) * 100)


def _cents(text: str) -> int:
    return int(_like(CENTS, text))


def _overpunched(text: str) -> int:
    last = _like(OVERPUNCHED, text)[-1]
    signs, sign = (MINUS, -1) if last in MINUS else (PLUS, 1)
    return sign * int(f"{text[:-1]}{signs.index(last)}")


def _overpunch(cents: int) -> str:
    digits = str(abs(cents))
    return digits[:-1] + (MINUS if cents < 0 else PLUS)[int(digits[-1])]


AMOUNTS: dict[str, tuple[Callable[[str], int], Callable[[int], str]]] = {
    "dollars": (_dollars, lambda cents: f"{Decimal(cents) / 100:.2f}"),
    "cents": (_cents, str),
    "overpunch": (_overpunched, _overpunch),
}
"""How a layout writes an amount: reader and writer. cents and overpunch have two decimals without a point."""

Kind = Literal["text", "day", "amount", "number"]

FIELDS: dict[str, Kind] = {
    "number": "text", "action": "text", "group": "text", "member": "text", "last_name": "text", "first_name": "text",
    "birth": "day", "filled": "day", "ndc": "text", "quantity": "number", "pharmacy": "text", "charge": "amount",
    "paid": "amount", "patient": "amount", "deductible": "amount", "copay": "amount", "coinsurance": "amount",
    "other": "amount", "elsewhere": "amount",
}  # fmt: skip
"""What is told of a claim. number: the manager's own. action: whether it pays or takes back. paid: by the plan.
patient: by the member, as deductible, copay, coinsurance and other, which counts to no limit. elsewhere: by another
payer."""

NEEDED = ("number", "action", "group", "member", "filled", "ndc", "paid", "patient")
"""What no layout may lack."""

TOTALS: dict[str, Kind] = {"claims": "number", "paid": "amount"}
"""What a trailer tells: how many claims, and the sum of `paid` as it stands in their lines."""

ACCUMULATED: dict[str, Kind] = {
    "member": "text", "last_name": "text", "first_name": "text", "birth": "day", "year": "number",
    "deductible": "amount", "out_of_pocket": "amount",
}  # fmt: skip
"""What we tell a manager of a person: what other claims than its own used of the person's limits in a benefit year."""

ACCUMULATED_TOTALS: dict[str, Kind] = {"rows": "number", "deductible": "amount", "out_of_pocket": "amount"}
"""What the trailer of that file tells."""


class Layout(Record, frozen=True, kw_only=True):
    """Where what stands in a file. separator: between fields, "" for fixed columns. header, detail, trailer: what a
    line of each kind begins with; header "" where there is none. day, amount: how they are written. paid, reversed:
    values of `action`. reversals: the sign of amounts that are taken back. fields, totals: word -> place, which is the
    number of the field, or in fixed columns first-last.
    """

    separator: str = ""
    header: str = ""
    detail: str
    trailer: str
    day: Literal["YYYYMMDD", "YYYY-MM-DD", "MM/DD/YYYY"] = "YYYYMMDD"
    amount: Literal["dollars", "cents", "overpunch"] = "cents"
    paid: tuple[str, ...] = ("P",)
    reversed: tuple[str, ...] = ("R",)
    reversals: Literal["negative", "positive"] = "negative"
    fields: dict[str, str]
    totals: dict[str, str]

    def __post_init__(self) -> None:
        marks = [mark for mark in (self.header, self.detail, self.trailer) if mark]
        if not self.detail or not self.trailer or len(set(marks)) < len(marks):
            raise ValueError("header, detail and trailer begin differently, and lines of the last two are always there")
        if len(self.separator) > 1:
            raise ValueError("a separator is one character")
        for place in (*self.fields.values(), *self.totals.values()):
            _place(self, place)


def wrong(layout: Layout, fields: dict[str, Kind], totals: dict[str, Kind], needed: Sequence[str]) -> Iterator[str]:
    """What a layout lacks, or names that nobody knows, a sentence each."""
    for word in sorted(layout.fields.keys() - fields.keys()):
        yield f"fields.{word}: no such word"
    for word in needed:
        if word not in layout.fields:
            yield f"fields.{word}: missing"
    for word in sorted(layout.totals.keys() ^ totals.keys()):
        yield f"totals.{word}: {'missing' if word in totals else 'no such word'}"


class Manager(Record, frozen=True, kw_only=True):
    """A drug manager, as its partner's settings tell it: who is paid (npi, tin), and the layouts of its claims and of
    what we tell it of accumulators (None: nothing)."""

    npi: str
    tin: str
    claims: Layout
    accumulators: Layout | None = None

    def __post_init__(self) -> None:
        said = [f"claims.{one}" for one in wrong(self.claims, FIELDS, TOTALS, NEEDED)]
        if self.accumulators is not None:
            words = tuple(ACCUMULATED)
            told = wrong(self.accumulators, ACCUMULATED, ACCUMULATED_TOTALS, words)
            said += [f"accumulators.{one}" for one in told]
        if said:
            raise ValueError("; ".join(said))


def _place(layout: Layout, text: str) -> tuple[int, int]:
    """First and behind the last field or column, from 0; raises ValueError."""
    first, dash, last = text.partition("-")
    if not first.isdigit() or int(first) < 1 or bool(dash) == bool(layout.separator):
        raise ValueError(f"{text} is no place: a field's number, or first-last of fixed columns")
    end = int(last) if dash and last.isdigit() else int(first)
    if dash and (not last.isdigit() or end < int(first)):
        raise ValueError(f"{text} is no place: first-last of fixed columns")
    return int(first) - 1, end


# ---- reading ---------------------------------------------------------------------------------------------------------


class DrugRow(Record, frozen=True, kw_only=True):
    """One claim as a manager tells it. reversal: it takes back the one of its number; its amounts are positive, too.

    charge_cents: 0 where the manager tells none. other_cents: of the member, counting to no limit. line: of the file.
    """

    line: int = 0
    number: str
    reversal: bool = False
    group: str
    member: str
    last_name: str = ""
    first_name: str = ""
    birth: date | None = None
    filled: date
    ndc: str
    quantity: Decimal = Decimal(1)
    pharmacy: str = ""
    charge_cents: int = 0
    paid_cents: int
    patient_cents: int
    deductible_cents: int = 0
    copay_cents: int = 0
    coinsurance_cents: int = 0
    other_cents: int = 0
    elsewhere_cents: int = 0


class DrugFile(Record, frozen=True, kw_only=True):
    """A file as read: its claims, or why none of it may be used, a sentence each, free of its data."""

    rows: tuple[DrugRow, ...] = ()
    problems: tuple[str, ...] = ()


def read(layout: Layout, text: str) -> DrugFile:
    """Every line by the layout, and the control totals; any problem refuses the whole file."""
    rows: list[DrugRow] = []
    problems: list[str] = []
    trailers: list[tuple[int, str]] = []
    sums = {"claims": 0, "paid": 0}
    places = _places(layout, layout.fields)
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip("\x1a "):
            continue
        kind = _kind(layout, line)
        if trailers:
            problems.append(f"line {number}: it stands behind the trailer")
        elif kind == "trailer":
            trailers.append((number, line))
        elif kind == "detail":
            try:
                raw = _values(layout, places, FIELDS, line)
                rows.append(_row(layout, raw, number))
                sums["claims"], sums["paid"] = sums["claims"] + 1, sums["paid"] + raw["paid"]
            except ValueError as error:
                problems.append(f"line {number}: {error}")
        elif kind != "header" or rows:
            problems.append(f"line {number}: neither header, claim nor trailer, by what it begins with")
        if len(problems) >= PROBLEMS:
            break
    if len(rows) > LINES:
        problems.append(f"more than {LINES} claims; send them in parts")
    if not problems:
        problems += _disagreements(layout, sums, trailers)
    return DrugFile(problems=tuple(problems)) if problems else DrugFile(rows=tuple(rows))


def _disagreements(layout: Layout, sums: dict[str, int], trailers: list[tuple[int, str]]) -> Iterator[str]:
    """What the trailer tells otherwise than the lines, told without amounts of single claims."""
    if not trailers:
        yield "the trailer is missing: the file is not whole"
        return
    ((number, line),) = trailers
    try:
        told = _values(layout, _places(layout, layout.totals), TOTALS, line)
    except ValueError as error:
        yield f"line {number}: {error}"
        return
    if told["claims"] != sums["claims"]:
        yield f"the trailer tells {told['claims']} claims, the file has {sums['claims']}"
    if told["paid"] != sums["paid"]:
        yield f"the trailer tells {Decimal(told['paid']) / 100:.2f} paid, the claims add up to {sums['paid'] / 100:.2f}"


def _kind(layout: Layout, line: str) -> str:
    for kind, mark in (("trailer", layout.trailer), ("detail", layout.detail), ("header", layout.header)):
        if mark and line.startswith(mark):
            return kind
    return ""


def _cut(layout: Layout, line: str) -> list[str] | str:
    return next(csv.reader([line], delimiter=layout.separator)) if layout.separator else line


def _places(layout: Layout, told: dict[str, str]) -> dict[str, tuple[int, int]]:
    return {word: _place(layout, place) for word, place in told.items()}


def _values(layout: Layout, places: dict[str, tuple[int, int]], kinds: dict[str, Kind], line: str) -> dict[str, Any]:
    """The values of a line by word; raises ValueError naming the word, never the value."""
    cut = _cut(layout, line)
    found: dict[str, Any] = {}
    for word, (first, end) in places.items():
        piece = cut[first:end]
        text = (piece if isinstance(piece, str) else "".join(piece)).strip()
        try:
            found[word] = _value(layout, kinds[word], text)
        except ValueError as error:
            raise ValueError(f"{word} is no {kinds[word]}") from error
    return found


def _value(layout: Layout, kind: Kind, text: str) -> Any:
    if kind == "text":
        return text
    if kind == "day":
        return datetime.strptime(text, DAYS[layout.day]).date() if text else None
    if kind == "amount":
        return AMOUNTS[layout.amount][0](text) if text else 0
    return Decimal(_like(NUMBER, text))


def _row(layout: Layout, raw: dict[str, Any], line: int) -> DrugRow:
    """A row; raises ValueError for what makes no claim of it."""
    action = raw["action"]
    if action not in (*layout.paid, *layout.reversed):
        raise ValueError("action is none of the layout's")
    missing = [word for word in ("number", "filled", "ndc") if not raw[word]]
    if missing:
        raise ValueError(f"{missing[0]} is empty")
    reversal = action in layout.reversed
    sign = -1 if reversal and layout.reversals == "negative" else 1
    amounts = {f"{word}_cents": sign * raw[word] for word, kind in FIELDS.items() if kind == "amount" and word in raw}
    told = {word: value for word, value in raw.items() if word != "action" and FIELDS[word] != "amount"}
    if "quantity" in told:  # of what is taken back it may be negative
        told["quantity"] = abs(told["quantity"])
    return DrugRow(line=line, reversal=reversal, **told, **amounts)


# ---- writing ---------------------------------------------------------------------------------------------------------


def write(layout: Layout, rows: Sequence[DrugRow]) -> str:
    """The file of these claims, as `read` takes it."""
    told = [_told(layout, row) for row in rows]
    return _written(layout, told, FIELDS, {"claims": len(told), "paid": sum(one["paid"] for one in told)}, TOTALS)


def write_accumulators(layout: Layout, rows: Sequence[dict[str, Any]]) -> str:
    """The file of what counted to people's limits; rows: values by the words of ACCUMULATED, amounts in cents."""
    sums = {word: sum(row[word] for row in rows) for word in ("deductible", "out_of_pocket")}
    return _written(layout, rows, ACCUMULATED, {"rows": len(rows), **sums}, ACCUMULATED_TOTALS)


def _told(layout: Layout, row: DrugRow) -> dict[str, Any]:
    sign = -1 if row.reversal and layout.reversals == "negative" else 1
    told = {word: sign * getattr(row, f"{word}_cents") for word, kind in FIELDS.items() if kind == "amount"}
    plain = {word: getattr(row, word) for word, kind in FIELDS.items() if kind != "amount" and word != "action"}
    return {**plain, **told, "action": (layout.reversed if row.reversal else layout.paid)[0]}


def _written(
    layout: Layout, rows: Iterable[dict[str, Any]], kinds: dict[str, Kind], sums: dict[str, Any],
    total_kinds: dict[str, Kind],
) -> str:  # fmt: skip
    head = [layout.header] if layout.header else []
    body = [_line(layout, layout.detail, layout.fields, kinds, row) for row in rows]
    tail = _line(layout, layout.trailer, layout.totals, total_kinds, sums)
    return "".join(f"{one}\n" for one in (*head, *body, tail))


def _line(layout: Layout, mark: str, places: dict[str, str], kinds: dict[str, Kind], values: dict[str, Any]) -> str:
    spots = {_place(layout, place): _text(layout, kinds[word], values[word]) for word, place in places.items()}
    width = max(end for _, end in spots)
    if layout.separator:
        cells = [""] * max(width, 1)
        cells[0] = mark
        for (first, _), text in spots.items():
            cells[first] = text
        line = io.StringIO()
        csv.writer(line, delimiter=layout.separator, lineterminator="").writerow(cells)
        return line.getvalue()
    columns = list(mark.ljust(width))
    for (first, end), text in spots.items():
        columns[first:end] = text.ljust(end - first)[: end - first]
    return "".join(columns).rstrip()


def _text(layout: Layout, kind: Kind, value: Any) -> str:
    if value is None:
        return ""
    if kind == "day":
        return f"{value:{DAYS[layout.day]}}"
    return AMOUNTS[layout.amount][1](value) if kind == "amount" else str(value)


# ---- a claim ---------------------------------------------------------------------------------------------------------


def claim(row: DrugRow, manager: Manager, partner: str, name: str) -> Claim:
    """The claim of a row: one line, which the manager (partner, its name) has decided as its `payments` tell.

    What the charge is above what anybody paid is the contract's (CO-45; OA-94 below it); a charge that is not told is
    all of that together. Shares that are not what the member paid make a line that does not balance, and waits.
    """
    allowed = row.paid_cents + row.patient_cents + row.elsewhere_cents
    charge = row.charge_cents or allowed
    contract = ("CO", "45") if charge > allowed else ("OA", "94")
    told = (
        ("OA", "23", row.elsewhere_cents), (*contract, charge - allowed), ("PR", "1", row.deductible_cents),
        ("PR", "2", row.coinsurance_cents), ("PR", "3", row.copay_cents), ("PR", "96", row.other_cents),
    )  # fmt: skip
    adjustments = tuple(Adjustment(group=group, reason=reason, cents=cents) for group, reason, cents in told if cents)
    procedure = Procedure(code="".join(sign for sign in row.ndc if sign.isalnum()), qualifier=NDC)
    decided = LinePayment(payer_id=partner, paid_cents=row.paid_cents, procedure=procedure, adjustments=adjustments)
    patient = Person(last=row.last_name, first=row.first_name, birth=row.birth, id_qualifier="MI", id=row.member)
    line = ServiceLine(number=1, procedure=procedure, charge_cents=charge, units=row.quantity, first=row.filled,
                       last=row.filled, ndc=procedure.code, payments=(decided,))  # fmt: skip
    return Claim(
        kind=KIND, pcn=row.number, charge_cents=charge, pos=PHARMACY, frequency=VOID if row.reversal else ORIGINAL,
        billing=Provider(npi=manager.npi, name=name, tin=manager.tin, tin_qualifier="EI"),
        facility=Provider(npi=row.pharmacy) if row.pharmacy else None, subscriber=patient, patient=patient,
        group_no=row.group, payer_id=partner, lines=(line,),
    )  # fmt: skip


def same(one: Claim, other: Claim) -> bool:
    """Whether two claims tell the same, whether they pay or take back: whose, when, which drug and all amounts."""
    return (one.subscriber.id, one.lines) == (other.subscriber.id, other.lines)
