"""834 files of the golden people: who is named, what their rows say, and what the members' history became."""

from __future__ import annotations

from gateway.store.schema import span
from tests.flow.world import SPONSOR, World, golden, recounted, renumbered

ALAN, BIANCA, CODY, DANA, ELI, FRANK = range(6)
"""The rows of the golden file; Frank's ends his coverage."""

ENDED_ELI = (
    ("INS*N*19*030", "INS*N*19*024"),
    ("348*D8*20260101~\nCOB", "349*D8*20260131~\nCOB"),
    ("030**PPO", "024**PPO"),
)
"""Eli's row as the instruction that his coverage ended on 31 January: further back than the sponsor's limit."""


def until(end: str) -> tuple[tuple[str, str], ...]:
    """Eli's row as the change that his coverage ends on a day (CCYYMMDD)."""
    return (
        ("INS*N*19*030", "INS*N*19*001"),
        ("348*D8*20260101~\nCOB", f"348*D8*20260101~\nDTP*349*D8*{end}~\nCOB"),
        ("030**PPO", "001**PPO"),
    )


def enrolment_file(
    number: int, *people: int, action: str = "4", created: str = "20260402", effective: str = "20260401",
    changes: dict[int, tuple[tuple[str, str], ...]] | None = None, totals: bool = False,
) -> bytes:  # fmt: skip
    """The golden 834 under another number, with some of its people. changes: pieces of a person's row replaced.

    totals: with its QTYs, which are those of everybody.
    """
    head, *rows = golden("in.834").decode().split("INS*")
    rows[-1], end = rows[-1].split("SE*")
    told = [_changed(f"INS*{rows[who]}", (changes or {}).get(who, ())) for who in people]
    dates = ("20260402*080000****4", f"{created}*080000****{action}"), ("007*D8*20260401", f"007*D8*{effective}")
    head = _changed(head, dates)
    if not totals:
        head = "".join(line for line in head.splitlines(keepends=True) if not line.startswith("QTY"))
    return renumbered(recounted((head + "".join(told) + f"SE*{end}").encode()), f"{number:09d}", f"ENR{number}")


def _changed(text: str, changes: tuple[tuple[str, str], ...]) -> str:
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def last_day(world: World, member_no: str) -> str | None:
    """The last day of a person's coverage as now known; None while it has no end."""
    (found,) = [
        row for row in world.rows(span, span.c.sponsor_id == SPONSOR)
        if row.person_id.endswith(member_no) and row.known_to.startswith("9999")
    ]  # fmt: skip
    return str(found.last) if found.last else None


def report(world: World) -> str:
    """The last result report, as a person reads it."""
    return [body for body in world.sent("834-result") if not body.lstrip().startswith(b"{")][-1].decode()


def counted(text: str, name: str) -> int:
    """A count of a result report."""
    (line,) = [line for line in text.splitlines() if line.rpartition(" ")[0].strip() == name]
    return int(line.split()[-1])
