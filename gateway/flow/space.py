"""Room on the disk that holds the database: the door says no before there is none left for the work behind it."""

from __future__ import annotations

import os
from pathlib import Path

from sftp_drop.drop import Refused


class Space:
    """A folder on the disk that fills, and what must stay free of it. Blocks: asked in threads."""

    def __init__(self, folder: Path | None, free_bytes_min: int) -> None:
        """folder: None where the database lies elsewhere, and nothing can be asked."""
        self._folder, self._least = folder, free_bytes_min

    def check(self, bytes_more: int = 0) -> None:
        """Raises Refused when so many bytes more would leave too little."""
        if self._folder is None:
            return
        disk = os.statvfs(self._folder)
        if disk.f_bavail * disk.f_frsize - bytes_more < self._least:
            raise Refused("failure", "the server has no room for files just now; try again later")


ENDLESS = Space(None, 0)
