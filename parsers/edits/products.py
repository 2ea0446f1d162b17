"""Rules of a product or line of service (SNIP 6)."""

from __future__ import annotations

from parsers.edits.table import Edit

EDITS: tuple[Edit, ...] = ()
