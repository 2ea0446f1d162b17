"""The checkout as git knows it: what is tracked is what a clone gets."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("gateway", "parsers", "mappings", "sftp_drop")


@cache
def tracked() -> tuple[Path, ...]:
    """Every tracked file that is there."""
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z"]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    return tuple(path for name in names if name and (path := ROOT / name).is_file())


def modules() -> list[Path]:
    """Python files of the four packages."""
    return [path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES]


def folders() -> list[Path]:
    """The folders of the house: every package, config, and tests."""
    packages = {path.parent for path in modules() if path.name == "__init__.py"}
    return sorted(packages | {ROOT / "config", ROOT / "tests"})
