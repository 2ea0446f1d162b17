"""What the door's timers need of a reactor; `twisted.internet.task.Clock` is one, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A call that is due."""

    def active(self) -> bool:
        """Whether it is still to come."""

    def cancel(self) -> None:
        """Calls it off."""


class Clock(Protocol):
    """The reactor's time."""

    def seconds(self) -> float:
        """Now, in seconds since a moment of its own."""

    def callLater(self, delay: float, callable: Callable[..., object], *args: object) -> Timer:
        """Calls in delay seconds."""
