"""Loads: dated rows from files that a person wrote - TOML for parties, plans, contracts, policies and answers, CSV for
prices and code rules.

A file is read and checked whole before anything of it is stored; every problem is told, and loading it twice is once.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from msgspec import structs
from sqlalchemy import Connection

from gateway.errors import BadData
from gateway.flow import (
    agreements,
    code_rules,
    concealed,
    naming,
    partner_keys,
    partner_server,
    price_files,
    pricebook,
    schedules,
    sheets,
    wraps,
)
from gateway.flow.agreements import Document
from gateway.flow.checking import ANYBODYS, groups_of
from gateway.flow.context import Context
from gateway.flow.parties import Administrator, Partner, Sponsor
from gateway.flow.price_preview import Affected, affected
from gateway.flow.pricebook import Rows
from gateway.plan import stoploss
from gateway.plan.claims import benefits, document
from gateway.plan.claims.pricing import contract
from gateway.plan.money import nacha
from gateway.plan.records import OtherPlans, ProviderRow
from gateway.store import audit, documents
from gateway.store import code_rules as stored_rules
from gateway.store.rows import key_of
from mappings.records import BankAccount, Record
from parsers import guides
from parsers.edits import paths as places
from parsers.edits.rules import Rule
from parsers.forms import CLAIMS
from parsers.isa import legal_delimiters


class Loaded(Record, frozen=True, kw_only=True):
    """What one file came to: kind of row, how many were in it, how many were new, and prices it changed."""

    file: str
    kind: str
    rows: int
    new: int
    changed: int = 0


class Loads(Record, frozen=True, kw_only=True):
    """What files of prices came to, and the paid claims that would be priced otherwise. stored: False for a preview."""

    files: tuple[Loaded, ...]
    affected: Affected
    stored: bool


class _OnlyLooked(Exception):
    """Ends the transaction of a preview, so that nothing of it stays."""


class Row(Record, frozen=True, kw_only=True):
    """One dated row ready to be stored."""

    kind: str
    id: str
    first: date
    last: date | None
    body: Any


Prepared = tuple[Path, str, list[Any]]


def load(context: Context, paths: list[Path], user: str) -> list[Loaded]:
    """Loads files, all or none. Raises BadData with every problem of every file, InputOutput for an unreadable one."""
    return _load(context, _prepared(paths), user)


def load_prices(
    context: Context, paths: list[Path], user: str, kinds: tuple[str, ...], preview: bool = False
) -> Loads:  # fmt: skip
    """Loads files of the given kinds, and says which paid claims would be priced otherwise; a preview stores nothing.

    Raises as `load`, and BadData for a file of another kind.
    """
    prepared = _prepared(paths)
    if strange := [f"{path.name}: it holds {kind} rows" for path, kind, _ in prepared if kind not in kinds]:
        raise BadData("; ".join(strange))
    with context.store.read() as connection:
        found = affected(connection, *_changes(connection, prepared))
    files: list[Loaded] = []
    with suppress(_OnlyLooked):
        files = _load(context, prepared, user, files if preview else None)
    return Loads(files=tuple(files), affected=found, stored=not preview)


def _load(context: Context, prepared: list[Prepared], user: str, looked: list[Loaded] | None = None) -> list[Loaded]:
    """looked: takes what a preview came to, whose transaction is then undone."""
    with context.store.write("load") as connection:
        loaded = [_store(connection, context, path, kind, rows, user) for path, kind, rows in prepared]
        if problems := _strangers_policies(connection):
            raise BadData("; ".join(problems))
        if looked is not None:
            looked += loaded
            raise _OnlyLooked
        for each in loaded:
            what = f"{each.rows} rows, {each.new} new, {each.changed} changed"
            audit.note(connection, context.now_us, user, "load", each.kind, what)
    return loaded


def _prepared(paths: list[Path]) -> list[Prepared]:
    prepared, problems = [], []
    for path in paths:
        try:
            prepared.append((path, *prepare(path)))
        except BadData as error:
            problems.append(f"{path.name}: {error.detail}")
    if problems:
        raise BadData("; ".join(problems))
    return prepared


def _changes(connection: Connection, prepared: list[Prepared]) -> tuple[Rows, Rows]:
    """What the files would add or change, and the rows on file in their place."""
    new: dict[str, list[Any]] = defaultdict(list)
    replaced: dict[str, list[Any]] = defaultdict(list)
    for _, kind, rows in prepared:
        part, on_file, records = _of_kind(connection, kind, rows)
        key = pricebook.KEYS[part]
        there = {key_of(key, row): row for row in on_file}
        for record in records:
            before = there.get(key_of(key, record))
            if before != record:
                new[part].append(record)
                replaced[part] += [before] if before else []
    return Rows(**{part: tuple(rows) for part, rows in new.items()}), Rows(
        **{part: tuple(rows) for part, rows in replaced.items()}
    )


def _of_kind(connection: Connection, kind: str, rows: list[Any]) -> tuple[str, list[Any], list[Any]]:
    """Part of a Pricebook, rows on file that may be replaced, and the new ones, both without what prices do not ask."""
    if kind == "fee":
        return "fees", documents.stored_fees(connection, rows), rows
    if kind == "network_member":
        return "networks", documents.stored_members(connection, rows), rows
    if kind == "network":
        there = agreements.contracts_of(connection, [row.id for row in rows])
        return "contracts", list(there), [contract.parse(row.body.text) for row in rows]
    known = documents.every(connection, "provider", [row.id for row in rows], ProviderRow)
    return "providers", [_bare(row) for row in known], [_bare(row.body) for row in rows]


def _bare(provider: ProviderRow) -> ProviderRow:
    return structs.replace(provider, name="", method="CHK", account=BankAccount(), era_receiver="")


def prepare(path: Path) -> tuple[str, list[Any]]:
    """The kind of a file's rows, and the rows. Raises BadData with every problem, InputOutput."""
    text = sheets.text(path)
    if path.suffix == ".csv":
        return ("code rule", code_rules.read(text)) if code_rules.is_rules(text) else price_files.read(text)
    return _toml(text)


