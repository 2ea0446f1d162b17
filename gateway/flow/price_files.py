"""Price files from spreadsheets: fee rows and memberships of networks as CSV, every bad line told by its number."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from gateway.errors import BadData
from gateway.flow import sheets
from gateway.plan.records import FeeRow, NetworkRow
from gateway.plan.rounding import WHOLE
from gateway.store.documents import FEE_KEY, MEMBER_KEY
from gateway.store.rows import key_of
from parsers.checkdigits import valid_npi

Raw = dict[str, str]
Laws = tuple[tuple[str, Callable[[Raw], bool]], ...]

AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")
"""Dollars and cents as people write them."""

WEIGHT = re.compile(r"(?=.*[1-9])[0-9]{1,3}(\.[0-9]{1,4})?")
"""A DRG's weight: to ten-thousandths, not zero."""

DAYS = re.compile(r"(?=.*[1-9])[0-9]{1,3}(\.[0-9])?")
"""A mean stay: to tenths of a day, not zero."""

LOCALITY = re.compile(r"[0-9]{1,5}|[A-Z]{2}")
"""A ZIP beginning or a state."""

DATES = ("effective_from", "effective_to")
FEE_COLUMNS = ("npi", "schedule", "code", "modifier", "locality", "allowed", "per", "weight", "mean_days", *DATES)
MEMBER_COLUMNS = ("network", "tin", "npi", "rendering", "locality", *DATES)
FOR_PEOPLE = ("provider", "note")
"""Columns that may stand in any file and are not read."""


@sheets.readable()
def read(text: str) -> tuple[str, list[Any]]:
    """The rows of a file and what they are: `network_member` where a column is named network, else `fee`. Raises
    BadData naming every bad line."""
    if "network" in (csv.DictReader(io.StringIO(text)).fieldnames or ()):
        return "network_member", _rows(text, MEMBER_COLUMNS, ("network",), _MEMBER_LAWS, _member, MEMBER_KEY)
    return "fee", fees(text)


@sheets.readable()
def fees(text: str) -> list[FeeRow]:
    """Rows of a fee schedule; raises BadData naming every bad line."""
    return _rows(text, FEE_COLUMNS, ("code",), _FEE_LAWS, _fee, FEE_KEY)


def _rows(
    text: str, columns: tuple[str, ...], needed: tuple[str, ...], laws: Laws, made: Callable[[Raw], Any],
    key: tuple[str, ...],
) -> list[Any]:  # fmt: skip
    reader = csv.DictReader(io.StringIO(text))
    names = reader.fieldnames or ()
    if missing := [name for name in (*needed, *DATES) if name not in names]:
        raise BadData(f"columns missing: {', '.join(missing)}")
    if strange := [name for name in names if name not in (*columns, *FOR_PEOPLE)]:
        raise BadData(f"columns unknown: {', '.join(strange)}")
    rows: dict[tuple[Any, ...], Any] = {}
    problems = []
    for raw in reader:
        if None in raw or None in raw.values():
            problems.append(f"line {reader.line_num}: not as many fields as the first line has")
            continue
        found = dict.fromkeys(columns, "") | {name: value.strip() for name, value in raw.items()}
        wrong = [said for said, holds in (*laws, *_DATE_LAWS) if not holds(found)]
        if not wrong:
            row = made(found)
            again = rows.setdefault(key_of(key, row), row) != row
            wrong = ["another row of the same and the same day stands above"] if again else []
        problems += [f"line {reader.line_num}: {said}" for said in wrong]
    if problems:
        raise BadData("; ".join(problems))
    return list(rows.values())


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _in_order(raw: Raw) -> bool:
    """Whether a row ends no sooner than it begins; what is no day is told by itself."""
    first, last = (raw[name] for name in DATES)
    return not (_is_day(first) and _is_day(last)) or date.fromisoformat(first) <= date.fromisoformat(last)


_DATE_LAWS: Laws = (
    ("effective_from: not a date", lambda raw: _is_day(raw["effective_from"])),
    ("effective_to: not a date", lambda raw: not raw["effective_to"] or _is_day(raw["effective_to"])),
    ("effective_to: before effective_from", _in_order),
    ("locality: neither a ZIP beginning nor a state", lambda raw: _fits(LOCALITY, raw["locality"])),
)

_FEE_LAWS: Laws = (
    ("npi: its check digit is wrong", lambda raw: not raw["npi"] or valid_npi(raw["npi"])),
    ("npi, schedule: one of them, not both", lambda raw: bool(raw["npi"]) != bool(raw["schedule"])),
    ("code: missing", lambda raw: bool(raw["code"])),
    ("allowed: not an amount like 98.00", lambda raw: AMOUNT.fullmatch(raw["allowed"] or "0") is not None),
    ("allowed, weight: one of them, not both", lambda raw: bool(raw["allowed"]) != bool(raw["weight"])),
    ("per: neither line nor unit", lambda raw: raw["per"] in (("",) if raw["weight"] else ("line", "unit"))),
    ("weight: not a number like 1.9005", lambda raw: _fits(WEIGHT, raw["weight"])),
    ("mean_days: not a number like 2.1", lambda raw: _fits(DAYS, raw["mean_days"])),
)
_MEMBER_LAWS: Laws = (
    ("network: missing", lambda raw: bool(raw["network"])),
    ("tin, npi, rendering: none of them", lambda raw: bool(raw["tin"] or raw["npi"] or raw["rendering"])),
    ("npi: its check digit is wrong", lambda raw: not raw["npi"] or valid_npi(raw["npi"])),
    ("rendering: its check digit is wrong", lambda raw: not raw["rendering"] or valid_npi(raw["rendering"])),
    ("tin: not nine digits", lambda raw: not raw["tin"] or (raw["tin"].isdecimal() and len(raw["tin"]) == 9)),
)
"""What is said of a line, and when it need not be."""


def _fits(shape: re.Pattern[str], text: str) -> bool:
    return not text or shape.fullmatch(text) is not None


def _dates(raw: Raw) -> dict[str, date | None]:
    first, last = (raw[name] for name in DATES)
    return {"first": date.fromisoformat(first), "last": date.fromisoformat(last) if last else None}


def _fee(raw: Raw) -> FeeRow:
    return FeeRow(
        npi=raw["npi"], schedule=raw["schedule"], code=raw["code"], modifier=raw["modifier"],
        locality=raw["locality"], allowed_cents=int(Decimal(raw["allowed"] or 0) * 100),
        per="unit" if raw["per"] == "unit" else "line", weight=_whole(raw["weight"], WHOLE),
        mean_days=_whole(raw["mean_days"], 10), **_dates(raw),  # type: ignore[arg-type]  # first is never None
    )  # fmt: skip


def _whole(text: str, parts: int) -> int | None:
    return int(Decimal(text) * parts) if text else None


def _member(raw: Raw) -> NetworkRow:
    own = {name: raw[name] for name in MEMBER_COLUMNS if name not in DATES}
    return NetworkRow(**own, **_dates(raw))  # type: ignore[arg-type]  # as above
