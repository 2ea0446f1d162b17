"""Room on the disk that holds the database: the door says no before there is none left for the work behind it."""

from __future__ import annotations

import time
from pathlib import Path

from gateway.flow import machine
from sftp_drop.drop import Refused

LATELY_S = 1.0
"""How long a look holds for the begin of another file: a second at full speed fills 300 MB, and each row looks anew."""


class Space:
    """A folder on the disk that fills, and what must stay free of it."""

    def __init__(self, folder: Path | None, free_bytes_min: int) -> None:
        """folder: None where the database lies elsewhere, and nothing can be asked."""
        self._folder, self._least = folder, free_bytes_min
        self._left, self._looked_s = 0, -LATELY_S

    def check(self, bytes_more: int) -> None:
        """Blocks. Raises Refused when so many bytes more would leave too little."""
        if self._folder is None:
            return
        self._left, self._looked_s = machine.free_bytes(self._folder) - self._least, time.monotonic()
        if self._left < bytes_more:
            raise Refused("failure", "the server has no room for files just now; try again later")

    def doubt(self) -> None:
        """A write failed: the next file begins with a look."""
        self._looked_s = -LATELY_S

    def had(self, bytes_more: int) -> bool:
        """Whether the last look is a moment old and found room for so many bytes more; does not look itself."""
        return self._folder is None or (time.monotonic() - self._looked_s < LATELY_S and self._left >= bytes_more)


ENDLESS = Space(None, 0)
