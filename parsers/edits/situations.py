"""If A then B (SNIP 4), as a table."""

from __future__ import annotations

from parsers.edits.table import Edit

EDITS: tuple[Edit, ...] = ()
