# mypy: disallow-untyped-calls=False
"""TCP connections that send what is written as soon as the turn ends, without asking first whether they may.

Twisted asks the reactor, waits for its next round and tells it to ask no more: three times the work of sending a reply.
"""

from __future__ import annotations

from typing import Any

from twisted.internet import tcp

PROMPT_BYTES = 64 * 1024
"""Written in one turn and sent at once, at most: what is more goes the reactor's way, and holds up nobody."""


class PromptConnection(tcp.Server):
    """An accepted connection. A turn is what one piece of input causes, or one write outside of that."""

    _in_turn = False

    def doRead(self) -> Any:
        """Reads; what is written meanwhile leaves together."""
        self._in_turn = True
        try:
            return super().doRead()
        finally:
            self._in_turn = False
            if self.connected and self._tempDataLen:
                self.startWriting()

    def startWriting(self) -> None:
        """Something was written. What TCP does not take, and the end of a connection, are the reactor's."""
        prompt = 0 < self._tempDataLen <= PROMPT_BYTES and not self.dataBuffer and not self.disconnecting
        if prompt and self._in_turn:
            return
        if prompt:
            self.doWrite()
        if self.dataBuffer or not prompt:
            super().startWriting()


class PromptPort(tcp.Port):
    """A listening port of such connections."""

    transport = PromptConnection
