"""Edits of codes (domain 4.2 rows 9 and 10): what a procedure code asks of its line, its patient and its neighbours.

The rules are loaded, dated rows (`records.CodeRule`), so that a change of a code list is a file and no release of ours.
ASKED is the table: of each kind of rule what it asks, and what becomes of a line that fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from gateway.plan.claims.benefits import pointed
from gateway.plan.claims.look import Denial, Look, Verdict, age, rendering_of
from gateway.plan.records import CodeRule, Pend
from mappings.records import ServiceLine

APART = frozenset((
    "24", "25", "27", "57", "58", "59", "78", "79", "91", "XE", "XS", "XP", "XU", "LT", "RT", "LC", "LD", "LM", "RC",
    "RI", "E1", "E2", "E3", "E4", "FA", "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "TA", "T1", "T2", "T3",
    "T4", "T5", "T6", "T7", "T8", "T9",
))  # fmt: skip
"""Modifiers that say two services of one day were apart, where a pair lets them (verify with the pairs' edition)."""

LETS = "modifier"
"""The value of a pair that such a modifier sets aside."""

# ---- what a rule finds: True when the line fails it ------------------------------------------------------------------


def _age(rule: CodeRule, seen: Look) -> bool:
    years = age(seen.member.person.birth or seen.claim.patient.birth, seen.line.first)
    low, high = (int(each) for each in rule.values)
    return years is not None and not low <= years <= high


def _sex(rule: CodeRule, seen: Look) -> bool:
    sex = seen.member.person.sex or seen.claim.patient.sex
    return sex in ("F", "M") and sex not in rule.values


def _pos(rule: CodeRule, seen: Look) -> bool:
    place = seen.line.pos or seen.claim.pos
    return bool(place) and place not in rule.values


def _modifier(rule: CodeRule, seen: Look) -> bool:
    return bool(set(rule.values) & set(seen.line.procedure.modifiers))


def _diagnosis(rule: CodeRule, seen: Look) -> bool:
    return not any(each.startswith(rule.values) for each in pointed(seen.claim, seen.line))


def _needs(rule: CodeRule, seen: Look) -> bool:
    return _missing(rule, seen) is not None


def _beside(rule: CodeRule, seen: Look) -> bool:
    """Whether the other code stands beside this line: same day, same billing provider, and nothing sets it apart."""
    if LETS in rule.values and APART & set(seen.line.procedure.modifiers):
        return False
    return any(
        other.procedure.code == rule.other and other.first <= seen.line.last and seen.line.first <= other.last
        for other in _neighbours(seen)
    )


def _review(rule: CodeRule, seen: Look) -> bool:
    return "MED" not in seen.case.cleared


def _neighbours(seen: Look) -> Iterator[ServiceLine]:
    """The claim's other lines, and those of the person's earlier claims of this billing provider that stand."""
    yield from (line for line in seen.claim.lines if line.number != seen.line.number)
    for prior in seen.case.history:
        theirs = prior.icn in (seen.case.icn, seen.claim.original_icn)
        if not theirs and prior.claim.billing.npi == seen.claim.billing.npi:
            yield from (line for line in prior.claim.lines if line.number not in prior.denied)


# ---- items a code may need -------------------------------------------------------------------------------------------


class Item(NamedTuple):
    """Something a code may need of a claim. remark: the RARC that names it. told: whether the claim tells it."""

    name: str
    remark: str
    told: Callable[[Look], bool]


ITEMS: tuple[Item, ...] = (
    Item("ndc", "M119", lambda seen: bool(seen.line.ndc)),
    Item("clia", "MA120", lambda seen: bool(seen.line.clia or seen.claim.references.get("X4"))),
    Item("referring", "N286", lambda seen: seen.claim.referring is not None),
    Item(
        "rendering", "N290", lambda seen: bool(rendering_of(seen.claim, seen.line) or seen.claim.billing.entity == "1")
    ),
    Item("modifier", "N822", lambda seen: bool(seen.line.procedure.modifiers)),
    Item("diagnosis", "M76", lambda seen: bool(pointed(seen.claim, seen.line))),
    Item("accident_date", "N305", lambda seen: seen.claim.accident_date is not None),
    Item("tooth", "N37", lambda seen: any(each.number for each in seen.line.teeth)),
    Item("surface", "N75", lambda seen: any(each.surfaces for each in seen.line.teeth)),
    Item("oral_cavity", "N346", lambda seen: bool(seen.line.oral_cavity)),
)
"""What `needs` may name (values of the rule), with its remark (verify with the RARC list)."""


def _missing(rule: CodeRule, seen: Look) -> Item | None:
    return next((item for item in ITEMS if item.name in rule.values and not item.told(seen)), None)


# ---- the table -------------------------------------------------------------------------------------------------------


class Asked(NamedTuple):
    """One kind of rule. fails: whether a line fails it. text: what is then said of {code} and {other}. carc: of group
    CO, "" where a person looks instead (MED). values: what the rule's values must be, for whoever writes the file."""

    edit: str
    fails: Callable[[CodeRule, Look], bool]
    carc: str
    text: str
    values: str


ASKED: tuple[Asked, ...] = (
    Asked("modifier", _modifier, "4", "{code} does not go with the modifier billed.", "modifiers it may not have"),
    Asked("pos", _pos, "5", "{code} is not done at the place billed.", "places of service"),
    Asked("age", _age, "6", "{code} does not go with the patient's age.", "first and last age in years"),
    Asked("sex", _sex, "7", "{code} does not go with the patient's sex.", "F or M"),
    Asked("diagnosis", _diagnosis, "11", "{code} does not go with the diagnosis.", "beginnings of diagnoses"),
    Asked("pair", _beside, "236", "{code} is not payable beside {other} of the same day.", f"{LETS}, or nothing"),
    Asked("bundle", _beside, "97", "{code} is contained in {other} of the same day.", f"{LETS}, or nothing"),
    Asked("needs", _needs, "16", "{code} needs information the claim does not give.", "items"),
)
"""Row 9 of domain 4.2, in the order of asking."""

NECESSITY: tuple[Asked, ...] = (
    Asked("necessity", _diagnosis, "50", "No diagnosis shows that {code} is necessary.", "beginnings of diagnoses"),
    Asked("review", _review, "", "{code} is looked at by a clinician.", "nothing"),
)
"""The part of row 10 that depends on codes."""


def code_edits(seen: Look) -> Verdict:
    """Edit: the code goes with modifier, place, age, sex, diagnosis and the day's other codes, and lacks nothing."""
    return _first(ASKED, seen)


def necessity(seen: Look) -> Verdict:
    """Edit: a diagnosis makes the service necessary; what is dear or in doubt is looked at (MED)."""
    verdict = _first(NECESSITY, seen)
    most = seen.plan.medical_review_cents
    if verdict is None and most is not None and seen.line.charge_cents > most and "MED" not in seen.case.cleared:
        return Pend(queue="MED", reason="The charge is above the plan's limit for review.", needed=CLINICIAN)
    return verdict


CLINICIAN = "A clinician's decision: release the claim, or deny it as not necessary (CO-50)."


def _first(table: tuple[Asked, ...], seen: Look) -> Verdict:
    if not seen.case.rules:
        return None
    code, on = seen.line.procedure.code, seen.line.first
    mine = [r for r in seen.case.rules if r.code == code and r.first <= on and (r.last is None or on <= r.last)]
    for asked in table:
        for rule in mine:
            if rule.edit == asked.edit and asked.fails(rule, seen):
                return _verdict(asked, rule, seen)
    return None


def _verdict(asked: Asked, rule: CodeRule, seen: Look) -> Denial | Pend:
    text = asked.text.format(code=rule.code, other=rule.other)
    if not asked.carc:
        return Pend(queue="MED", reason=text, needed=CLINICIAN)
    item = _missing(rule, seen) if rule.edit == "needs" else None
    said = f"{text[:-1]}: {item.name.replace('_', ' ')}." if item else text
    source = f"code rule {rule.edit} {rule.code}{f' beside {rule.other}' if rule.other else ''} from {rule.first}"
    remarks = (item.remark,) if item else ()
    return Denial(rule=f"code {rule.edit}", group="CO", reason=asked.carc, text=said, remarks=remarks, provision=source)
