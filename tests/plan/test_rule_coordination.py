"""Coordination (domain 4.6), one test for every rule of order and row of the methods: test_RULE."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from plan_cases import ACME, ALAN, BIANCA, C5, C6, ELI, OPENING, case, codes, member
from rule_cases import changed, decided, one, planned, results, said, told

from gateway.plan.claims.coordination import Prior, coordinate
from gateway.plan.claims.costshare import Shares
from gateway.plan.claims.primacy import Cover, Parent, order
from gateway.plan.records import Member, OtherPlan
from gateway.plan.rounding import part
from mappings.records import Claim, OtherCoverage, OtherInsurance

ON = date(2026, 3, 16)
OURS = Cover("this plan", through="self", standing="active", since=date(2026, 1, 1), employs=45)


def pays_first(ours: Cover, theirs: Cover, on: date = ON) -> tuple[bool, str] | None:
    """Whether ours pays first and by which rule; None when nobody can tell."""
    found = order(ours, theirs, on)
    return (found.ours_first, found.rule.name) if found else None


def like(cover: Cover = OURS, **values: object) -> Cover:
    """A cover with other facts."""
    facts = {name: getattr(cover, name) for name in Cover.__slots__}
    return Cover(**{**facts, "name": "other", **values})


# ---- the order -------------------------------------------------------------------------------------------------------


def test_dependency_non_dependent_before_dependent() -> None:
    """The plan of the employee pays before that of the dependant."""
    assert pays_first(OURS, like(through="spouse")) == (True, "dependency")
    assert pays_first(like(through="spouse"), like()) == (False, "dependency")


def test_active_before_retired() -> None:
    """The plan of active work pays before that of the retired or laid off."""
    assert pays_first(OURS, like(standing="retired")) == (True, "active")
    assert pays_first(like(standing="retired"), like()) == (False, "active")


CHILD = like(through="child", holder_birth=date(1985, 8, 14))


def test_birthday_earlier_in_the_year() -> None:
    """Month and day count and not the year: a parent of March before one of August, though younger."""
    assert pays_first(CHILD, like(CHILD, holder_birth=date(1990, 3, 1))) == (False, "birthday")
    assert pays_first(CHILD, like(CHILD, holder_birth=date(1970, 8, 15))) == (True, "birthday")


def test_birthday_tie_longer_coverage() -> None:
    """Parents of one birthday: the longer coverage."""
    twin = like(CHILD, holder_birth=date(1979, 8, 14), since=date(2025, 1, 1))
    assert pays_first(CHILD, twin) == (False, "longer")


@pytest.mark.parametrize(
    ("ours", "theirs", "first"),
    [
        ("decree", "custodial", True),
        ("custodial", "decree", False),
        ("custodial", "custodial spouse", True),
        ("custodial spouse", "other parent", True),
        ("other parent", "custodial spouse", False),
        ("other parent", "other spouse", True),
    ],
)
def test_decree_then_custodial_parent_spouse_other_parent(ours: Parent, theirs: Parent, first: bool) -> None:
    """Separated parents: decree, custodial parent, that one's spouse, other parent, that one's spouse; no birthday."""
    early = like(CHILD, parent=theirs, holder_birth=date(1990, 1, 1))
    assert pays_first(like(CHILD, parent=ours), early) == (first, "parents apart")


def test_cobra_after_active() -> None:
    """Continued coverage pays after the one of present work."""
    assert pays_first(OURS, like(standing="cobra")) == (True, "COBRA")
    assert pays_first(like(standing="cobra"), like()) == (False, "COBRA")


def test_longer_coverage() -> None:
    """Where nothing else tells them apart."""
    assert pays_first(OURS, like(since=date(2025, 12, 31))) == (False, "longer")
    assert pays_first(OURS, like(since=date(2026, 1, 2))) == (True, "longer")
    assert pays_first(OURS, like()) is None


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(OURS, like(through="")), (CHILD, like(CHILD, holder_birth=None)), (like(CHILD, parent="decree"), CHILD),
     (OURS, like(standing=""))],
)  # fmt: skip
def test_unknown_facts_are_not_guessed(ours: Cover, theirs: Cover) -> None:
    """A rule that applies and lacks a fact ends the asking: no later rule decides in its place."""
    assert pays_first(ours, like(theirs, since=date(2020, 1, 1))) is None


def medicare(by: str, since: date | None = None) -> Cover:
    """Medicare, for a reason."""
    return Cover("Medicare", kind="medicare", through="self", entitled_by=by, entitled_on=since)


@pytest.mark.parametrize(("employs", "result"), [(20, True), (19, False)])
def test_medicare_working_aged_20(employs: int, result: bool) -> None:
    """From 20 people employed the plan pays before Medicare."""
    assert pays_first(like(employs=employs), medicare("age")) == (result, "Medicare")


@pytest.mark.parametrize(("employs", "result"), [(100, True), (99, False)])
def test_medicare_disability_100(employs: int, result: bool) -> None:
    """From 100 people employed the plan pays before Medicare of the disabled."""
    assert pays_first(like(employs=employs), medicare("disability")) == (result, "Medicare")


def test_medicare_esrd_30_months() -> None:
    """The plan pays first for 30 months from entitlement, whatever the employer's size and the employee's standing."""
    kidneys = medicare("esrd", date(2024, 1, 1))
    small = like(employs=3, standing="retired")
    assert pays_first(small, kidneys, date(2026, 6, 30)) == (True, "Medicare")
    assert pays_first(small, kidneys, date(2026, 7, 1)) == (False, "Medicare")


def test_medicare_before_retired_and_cobra() -> None:
    """Nobody works: Medicare pays first; without the employer's size or a reason nobody can tell."""
    for standing in ("retired", "cobra"):
        assert pays_first(like(standing=standing, employs=500), medicare("age")) == (False, "Medicare")
    assert pays_first(like(employs=0), medicare("age")) is None
    assert pays_first(OURS, medicare("")) is None


