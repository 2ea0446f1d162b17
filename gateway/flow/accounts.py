"""What partners have on its way through this process's door, measured by their allowances."""

from __future__ import annotations

from gateway.flow.allowance import Allowance, Used, refusal
from sftp_drop.drop import Refused


class Account:
    """What one partner has on its way, in this process, beside what the store counts. One for all its sessions."""

    def __init__(self) -> None:
        self.allowed, self.now = Allowance(), Used()
        self.looked_us = -1
        self.arriving_bytes = 0

    def look(self, allowed: Allowance, now: Used, now_us: int) -> None:
        """What the store says, at an instant."""
        self.allowed, self.now, self.looked_us = allowed, now, now_us

    def begin(self, resume: bool) -> None:
        """Another file is begun, or one gone on with; raises Refused."""
        text = refusal(self.allowed, self.now, resume)
        if text:
            raise Refused("failure", text)
        self.now = self.now._replace(minute_files=self.now.minute_files + 1)

    def grow(self, size: int, more: int) -> None:
        """A file on its way grows by more bytes, to size; raises Refused, and nothing was counted."""
        limits = self.allowed
        if limits.file_bytes and size > limits.file_bytes:
            raise Refused("failure", f"the file is larger than the {limits.file_bytes} bytes that are agreed")
        if limits.day_bytes and self.now.whole_bytes + self.arriving_bytes + more > limits.day_bytes:
            raise Refused("failure", f"{limits.day_bytes} bytes a day are agreed; try again tomorrow")
        self.arriving_bytes += more

    def end(self, grown: int, whole_bytes: int | None) -> None:
        """A file that had grown by so many bytes is no longer on its way. whole_bytes: its size, None if not kept."""
        self.arriving_bytes -= grown
        if whole_bytes is not None:
            files, held = self.now.whole_files + 1, self.now.whole_bytes + whole_bytes
            self.now = self.now._replace(whole_files=files, whole_bytes=held)
