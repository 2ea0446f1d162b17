"""Code rules as loaded: put, and looked up for the codes of a batch of claims."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from gateway.plan.records import CodeRule
from gateway.store.engine import upsert
from gateway.store.schema import code_rule

RULES_A_WRITE = 1_000
"""Rules compared and written at once: six variables each, and SQLite takes 32,766."""

KEY = ("code", "other", "edit", "first")


def put(connection: Connection, rows: Sequence[CodeRule]) -> tuple[int, int]:
    """Stores rules, each in place of one with the same key; returns how many are new, and how many changed."""
    new = changed = 0
    for start in range(0, len(rows), RULES_A_WRITE):
        part = rows[start : start + RULES_A_WRITE]
        mine = select(code_rule).where(code_rule.c.code.in_({row.code for row in part}))
        before = {_key(rule): rule for rule in map(_rule, connection.execute(mine))}
        fresh = [row for row in part if before.get(_key(row)) != row]
        changed += sum(_key(row) in before for row in fresh)
        new += sum(_key(row) not in before for row in fresh)
        if fresh:
            into = upsert(connection, code_rule)
            values = {"last": into.excluded["last"], "values": into.excluded["values"]}
            statement = into.on_conflict_do_update(index_elements=list(KEY), set_=values)
            connection.execute(statement, [_values(row) for row in fresh])
    return new, changed


def of_codes(connection: Connection, codes: Iterable[str]) -> list[CodeRule]:
    """Every dated rule about one of the codes; of those about two codes, where both are among them."""
    among = sorted(set(codes))
    mine = code_rule.c.code.in_(among) & or_(code_rule.c.other == "", code_rule.c.other.in_(among))
    ordered = select(code_rule).where(mine).order_by(*(code_rule.c[name] for name in KEY))
    return [_rule(row) for row in connection.execute(ordered)]


def _key(rule: CodeRule) -> tuple[str, str, str, date]:
    return rule.code, rule.other, rule.edit, rule.first


def _values(rule: CodeRule) -> dict[str, Any]:
    return {
        "code": rule.code, "other": rule.other, "edit": rule.edit, "first": rule.first.isoformat(),
        "last": rule.last.isoformat() if rule.last else None, "values": " ".join(rule.values),
    }  # fmt: skip


def _rule(row: Row[Any]) -> CodeRule:
    words = row._mapping  # `values` is a method of a row, too
    return CodeRule(
        edit=words["edit"], code=words["code"], other=words["other"], values=tuple(words["values"].split()),
        first=date.fromisoformat(words["first"]), last=date.fromisoformat(words["last"]) if words["last"] else None,
    )  # fmt: skip
