"""External code sets by date of service (SNIP 5)."""

from __future__ import annotations

from parsers.edits.table import Edit

EDITS: tuple[Edit, ...] = ()
