"""What is wrong with one file, for a person at a desk: read it, edit it, tell it, answer it, lay it out by loop."""

from __future__ import annotations

from gateway.check.reading import Desk, FileCheck, check
from gateway.check.records import FileResult

__all__ = ["Desk", "FileCheck", "FileResult", "check"]
