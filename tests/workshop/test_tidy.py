"""What every file of the house keeps to, so that a newcomer finds the same manners in every room."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from checkout import ROOT, folders, modules, tracked

LARGEST_BYTES = 2 * 1024 * 1024
LONGEST_README_LINES = 60
LONGEST_MODULE_LINES = 500

LONGER_MODULES = {
    "gateway/store/migrations/versions/0001_first.py": "the schema as it was, one table after another",
    "gateway/store/schema.py": "one table after another: whoever asks what is remembered reads one file",
    "mappings/records.py": "the vocabulary: whoever asks what a word means reads one file",
}
"""Module -> why it may be longer than LONGEST_MODULE_LINES."""

UNDONE = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
HOSTS = re.compile("py" + r"pi\.org|python" + r"hosted|npm" + r"js|deb\.deb" + r"ian", re.IGNORECASE)
PLACES = re.compile(r"(?<![\w.>/])/(?:wo" + "rk|ro" + "ot|ho" + r"me|t" + r"mp)/\w")

WRITTEN = {".py", ".md", ".toml", ".txt", ".csv", ".html", ".css", ".js", ".yaml", ""}
"""Kinds of files that people write; X12 and other inputs are as partners send them."""

TEXTS = [path for path in tracked() if path.suffix in WRITTEN]


def named(path: Path) -> str:
    """A path as people write it."""
    return path.relative_to(ROOT).as_posix()


def hits(pattern: re.Pattern[str]) -> list[str]:
    """Where a pattern stands in the tracked texts: file:line."""
    return [
        f"{named(path)}:{number}"
        for path in TEXTS
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_tracked_file_is_large() -> None:
    """A clone stays small: no file over 2 MB."""
    assert [named(path) for path in tracked() if path.stat().st_size > LARGEST_BYTES] == []


def test_no_line_ends_in_blanks() -> None:
    """No trailing blanks, no carriage returns, and a line end at every text's end."""
    ragged = [named(path) for path in TEXTS if not re.fullmatch(rb"([^\r]*\n)?", path.read_bytes())]
    assert hits(re.compile(r"[ \t]$")) + ragged == []


def test_nothing_is_left_undone() -> None:
    """What is not done is an issue, not a note in the code."""
    assert hits(UNDONE) == []


def test_nothing_names_an_index_or_a_machine() -> None:
    """No package host and no folder of one machine is written down; a clone works anywhere."""
    assert hits(HOSTS) == []
    assert hits(PLACES) == []


@pytest.mark.parametrize("folder", folders(), ids=named)
def test_every_folder_says_what_it_is_for(folder: Path) -> None:
    """Every room, config and tests has a README.md of a page at most."""
    lines = (folder / "README.md").read_text().splitlines()
    assert 3 <= len(lines) <= LONGEST_README_LINES


def test_modules_are_short() -> None:
    """A module has one noun or verb and fits a few screens, or a reason why not; no reason outlives its module."""
    long = {named(path) for path in modules() if len(path.read_text().splitlines()) > LONGEST_MODULE_LINES}
    assert long == set(LONGER_MODULES)


def test_everything_public_says_what_it_means() -> None:
    """Modules, public classes and public functions have a docstring."""
    assert [f"{named(path)}:{place}" for path in modules() for place in undocumented(path)] == []


def undocumented(path: Path) -> Iterator[str]:
    """Line and name of what a module offers without a docstring; methods have their class's, or a protocol's."""
    tree = ast.parse(path.read_text())
    if not ast.get_docstring(tree) and tree.body:
        yield "1 module"
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and public(node) and not ast.get_docstring(node):
            yield f"{node.lineno} {node.name}"


def public(node: ast.ClassDef | ast.FunctionDef) -> bool:
    """Whether a name is offered to others."""
    return not node.name.startswith("_")


def test_every_test_states_its_law() -> None:
    """A test's docstring is the law it checks."""
    silent = []
    for path in tracked():
        if path.name.startswith("test_") and path.suffix == ".py":
            found = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
            laws = [node for node in found if node.name.startswith("test_")]
            silent += [f"{named(path)}:{node.name}" for node in laws if not ast.get_docstring(node)]
    assert silent == []


def test_no_two_test_modules_share_a_name() -> None:
    """pytest imports test modules by their bare names, so a name means one file."""
    names = [path.name for path in tracked() if path.name.startswith("test_")]
    assert {name for name, count in Counter(names).items() if count > 1} == set()


def test_only_commands_speak() -> None:
    """No module prints: people read what commands echo, machines read the log."""
    calls = [
        f"{named(path)}:{node.lineno}"
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert calls == []
