"""The status site."""

from __future__ import annotations

from typing import Any

from twisted.web.resource import Resource
from twisted.web.server import Site


def site(store: Any, run_blocking: Any, token: str) -> Site:
    """Placeholder until the page lands."""
    return Site(Resource())
