"""One measured process: `python -m gateway.bench.child READER FILE CACHE`, started by `gateway.bench.validate`.

Nothing is imported before it is needed: what is measured begins with the interpreter.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(reader: str, file: Path, cache: Path) -> None:
    """Reads the file and prints this process's CPU seconds and most memory (VmHWM, MB)."""
    from gateway import collector

    collector.relax()
    {"pyx12": _pyx12, "ours": _ours, "whole": _whole}[reader](file, cache)
    import time

    from gateway.bench.figures import peak_mb

    sys.stdout.write(f"{time.process_time()} {peak_mb()}\n")


def _pyx12(file: Path, cache: Path) -> None:
    from gateway.bench import theirs

    theirs.pyx12(file.read_bytes())


def _ours(file: Path, cache: Path) -> None:
    from gateway.bench.reading import file_pieces, validated
    from gateway.cache import FolderCache
    from parsers import guides

    kept = FolderCache(cache)
    validated(file_pieces(file), lambda gs08: guides.load(gs08, kept))


def _whole(file: Path, cache: Path) -> None:
    from gateway.bench.reading import file_pieces, whole

    whole(file_pieces(file))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
