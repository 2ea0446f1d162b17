"""Values with their shape and without what they say: a person sees that a date has nine digits, and not whose it is."""

from __future__ import annotations

import re

_LETTER, _DIGIT = re.compile(r"[^\W\d_]"), re.compile(r"\d")

SHOWN_FROM = 4
"""Characters a value needs before its first is shown: of a shorter one that would be a good part."""

BOTH_FROM = 6
"""Characters a value needs before its last is shown, too."""


def mask(value: str) -> str:
    """Letters become x, digits 9; the first and last character of a longer value stay, and so do signs and blanks.

    Bytes that do not print are written as dots.
    """
    inner = _DIGIT.sub("9", _LETTER.sub("x", value))
    first = value[:1] if len(value) >= SHOWN_FROM else inner[:1]
    last = value[-1:] if len(value) >= BOTH_FROM else inner[-1:]
    shaped = first + inner[1:-1] + last if len(value) > 1 else inner
    return printable(shaped)


def printable(value: str) -> str:
    """A value a terminal or a page can show: whatever does not print is a dot."""
    return "".join(one if one.isprintable() else "·" for one in value)
