"""Authorisations and accident answers, loaded from CSV or JSON; what waited for them is decided again.

One line is one authorisation (kind `authorisation`: number, last) or one answer about accidents (kind `accident`: work,
third_party). A file is checked whole before anything of it is stored, and loading it twice is once.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update

from gateway.errors import BadData
from gateway.flow import acts, holds, sheets
from gateway.flow.context import Context
from gateway.plan.records import AccidentAnswer, Authorisation, Member
from gateway.store import audit
from gateway.store.schema import claim, evidence, hold, person
from mappings.records import Record
from parsers.checkdigits import valid_npi

LINES = 20_000
"""Lines of a file: more than a year of a plan of 100,000 lives, and about 20 MB in memory."""

QUEUES = ("AUTH", "ACC")
"""Queues of claims that wait for such evidence."""

UNDATED = "undated"
"""Number of an accident answer that names no day: each person has one of it."""


class Line(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line. person: our person id, or the member's or subscriber's number, then with birth where several share it.

    codes, units: procedure codes allowed, and how many of each; none is any. npi: of the provider, "" is anybody.
    """

    kind: Literal["authorisation", "accident"]
    sponsor: str
    person: str
    birth: date | None = None
    number: str = ""
    npi: str = ""
    codes: tuple[str, ...] = ()
    units: dict[str, Decimal] = {}
    first: date | None = None
    last: date | None = None
    work: bool | None = None
    third_party: bool | None = None


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What a file comes to. waiting: claims that wait for these people's evidence and are decided again."""

    lines: int
    new: int
    changed: int
    unchanged: int
    waiting: tuple[str, ...]


Key = tuple[str, str, str, str]
"""Sponsor, kind, person, number."""


def load(context: Context, path: Path, user: str, *, store: bool) -> Loaded:
    """What a file comes to, stored where asked. Raises BadData with every problem, InputOutput for want of a file."""
    lines = _read(path)
    with context.store.read() as connection:
        rows = _rows(connection, lines)
        loaded, _, _ = _compare(connection, rows)
    if not store:
        return loaded
    with context.store.write("evidence") as connection:
        loaded, fresh, waiting = _compare(connection, rows)
        _store(connection, fresh)
        for waits in waiting:
            acts.rule(connection, context, waits, acts.EVIDENCE, user, "its evidence was loaded")
        what = f"{loaded.lines} lines, {loaded.new} new, {loaded.changed} changed"
        audit.note(connection, context.now_us, user, "load", "evidence", what)
    return loaded


# ---- reading ---------------------------------------------------------------------------------------------------------


@sheets.readable()
def _read(path: Path) -> list[Line]:
    text = sheets.text(path, "utf-8-sig")
    raw = _of_json(text) if path.suffix == ".json" else list(_of_csv(text))
    if len(raw) > LINES:
        raise BadData(f"{len(raw)} lines, at most {LINES} at once")
    lines, problems = [], []
    for n, each in enumerate(raw, 1):
        try:
            line = msgspec.convert(each, Line, strict=False)
        except msgspec.ValidationError as error:
            problems.append(f"line {n}: {error}")
            continue
        problems += [f"line {n}: {said}" for said, holds in LAWS if not holds(line)]
        lines.append(line)
    if problems:
        raise BadData("; ".join(problems))
    return lines


def _of_json(text: str) -> list[Any]:
    try:
        return msgspec.json.decode(text, type=list[Any])
    except msgspec.DecodeError as error:
        raise BadData("it is not a JSON list of lines") from error


def _of_csv(text: str) -> Iterator[dict[str, Any]]:
    """CSV fields as JSON has them: lists by blanks, units as CODE:COUNT, answers as yes and no."""
    for raw in csv.DictReader(io.StringIO(text)):
        given = {str(name): (value or "").strip() for name, value in raw.items()}
        line: dict[str, Any] = {name: value for name, value in given.items() if value}
        if "codes" in line:
            line["codes"] = given["codes"].split()
        if "units" in line:
            line["units"] = {code: count for code, _, count in (one.partition(":") for one in given["units"].split())}
        for name in ("work", "third_party"):
            if name in line:
                line[name] = {"yes": True, "no": False}.get(given[name].casefold(), given[name])
        yield line


