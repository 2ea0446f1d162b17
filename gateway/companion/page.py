"""The guide as a page (self-contained HTML) and on paper (PDF)."""

from __future__ import annotations

from functools import lru_cache

import msgspec
from jinja2 import Template

from gateway import paper
from gateway.companion.blocks import Document
from gateway.html import templates


@lru_cache(maxsize=1)
def _template() -> Template:
    return templates("gateway.companion").get_template("guide.html")


def html(document: Document) -> str:
    """A page that fetches nothing and runs nothing."""
    return _template().render(document=msgspec.to_builtins(document))


def pdf(document: Document) -> bytes:
    """The same on letter pages; the same settings give the same bytes."""
    plain: dict[str, object] = msgspec.to_builtins(document)
    return paper.companion_guide(plain)
