"""What a check says, for people: a verdict line, then each place: what is wrong, what stands there, how to mend it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

from msgspec import structs
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from gateway.check.masking import printable
from gateway.check.records import FileResult, SetResult, Told, every_finding, every_set, for_people
from gateway.check.words import SNIP_NAMES, VERDICTS
from gateway.cli.common import WIDE, table
from gateway.plan.rounding import dollars

SHOWN = 20
"""Findings listed of a file unless all are wanted: a screenful."""

STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan"}


@lru_cache(maxsize=1)
def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, markup=False, emoji=False)


def _say(text: Text, indent: int = 0) -> None:
    _console().print(Padding(text, (0, 0, 0, indent), expand=False) if indent else text)


def tell(result: FileResult, everything: bool) -> None:
    """One file: its verdict, then its findings by place."""
    mark, style = ("✓", "bold green") if result.accepted else ("✗", "bold red")
    _say(Text.assemble((f"{mark} ", style), (printable(result.file), "bold"), (f": {_verdict(result)}", style)))
    if result.reason:
        _say(Text(result.reason), 4)
    if result.mend:
        _say(Text.assemble(("mend: ", "green"), result.mend), 4)
    left = [10**9 if everything else SHOWN]
    for heading, findings in _stretches(result):
        _stretch(heading, findings, left)
    hidden = 0 if everything else sum(len(told) for _, told in _stretches(result)) - (SHOWN - left[0])
    if hidden > 0:
        _say(Text(f"and {hidden} more; --all lists them", "bold"), 4)
    if any(one.more for one in every_set(result)) or result.left_out:
        _say(Text("there is more than a check keeps: mend these, and check again", "bold"), 4)
    if result.off:
        _say(Text(f"not checked, for want of the code sets: {', '.join(result.off)}", "yellow"), 4)


def _verdict(result: FileResult) -> str:
    if not result.interchanges:
        return "not read" if not result.reason.startswith("The file cannot") else "cannot be read"
    sets = every_set(result)
    said = "accepted" if result.accepted else "not accepted"
    kinds = dict.fromkeys(f"{one.type} {one.guide}".strip() for one in sets)
    what = [", ".join(kinds)] if kinds else []
    totals = _totals(sets)
    errors = _counts(for_people(every_finding(result)))
    return ", ".join([said, *what, *totals, *errors])


def _totals(sets: list[SetResult]) -> list[str]:
    """1,200 claims, 84,000.00."""
    words = []
    for name in dict.fromkeys(one.counted for one in sets if one.counted):
        mine = [one for one in sets if one.counted == name]
        units = sum(one.units for one in mine)
        words.append(f"{units:,} {name[:-1] if units == 1 else name}")
        if any(one.amount_cents is not None for one in mine):
            words.append(dollars(sum(one.amount_cents or 0 for one in mine)))
    return words


def _counts(findings: list[Told]) -> list[str]:
    words = []
    for severity in STYLES:
        count = sum(one.severity == severity for one in findings)
        if count:
            words.append(f"{count:,} {severity}{'s' if count > 1 else ''}")
    return words


def _stretches(result: FileResult) -> Iterator[tuple[str, list[Told]]]:
    """Everything that has findings or a verdict that is not A, with its heading."""
    many = len(result.interchanges) > 1
    for number, interchange in enumerate(result.interchanges, 1):
        which = f"interchange {number}" if many else "interchange"
        yield f"{which}: {VERDICTS[interchange.ta1]} (TA1 {interchange.ta1})", list(interchange.findings)
        for place, group in enumerate(interchange.groups, 1):
            inside = f"{which}, group {place}" if many or len(interchange.groups) > 1 else "group"
            yield (
                f"{inside} {group.type} {group.version}: {VERDICTS[group.verdict]} (AK9 {group.verdict})",
                list(group.findings),
            )
            for nth, one in enumerate(group.sets, 1):
                where = f"{inside}, set {nth}" if many or len(interchange.groups) > 1 else f"set {nth}"
                shown = _once(for_people(one.findings))
                yield f"{where} ({one.type}): {VERDICTS[one.verdict]} (IK5 {one.verdict})", shown


def _once(findings: list[Told]) -> list[Told]:
    """What is wrong above claims is found in each of them: it is told of the first, and of how many more."""
    told: dict[Told, list[Told]] = {}
    for one in findings:
        told.setdefault(structs.replace(one, claim=""), []).append(one)
    return [_and_more(first, len(rest)) for first, *rest in told.values()]


def _and_more(one: Told, claims: int) -> Told:
    more = f" And {claims:,} more claim{'s' if claims > 1 else ''}." if claims else ""
    return structs.replace(one, message=one.message + more)


def _stretch(heading: str, findings: list[Told], left: list[int]) -> None:
    if not findings or left[0] <= 0:
        return
    _say(Text(heading, "bold"), 2)
    for place, group in groupby(findings, key=_place):
        together = list(group)[: max(left[0], 0)]
        if together:
            _say(Text(place, "bold cyan"), 4)
        for one in together:
            left[0] -= 1
            _finding(one)


def _place(one: Told) -> str:
    if one.level in ("interchange", "group") or not one.position:
        return one.segment or "the whole"
    loop = f", loop {one.loop}" if one.loop else ""
    claim = f", claim {one.claim}" if one.claim else ""
    return f"segment {one.position} {one.segment}{loop}{claim}"


def _finding(one: Told) -> None:
    kind = f"SNIP {one.snip} {SNIP_NAMES[one.snip]}" if one.snip else SNIP_NAMES[0]
    _say(Text.assemble((one.severity, STYLES[one.severity]), f"  {one.message}", (f"  [{kind}, {one.rule}]", "dim")), 6)
    if one.value:
        _say(Text.assemble(("there: ", "dim"), one.value), 8)
    if one.mend:
        _say(Text.assemble(("mend:  ", "green"), one.mend.text), 8)


Row = tuple[str, str, int, int, str, str]


def row(result: FileResult) -> Row:
    """One line of the summary."""
    sets, findings = every_set(result), for_people(every_finding(result))
    kinds = ", ".join(dict.fromkeys(one.type for one in sets))
    errors = sum(one.severity == "error" for one in findings) or int(bool(result.reason))
    others = sum(one.severity != "error" for one in findings)
    verdict = "accepted" if result.accepted else "not accepted"
    return verdict, kinds, errors, others, ", ".join(_totals(sets)), printable(result.file)


def summary(rows: list[Row]) -> None:
    """All files in one table."""
    good = sum(one[0] == "accepted" for one in rows)
    title = f"{good} of {len(rows)} files accepted"
    table(("verdict", "sets", "errors", "other", "holds", "file"), rows, title)
