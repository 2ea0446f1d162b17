"""The house stands as drawn: who may import whom, and what a starting daemon may not load."""

from __future__ import annotations

import subprocess
import sys

from checkout import ROOT


def test_floors() -> None:
    """Every contract of import-linter holds: each floor imports only floors below it."""
    linter = "import sys; from importlinter import cli; sys.exit(cli.lint_imports(no_cache=True))"
    said = subprocess.run([sys.executable, "-c", linter], cwd=ROOT, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout


def test_start_up_is_imports() -> None:
    """The daemon starts without what only commands, papers, pushes or tests need."""
    heavy = {"alembic", "reportlab", "paramiko", "pytest"}
    script = f"import sys, gateway.daemon; print(*sorted({heavy!r} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    assert loaded.stdout.split() == []
