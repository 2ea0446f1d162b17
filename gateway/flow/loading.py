"""Loads: dated rows from files that a person wrote - TOML for parties, plans, providers and policies, CSV for fees.

A file is read and checked whole before anything of it is stored; every problem is told, and loading it twice is once.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection

from gateway.errors import BadData, InputOutput
from gateway.flow import concealed
from gateway.flow.agreements import Document
from gateway.flow.context import Context
from gateway.flow.parties import Administrator, Partner, Sponsor
from gateway.flow.partner_keys import fingerprint
from gateway.plan import benefits, stoploss
from gateway.plan.records import FeeRow, ProviderRow
from gateway.store import audit, documents
from mappings.records import Record


class Loaded(Record, frozen=True, kw_only=True):
    """What one file came to: kind of row, how many were in it, how many were new."""

    file: str
    kind: str
    rows: int
    new: int


class Row(Record, frozen=True, kw_only=True):
    """One dated row ready to be stored."""

    kind: str
    id: str
    first: date
    last: date | None
    body: Any


def load(context: Context, paths: list[Path], user: str) -> list[Loaded]:
    """Loads files, all or none. Raises BadData with every problem of every file, InputOutput for an unreadable one."""
    prepared, problems = [], []
    for path in paths:
        try:
            prepared.append((path, *_prepare(path)))
        except BadData as error:
            problems.append(f"{path.name}: {error.detail}")
    if problems:
        raise BadData("; ".join(problems))
    with context.store.write("load") as connection:
        loaded = [_store(connection, context, path, kind, rows) for path, kind, rows in prepared]
        for each in loaded:
            audit.note(connection, context.now_us, user, "load", each.kind, f"{each.rows} rows, {each.new} new")
    return loaded


def _prepare(path: Path) -> tuple[str, list[Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputOutput(str(path)) from error
    if path.suffix == ".csv":
        return "fee", fees(text)
    return _toml(text)


def _toml(text: str) -> tuple[str, list[Any]]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadData(str(error)) from error
    if "plan_ids" in data:
        plan = benefits.parse(text)
        return "plan", [Row(kind="plan", id=plan.id, first=plan.first, last=plan.last, body=Document(text))]
    if "specific" in data:
        policy = stoploss.parse(text)
        return "policy", [Row(kind="policy", id=policy.id, first=policy.first, last=policy.last, body=Document(text))]
    for kind, (type_, many) in TABLES.items():
        if kind in data:
            raw = data[kind] if many else [data[kind]]
            return kind, [_row(kind, type_, each) for each in raw]
    raise BadData("none of partner, sponsor, provider, administrator, plan or stop-loss policy")


TABLES: dict[str, tuple[Any, bool]] = {
    "administrator": (Administrator, False),
    "partner": (Partner, True),
    "sponsor": (Sponsor, True),
    "provider": (ProviderRow, True),
}
"""TOML table -> record, and whether a file may hold many."""


def _row(kind: str, type_: Any, raw: dict[str, Any]) -> Row:
    fields = set(type_.__struct_fields__)
    unknown = sorted(set(raw) - fields - {"first", "last"})
    if unknown:
        raise BadData(f"{kind} {raw.get('id', '')}: unknown setting {', '.join(unknown)}")
    if "first" not in raw:
        raise BadData(f"{kind} {raw.get('id', raw.get('npi', ''))}: `first`, the day it is effective from, is missing")
    kept = {name: value for name, value in raw.items() if name in fields}
    try:
        record = msgspec.convert(kept, type_)
    except msgspec.ValidationError as error:
        raise BadData(f"{kind} {raw.get('id', raw.get('npi', ''))}: {error}") from error
    id_ = getattr(record, "id", "") or getattr(record, "npi", "")
    return Row(kind=kind, id=id_, first=raw["first"], last=raw.get("last"), body=record)


FEE_COLUMNS = ("npi", "code", "allowed", "per", "effective_from", "effective_to")
"""Columns a fee file needs; `modifier` and `provider` (for people) may stand too."""


def fees(text: str) -> list[FeeRow]:
    """Rows of a fee schedule; raises BadData naming every bad line."""
    reader = csv.DictReader(io.StringIO(text))
    missing = [name for name in FEE_COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise BadData(f"columns missing: {', '.join(missing)}")
    rows, problems = [], []
    for number, raw in enumerate(reader, 2):
        try:
            rows.append(_fee(raw))
        except (ValueError, InvalidOperation) as error:
            problems.append(f"line {number}: {error or 'an amount is not a number'}")
    if problems:
        raise BadData("; ".join(problems))
    return rows


def _fee(raw: dict[str, str]) -> FeeRow:
    cents = Decimal(raw["allowed"]) * 100
    if cents != int(cents) or cents < 0:
        raise ValueError("allowed is not a whole number of cents")
    if raw["per"] not in ("line", "unit"):
        raise ValueError("per is neither line nor unit")
    last = raw["effective_to"].strip()
    return FeeRow(
        npi=raw["npi"].strip(), code=raw["code"].strip(), modifier=(raw.get("modifier") or "").strip(),
        allowed_cents=int(cents), per="unit" if raw["per"] == "unit" else "line",
        first=date.fromisoformat(raw["effective_from"].strip()), last=date.fromisoformat(last) if last else None,
    )  # fmt: skip


def _store(connection: Connection, context: Context, path: Path, kind: str, rows: list[Any]) -> Loaded:
    if kind == "fee":
        new = documents.put_fees(connection, rows)
    else:
        new = sum(
            documents.put(
                connection,
                context.now_us,
                row.kind,
                row.id,
                row.first,
                row.last,
                concealed.party(row.body, context.keys.conceal),
            )
            for row in rows
        )
        after: Callable[..., None] | None = _AFTER.get(kind)
        for row in rows:
            if after is not None:
                after(connection, context, row.body)
    return Loaded(file=path.name, kind=kind, rows=len(rows), new=new)


def _after_partner(connection: Connection, context: Context, partner: Partner) -> None:
    documents.set_agreements(connection, partner.id, partner.sponsors)
    for line in partner.keys:
        documents.add_key(connection, context.now_us, partner.id, fingerprint(line), line)


_AFTER: dict[str, Callable[..., None]] = {"partner": _after_partner}
