"""The guides the gateway reads and writes, as a table: names, map, and where sets are cut into units."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gateway.errors import ConfigError


class AliasUnknown(ConfigError):
    """[guides] aliases in gateway.toml names a version as another guide that is not in the table of guides."""


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """One implementation guide.

    gs08: canonical guide id. gs01, st01: the group and the set it travels in. map: its file, pyx12's or ours.
    cuts: loops that begin a new `Unit`, with the unit's kind. claim: (loop, segment id, element, qualifier) that names
    the business unit: CLM01, REF*0F in an 834, ENT01 in an 820. lines: the loop whose LX01 counts from 1 in each claim.
    """

    gs08: str
    gs01: str
    st01: str
    map: str
    cuts: dict[str, str]
    claim: tuple[str, str, int, str] = ("", "", 0, "")
    lines: str = ""


PROFESSIONAL, INSTITUTIONAL, DENTAL = "005010X222A1", "005010X223A2", "005010X224A2"
ENROLMENT, REMITTANCE, PREMIUM = "005010X220A1", "005010X221A1", "005010X218"
IMPLEMENTATION_ACK, CLAIM_ACK = "005010X231A1", "005010X214"
CLAIMS = (PROFESSIONAL, INSTITUTIONAL, DENTAL)
"""The 837 guides: what is said of one claim goes into a 277CA."""


def _same(*loops: str) -> dict[str, str]:
    return {loop: loop for loop in loops}


def _claim_form(gs08: str, map: str) -> Form:
    """An 837: its levels and claims are cut apart."""
    return Form(
        gs08=gs08, gs01="HC", st01="837", map=map, cuts=_same("2000A", "2000B", "2000C", "2300"),
        claim=("2300", "CLM", 1, ""), lines="2400",
    )  # fmt: skip


FORMS = {
    form.gs08: form
    for form in (
        _claim_form(PROFESSIONAL, "837.5010.X222.A1.xml"),
        _claim_form(INSTITUTIONAL, "837Q3.I.5010.X223.A1.xml"),
        _claim_form(DENTAL, "837.5010.X224.A2.xml"),
        Form(
            gs08=ENROLMENT,
            gs01="BE",
            st01="834",
            map="834.5010.X220.A1.xml",
            cuts=_same("2000"),
            claim=("2000", "REF", 2, "0F"),
        ),
        Form(
            gs08=REMITTANCE,
            gs01="HP",
            st01="835",
            map="835.5010.X221.A1.xml",
            cuts={"2100": "2100", "FOOTER": "trailer"},
        ),
        Form(
            gs08=PREMIUM,
            gs01="RA",
            st01="820",
            map="820.5010.X218.xml",
            cuts=_same("2000A", "2300A", "2000B"),
            claim=("2000B", "ENT", 1, ""),
        ),
        Form(gs08=IMPLEMENTATION_ACK, gs01="FA", st01="999", map="999.5010X231.A1.xml", cuts=_same("2000")),
        Form(
            gs08=CLAIM_ACK,
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
    "005010X223": "005010X223A2",
    "005010X223A1": "005010X223A2",
    "005010X223A3": "005010X223A2",
    "005010X224": "005010X224A2",
    "005010X224A1": "005010X224A2",
    "005010X224A3": "005010X224A2",
    "005010X220": "005010X220A1",
    "005010X221": "005010X221A1",
    "005010X231": "005010X231A1",
}
"""Versions of the same structure that partners still write in GS08 and ST03; an installation may name more."""

GROUP_IDS = frozenset(form.gs01 for form in FORMS.values())
SET_IDS = frozenset(form.st01 for form in FORMS.values())


def canonical(gs08: str, aliases: Mapping[str, str] = ALIASES) -> str:
    """The guide id the table knows for what a partner wrote; unchanged when unknown. A guide is no alias of another."""
    return gs08 if gs08 in FORMS else aliases.get(gs08, gs08)


def with_aliases(more: Mapping[str, str]) -> dict[str, str]:
    """The shipped aliases and an installation's own, which win. Raises: AliasUnknown: one leads to no guide here."""
    if lost := sorted(name for name, target in more.items() if target not in FORMS):
        raise AliasUnknown(", ".join(lost))
    return {**ALIASES, **more}