LAWS: tuple[tuple[str, Callable[[Line], bool]], ...] = (
    ("number: an authorisation has one", lambda line: line.kind == "accident" or bool(line.number)),
    ("first, last: an authorisation has both",
     lambda line: line.kind == "accident" or None not in (line.first, line.last)),
    ("last: before first", lambda line: line.first is None or line.last is None or line.first <= line.last),
    ("npi: its check digit is wrong", lambda line: not line.npi or valid_npi(line.npi)),
    ("units: not more than none", lambda line: all(count > 0 for count in line.units.values())),
    ("units: of a code that is not authorised", lambda line: not line.codes or line.units.keys() <= set(line.codes)),
    ("work, third_party: neither is answered",
     lambda line: line.kind == "authorisation" or (line.work, line.third_party) != (None, None)),
)  # fmt: skip
"""What is said of a line, and when it need not be."""


# ---- whose it is, and what is new ------------------------------------------------------------------------------------


def _rows(connection: Connection, lines: Sequence[Line]) -> dict[Key, str]:
    """Evidence as it is stored, each line at one person; raises BadData for people nobody, or several, are."""
    rows: dict[Key, str] = {}
    problems = []
    for n, line in enumerate(lines, 1):
        people = _people(connection, line)
        if len(people) != 1:
            problems.append(f"line {n}: person: {'nobody' if not people else 'more than one'} is on file by it")
            continue
        number, record = _record(line, people[0])
        rows[line.sponsor, line.kind, people[0], number] = msgspec.json.encode(record).decode()
    if problems:
        raise BadData("; ".join(problems))
    return rows


def _people(connection: Connection, line: Line) -> list[str]:
    """Person ids a line may mean: the id itself, else who has the number, and was born on that day."""
    named = or_(*(person.c[name] == line.person for name in ("person_id", "member_no", "subscriber_no")))
    rows = connection.execute(select(person).where(person.c.sponsor_id == line.sponsor, named)).all()
    exact = [row.person_id for row in rows if row.person_id == line.person]
    if exact or line.birth is None:
        return exact or [row.person_id for row in rows]
    return [row.person_id for row in rows if msgspec.json.decode(row.body, type=Member).person.birth == line.birth]


def _record(line: Line, person_id: str) -> tuple[str, Authorisation | AccidentAnswer]:
    if line.kind == "authorisation":
        assert line.first is not None and line.last is not None  # LAWS
        return line.number, Authorisation(number=line.number, person_id=person_id, npi=line.npi, codes=line.codes,
                                          first=line.first, last=line.last, units=line.units)  # fmt: skip
    answer = AccidentAnswer(person_id=person_id, work=line.work, third_party=line.third_party, first=line.first,
                            last=line.last)  # fmt: skip
    return line.first.isoformat() if line.first else UNDATED, answer


def _compare(connection: Connection, rows: dict[Key, str]) -> tuple[Loaded, dict[Key, tuple[bool, str]], list[Any]]:
    """What is new or changed (and whether it stands already), and the open holds of claims that wait for it."""
    fresh: dict[Key, tuple[bool, str]] = {}
    for key, body in rows.items():
        before = connection.execute(select(evidence.c.body).where(*_at(key))).scalar_one_or_none()
        if before != body:
            fresh[key] = (before is not None, body)
    about = and_(claim.c.sponsor_id == hold.c.sponsor_id, claim.c.icn == holds.ICN)
    waits = select(hold, claim.c.person_id).select_from(hold.join(claim, about)).where(
        hold.c.kind == "pend", hold.c.state == "open", hold.c.queue.in_(QUEUES)
    )  # fmt: skip
    people = {(sponsor_id, person_id) for sponsor_id, _, person_id, _ in fresh}
    found = connection.execute(waits.order_by(claim.c.ord)).all()
    waiting = [row for row in found if (row.sponsor_id, row.person_id) in people]
    changed = sum(stands for stands, _ in fresh.values())
    icns = tuple(holds.icn_of(row.subject) for row in waiting)
    loaded = Loaded(lines=len(rows), new=len(fresh) - changed, changed=changed, unchanged=len(rows) - len(fresh),
                    waiting=icns)  # fmt: skip
    return loaded, fresh, waiting


def _store(connection: Connection, fresh: dict[Key, tuple[bool, str]]) -> None:
    for key, (stands, body) in fresh.items():
        if stands:
            connection.execute(update(evidence).where(*_at(key)).values(body=body))
        else:
            names = ("sponsor_id", "kind", "person_id", "number")
            connection.execute(insert(evidence).values(**dict(zip(names, key, strict=True)), body=body))


def _at(key: Key) -> tuple[ColumnElement[bool], ...]:
    sponsor_id, kind, person_id, number = key
    return (evidence.c.sponsor_id == sponsor_id, evidence.c.kind == kind, evidence.c.person_id == person_id,
            evidence.c.number == number)  # fmt: skip
