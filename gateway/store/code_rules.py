"""Code rules as loaded: put, and looked up for the codes of a batch of claims."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from gateway.plan.records import CodeRule
from gateway.store.rows import put_dated
from gateway.store.schema import code_rule

KEY = ("code", "other", "edit", "first")


def put(connection: Connection, rows: Sequence[CodeRule]) -> tuple[int, int]:
    """Stores rules, each in place of one with the same key; returns how many are new, and how many changed."""
    return put_dated(connection, code_rule, KEY, rows, _stored, _values)


def _stored(connection: Connection, rows: Sequence[CodeRule]) -> list[CodeRule]:
    mine = select(code_rule).where(code_rule.c.code.in_({row.code for row in rows}))
    return [_rule(row) for row in connection.execute(mine)]


def of_codes(connection: Connection, codes: Iterable[str]) -> list[CodeRule]:
    """Every dated rule about one of the codes; of those about two codes, where both are among them."""
    among = sorted(set(codes))
    mine = code_rule.c.code.in_(among) & or_(code_rule.c.other == "", code_rule.c.other.in_(among))
    ordered = select(code_rule).where(mine).order_by(*(code_rule.c[name] for name in KEY))
    return [_rule(row) for row in connection.execute(ordered)]


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
