"""Who may look: the token as `Authorization: Bearer`, or once as `?token=`, which becomes a cookie.

The cookie holds a digest of the token: stolen, it opens the page but is no token for the API's other users to be told.
Its name carries a part of the digest, because browsers do not keep the cookies of two ports apart.
"""

from __future__ import annotations

import hashlib
import hmac

from twisted.web.server import Request

HEADERS = {
    b"Content-Security-Policy": b"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    b"img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    b"X-Content-Type-Options": b"nosniff",
    b"X-Frame-Options": b"DENY",
    b"Referrer-Policy": b"no-referrer",
    b"Cross-Origin-Opener-Policy": b"same-origin",
    b"Cross-Origin-Resource-Policy": b"same-origin",
    b"Cache-Control": b"no-store",
    b"Server": b"gateway",
}
"""On every answer. No inline script or style runs, nothing is framed, cached or told to other sites."""


class Access:
    """Compares in constant time; knows one token."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self._digest = hashlib.sha256(b"status cookie " + self._token).hexdigest().encode()
        self._cookie = b"gateway-" + self._digest[:8]

    def allowed(self, request: Request) -> bool:
        """By header or by cookie."""
        scheme, _, told = (request.getHeader(b"authorization") or b"").partition(b" ")
        by_header = scheme.lower() == b"bearer" and hmac.compare_digest(told.strip(), self._token)
        cookie = request.getCookie(self._cookie) or b""
        return by_header or hmac.compare_digest(cookie, self._digest)

    def admit(self, request: Request) -> bool:
        """True when the address carried the token: the answer then sets the cookie."""
        told = (request.args or {}).get(b"token", [])
        if len(told) != 1 or not hmac.compare_digest(told[0], self._token):
            return False
        request.addCookie(self._cookie, self._digest, path=b"/", httpOnly=True, sameSite="strict")
        return True
