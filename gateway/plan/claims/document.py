"""Reads a plan document: TOML text into frozen records, with every problem listed and not only the first.

A document is written by people, so amounts are dollars and rates are percent; the records hold cents and hundredths of
a percent. The field types `Cents` and `Rate` say which is which.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec

from gateway.errors import BadData

Made = TypeVar("Made", bound=msgspec.Struct)


Cents = Annotated[int, msgspec.Meta(description="cents; dollars in the document (1000 or 30.50)")]
Rate = Annotated[int, msgspec.Meta(description="hundredths of a percent; percent in the document (20 or 12.5)")]
HUNDREDFOLD = (Cents, Rate)
"""Both are kept as whole numbers, a hundred times what the document says."""


def convert(table: dict[str, Any], kind: type[Made]) -> tuple[Made | None, list[str]]:
    """A table that was read already as a record, and its problems. The record is None when one of them prevents it."""
    problems: list[str] = []
    return _fill(kind, table, "", problems), problems


def examine(
    text: str, kind: type[Made], contradictions: Callable[[Made], Iterable[str]]
) -> tuple[Made | None, list[str]]:  # fmt: skip
    """A document as a record, and every problem of it: of words, else of sense."""
    made, problems = _read(text, kind)
    if made is not None:
        problems += contradictions(made)
    return made, problems


def _read(text: str, kind: type[Made]) -> tuple[Made | None, list[str]]:
    try:
        return convert(tomllib.loads(text, parse_float=Decimal), kind)
    except tomllib.TOMLDecodeError as trouble:
        return None, [f"not TOML: {trouble}"]


def parse(text: str, kind: type[Made], contradictions: Callable[[Made], Iterable[str]], what: str) -> Made:
    """A document that says nothing wrong. what: it is, for people. Raises BadData naming every problem."""
    made, problems = examine(text, kind, contradictions)
    if made is None or problems:
        raise BadData(f"{what}: " + "; ".join(problems))
    return made


def _fill(kind: type[Made], table: dict[str, Any], where: str, problems: list[str]) -> Made | None:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    problems += [f"{where}{key}: no such word here" for key in table if key not in fields]
    problems += [f"{where}{name}: missing" for name, field in fields.items() if field.required and name not in table]
    before = len(problems)
    values = {
        field.name: _value(field.type, table[name], f"{where}{name}", problems)
        for name, field in fields.items()
        if name in table
    }
    if len(problems) > before or any(f.name not in values for f in fields.values() if f.required):
        return None
    try:
        return kind(**values)
    except ValueError as trouble:  # a law of the record as a whole
        problems.append(f"{where.removesuffix('.')}: {trouble}" if where else str(trouble))
        return None


def _value(kind: Any, value: Any, where: str, problems: list[str]) -> Any:
    inner = _record_in(kind)
    if inner is not None and isinstance(value, dict):
        return _fill(inner, value, f"{where}.", problems)
    if inner is not None and isinstance(value, list) and get_origin(kind) is tuple:
        return tuple(_value(inner, each, f"{where}[{at}]", problems) for at, each in enumerate(value, 1))
    try:
        if any(each in HUNDREDFOLD for each in (kind, *get_args(kind))):
            return _hundredfold(value)
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, ValueError) as trouble:
        problems.append(f"{where}: {trouble}")
        return None


def _record_in(kind: Any) -> type[msgspec.Struct] | None:
    """The record inside `R`, `R | None` or `tuple[R, ...]`."""
    for each in (kind, *get_args(kind)):
        if isinstance(each, type) and issubclass(each, msgspec.Struct):
            return each
    return None


def _hundredfold(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("expected a number")
    exact = Decimal(value) * 100
    if not exact.is_finite() or exact != int(exact):
        raise ValueError("not a number with at most two decimals")
    if exact < 0:
        raise ValueError("negative")
    return int(exact)
