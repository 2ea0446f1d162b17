"""Code rules as people write them: a CSV with one rule a line, checked whole before any of it is stored."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date

from gateway.errors import BadData
from gateway.flow import sheets
from gateway.plan.claims.coderules import ASKED, ITEMS, LETS, NECESSITY
from gateway.plan.records import CodeRule

COLUMNS = ("edit", "code", "other", "values", "effective_from", "effective_to")
"""What the first line names; other columns are for people."""

KINDS = {asked.edit: asked.values for asked in (*ASKED, *NECESSITY)}
"""Kind of rule -> what its values are."""


@sheets.readable()
def is_rules(text: str) -> bool:
    """Whether a CSV holds code rules: its first line names their columns."""
    return {"edit", "code", "values"} <= set(csv.DictReader(io.StringIO(text)).fieldnames or ())


@sheets.readable()
def read(text: str) -> list[CodeRule]:
    """The rules of a file; raises BadData naming every bad line."""
    reader = csv.DictReader(io.StringIO(text))
    if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
        raise BadData(f"columns missing: {', '.join(missing)}")
    rules: dict[tuple[str, str, str, date], CodeRule] = {}
    problems: list[str] = []
    for raw in reader:
        rule, wrong = _rule({name: (raw[name] or "").strip() for name in COLUMNS})
        if rule is not None and rules.setdefault((rule.code, rule.other, rule.edit, rule.first), rule) != rule:
            wrong = ["another rule of the same codes and day stands above"]
        problems += [f"line {reader.line_num}: {said}" for said in wrong]
    if problems:
        raise BadData("; ".join(problems))
    return list(rules.values())


def _rule(raw: dict[str, str]) -> tuple[CodeRule | None, list[str]]:
    if raw["edit"] not in KINDS:
        return None, [f"edit: none of {', '.join(KINDS)}"]
    try:
        last = date.fromisoformat(raw["effective_to"]) if raw["effective_to"] else None
        first = date.fromisoformat(raw["effective_from"])
    except ValueError:
        return None, ["effective_from, effective_to: not a date"]
    rule = CodeRule(
        edit=raw["edit"],  # type: ignore[arg-type]  # it is one of KINDS
        code=raw["code"], other=raw["other"], values=tuple(raw["values"].split()), first=first, last=last,
    )  # fmt: skip
    return rule, [said for said, holds in LAWS if not holds(rule)]


def _fit(rule: CodeRule) -> bool:
    """Whether the values are what the kind of rule compares with."""
    values = rule.values
    if rule.edit == "age":
        return len(values) == 2 and all(each.isdecimal() for each in values) and int(values[0]) <= int(values[1])
    allowed = {
        "sex": {"F", "M"}, "pair": {LETS}, "bundle": {LETS}, "review": set(), "needs": {item.name for item in ITEMS},
    }.get(rule.edit)  # fmt: skip
    return bool(values) if allowed is None else set(values) <= allowed and (bool(values) or rule.edit in VALUELESS)


VALUELESS = ("pair", "bundle", "review")
"""Kinds whose values may be left out."""

LAWS: tuple[tuple[str, Callable[[CodeRule], bool]], ...] = (
    ("code: missing", lambda rule: bool(rule.code)),
    ("other: a pair and a bundle name two different codes, the others one", lambda rule: _two(rule)),
    ("values: not what this kind of rule compares with", _fit),
    ("effective_to: before effective_from", lambda rule: rule.last is None or rule.first <= rule.last),
)
"""What is said of a line, and when it need not be."""


def _two(rule: CodeRule) -> bool:
    return rule.other not in ("", rule.code) if rule.edit in ("pair", "bundle") else not rule.other
