"""A file as a person made it: what cannot be made out of it is the file's fault, and told as such."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import BadData, InputOutput


@contextmanager
def readable() -> Iterator[None]:
    """Around the reading of a CSV, or a function that reads one. Raises: BadData where a line is none."""
    try:
        yield
    except csv.Error as error:
        raise BadData(f"it is no CSV: {error}; is a quotation mark never closed?") from error


def text(path: Path, encoding: str = "utf-8") -> str:
    """The whole of a file. Raises InputOutput for one that cannot be read, BadData for one that is no text."""
    try:
        return path.read_text(encoding=encoding)
    except OSError as error:
        raise InputOutput(str(path)) from error
    except UnicodeDecodeError as error:
        raise BadData("it is not text") from error
