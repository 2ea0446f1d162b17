"""Where our answer and pyx12's differ, and why ours stands: a row per reason.

A difference no row explains is an error; so is a row that a long run does not use.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from .mutants import ENVELOPE_BEFORE, Mutant
from .opinions import Opinion

Predicate = Callable[[Mutant, Opinion, Opinion], bool]
"""(mutant, our opinion, pyx12's) -> whether this reason explains that they differ."""


class Row(NamedTuple):
    """One reason. name: what the run prints. explains: when it applies. reason: why ours is right, or as good."""

    name: str
    explains: Predicate
    reason: str


def differs(ours: Opinion, theirs: Opinion) -> bool:
    """Whether verdict or place of the first error are not the same."""
    return bool(theirs.broken) or (ours.accepted, ours.place) != (theirs.accepted, theirs.place)


def explanation(mutant: Mutant, ours: Opinion, theirs: Opinion) -> str | None:
    """The name of the first row that explains a difference."""
    return next((row.name for row in ROWS if row.explains(mutant, ours, theirs)), None)


def _segment(mutant: Mutant, position: int) -> list[str]:
    """The segment at a position of the changed file, split; [""] outside the set."""
    at = position + ENVELOPE_BEFORE - 2
    return mutant.parts[at].split("*") if position > 0 and at < len(mutant.parts) else [""]


def _only_ours(ours: Opinion, theirs: Opinion) -> bool:
    """Our first error comes before any of theirs."""
    return bool(ours.errors) and (not theirs.errors or ours.place < theirs.place)


def _only_theirs(ours: Opinion, theirs: Opinion) -> bool:
    return bool(theirs.errors) and (not ours.errors or theirs.place < ours.place)


def _broke(*names: str) -> Predicate:
    return lambda mutant, ours, theirs: theirs.broken in names


def _reopened(mutant: Mutant, ours: Opinion, theirs: Opinion) -> bool:
    """A loop is opened by the segment that was its last, and we say what it still lacked."""
    here, before = _segment(mutant, ours.place), _segment(mutant, ours.place - 1)
    return _only_ours(ours, theirs) and ours.errors[0].code == "3" and here[0] == before[0]


def _ends_in_separators(mutant: Mutant, ours: Opinion, theirs: Opinion) -> bool:
    return _only_theirs(ours, theirs) and theirs.errors[0].code == "SEG1" and mutant.now.endswith("*")


def _money(mutant: Mutant, ours: Opinion, theirs: Opinion) -> bool:
    value = mutant.now.split("*")[mutant.element : mutant.element + 1] or [""]
    digits, _, decimals = value[0].partition(".")
    number = re.fullmatch(r"-?[0-9]*(\.[0-9]+)?", value[0]) is not None
    return _only_ours(ours, theirs) and number and (len(digits.strip("-") + decimals) > 10 or len(decimals) > 2)


def _line_of_837i(mutant: Mutant, ours: Opinion, theirs: Opinion) -> bool:
    return _only_ours(ours, theirs) and mutant.guide == "837I" and ours.errors[0].segment == "LX"


def _zero_before_hl(mutant: Mutant, ours: Opinion, theirs: Opinion) -> bool:
    sent = _segment(mutant, ours.place)
    return _only_ours(ours, theirs) and sent[0] == "HL" and any(re.fullmatch("0[0-9]+", value) for value in sent[1:3])


def _any_ancestor(mutant: Mutant, ours: Opinion, theirs: Opinion) -> bool:
    return _only_ours(ours, theirs) and ours.errors[0].segment == "HL" and ours.errors[1].said == "element2"


def _period_of_component(mutant: Mutant, ours: Opinion, theirs: Opinion) -> bool:
    """A date, period or time inside a composite, where a component before it says how it is written."""
    return _only_ours(ours, theirs) and ours.errors[0].segment == "HI" and ours.errors[1].code in ("8", "9")


def _short_time(mutant: Mutant, ours: Opinion, theirs: Opinion) -> bool:
    return _only_ours(ours, theirs) and ours.errors[1].code == "9" and len(mutant.now.split("*")[-1]) < len("HHMM")


def _first_component(mutant: Mutant, ours: Opinion, theirs: Opinion) -> bool:
    """An element that begins with the separator of components."""
    empty = any(value.startswith(":") for value in mutant.now.split("*"))
    return _only_ours(ours, theirs) and ours.errors[1].code == "1" and empty


def _kinds_of_context(mutant: Mutant, ours: Opinion, theirs: Opinion) -> bool:
    return _only_theirs(ours, theirs) and theirs.errors[0].said.startswith("Segment CTX exceeded max count")


def _end_of_pattern(mutant: Mutant, ours: Opinion, theirs: Opinion) -> bool:
    return _only_ours(ours, theirs) and any(error.code == "I12" for error in ours.errors)


def _repeated(mutant: Mutant, ours: Opinion, theirs: Opinion) -> bool:
    return mutant.kind == "repetition"


def _address_lists(mutant: Mutant, ours: Opinion, theirs: Opinion) -> bool:
    listed = r".* is not a valid code for .*\((N402|N404|CLM11-04|CLM11-05)\)"
    return _only_theirs(ours, theirs) and re.fullmatch(listed, theirs.errors[0].said) is not None


def _footer(mutant: Mutant, ours: Opinion, theirs: Opinion) -> bool:
    return _only_theirs(ours, theirs) and mutant.guide == "835" and "Loop FOOTER exceeded" in theirs.errors[0].said


ROWS = (
    Row("breaks: components", _broke("IndexError"), "pyx12 falls over a composite with too many components"),
    Row("breaks: counts", _broke("ValueError", "TypeError"), "pyx12 falls over a GE01 or IEA01 that is no number"),
    Row("loop opened again", _reopened, "pyx12 forgets what a loop still owed when its opener comes again at once"),
    Row("trailing separators", _ends_in_separators, "they say nothing and are accepted here (README)"),
    Row("money", _money, "element 782 is ten digits with two decimals at most; pyx12's maps allow eighteen"),
    Row("LX in 837I", _line_of_837i, "pyx12 counts lines where the map is called 837; its 837I map is called 837Q3"),
    Row("HL with zeros", _zero_before_hl, "HL01 and HL02 are names (AN): 01 is not 1; pyx12 reads them as numbers"),
    Row("HL02 of any ancestor", _any_ancestor, "HL02 is the level above; pyx12 takes any level that is open"),
    Row("period in HI", _period_of_component, "pyx12 holds 1251 against 1250 in segments, not inside a composite"),
    Row("time too short", _short_time, "a time is HHMM at least; pyx12 takes its beginning where a DTP says TM"),
    Row(
        "first component",
        _first_component,
        "pyx12 does not miss the first component of a situational composite",
    ),
    Row("two kinds of CTX", _kinds_of_context, "pyx12 counts nine CTX of an element and the one of a claim together"),
    Row("pattern", _end_of_pattern, "pyx12 looks for the map's pattern anywhere in the value; it is the whole value"),
    Row("repetitions", _repeated, "pyx12 does not split repetitions: where an element may repeat it judges the whole"),
    Row(
        "states and countries",
        _address_lists,
        "pyx12's lists are old and lack some in use (QC, RS); type 5 judges them by date",
    ),
    Row("PLB repeats", _footer, "PLB may repeat; pyx12 takes each for a new footer, of which there is one"),
)
"""The first that explains a difference counts, so that the narrow rows stand before the wide ones."""
