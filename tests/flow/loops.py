"""A campaign of kills as a command: `--loops`, `--seed`, and its figures as JSON."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway import logs


def campaign(about: str | None, run: Callable[[Path, int, int], dict[str, Any]]) -> None:
    """Runs the loops in a folder of their own, without a log, and prints what they came to."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--loops", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nowhere:
        logs.configure(nowhere)
        figures = run(Path(folder), said.loops, said.seed)
    print(json.dumps(figures))  # noqa: T201
