"""The recipes work as written: each is followed on a copy of the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest
from checkout import ROOT
from recipes import chapters, copy, follow

PAGE = ROOT / "docs" / "recipes.md"
RECIPES = chapters(PAGE)


def test_there_are_seven() -> None:
    """Six to add something, one to compare; each is more than a block and ends by running something."""
    assert [title.removeprefix("Add ") for title in RECIPES] == [
        "an edit", "a report", "a partner rule", "a code set", "a command", "a drug manager",
        "Compare with a former administrator",
    ]  # fmt: skip
    for blocks in RECIPES.values():
        assert len(blocks) > 1 and blocks[-1].language == "sh"


@pytest.mark.program("git")
@pytest.mark.parametrize("title", RECIPES)
def test_recipe(title: str, tmp_path: Path) -> None:
    """Whoever types the recipe gets a green run."""
    follow(RECIPES[title], copy(tmp_path))
