"""Real UTC time, for queues, leases, timeouts and audit. Business dates come from the database, never from here."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Returns the present instant in integer microseconds since 1970 UTC."""

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US


def utc_us() -> int:
    """Now, in integer microseconds since 1970 UTC."""
    return time.time_ns() // 1000
