"""Laws of a claim decided twice: what differs, under which cause, in words of both."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_cases import C5, GOLDEN_CLAIMS, decide

from gateway.plan.claims import codes, comparing
from gateway.plan.claims.comparing import EVERY_CAUSE, Adding, Compared
from gateway.plan.records import Decision
from mappings.records import Adjustment, Person, RemittedClaim, RemittedLine

OURS = decide(GOLDEN_CLAIMS)[0]


def answer(decision: Decision, **changed: object) -> RemittedClaim:
    """The 835's claim that says what a decision says."""
    lines = tuple(
        RemittedLine(procedure=line.procedure, charge_cents=line.charge_cents, paid_cents=line.paid_cents,
                     first=line.first, last=line.last, adjustments=line.adjustments, control=line.control)
        for line in decision.lines
    )  # fmt: skip
    told = RemittedClaim(pcn="X", status="1", charge_cents=decision.charge_cents, paid_cents=decision.paid_cents,
                         icn="9", patient=Person(), lines=lines)  # fmt: skip
    return msgspec.structs.replace(told, **changed)


@pytest.mark.parametrize("name", [name for name, claim in GOLDEN_CLAIMS.items() if claim.frequency == "1"])
def test_the_same_decision_is_no_difference(name: str) -> None:
    """Every golden decision, remitted as it is, has no cause and no line that differs."""
    found = comparing.compare(1, GOLDEN_CLAIMS[name], OURS[name], answer(OURS[name]))
    assert (found.cause, found.lines, found.cents) == ("", (), 0)


def test_lines_are_found_by_their_control_number() -> None:
    """An 835 may tell lines in another order; without control numbers their place and charge tell them."""
    turned = answer(OURS["C5"], lines=answer(OURS["C5"]).lines[::-1])
    assert comparing.compare(1, C5, OURS["C5"], turned).cause == ""
    bare = tuple(msgspec.structs.replace(line, control="") for line in turned.lines)
    found = comparing.compare(1, C5, OURS["C5"], answer(OURS["C5"], lines=bare))
    assert found.cause == comparing.LEVELS and found.lines[0].number == 0


def test_what_they_took_off_the_whole_claim_is_compared_as_a_whole() -> None:
    """The same amounts told at the level of the claim (2100 CAS) are no difference; others have their cause."""
    taken = [each for line in OURS["C5"].lines for each in line.adjustments]
    sums = {(each.group, each.reason): 0 for each in taken}
    for each in taken:
        sums[each.group, each.reason] += each.cents
    whole = tuple(Adjustment(group=group, reason=reason, cents=cents) for (group, reason), cents in sums.items())
    assert comparing.compare(1, C5, OURS["C5"], answer(OURS["C5"], lines=(), adjustments=whole)).cause == ""
    denied = (Adjustment(group="PR", reason="27", cents=C5.charge_cents),)
    found = comparing.compare(1, C5, OURS["C5"], answer(OURS["C5"], lines=(), adjustments=denied, paid_cents=0))
    assert (found.cause, found.cents) == ("eligibility", 900_000)
    assert found.lines[0].theirs.words == ("PR-27 16,500.00 after coverage ended",)


def test_a_code_of_theirs_we_do_not_use_is_told() -> None:
    """An unknown reason is a group of its own and is said as what it is."""
    line = answer(OURS["C2"]).lines[0]
    other = msgspec.structs.replace(line, adjustments=(Adjustment(group="CO", reason="P99", cents=line.charge_cents),))
    found = comparing.compare(1, GOLDEN_CLAIMS["C2"], OURS["C2"], answer(OURS["C2"], lines=(other,)))
    assert found.lines[0].theirs.words == ("CO-P99 150.00 a reason this office does not use",)
    assert found.cause == "eligibility"


def test_every_reason_of_ours_but_surcharges_has_a_cause() -> None:
    """What this office decides by is grouped; only amounts that are no decision of coverage are "other codes"."""
    caused = {code for each in comparing.CAUSES.values() for code in each}
    assert {row.code for row in codes.REASONS} - caused == {"100", "101", "133", "137", "237", "A1"}


compared = st.builds(
    Compared, nth=st.integers(0, 9), pcn=st.just("X"), charge_cents=st.just(0),
    cause=st.sampled_from(("", *EVERY_CAUSE)), ours_cents=st.integers(-9, 9), theirs_cents=st.just(0),
).map(lambda one: msgspec.structs.replace(one, theirs_cents=one.ours_cents) if not one.cause else one)  # fmt: skip


@given(st.lists(compared))
@settings(max_examples=60)
def test_groups_add_up_to_the_difference(found: list[Compared]) -> None:
    """What we would pay more than they did is the sum of the groups, and every claim is the same or in a group."""
    adding = Adding()
    for one in found:
        adding.add(one)
    totals = adding.totals(0)
    assert totals.cents == sum(group.cents for group in totals.groups) == sum(one.cents for one in found)
    assert totals.same + sum(group.claims for group in totals.groups) == len(found)
    assert [group.cause for group in totals.groups] == sorted((g.cause for g in totals.groups), key=EVERY_CAUSE.index)