def _toml(text: str) -> tuple[str, list[Any]]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadData(str(error)) from error
    if "plan_ids" in data:
        plan = benefits.parse(text)
        return "plan", [Row(kind="plan", id=plan.id, first=plan.first, last=plan.last, body=Document(text))]
    if isinstance(data.get("network"), str):
        made = contract.parse(text)
        row = Row(kind="network", id=made.network, first=made.first, last=made.last, body=Document(text))
        return "network", [row]
    if "specific" in data:
        policy = stoploss.parse(text)
        return "policy", [Row(kind="policy", id=policy.id, first=policy.first, last=policy.last, body=Document(text))]
    for kind, (type_, many) in TABLES.items():
        if kind in data:
            raw = data[kind] if many else [data[kind]]
            return kind, _rows(kind, type_, raw)
    raise BadData("none of partner, sponsor, provider, administrator, other plans, plan, network contract or policy")


TABLES: dict[str, tuple[Any, bool]] = {
    "administrator": (Administrator, False),
    "partner": (Partner, True),
    "sponsor": (Sponsor, True),
    "provider": (ProviderRow, True),
    "other_plans": (OtherPlans, True),
}
"""TOML table -> record, and whether a file may hold many."""


def _rows(kind: str, type_: Any, raw: list[dict[str, Any]]) -> list[Row]:
    """The rows of a file; raises BadData with every problem of every row."""
    rows, problems = [], []
    for each in raw:
        row, wrong = _row(kind, type_, each)
        rows.append(row)
        problems += [f"{kind} {each.get('id', each.get('npi', ''))}: {one}" for one in wrong]
    if problems:
        raise BadData("; ".join(problems))
    return [row for row in rows if row is not None]


def _row(kind: str, type_: Any, raw: dict[str, Any]) -> tuple[Row | None, list[str]]:
    dates = {name: raw[name] for name in ("first", "last") if name in raw}
    of_record = {name: value for name, value in raw.items() if name not in dates or name in type_.__struct_fields__}
    record, problems = document.convert(of_record, type_)
    if "first" not in type_.__struct_fields__:
        problems += ["first: missing"] if "first" not in dates else []
        problems += [f"{name}: not a date" for name, value in dates.items() if not isinstance(value, date)]
    if record is None or problems:
        return None, problems
    id_ = getattr(record, "id", "") or getattr(record, "npi", "")
    row = Row(kind=kind, id=id_, first=dates["first"], last=dates.get("last"), body=record)
    return row, CHECKS[kind](record)


