"""The guides the gateway reads and writes, as a table: names, map, and where sets are cut into units."""

from __future__ import annotations

import msgspec


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """One implementation guide.

    gs08: canonical guide id. gs01, st01: the group and the set it travels in. map: pyx12's map file.
    cuts: loops that begin a new `Unit`, with the unit's kind. claim: (loop, segment id, element, qualifier) that names
    the business unit: CLM01, or REF*0F in an 834. lines: the loop whose LX01 counts from 1 in each claim.
    """

    gs08: str
    gs01: str
    st01: str
    map: str
    cuts: dict[str, str]
    claim: tuple[str, str, int, str] = ("", "", 0, "")
    lines: str = ""


def _same(*loops: str) -> dict[str, str]:
    return {loop: loop for loop in loops}


FORMS = {
    form.gs08: form
    for form in (
        Form(
            gs08="005010X222A1",
            gs01="HC",
            st01="837",
            map="837.5010.X222.A1.xml",
            cuts=_same("2000A", "2000B", "2000C", "2300"),
            claim=("2300", "CLM", 1, ""),
            lines="2400",
        ),
        Form(
            gs08="005010X220A1",
            gs01="BE",
            st01="834",
            map="834.5010.X220.A1.xml",
            cuts=_same("2000"),
            claim=("2000", "REF", 2, "0F"),
        ),
        Form(
            gs08="005010X221A1",
            gs01="HP",
            st01="835",
            map="835.5010.X221.A1.xml",
            cuts={"2100": "2100", "FOOTER": "trailer"},
        ),
        Form(gs08="005010X231A1", gs01="FA", st01="999", map="999.5010X231.A1.xml", cuts=_same("2000")),
        Form(
            gs08="005010X214",
            gs01="HN",
            st01="277",
            map="277.5010.X214.xml",
            cuts=_same("2000A", "2000B", "2000C", "2000D"),
        ),
    )
}

ALIASES = {
    "005010X222": "005010X222A1",
    "005010X222A2": "005010X222A1",
    "005010X220": "005010X220A1",
    "005010X221": "005010X221A1",
    "005010X231": "005010X231A1",
}
"""Versions of the same structure that partners still write in GS08 and ST03."""

GROUP_IDS = frozenset(form.gs01 for form in FORMS.values())
SET_IDS = frozenset(form.st01 for form in FORMS.values())


def canonical(gs08: str) -> str:
    """The guide id the table knows for what a partner wrote; unchanged when unknown."""
    return ALIASES.get(gs08, gs08)
