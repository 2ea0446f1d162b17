"""A CSV as a person made it: what Python's reader cannot make out is the file's fault, and told as such."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.errors import BadData


@contextmanager
def readable() -> Iterator[None]:
    """Around the reading of a CSV, or a function that reads one. Raises: BadData where a line is none."""
    try:
        yield
    except csv.Error as error:
        raise BadData(f"it is no CSV: {error}; is a quotation mark never closed?") from error
