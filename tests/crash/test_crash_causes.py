"""The tables of causes against the code."""

from __future__ import annotations

import ast
from pathlib import Path

import gateway
from tests.crash.causes import BEGINNING, COMMAND, DAEMON, ELSEWHERE, WORKER

NAMED = {row[0] for table in (WORKER, DAEMON, COMMAND, BEGINNING) for row in table} | set(ELSEWHERE)


def causes_in(source: str) -> set[str]:
    """The literal causes of `....write("cause")`, one of two where it depends, and `?` where one is not literal."""
    found = set()
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.withitem) and isinstance(call.context_expr, ast.Call):
            function, args = call.context_expr.func, call.context_expr.args
            if isinstance(function, ast.Attribute) and function.attr == "write":
                said = [one.value for one in ast.walk(args[0]) if isinstance(one, ast.Constant)] if args else []
                found |= set(map(str, said)) or {"?"}
    return found


def test_every_cause_is_killed() -> None:
    """Every kind of commit in the code stands in a crash table or among those that say why not; no other does."""
    folder = Path(gateway.__file__).parent
    found = {cause for path in folder.rglob("*.py") for cause in causes_in(path.read_text())}
    found -= causes_in((folder / "demo.py").read_text()) - NAMED  # the demo types what an operator would
    assert found == NAMED
