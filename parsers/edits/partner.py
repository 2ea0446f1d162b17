"""A partner's own rules as rows of the table (SNIP 7)."""

from __future__ import annotations

from collections.abc import Iterator

from parsers.edits.conditions import bars, has, needs
from parsers.edits.paths import path
from parsers.edits.rules import Rule, shape
from parsers.edits.table import Edit, Test
from parsers.edits.view import HEADERS, Spot, View
from parsers.forms import CLAIMS, ENROLMENT, PREMIUM, REMITTANCE

Repeated = tuple[tuple[str, tuple[str, ...], str], ...]
"""Loops asked one by one: the loop, the beginnings of the ids in it, and the segment that opens it."""

OF_CLAIMS: Repeated = (("2400", ("24",), "2400/LX"), ("2320", ("232", "233"), "2320/SBR"))
OTHERS: dict[str, tuple[str, str, Repeated]] = {
    ENROLMENT: ("2000/INS", "HEADER/BGN", (("2300", ("23",), "2300/HD"),)),
    REMITTANCE: ("2100/CLP", "HEADER/BPR", (("2110", ("211",), "2110/SVC"),)),
    PREMIUM: ("2000B/ENT", "HEADER/BPR", ()),
}
"""Guides that are no claims: what opens a unit, what opens the header, and the loops of a unit that are repeated."""


def edits(rules: tuple[Rule, ...]) -> tuple[Edit, ...]:
    """The rows of a partner's rules, in its order."""
    return tuple(edit for rule in rules for edit in _edits(rule))


def _edits(rule: Rule) -> Iterator[Edit]:
    """One row for the claims it is for, and one for every other guide: units open differently."""
    loop = path(rule.at).key[0]
    wanted = rule.guides or CLAIMS
    claims = tuple(guide for guide in wanted if guide in CLAIMS)
    if claims:
        yield _edit(rule, claims, "2300/CLM", OF_CLAIMS)
    for guide in wanted:
        if guide in OTHERS:
            unit, header, repeated = OTHERS[guide]
            yield _edit(rule, (guide,), header if loop in HEADERS else unit, repeated)


def _edit(rule: Rule, guides: tuple[str, ...], on: str, repeated: Repeated) -> Edit:
    loop = path(rule.at).key[0]
    per, opener = next(((one, opener) for one, inside, opener in repeated if loop.startswith(inside)), ("", on))
    return Edit(
        name=rule.name, guides=guides, snip=7, code=rule.status, on=opener, per=per, fails=_test(rule),
        message=rule.message or f"A rule of this receiver does not hold: {rule.name}.",
        mend=f"See the companion guide: {rule.name}.", most=rule.severity,
    )  # fmt: skip


def _test(rule: Rule) -> Test:
    _, element, component, _ = path(rule.at)
    when = has(rule.when.at, *rule.when.among) if rule.when else None
    if rule.required is False:
        return bars(when, rule.at)
    absent = needs(when, rule.at) if rule.required else None
    fits = shape(rule.matches) if rule.matches else None

    def wrong(value: str) -> bool:
        least, most = rule.length or (0, len(value))
        return (
            (fits is not None and not fits(value))
            or (bool(rule.among) and value not in rule.among)
            or not least <= len(value) <= most
        )

    def fails(view: View) -> Iterator[Spot]:
        if absent:
            yield from absent(view)
        if not element or (when and not when(view)):
            return
        for row in view.all(rule.at):
            value = row.at(element, component)
            if value and wrong(value):
                yield row.spot(element, component)

    return fails