def _wrong_with_provider(provider: ProviderRow) -> list[str]:
    reason = nacha.unfit(provider.account) if provider.method == "ACH" else ""
    return [f"account: {reason}"] if reason else []


def _wrong_with_administrator(ours: Administrator) -> list[str]:
    reason = nacha.unfit(ours.payer.account) if ours.bank else ""
    return [f"payer.account: {reason}"] if reason else []


def _wrong_with_partner(partner: Partner) -> list[str]:
    wrong = []
    for number, line in enumerate(partner.keys, 1):
        try:
            partner_keys.fingerprint(line)
        except BadData as error:
            wrong.append(f"keys[{number}]: {error.detail}")
    if partner.delimiters and not legal_delimiters(partner.delimiters):
        wrong.append("delimiters: four different signs; no letter, digit, blank, - or .")
    for number, rule in enumerate(partner.validation.rules, 1):
        wrong += [f"validation.rules[{number}]: {sentence}" for sentence in _wrong_with_rule(rule)]
    if partner.remote is not None:
        wrong += [f"remote.{sentence}" for sentence in partner_server.wrong(partner.remote)]
    wrong += [*wraps.wrong(partner.pgp), *schedules.wrong(partner.expected, partner.answers)]
    profile = partner.profile
    for one in naming.FITS:
        alone, gathers = profile.sets == "one", profile.interchanges == "many"
        said = naming.wrong(one, getattr(profile, one), alone=alone, gathers=gathers)
        wrong += [f"profile.{one}: {sentence}" for sentence in said]
    return wrong


def _wrong_with_rule(rule: Rule) -> Iterator[str]:
    """A place that a guide does not have would never be looked at, or be missing in every claim."""
    for gs08 in rule.guides or CLAIMS:
        guide = guides.load(gs08)
        for text in (rule.at, rule.when.at) if rule.when else (rule.at,):
            (loop, segment), element, component, _ = places.path(text)
            if guide is not None and not guide.holds(loop, segment, element, component):
                yield f"{gs08} has no {text}; guides = [...] says for which guides a rule is"


def _nothing_wrong(_: Any) -> list[str]:
    return []


CHECKS: dict[str, Callable[[Any], list[str]]] = {
    "administrator": _wrong_with_administrator,
    "partner": _wrong_with_partner,
    "provider": _wrong_with_provider,
    "sponsor": _nothing_wrong,
    "other_plans": _nothing_wrong,
}
"""TOML table -> what a record of it may contradict beyond its types, a sentence each."""


def _store(connection: Connection, context: Context, path: Path, kind: str, rows: list[Any], user: str) -> Loaded:
    changed = 0
    if kind in _TABLES:
        new, changed = _TABLES[kind](connection, rows)
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
                after(connection, context, row.body, user)
    return Loaded(file=path.name, kind=kind, rows=len(rows), new=new, changed=changed)


def _strangers_policies(connection: Connection) -> list[str]:
    """Sponsors that name a policy which insures somebody else; in whichever order the two were loaded."""
    return [
        f"policy {policy.id} insures {policy.sponsor}, not sponsor {sponsor.id}"
        for sponsor in documents.every(connection, "sponsor", documents.known(connection, "sponsor"), Sponsor)
        for policy in agreements.policies(connection, sponsor.policy)
        if policy.sponsor != sponsor.id
    ]


def _after_partner(connection: Connection, context: Context, partner: Partner, user: str) -> None:
    if context.certified_only and partner.certified is None and groups_of(partner) != {ANYBODYS}:
        raise BadData(f"partner {partner.id}: certified: missing, and certified_only is set; gateway partner certify")
    documents.set_agreements(connection, partner.id, partner.sponsors)
    for line in partner.keys:
        partner_keys.add(connection, context.now_us, partner.id, line, user)
    if partner.remote is not None and partner.remote.fetch:
        partner_server.schedule(connection, context.now_us, partner.id)


_TABLES: dict[str, Callable[[Connection, list[Any]], tuple[int, int]]] = {
    "code rule": stored_rules.put,
    "fee": documents.put_fees,
    "network_member": documents.put_members,
}
"""Kinds of rows that have a table of their own."""

_AFTER: dict[str, Callable[..., None]] = {"partner": _after_partner}
