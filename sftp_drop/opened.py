"""What one session holds open, by the names the client was given for it."""

from __future__ import annotations

import struct
from typing import TypeVar

from twisted.internet.defer import Deferred

from sftp_drop.drop import Refused
from sftp_drop.handles import Handle
from sftp_drop.settings import HANDLES_MAX
from sftp_drop.turns import Job, Turns, behind

H = TypeVar("H", bound=Handle)


class Opened:
    """The open handles. paths: the turns of requests on paths; opening is one, the end of a handle holds them up."""

    def __init__(self, paths: Turns) -> None:
        self._handles: dict[bytes, Handle] = {}
        self._paths = paths
        self._opening = 0
        self._count = 0
        self._lost = False

    def open(self, job: Job[Handle]) -> bytes | Deferred[bytes]:
        """Comes to the name of the handle the job comes to. Raises Refused when too many are open."""
        if len(self._handles) + self._opening >= HANDLES_MAX:
            raise Refused("failure", "too many open files")

        async def keep() -> bytes:
            try:
                return self._keep(await job())
            finally:
                self._opening -= 1

        self._opening += 1
        return self._paths.add(keep)

    def _keep(self, handle: Handle) -> bytes:
        self._count += 1
        name = struct.pack("!L", self._count)
        self._handles[name] = handle
        if self._lost:
            self.lose()
        return name

    def get(self, name: bytes, kind: type[H]) -> H:
        """The handle of that name, if it was opened for what it is now asked. Raises Refused."""
        handle = self._handles.get(name)
        if handle is None:
            raise Refused("failure", "no such handle")
        if not isinstance(handle, kind):
            raise Refused("permission-denied", "the handle was not opened for this")
        return handle

    def close(self, name: bytes) -> Deferred[None] | None:
        """The handle is gone at once for every later request; later it has done what it was asked and is closed."""
        handle = self.get(name, Handle)
        del self._handles[name]
        return self._behind(handle.turns.add(handle.close))

    def _behind(self, ended: Deferred[None] | None) -> Deferred[None] | None:
        if ended is not None:
            self._paths.add(behind(ended))
        return ended

    def lose(self) -> None:
        """Open handles are lost, never closed; one that is still opening is lost as soon as it is open."""
        self._lost = True
        handles, self._handles = self._handles, {}
        for handle in handles.values():
            self._behind(handle.turns.add(handle.lose))
