"""What is installed: every import has its dependency, every dependency its reason, every version is written down."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from typing import Any

from checkout import PACKAGES, ROOT, modules, tracked
from packaging.requirements import Requirement

LINES = (ROOT / "constraints.txt").read_text().splitlines()


@cache
def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def canonical(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> dict[str, Requirement]:
    """Runtime dependencies by canonical name, those of the optional `pgp` too."""
    told = project()["project"]
    found = map(Requirement, [*told["dependencies"], *told["optional-dependencies"]["pgp"]])
    return {canonical(each.name): each for each in found}


def pinned() -> dict[str, str]:
    """constraints.txt: version by canonical name."""
    return {canonical(name): version for name, _, version in (line.partition("==") for line in LINES)}


def importers() -> dict[str, set[Path]]:
    """Distribution -> modules of ours that import it."""
    owners, found = packages_distributions(), dict[str, set[Path]]()
    for path in modules():
        for top in imported(ast.parse(path.read_text())) - set(sys.stdlib_module_names) - set(PACKAGES):
            assert top in owners, f"{path.name} imports {top}, which is not installed"
            names = {canonical(each) for each in owners[top]}
            for name in names & set(declared()) or names:
                found.setdefault(name, set()).add(path)
    return found


def imported(tree: ast.AST) -> set[str]:
    """Top-level names a module imports, wherever in it."""
    tops = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            tops |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            tops.add(node.module.partition(".")[0])
    return tops


UNIMPORTED = {
    "bcrypt": "Conch reads passphrase-protected keys with it",
    "psycopg": "SQLAlchemy loads it by the URL",
    "simple-icd-10-cm": "flow.codebooks reads the list in it without running it",
}
"""Dependencies no module of ours imports -> who needs them."""


def test_every_import_has_its_dependency() -> None:
    """What the packages import is declared, and what is declared is imported or has a reason."""
    used = set(importers())
    assert used - set(declared()) == set()
    assert set(declared()) - used <= set(UNIMPORTED)


def test_every_dependency_has_its_reason() -> None:
    """The README of a folder that imports a library, or the one above it, names it."""
    unexplained = []
    for name, paths in importers().items():
        pages = {page for path in paths for page in (path.parent / "README.md", path.parent.parent / "README.md")}
        texts = [page.read_text().lower() for page in pages if page.is_file()]
        if not any(re.search(name.replace("-", "[-_.]"), text) for text in texts):
            unexplained.append(name)
    assert sorted(unexplained) == []


def test_constraints_are_bare_versions() -> None:
    """Lines `name==version`, sorted, each name once: no extras, hashes, markers, addresses or local versions."""
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*==[0-9][0-9a-z.]*", line) for line in LINES)
    assert len(pinned()) == len(LINES)
    names = list(pinned())
    assert names == sorted(names)


def test_every_import_of_a_test_is_declared() -> None:
    """What the tests import is a runtime dependency or in an extra, never a guest that something else brought."""
    extras = project()["project"]["optional-dependencies"].values()
    dev = {canonical(Requirement(each).name) for extra in extras for each in extra}
    owners, ours = packages_distributions(), {name for path in tracked() for name in (path.stem, path.parent.name)}
    tests = [path for path in tracked() if path.suffix == ".py" and path.is_relative_to(ROOT / "tests")]
    tops = set().union(*(imported(ast.parse(path.read_text())) for path in tests))
    foreign = tops - ours - {*PACKAGES, "tests"} - set(sys.stdlib_module_names)
    names = {top: {canonical(each) for each in owners.get(top, [top])} for top in foreign}
    assert [top for top, found in names.items() if not found & (dev | set(declared()))] == []


def test_constraints_cover_everything_installed() -> None:
    """Each declared dependency, and whatever it needs here, has its version in constraints.txt."""
    extras = project()["project"]["optional-dependencies"]
    wanted = [*project()["project"]["dependencies"], *extras["dev"]]
    assert reached(map(Requirement, wanted)) - set(pinned()) == set()


def reached(roots: Iterable[Requirement]) -> set[str]:
    """Names of everything the requirements pull in on this machine."""
    seen: set[tuple[str, str]] = set()
    todo = [(canonical(each.name), extra) for each in roots for extra in ("", *each.extras)]
    while todo:
        name, extra = at = todo.pop()
        if at in seen:
            continue
        seen.add(at)
        try:
            needs = [Requirement(text) for text in requires(name) or []]
        except PackageNotFoundError:
            continue
        here = [each for each in needs if each.marker is None or each.marker.evaluate({"extra": extra})]
        todo += [(canonical(each.name), more) for each in here for more in ("", *each.extras)]
    return {name for name, _ in seen}


def test_the_builder_is_pinned() -> None:
    """Constraints do not reach an isolated build, so its requirements carry their version themselves."""
    assert all(re.fullmatch(r"[a-z-]+==[0-9.]+", each) for each in project()["build-system"]["requires"])
