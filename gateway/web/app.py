"""The status site: `/healthz` and `/readyz` are open; the page, `/api/v1/status` and `/metrics` need the token.

The reactor thread makes no database call: every read goes through the injected `run_blocking`, and callers that come
while one runs, or soon after it, share its answer.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import structlog
from klein import Klein
from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure
from twisted.web.http import NOT_FOUND, SEE_OTHER, SERVICE_UNAVAILABLE, UNAUTHORIZED
from twisted.web.server import Request, Site

from gateway.clock import SECOND_US
from gateway.flow.threads import RunBlocking
from gateway.html import templates
from gateway.plan.rounding import dollars
from gateway.store import migrate
from gateway.store.engine import Store
from gateway.web import status
from gateway.web.access import HEADERS, Access
from gateway.web.metrics import exposition
from gateway.web.records import Status
from gateway.web.text import USAGES, instant, size

log = structlog.get_logger()

FRESH_S = 1
"""How old a shared answer may be: many viewers cost the database one read a second..."""

REST = 10
"""... and never more than a tenth of its time: an answer that took 2 s (400,000 claims) is shared for 20 s."""

_HERE = Path(__file__).parent
_STATIC = {
    name: (kind, (_HERE / "static" / name).read_bytes())
    for name, kind in (("page.css", "text/css"), ("page.js", "text/javascript"), ("icon.svg", "image/svg+xml"))
}


class Reads:
    """The status, read off the reactor thread, shared by everybody who asks at about the same time."""

    def __init__(self, store: Store, run_blocking: RunBlocking) -> None:
        self._store, self._run = store, run_blocking
        self._last: Status | None = None
        self._good_until_us = 0
        self._waiting: list[Deferred[Status]] | None = None

    def ready(self) -> Deferred[None]:
        """Fails unless the database answers and stands at this version's schema."""
        return self._run(migrate.require_current, self._store)

    def status(self) -> Deferred[Status]:
        """The present status, not older than FRESH_S and REST allow."""
        if self._last is not None and self._store.clock() < self._good_until_us:
            return succeed(self._last)
        mine: Deferred[Status] = Deferred()
        if self._waiting is not None:
            self._waiting.append(mine)
            return mine
        self._waiting = [mine]
        self._run(self._read).addBoth(self._answer)
        return mine

    def _read(self) -> Status:
        with self._store.read() as connection:
            return status.read(connection, self._store.clock())

    def _answer(self, result: Status | Failure) -> None:
        waiting, self._waiting = self._waiting or [], None
        if isinstance(result, Status):
            now_us = self._store.clock()
            self._last, took_us = result, now_us - result.read_us
            self._good_until_us = now_us + max(FRESH_S * SECOND_US, REST * took_us)
        for one in waiting:
            one.callback(result)  # a Failure makes it fail


class Pages:
    """The routes."""

    app = Klein()

    def __init__(self, reads: Reads, access: Access) -> None:
        self._reads, self._access = reads, access
        environment = templates("gateway.web")
        environment.filters |= {"dollars": dollars, "instant": instant, "size": size}
        self._page = environment.get_template("page.html")
        self._closed = environment.get_template("closed.html")

    @app.route("/healthz", methods=["GET"])
    def healthz(self, request: Request) -> bytes:
        """The process lives; asks nothing of the database."""
        return _answer(request, "text/plain", b"ok\n")

    @app.route("/readyz", methods=["GET"])
    def readyz(self, request: Request) -> Deferred[bytes]:
        """The database answers at this version's schema; else 503."""
        return self._reads.ready().addCallback(lambda _: _answer(request, "text/plain", b"ready\n"))

    @app.route("/static/<name>", methods=["GET"])
    def static(self, request: Request, name: str) -> bytes:
        """The page's own style, script and icon; they say nothing."""
        if name not in _STATIC:
            return _answer(request, "text/plain", b"not found\n", NOT_FOUND)
        kind, body = _STATIC[name]
        return _answer(request, kind, body)

    @app.route("/", methods=["GET"])
    def page(self, request: Request) -> Any:
        """The page for people. `?token=` becomes a cookie and leaves the address."""
        if self._access.admit(request):
            request.setHeader(b"Location", b"/")
            return _answer(request, "text/plain", b"", SEE_OTHER)
        if not self._access.allowed(request):
            return _answer(request, "text/html", self._closed.render().encode(), UNAUTHORIZED)
        return self._reads.status().addCallback(
            lambda found: _answer(request, "text/html", self._page.render(s=found, usages=USAGES).encode())
        )

    @app.route("/api/v1/status", methods=["GET"])
    def api(self, request: Request) -> Any:
        """The same as JSON."""
        return self._for_machines(request, "application/json", msgspec.json.encode)

    @app.route("/metrics", methods=["GET"])
    def metrics(self, request: Request) -> Any:
        """The same for Prometheus."""
        return self._for_machines(request, "text/plain; version=0.0.4", exposition)

    def _for_machines(self, request: Request, kind: str, render: Callable[[Status], bytes]) -> Any:
        if not self._access.allowed(request):
            request.setHeader(b"WWW-Authenticate", b"Bearer")
            return _answer(request, "text/plain", b"a token is needed\n", UNAUTHORIZED)
        return self._reads.status().addCallback(lambda found: _answer(request, kind, render(found)))

    @app.handle_errors(Exception)
    def trouble(self, request: Request, failure: Failure) -> bytes:
        """503 without a word of why: an error's text may quote a row. Unknown addresses keep their own code."""
        code = getattr(failure.value, "code", SERVICE_UNAVAILABLE)
        if code == SERVICE_UNAVAILABLE:
            log.error("status unavailable", error=type(failure.value).__name__)
        return _answer(request, "text/plain", b"not available\n", code)


class _QuietSite(Site):
    """Keeps no access log: an address may carry the token."""

    noisy = False

    def log(self, request: Any) -> None:
        """Nothing."""


def site(store: Store, run_blocking: RunBlocking, token: str) -> Site:
    """The status site. run_blocking(callable, *args) calls beside the reactor. token opens the protected pages."""
    return _QuietSite(Pages(Reads(store, run_blocking), Access(token)).app.resource())


def _answer(request: Request, kind: str, body: bytes, code: int = 200) -> bytes:
    request.setResponseCode(code)
    request.setHeader(b"Content-Type", (kind if ";" in kind else f"{kind}; charset=utf-8").encode())
    for name, value in HEADERS.items():
        request.setHeader(name, value)
    return body
