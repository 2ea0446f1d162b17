"""Where log lines go, and that nothing waits for them."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog

from gateway import logs


def test_a_log_without_room_stops_nobody() -> None:
    """A line that cannot be written is lost; whoever logs goes on."""
    before = structlog.get_config()
    with pytest.raises(OSError, match="No space left"), Path("/dev/full").open("w", buffering=1) as stream:
        logs.configure(stream)
        for _ in range(1000):  # more than a buffer holds
            structlog.get_logger().info("received", size=1)
        structlog.configure(**before)
        stream.flush()  # it did have something to say
