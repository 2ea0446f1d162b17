"""A deadline that holds whatever a library is waiting for: when it passes, the socket is closed under it."""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time
from collections.abc import Iterator


class Watchdog:
    """Watches one socket. `expired` tells a deadline that passed from a peer that left."""

    def __init__(self, sock: socket.socket, silence_s: float) -> None:
        """Args: silence_s: how long within an operation nothing may be heard."""
        self._socket, self._silence_s = sock, silence_s
        self._changed = threading.Condition()
        self._end_s = self._heard_s = math.inf
        self._over = self.expired = False
        threading.Thread(target=self._watch, daemon=True).start()

    @contextlib.contextmanager
    def within(self, wait_s: float) -> Iterator[None]:
        """An operation that may take wait_s; one at a time."""
        with self._changed:
            self._heard_s = time.monotonic()
            self._end_s = self._heard_s + wait_s
            self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._end_s = self._heard_s = math.inf

    def heard(self) -> None:
        """The peer answered something in the operation that runs."""
        self._heard_s = time.monotonic()

    def stop(self) -> None:
        """Ends the watch and the connection."""
        with self._changed:
            self._over = True
            self._changed.notify()
        self._cut()

    def _watch(self) -> None:
        with self._changed:
            while not self._over:
                left_s = min(self._end_s, self._heard_s + self._silence_s) - time.monotonic()
                if left_s <= 0:
                    self.expired = True
                    break
                self._changed.wait(None if left_s == math.inf else left_s)
        if self.expired:
            self._cut()

    def _cut(self) -> None:
        with contextlib.suppress(OSError):  # it may be closed already
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
