"""pyx12's reading of a file. Nothing of ours is imported: what its process costs is its own."""

from __future__ import annotations

import io
import logging


def pyx12(data: bytes) -> str:
    """Its full validation. Returns: its 999, "" for a remittance, which it cannot answer."""
    import pyx12.params
    import pyx12.x12n_document

    logging.getLogger("pyx12").setLevel(logging.CRITICAL)
    text, answer = io.StringIO(data.decode("ascii")), io.StringIO()
    pyx12.x12n_document.x12n_document(pyx12.params.params(), text, answer, None, None)
    return answer.getvalue()


def verdicts(data: bytes) -> list[str]:
    """IK501 of each set, by its 999."""
    return [segment.split("*")[1] for segment in pyx12(data).split("~") if segment.strip().startswith("IK5*")]


def pyx12_reader(data: bytes) -> None:
    """Its bare reader: tokens, envelopes and counts."""
    import pyx12.x12file

    for _ in pyx12.x12file.X12Reader(io.StringIO(data.decode("ascii"))):
        pass
