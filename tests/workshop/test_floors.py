"""The house stands as drawn: who may import whom, and what a starting daemon may not load."""

from __future__ import annotations

import subprocess
import sys

import pytest
from checkout import ROOT
from importlinter import cli


def test_floors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every contract of import-linter holds: each floor imports only floors below it."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "path", [str(ROOT), *sys.path])
    assert cli.lint_imports(no_cache=True) == cli.EXIT_STATUS_SUCCESS


def test_start_up_is_imports() -> None:
    """The daemon starts without what only commands, papers, pushes or tests need."""
    heavy = {"alembic", "reportlab", "paramiko", "pytest"}
    script = f"import sys, gateway.daemon; print(*sorted({heavy!r} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    assert loaded.stdout.split() == []
