"""The page of a checked file: self-contained HTML, complete without JavaScript, for a screen and for paper."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from jinja2 import Template

from gateway.check.layout import MOST_SEGMENTS, lay_out, numbered
from gateway.check.masking import printable
from gateway.check.reading import Desk
from gateway.check.records import FileResult
from gateway.check.words import SEVERITIES, SNIP_NAMES, VERDICTS
from gateway.html import templates
from gateway.plan.rounding import dollars

OVERVIEW = 200
"""Findings listed at the top of a page; all are in their places below."""


@lru_cache(maxsize=1)
def _template() -> Template:
    found = templates("gateway.check")
    found.filters["dollars"] = dollars
    found.filters["commas"] = lambda number: f"{number:,}"
    return found.get_template("check.html")


def render(result: FileResult, pieces: Iterable[bytes], desk: Desk) -> str:
    """The page. pieces: the file's bytes, from the start once more."""
    findings = list(numbered(result))
    pages = lay_out(result, pieces, desk)
    counts = {severity: sum(one.severity == severity for _, _, one in findings) for severity in SEVERITIES}
    by_place = defaultdict(list)
    for number, place, one in findings:
        by_place[place].append((number, one))
    return _template().render(
        result=result, name=printable(result.file), findings=findings, overview=OVERVIEW, pages=pages, counts=counts,
        verdicts=VERDICTS, snip_names=SNIP_NAMES, by_place=by_place, show_values=desk.show_values,
        skipped=sum(one.skipped for one in pages.values()), most=MOST_SEGMENTS, today=desk.terms.today.isoformat(),
    )  # fmt: skip
