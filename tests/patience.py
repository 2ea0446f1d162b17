"""Waiting for what another process or thread does: one loop, which ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 60.0
"""How long anything may take on a machine that is busy with other things; it takes about 2 s."""

LOOK_S = 0.02


def wait(look: Callable[[], T], what: str, patience_s: float = PATIENCE_S) -> T:
    """Looks until it finds what is true; fails with what did not come in time."""
    end_s = time.monotonic() + patience_s
    while not (found := look()):
        assert time.monotonic() < end_s, f"{what} did not come in {patience_s} s"
        time.sleep(LOOK_S)
    return found
