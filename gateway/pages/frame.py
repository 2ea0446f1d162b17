"""What all pages share: templates that know dollars and dates, and nothing but their own style."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from jinja2 import Environment

from gateway.html import templates
from gateway.plan.rounding import dollars


@lru_cache(maxsize=1)
def _environment() -> Environment:
    found = templates("gateway.pages")
    found.filters["dollars"] = dollars
    found.filters["commas"] = lambda number: f"{number:,}"
    return found


def render(name: str, **facts: Any) -> str:
    """The page of a template."""
    return _environment().get_template(name).render(**facts)


def pieces(name: str, **facts: Any) -> Iterator[str]:
    """The page of a template, a piece at a time: what is iterated in it is never held whole."""
    return _environment().get_template(name).generate(**facts)
