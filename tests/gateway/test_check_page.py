"""Laws of the page of a checked file: every finding in its place, nothing unescaped, nobody's data, a bounded size."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from check_material import CANARIES, changed, checked, desk, golden, poisoned

from gateway.check import layout, page
from gateway.check.layout import Line, Loop, lay_out
from gateway.check.records import every_finding, for_people

VOID = {"meta", "link", "br", "img"}


class Balance(HTMLParser):
    """Notes tags that are not closed as they were opened, and what could run or be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag opens."""
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("script", "img", "iframe", "object", "link"):
            self.wrong.append(tag)
        self.wrong += [name for name, value in attrs if name.startswith("on") or (value or "").startswith("http")]

    def handle_endtag(self, tag: str) -> None:
        """A tag closes."""
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"/{tag}")


def rendered(data: bytes, show_values: bool = False) -> str:
    """The page of a file; it is balanced and holds nothing that runs or is fetched."""
    given = desk(show_values=show_values)
    html = page.render(checked(data, given), [data], given)
    balance = Balance()
    balance.feed(html)
    assert (balance.open, balance.wrong) == ([], [])
    return html


def lines(loop: Loop) -> list[Line]:
    """Every segment of a loop and the loops in it, in order."""
    found: list[Line] = []
    for item in loop.items:
        found += lines(item) if isinstance(item, Loop) else [item]
    return found


def tree(loop: Loop) -> list[Any]:
    """Loop ids as they are nested."""
    inner = [tree(item) for item in loop.items if isinstance(item, Loop)]
    return [loop.id, *inner] if inner else [loop.id]


@pytest.mark.parametrize("name", ["in.837p", "in.834", "out.277ca", "out.835"])
def test_every_segment_stands_on_the_page_once(name: str) -> None:
    """A file is laid out whole and in order: every segment from BHT, BGN or BPR to the one before SE."""
    data = golden(name)
    for one in lay_out(checked(data), [data], desk()).values():
        assert [line.position for line in lines(one.root)] == list(range(2, one.result.segments))


def test_loops_are_nested_as_the_guide_has_them() -> None:
    """A claim stands in its subscriber or patient, a line in its claim."""
    data = golden("in.837p")
    (one,) = lay_out(checked(data), [data], desk()).values()
    header, provider, *_ = tree(one.root)[1:]
    assert header == ["HEADER", ["1000A"], ["1000B"]]
    assert provider[:3] == ["2000A", ["2010AA"], ["2000B", ["2010BA"], ["2010BB"], ["2300", ["2400"], ["2400"]]]]
    patient = tree(one.root)[3][2]  # the second provider's subscriber
    assert patient == ["2000B", ["2010BA"], ["2010BB"], ["2000C", ["2010CA"], ["2300", ["2400", ["2410"]], ["2400"]]]]


def test_every_finding_stands_in_its_place() -> None:
    """Each finding is told once at its segment, and the list at the top leads to it."""
    data = poisoned()
    html = rendered(data)
    count = len(for_people(every_finding(checked(data))))
    places = re.findall(r'id="f(\d+)"', html)
    assert count > 5 and sorted(map(int, places)) == list(range(1, count + 1))
    assert set(re.findall(r'href="#f(\d+)"', html)) == set(places)


def test_a_wrong_element_and_a_missing_segment_are_marked() -> None:
    """The element of a finding is marked in its segment; a segment that is missing is told where it would stand."""
    data = changed("in.837p", ("*11:B:1*", "*11:Q:1*"), ("HI*ABK:E119~\n", ""))
    (one,) = lay_out(checked(data), [data], desk()).values()
    told = [line for line in lines(one.root) if line.findings]
    assert [(line.id, line.wrong, line.absent) for line in told] == [("CLM", {5}, False), ("HI", set(), True)]


def test_values_are_masked_and_what_the_guide_prints_is_not() -> None:
    """Nobody's data is on the page unless it is asked for; qualifiers stay readable."""
    masked, shown = rendered(poisoned()), rendered(poisoned(), show_values=True)
    assert [one for one in (*CANARIES, "REED", "SBA100001") if one in masked] == []
    assert all(one in shown for one in (*CANARIES, "SBA100001"))
    assert '<span title="NM101 Entity Identifier Code">IL</span>' in masked.replace("'", '"')


def test_a_file_cannot_write_into_its_page() -> None:
    """Markup in a file is text on the page, in values, ids and the file's own name."""
    evil = '<script>alert(1)</script>"onload="x'
    data = changed("in.837p", ("REED*ALAN", f"{evil}*ALAN"), ("\nHI*", f"\n{evil}*x~\nHI*"), ("BATCH0406", evil[:30]))
    html = rendered(data, show_values=True)
    assert "<script" not in html and "&lt;script&gt;" in html


def test_a_page_of_a_large_file_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large file only the units around findings are laid out, and the page says that the rest is left out."""
    monkeypatch.setattr(layout, "WHOLE_SEGMENTS", 50)
    data = changed("in.837p", ("*11:B:1*", "*11:Q:1*"))
    (one,) = lay_out(checked(data), [data], desk()).values()
    claim = lines(one.root)
    assert [line.id for line in claim][:2] == ["CLM", "HI"] and len(claim) == 10
    assert one.skipped + len(claim) == one.result.segments - 2
    assert "The file is large" in rendered(data)


def test_a_set_nobody_can_judge_has_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """A set of an unknown guide and a file that is no X12 have pages that say so."""
    assert "no guide we know can judge it" in rendered(golden("in.837p").replace(b"005010X222A1", b"004010X098A1"))
    assert "does not begin with an ISA segment" in rendered(b"hello")
