"""The README is true: its commands are the agreed ones, its set-up works, its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from checkout import ROOT, tracked
from recipes import chapters, copy, follow

from gateway.cli import COMMANDS
from gateway.flow.beginning import key_pair

README = ROOT / "README.md"
PAGES = [path for path in tracked() if path.suffix == ".md"]
SETUP = """\
python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt -e . && .venv/bin/gateway demo
python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt -e '.[dev]' && .venv/bin/pytest
"""


def test_two_commands_are_all_a_newcomer_types() -> None:
    """The first block of the README is the two commands, to the letter, and .ci/run types the second one's parts."""
    first = re.search(r"^```\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    assert first is not None and first[1] == SETUP
    typed = (ROOT / ".ci" / "run").read_text().splitlines()
    assert [part for part in SETUP.splitlines()[1].split(" && ") if part not in typed] == []


def test_what_it_is_in_five_lines() -> None:
    """Between the title and the first heading's commands stands one paragraph of five lines."""
    assert len(README.read_text().split("\n\n")[1].splitlines()) == 5


def test_a_site_is_configured_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever types the chapter has an employer, a partner that may log in, and nothing that waits for a person."""
    monkeypatch.setenv("COLUMNS", "200")
    place = copy(tmp_path)
    key_pair(place / "clearpath")
    blocks = chapters(README)["A real employer, a real partner"]
    script = "".join(block.text for block in blocks if block.language == "sh")
    said = follow([blocks[0]._replace(text=script)], place)
    assert "site/gateway.toml: good" in said
    assert "Bluebonnet Tool & Die" in said and "ClearPath Clearinghouse" in said
    assert "Nothing needs a person." in said


def test_twenty_words() -> None:
    """The glossary has twenty words, each once."""
    rows = re.findall(r"^\| ([a-z][a-z -]+) \| .+ \|$", chapter("Twenty words"), re.MULTILINE)
    words = [word for word in rows if word != "word"]
    assert len(words) == len(set(words)) == 20


def chapter(title: str) -> str:
    """A chapter's text."""
    return README.read_text().split(f"## {title}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file of the checkout."""
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_named_commands_exist(page: Path) -> None:
    """`gateway something` in a page is a command there is."""
    named = set(re.findall(r"`gateway ([a-z][a-z-]*)", page.read_text()))
    recipe = {"receipts"} if page.name == "recipes.md" else set()
    assert named - set(COMMANDS) - recipe == set()
