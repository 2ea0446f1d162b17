"""What a decision was made on, kept so that it can be made again (domain 4.1): its case, less what is kept elsewhere.

The claim, plan documents, contracts and earlier claims never change once stored: they are named. All else of a case -
member, accumulators, providers, prices, evidence, rulings - is kept as it was that day: what is on file moves on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

import msgspec

from gateway.plan.claims.adjudication import adjudicate, refused
from gateway.plan.claims.benefits import Plan
from gateway.plan.claims.case import Case, PriorClaim
from gateway.plan.claims.pricing.contract import Contract
from gateway.plan.claims.reversal import reverse
from gateway.plan.records import Decision
from mappings.records import Claim, Record

NAMED = ("claim", "plans", "contracts", "history")
"""Fields of a case that are kept elsewhere."""

_KEPT = tuple(field for field in msgspec.structs.fields(Case) if field.name not in NAMED)


def _field(each: Any) -> tuple[Any, ...]:
    return (each.name, each.type) if each.required else (each.name, each.type, each.default)


Given: Any = msgspec.defstruct("Given", [_field(each) for each in _KEPT], frozen=True, kw_only=True, omit_defaults=True)
"""A case without its NAMED fields."""


class Earlier(Record, frozen=True, kw_only=True):
    """An earlier claim as the case knew it; `PriorClaim` without the claim, which is found by its number."""

    icn: str
    denied: tuple[int, ...] = ()
    paid: tuple[int, ...] = ()


class Basis(Record, frozen=True, kw_only=True):
    """given: the case but for what is named. plans, contracts: names of the documents, in the case's order."""

    given: Given
    plans: tuple[str, ...]
    contracts: tuple[str, ...] = ()
    history: tuple[Earlier, ...] = ()


def packed(case: Case, plans: tuple[str, ...], contracts: tuple[str, ...]) -> bytes:
    """The basis of a case. plans, contracts: the names of `case.plans` and `case.contracts`, one each."""
    given = Given(**{each.name: getattr(case, each.name) for each in _KEPT})
    history = tuple(Earlier(icn=one.icn, denied=one.denied, paid=one.paid) for one in case.history)
    return msgspec.msgpack.encode(Basis(given=given, plans=plans, contracts=contracts, history=history))


def unpacked(body: bytes) -> Basis:
    """The basis that was packed."""
    return msgspec.msgpack.decode(body, type=Basis)


def case_of(
    basis: Basis, claim: Claim, plans: Callable[[str], Plan], contracts: Callable[[str], Contract],
    earlier: Mapping[str, Claim],
) -> Case:  # fmt: skip
    """The case as it was. plans, contracts: by name; earlier: the claims of the history by number. Raises KeyError."""
    return Case(
        claim=claim, plans=tuple(map(plans, basis.plans)), contracts=tuple(map(contracts, basis.contracts)),
        history=tuple(
            PriorClaim(icn=one.icn, claim=earlier[one.icn], denied=one.denied, paid=one.paid) for one in basis.history
        ),
        **{each.name: getattr(basis.given, each.name) for each in _KEPT},
    )  # fmt: skip


def again(case: Case, before: Decision, today: date) -> Decision:
    """The decision made once more on its day. What it stands in the place of (835 REF*F8) is the caller's to say."""
    refusal = case.rulings.refusal
    made = adjudicate(case, today) if refusal is None else refused(case, refusal)
    return msgspec.structs.replace(made, original_icn=before.original_icn)


def taken_back_again(reversal: Decision, original: Decision) -> Decision:
    """A reversal made once more of the decision it took back."""
    return reverse(original, reversal.version, "".join(reversal.remarks))


SAID = ("steps", "notes")
"""Fields that explain: a later release may say the same in other words."""


class Difference(Record, frozen=True, kw_only=True):
    """One fact two decisions do not agree on. place: as `lines.1.paid_cents`; "" where one has no such fact."""

    place: str
    stored: str
    again: str


def differences(stored: Decision, again: Decision) -> tuple[Difference, ...]:
    """Every fact - amounts, codes, entries - that differs, in order of places; sentences are not compared."""
    one, other = _facts(stored), _facts(again)
    places = sorted({*one, *other})
    return tuple(
        Difference(place=place, stored=one.get(place, ""), again=other.get(place, ""))
        for place in places if one.get(place) != other.get(place)
    )  # fmt: skip


def _facts(decision: Decision) -> dict[str, str]:
    return dict(_flat("", msgspec.to_builtins(decision)))


def _flat(place: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inside in value.items():
            if name not in SAID:
                yield from _flat(f"{place}.{name}" if place else name, inside)
    elif isinstance(value, list | tuple):
        for n, inside in enumerate(value, 1):
            yield from _flat(f"{place}.{n}", inside)
    else:
        yield place, str(value)
