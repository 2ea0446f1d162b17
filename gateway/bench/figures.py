"""What every figure is told with, and how time and memory are taken."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

DAY = date(2026, 4, 6)
"""Date of every bench file."""

Timed = Callable[[], object]


def about(seed: int) -> dict[str, Any]:
    """What a figure depends on."""
    return {
        "seed": seed, "machine": f"{platform.machine()} {os.cpu_count()} cores", "python": platform.python_version(),
        "versions": {name: version(name) for name in ("pyx12", "twisted", "sqlalchemy", "msgspec")},
    }  # fmt: skip


def ratio(theirs: float, ours: float) -> float:
    """How many times longer they take."""
    return round(theirs / ours, 1)


def cpu_s(work: Timed) -> float:
    """CPU seconds of this process."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def median(figures: Iterable[float]) -> float:
    """The middle one of an odd number of them."""
    told = sorted(figures)
    return told[len(told) // 2]


def median_cpu_s(work: Timed, times: int = 3) -> float:
    """The median of a few runs."""
    return median(cpu_s(work) for _ in range(times))


def p99_ms(seconds: Sequence[float]) -> float:
    """What 99 of a hundred do not take longer than, in ms."""
    told = sorted(seconds)
    return round(1000 * told[len(told) * 99 // 100], 1)


def peak_mb(pid: int | str = "self") -> float:
    """The most memory a process ever held, in MB (VmHWM)."""
    said = Path(f"/proc/{pid}/status").read_text()
    return round(int(said.partition("VmHWM:")[2].split()[0]) / 1024, 1)
