"""What every room's tests share: the `program` marker."""

from __future__ import annotations

import os
import shutil

import pytest


def pytest_runtest_setup(item: pytest.Item) -> None:
    """`@pytest.mark.program("sftp")` skips where the program is missing, and fails there when CI=true."""
    for marker in item.iter_markers("program"):
        name = marker.args[0]
        if shutil.which(name) is None:
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"needs the program {name}")
