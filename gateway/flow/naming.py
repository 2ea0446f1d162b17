"""Names of the files we send: a template per partner, with fields in braces that carry what the file answers."""

from __future__ import annotations

import re
from collections.abc import Iterator

FIELDS = {
    "kind": "TA1, 999, 277CA, 835", "isa13": "ISA13 of the file itself, the first one in it",
    "partner": "the partner's id",
    "date": "YYYYMMDD, the business date", "receipt": "our number of the file it answers, 9 digits",
    "original": "the name of that file as its sender gave it, without its ending and odd characters",
    "answers": "ISA13 of the interchange it answers", "interchange": "which interchange of the file, from 1",
    "group": "which group of the interchange, from 1 (0 for a TA1, and for a 999 of all of them)",
    "set": "which set of the group, from 1", "run": "sponsor and number of the payment run",
    "number": "which set of the run, from 1 (0 for all of them in one file)",
    "file": "which file of its kind that answers the received one, from 1",
}  # fmt: skip
"""Field -> what stands in its place."""

WIDEST = {
    "kind": 5, "isa13": 9, "partner": 20, "date": 8, "receipt": 9, "original": 40, "answers": 9, "interchange": 4,
    "group": 4, "set": 6, "run": 40, "number": 4, "file": 4,
}  # fmt: skip
"""Characters of a field at most, or about that where nothing bounds it: for the length of a name."""

MOST = 120
"""Characters of a name: half of what file systems take, so that partners can add to it."""

ANSWER = frozenset({"kind", "isa13", "partner", "date", "receipt", "original", "answers", "interchange", "group"})
FITS = {"answer": ANSWER, "claim_answer": ANSWER | {"set"},
        "remittance": frozenset({"kind", "isa13", "partner", "date", "run", "number"})}  # fmt: skip
"""Template -> the fields it may have."""

TELLS = {"answer": ("receipt", "interchange"), "claim_answer": ("receipt", "interchange", "group", "set"),
         "remittance": ("run",)}  # fmt: skip
"""Template -> the fields that tell its files apart, unless {isa13} does."""

ALONE = {"answer": "group", "remittance": "number"}
"""Template -> the field that tells files apart when each set has its own."""

GATHERED = frozenset({"kind", "isa13", "partner", "date", "receipt", "original", "file"})
"""The fields of a file that holds the answers to all interchanges, groups and sets of a received one."""

_FIELD = re.compile(r"\{(\w*)\}")
_WHERE = {False: "", True: ", as one file answers all of the received one"}
_SAFE = re.compile(r"[A-Za-z0-9._-]*")
_ODD = re.compile(r"[^A-Za-z0-9_-]+")


def wrong(name: str, template: str, *, alone: bool, gathers: bool) -> Iterator[str]:
    """What is wrong with a template, a sentence each.

    alone: each set has a file of its own. gathers: all answers of a kind to one received file are one file.
    """
    fits, tells = FITS[name], (*TELLS[name], *([ALONE[name]] if alone and name in ALONE else []))
    if gathers and name != "remittance":
        fits, tells = GATHERED, ("receipt", "file")
    used = _FIELD.findall(template)
    yield from (f"{{{one}}} is no field of it" + _WHERE[one in FITS[name]] for one in used if one not in fits)
    yield from (f"{{{one}}} stands twice" for one in sorted(set(used)) if used.count(one) > 1)
    wanted = () if "isa13" in used else tells
    yield from (f"needs {{{one}}}, or two files could have one name" for one in ("kind", *wanted) if one not in used)
    if "}{" in template:
        yield "two fields need a character between them"
    around = _FIELD.sub("", template)
    if not _SAFE.fullmatch(around) or template[:1] in (".", "-"):
        yield "beside its fields a name has letters, digits, '.', '_' and '-' only, and begins with no '.' or '-'"
    if len(around) + sum(WIDEST.get(one, 0) for one in used) > MOST:
        yield f"makes names of more than {MOST} characters"


def name(template: str, values: dict[str, str]) -> str:
    """The name of one file. Precondition: `wrong` finds nothing in the template."""
    return template.format_map(values)


def cleaned(original: str) -> str:
    """A name as its sender gave it, so that it can stand in one of ours: without its ending, 40 characters."""
    stem = original.rpartition(".")[0] or original
    return _ODD.sub("-", stem).strip("-")[: WIDEST["original"]] or "file"
