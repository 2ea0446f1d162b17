"""Bytes <-> segments <-> loops: is this legal X12, and where is it wrong. Knows no health plan."""

from __future__ import annotations

from collections.abc import Callable

from parsers.envelope import EnvelopePolicy
from parsers.events import Event
from parsers.guides import Guide
from parsers.limits import Limits
from parsers.reader import Reader


def check(
    data: bytes, guides: Callable[[str], Guide | None], policy: EnvelopePolicy, limits: Limits | None = None
) -> list[Event]:
    """Reads a whole file at once. Returns: all its events."""
    reader = Reader(guides, policy, limits)
    return reader.feed(data) + reader.close()