def test_tricare_after_the_plan() -> None:
    """TRICARE pays after any plan, a dependant's, too."""
    assert pays_first(like(through="spouse"), Cover("TRICARE", kind="tricare", through="self")) == (True, "programs")


def test_medicaid_last() -> None:
    """Medicaid pays after everybody, also after TRICARE."""
    assert pays_first(OURS, Cover("Medicaid", kind="medicaid")) == (True, "programs")
    assert pays_first(Cover("TRICARE", kind="tricare"), Cover("Medicaid", kind="medicaid")) == (True, "programs")


# ---- what is on file against what is billed --------------------------------------------------------------------------

HOLDER = member("M04", "SBA100002", "DANA", "ORTIZ", date(1985, 8, 14), tier="ECH")
FATHER = OtherPlan(
    payer_id="ACME1", payer_name="ACME", through="child", standing="active", holder_birth=date(1984, 9, 1),
    first=date(2026, 1, 1),
)  # fmt: skip


def eli(claim: Claim, *answers: OtherPlan, who: Member = ELI, **values: object) -> list[str]:
    """The results of a claim of Eli's, whose mother is covered here and whose father by ACME."""
    return told(case(claim, who, totals=OPENING, holder=HOLDER, other_plans=answers, **values))


def test_disagreement_on_sbr01_waits() -> None:
    """Golden C6 bills us second, but the mother's birthday comes first: COB, with the rule; released, it is paid."""
    assert eli(C6, FATHER) == ["pend COB"]
    decision = decided(case(C6, ELI, totals=OPENING, holder=HOLDER, other_plans=(FATHER,)))
    assert "This plan pays before ACME: the parent whose birthday comes earlier" in said(decision)
    assert eli(C6, FATHER, cleared=("COB",)) == ["paid"]
    assert eli(C6, msgspec.structs.replace(FATHER, holder_birth=date(1984, 8, 13))) == ["paid"]
    assert eli(C6, msgspec.structs.replace(FATHER, last=date(2026, 3, 10))) == ["paid"]


def test_disagreement_with_enrolment_waits() -> None:
    """The 834 says the other plan pays second (COB01 S), the claim that it paid first."""
    stated = msgspec.structs.replace(ELI, other=(OtherInsurance(responsibility="S", payer_name="ACME"),))
    assert eli(C6, who=stated) == ["pend COB"]
    first = msgspec.structs.replace(ELI, other=(OtherInsurance(responsibility="P", payer_name="ACME"),))
    assert eli(C6, who=first) == ["paid"]


def test_disagreement_with_the_claims_own_words_waits() -> None:
    """Our own employee's claim says ACME, where he is a dependant (2320 SBR02 01), paid first."""
    spouse = msgspec.structs.replace(ACME, relationship="01")
    billed = changed(one(), responsibility="S", other=(spouse,))
    assert told(case(billed, ALAN)) == ["pend COB"]
    own = msgspec.structs.replace(ACME, relationship="18")
    assert told(case(changed(C5, responsibility="S", other=(own,)), BIANCA)) == ["paid", "paid"]


def test_another_plan_first_by_the_rules() -> None:
    """Billed to us as first, while by the birthday rule the father's plan is: OA-22, and the note says why."""
    father = msgspec.structs.replace(FATHER, holder_birth=date(1984, 1, 5))
    billed = changed(C6, responsibility="P", other=())
    decision = decided(case(billed, ELI, totals=OPENING, holder=HOLDER, other_plans=(father,)))
    assert results(decision) == ["OA-22 MA04"]
    assert decision.notes[0].text.startswith("ACME pays before this plan: the parent whose birthday")
    assert eli(billed, FATHER) == ["paid"]


