"""Follows what a page tells a reader to do, on a copy of the checkout: apply its blocks, type its commands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from checkout import ROOT, tracked

FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOOLS = {"gateway": "gateway", "pytest": "pytest", "mypy": "mypy"}
"""Command -> the module it runs: the copy's own, wherever the environment found the checkout."""


class Block(NamedTuple):
    """One fenced block: its language, the file it is about, its text."""

    language: str
    path: str
    text: str


def chapters(page: Path) -> dict[str, list[Block]]:
    """The blocks of a page by the `## ` heading above them."""
    parts = re.split(r"^## (.+)$", page.read_text(), flags=re.MULTILINE)
    titled = zip(parts[1::2], parts[2::2], strict=True)
    return {title: [Block(*found) for found in FENCE.findall(text)] for title, text in titled}


def copy(folder: Path) -> Path:
    """The files of the checkout in another place, and a folder of commands that run them."""
    for path in tracked():
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, module in TOOLS.items():
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n')
        program.chmod(0o755)
    return folder


def follow(blocks: list[Block], where: Path) -> str:
    """Does what the blocks say in their order; returns what the commands printed, raises AssertionError."""
    said = ""
    for block in blocks:
        if block.language == "diff":
            change(where / block.path, block.text)
        elif block.language == "sh":
            said += run(block.text, where)
        elif block.path:
            assert not (where / block.path).exists(), f"{block.path} exists already"
            (where / block.path).write_text(block.text)
    return said


def change(path: Path, diff: str) -> None:
    """Applies a diff without line numbers: what is old must stand there exactly once."""
    for hunk in re.split(r"^@@\n", diff, flags=re.MULTILINE):
        lines = hunk.splitlines(keepends=True)
        old = "".join(line[1:] or line for line in lines if not line.startswith("+"))
        new = "".join(line[1:] or line for line in lines if not line.startswith("-"))
        text = path.read_text()
        assert text.count(old) == 1, f"{path.name} has this {text.count(old)} times:\n{old}"
        path.write_text(text.replace(old, new))


def run(script: str, where: Path) -> str:
    """A shell script in the copy, stopping at its first failure."""
    environment = {**os.environ, "PATH": f"{where / '.venv' / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(where)}
    for name in ("PYTEST_CURRENT_TEST", "PYTEST_XDIST_WORKER"):
        environment.pop(name, None)
    environment["PYTEST_ADDOPTS"] = "-n 0"  # a recipe runs some few tests: two more processes would take longer
    command = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout
