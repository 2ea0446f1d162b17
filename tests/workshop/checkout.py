"""The checkout as git knows it: what a clone gets, and what the next commit may add to it."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("gateway", "parsers", "mappings", "sftp_drop")


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that is tracked or could be: not what .gitignore names."""
    listed = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), *listed]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    return tuple(path for name in names if name and (path := ROOT / name).is_file())


def modules() -> list[Path]:
    """Python files of the four packages."""
    return [path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES]


def folders() -> list[Path]:
    """The rooms of the house: the four packages, what lies directly in gateway and in plan, config, and tests."""
    packages = {path.parent for path in modules() if path.name == "__init__.py"}
    rooms = {folder for folder in packages if folder.parent in (ROOT, ROOT / "gateway", ROOT / "gateway" / "plan")}
    return sorted(rooms | {ROOT / "config", ROOT / "tests"})