def test_the_rules_go_before_a_statement() -> None:
    """What a rule decides about a payer, a COB01 P of the 834 does not undo."""
    stated = msgspec.structs.replace(ELI, other=(OtherInsurance(responsibility="P", payer_name="ACME"),))
    billed = changed(C6, responsibility="P", other=())
    assert eli(billed, FATHER, who=stated) == ["paid"]
    assert eli(billed, who=stated) == ["OA-22 MA04"]


def test_medicare_of_the_834() -> None:
    """INS06 says Medicare by age from a day: first for a small employer's people, second for a large one's."""
    aged = msgspec.structs.replace(ALAN, medicare="C", medicare_reason="0", medicare_from=date(2026, 3, 1))
    assert told(case(one(), aged, employs=19)) == ["OA-22 MA04"]
    assert told(case(one(), aged, employs=20)) == ["paid"]
    later = msgspec.structs.replace(aged, medicare_from=date(2026, 3, 17))
    assert told(case(one(), later, employs=19)) == ["paid"]
    assert told(case(one(), msgspec.structs.replace(aged, medicare="E"), employs=19)) == ["paid"]


def test_medicare_paid_first_against_the_rule() -> None:
    """A claim Medicare has paid first (2320 SBR09 MB, SBR05 12) waits where the employer is large."""
    paid = OtherCoverage(responsibility="P", filing_code="MB", insurance_type="12", payer_id="0", paid_cents=9000)
    billed = changed(one(), responsibility="S", other=(paid,))
    assert told(case(billed, ALAN, employs=20)) == ["pend COB"]
    assert told(case(billed, ALAN, employs=19)) == ["paid"]


# ---- the methods -----------------------------------------------------------------------------------------------------


def eighty(allowed: int) -> Shares:
    """A plan that pays 80 percent."""
    return Shares(coinsurance=part(allowed, 2000))


def by(method: str) -> tuple[int, int, int, int]:
    """Paid, coinsurance, uncovered and OA-23 of charge 1,000, primary allowed 800 and paid 560, ours 700."""
    split = coordinate(method, 100000, 70000, Prior(56000, 24000), eighty)
    return split.paid, split.shares.coinsurance, split.uncovered, split.prior


def test_method_standard() -> None:
    """min(560, 240) = 240, the patient owes nothing; OA-23 760."""
    assert by("standard") == (24000, 0, 0, 76000)


def test_method_maintenance_of_benefits() -> None:
    """240 x 80% = 192, the patient 48 (PR-2); OA-23 760."""
    assert by("maintenance") == (19200, 4800, 0, 76000)


def test_method_non_duplication() -> None:
    """max(0, 560 - 560) = 0, the patient 240 (PR-275); OA-23 760."""
    assert by("non_duplication") == (0, 0, 24000, 76000)


def test_rfi_1696_the_provider_waives_co_45() -> None:
    """Charge 500, primary 300 and CO 125, we pay 65: OA-23 425, CO-45 10."""
    split = coordinate("standard", 50000, 6500, Prior(30000, 7500), lambda allowed: Shares())
    assert (split.paid, split.prior, split.contract) == (6500, 42500, 1000)


def test_clp02_and_clp05_of_a_secondary_claim() -> None:
    """CLP02 2 or 3 by our place; CLP05 is only what we left to the patient, and a denied claim keeps its status."""
    third = changed(C6, responsibility="T", other=(ACME, msgspec.structs.replace(ACME, responsibility="S")))
    assert [decided(case(each, ELI, totals=OPENING)).status for each in (C6, third)] == ["2", "3"]
    assert decided(case(C6, ELI, totals=OPENING)).patient_cents == 0
    carved = decided(case(C6, ELI, totals=OPENING, plan=planned(cob_method="non_duplication")))
    assert (carved.paid_cents, carved.patient_cents) == (0, 12000)


def test_b6_is_the_cob_allowable() -> None:
    """Golden C6: 480.00 paid and 120.00 left make 600.00."""
    assert decided(case(C6, ELI, totals=OPENING)).lines[0].allowed_cents == 60000


def test_accumulators_count_what_the_patient_owes_after_both() -> None:
    """Golden C6: nothing of deductible or maximum, 120.00 paid."""
    entries = decided(case(C6, ELI, totals=OPENING)).entries
    assert [(each.kind, each.cents) for each in entries] == [("paid", 12000)]


def test_no_savings_bank() -> None:
    """What the other payer saved us on one claim pays nothing on the next: there is no reserve."""
    first = decided(case(C6, ELI, totals=OPENING))
    assert {each.kind for each in first.entries} == {"paid"}  # 448.00 alone, 120.00 paid: 328.00 saved, nothing kept
    assert codes(first.lines[0]) == [("OA", "23", 68000)]
