"""Reads a plan document: TOML text into frozen records, with every problem listed and not only the first.

A document is written by people, so amounts are dollars and rates are percent; the records hold cents and hundredths of
a percent. The field types `Cents` and `Rate` say which is which.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal, DecimalException
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from gateway.errors import BadData

Made = TypeVar("Made", bound=msgspec.Struct)


class Cents(int):
    """Whole cents; written in the document as dollars (1000 or 30.50)."""


class Rate(int):
    """Hundredths of a percent; written in the document as percent (20 or 12.5)."""


def read(text: str, kind: type[Made]) -> tuple[Made | None, list[str]]:
    """A document as a record, and its problems. The record is None when one of them prevents it."""
    try:
        table = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as trouble:
        return None, [f"not TOML: {trouble}"]
    problems: list[str] = []
    return _fill(kind, table, "", problems), problems


def refuse(problems: list[str]) -> None:
    """Raise BadData naming every problem, if there is one."""
    if problems:
        raise BadData("plan document: " + "; ".join(problems))


def _fill(kind: type[Made], table: dict[str, Any], where: str, problems: list[str]) -> Made | None:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    problems += [f"{where}{key}: no such word in a plan document" for key in table if key not in fields]
    problems += [f"{where}{name}: missing" for name, field in fields.items() if field.required and name not in table]
    before = len(problems)
    values = {
        field.name: _value(field.type, table[name], f"{where}{name}", problems)
        for name, field in fields.items()
        if name in table
    }
    whole = len(problems) == before and all(f.name in values for f in fields.values() if f.required)
    return kind(**values) if whole else None


def _value(kind: Any, value: Any, where: str, problems: list[str]) -> Any:
    inner = _record_in(kind)
    if inner is not None and isinstance(value, dict):
        return _fill(inner, value, f"{where}.", problems)
    if inner is not None and isinstance(value, list) and get_origin(kind) is tuple:
        return tuple(_value(inner, each, f"{where}[{at}]", problems) for at, each in enumerate(value, 1))
    try:
        return msgspec.convert(value, kind, dec_hook=_amount)
    except (msgspec.ValidationError, ValueError, DecimalException) as trouble:
        problems.append(f"{where}: {trouble}")
        return None


def _record_in(kind: Any) -> type[msgspec.Struct] | None:
    """The record inside `R`, `R | None` or `tuple[R, ...]`."""
    for each in (kind, *get_args(kind)):
        if isinstance(each, type) and issubclass(each, msgspec.Struct):
            return each
    return None


def _amount(kind: type, value: Any) -> Any:
    if kind not in (Cents, Rate):
        raise NotImplementedError(kind)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("expected a number")
    exact = Decimal(value) * 100
    if exact != int(exact):
        raise ValueError("more than two decimals")
    if exact < 0:
        raise ValueError("negative")
    return kind(int(exact))
