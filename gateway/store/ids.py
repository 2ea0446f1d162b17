"""ULIDs: ids that stay inside. Time-ordered for index locality only; order never depends on them."""

from __future__ import annotations

import os

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def since(at_us: int) -> str:
    """The lowest ULID of an instant: those made later are not below it."""
    return _written((at_us // 1000) << 80)


def ulid(now_us: int) -> str:
    """26 characters: 48 bits of milliseconds, 80 random bits."""
    return _written(((now_us // 1000) << 80) | int.from_bytes(os.urandom(10), "big"))


def _written(value: int) -> str:
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))
