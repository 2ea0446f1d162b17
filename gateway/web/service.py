"""The listening status endpoint. `port` is the bound port once started (useful with port 0)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import maybeDeferred

from gateway.store.engine import Store
from gateway.web.app import site


class StatusService(Service):
    """Serves the status site on an interface; run_blocking carries its database reads off the reactor thread."""

    def __init__(
        self, reactor: Any, store: Store, run_blocking: Callable[..., Any], token: str, interface: str, port: int
    ) -> None:
        self._reactor, self._interface, self.port = reactor, interface, port
        self._site = site(store, run_blocking, token)
        self._listening: Any = None

    def startService(self) -> None:
        """Raises twisted.internet.error.CannotListenError when the port is taken."""
        self._listening = self._reactor.listenTCP(self.port, self._site, interface=self._interface)
        self.port = self._listening.getHost().port
        super().startService()

    def stopService(self) -> Any:
        """Stops listening."""
        super().stopService()
        return maybeDeferred(self._listening.stopListening) if self._listening is not None else None
