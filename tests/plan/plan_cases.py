"""The golden employer as records: plan, people, providers, fees, claims - and a family's claims decided in sequence."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec

from gateway.plan.claims import accumulators, adjudication, benefits
from gateway.plan.claims.case import Case, PriorClaim
from gateway.plan.records import (
    AccidentAnswer,
    Authorisation,
    Decision,
    Entry,
    FeeRow,
    Kind,
    LineDecision,
    Member,
    ProviderRow,
    Span,
)
from mappings.records import (
    Adjustment,
    Claim,
    LinePayment,
    OtherCoverage,
    Person,
    Procedure,
    Provider,
    ServiceLine,
)

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "golden"
PLANS = HERE.parent.parent / "config" / "plans"
TODAY = date(2026, 4, 6)
OPENED = date(2026, 1, 1)

PLAN = benefits.parse((PLANS / "bluebonnet-ppo.toml").read_text())
LAKELINE = benefits.parse((PLANS / "lakeline-ppo.toml").read_text())

Totals = dict[tuple[str, int, str, str], int]

# ---- people ----------------------------------------------------------------------------------------------------------


def member(
    person_id: str,
    family: str,
    first: str,
    last: str,
    birth: date,
    relationship: str = "18",
    tier: str = "",
    covered: tuple[date, date | None] = (OPENED, None),
) -> Member:
    """A person with one PPO span of the golden plan."""
    span = Span(line="PPO", plan_id="BT-PPO-2026", tier=tier, first=covered[0], last=covered[1])
    return Member(
        person_id=person_id,
        family_root=family,
        subscriber_no=family,
        subscriber=relationship == "18",
        relationship=relationship,
        person=Person(last=last, first=first, birth=birth),
        spans=(span,),
    )


ALAN = member("M01", "SBA100001", "ALAN", "REED", date(1980, 4, 12), tier="FAM")
BIANCA = member("M02", "SBA100001", "BIANCA", "REED", date(1982, 9, 5), "01")
CODY = member("M03", "SBA100001", "CODY", "REED", date(2012, 6, 22), "19")
DANA = member("M04", "SBA100002", "DANA", "ORTIZ", date(1985, 8, 14), tier="ECH")
ELI = member("M05", "SBA100002", "ELI", "ORTIZ", date(2015, 1, 19), "19")
FRANK = member("M06", "SBA100003", "FRANK", "LIU", date(1990, 2, 21), tier="EMP", covered=(OPENED, date(2026, 2, 28)))
MEMBERS = (ALAN, BIANCA, CODY, DANA, ELI, FRANK)

# ---- providers and prices --------------------------------------------------------------------------------------------

LAKESIDE = Provider(npi="1234567893", name="LAKESIDE FAMILY CLINIC", tin="741234567", tin_qualifier="EI")
METRO = Provider(npi="1245319599", name="METRO ONCOLOGY GROUP", tin="742345678", tin_qualifier="EI")
HILLCREST = Provider(npi="1679576722", name="HILLCREST ORTHOPEDICS", tin="743456789", tin_qualifier="EI")
PROVIDERS = tuple(
    ProviderRow(npi=each.npi, tin=each.tin, name=each.name, networks=("SUMMIT",), first=OPENED)
    for each in (LAKESIDE, METRO, HILLCREST)
)


def golden_fees() -> tuple[FeeRow, ...]:
    """The rows of fees.csv."""
    with (GOLDEN / "fees.csv").open() as rows:
        return tuple(
            FeeRow(
                npi=row["npi"],
                code=row["code"],
                allowed_cents=int(Decimal(row["allowed"]) * 100),
                per="unit" if row["per"] == "unit" else "line",
                first=date.fromisoformat(row["effective_from"]),
                last=date.fromisoformat(row["effective_to"]) if row["effective_to"] else None,
            )
            for row in csv.DictReader(rows)
        )


FEES = golden_fees()
ACCIDENTS = tuple(AccidentAnswer(person_id=each, work=False, third_party=False) for each in ("M03", "M05"))
PA7781 = Authorisation(
    number="PA7781",
    person_id="M02",
    npi=METRO.npi,
    codes=("J9271", "96413"),
    first=date(2026, 3, 1),
    last=date(2026, 6, 30),
    units={"J9271": Decimal(500)},
)

# ---- claims ----------------------------------------------------------------------------------------------------------


def service(number: int, code: str, dollars: int, on: date, units: int = 1, control: str = "") -> ServiceLine:
    """A line of one day."""
    return ServiceLine(
        number=number,
        procedure=Procedure(code=code),
        charge_cents=dollars * 100,
        units=Decimal(units),
        pointers=(1,),
        first=on,
        last=on,
        control=control,
    )


def bill(pcn: str, who: Member, by: Provider, diagnosis: str, *lines: ServiceLine, **changed: object) -> Claim:
    """A professional claim of the golden file's shape."""
    relationship = who.relationship
    subscriber = next((each for each in MEMBERS if each.family_root == who.family_root and each.subscriber), who)
    claim = Claim(
        pcn=pcn,
        charge_cents=sum(line.charge_cents for line in lines),
        pos="11",
        assignment="A",
        benefits_assigned="Y",
        diagnoses=(diagnosis,),
        billing=by,
        subscriber=msgspec.structs.replace(subscriber.person, id_qualifier="MI", id=who.subscriber_no),
        group_no="BT1001",
        patient=who.person,
        relationship=relationship,
        lines=lines,
    )
    return msgspec.structs.replace(claim, **changed)


MARCH_16 = date(2026, 3, 16)
C1 = bill(
    "LFC-5001",
    ALAN,
    LAKESIDE,
    "E119",
    service(1, "99214", 180, MARCH_16, control="C1L1"),
    service(2, "80053", 60, MARCH_16, control="C1L2"),
)
C2 = bill("LFC-5002", FRANK, LAKESIDE, "J069", service(1, "99213", 150, date(2026, 3, 9), control="C2L1"))
C3 = msgspec.structs.replace(
    C1, lines=tuple(msgspec.structs.replace(line, control=f"C3L{line.number}") for line in C1.lines)
)
C4 = bill("LFC-5004", DANA, LAKESIDE, "D225", service(1, "11402", 1900, date(2026, 3, 18), control="C4L1"))
C5 = bill(
    "MOG-9001",
    BIANCA,
    METRO,
    "C3411",
    service(1, "J9271", 16000, date(2026, 3, 20), 200, "C5L1"),
    service(2, "96413", 500, date(2026, 3, 20), 1, "C5L2"),
    prior_auth="PA7781",
)
ACME = OtherCoverage(responsibility="P", payer_name="ACME MUTUAL HEALTH", payer_id="ACME1", paid_cents=48000)
ACME_PAID = LinePayment(
    payer_id="ACME1",
    paid_cents=48000,
    adjustments=(Adjustment(group="CO", reason="45", cents=20000), Adjustment(group="PR", reason="2", cents=12000)),
    decided=date(2026, 3, 25),
)
C6 = bill(
    "HIL-3001",
    ELI,
    HILLCREST,
    "S52501A",
    msgspec.structs.replace(service(1, "25600", 800, date(2026, 3, 11), control="C6L1"), payments=(ACME_PAID,)),
    responsibility="S",
    other=(ACME,),
)
FEB_10 = date(2026, 2, 10)
H1_ICN = "26072000001"
H1 = bill("HIL-2001", CODY, HILLCREST, "S52501A", service(1, "25605", 2000, FEB_10))
C7 = bill(
    "HIL-2001",
    CODY,
    HILLCREST,
    "S52501A",
    service(1, "25600", 1600, FEB_10, control="C7L1"),
    frequency="7",
    original_icn=H1_ICN,
)
C8 = bill(
    "MOG-9002",
    BIANCA,
    METRO,
    "C3411",
    service(1, "J9271", 24500, date(2026, 4, 1), 300, "C8L1"),
    service(2, "96413", 500, date(2026, 4, 1), 1, "C8L2"),
    prior_auth="PA7781",
)
GOLDEN_CLAIMS = {"C1": C1, "C2": C2, "C3": C3, "C4": C4, "C5": C5, "C6": C6, "C7": C7, "C8": C8}
WHO = {"C1": ALAN, "C2": FRANK, "C3": ALAN, "C4": DANA, "C5": BIANCA, "C6": ELI, "C7": CODY, "C8": BIANCA}


def entry(who: Member, kind: Kind, cents: int) -> Entry:
    """An accumulator entry of 2026."""
    return Entry(person_id=who.person_id, family_root=who.family_root, year=2026, kind=kind, cents=cents)


def h1_decision() -> Decision:
    """H1 as it was taken over: paid 400.00 in March."""
    line = LineDecision(
        number=1,
        procedure=Procedure(code="25605"),
        charge_cents=200000,
        paid_cents=40000,
        allowed_cents=150000,
        adjustments=(
            Adjustment(group="CO", reason="45", cents=50000),
            Adjustment(group="PR", reason="1", cents=100000),
            Adjustment(group="PR", reason="2", cents=10000),
        ),
        first=FEB_10,
        last=FEB_10,
    )
    return Decision(
        icn=H1_ICN,
        outcome="paid",
        charge_cents=200000,
        paid_cents=40000,
        patient_cents=110000,
        person_id="M03",
        family_root="SBA100001",
        year=2026,
        plan_id=PLAN.id,
        plan_version="1",
        lines=(line,),
        entries=(entry(CODY, "deductible", 100000), entry(CODY, "oop", 110000), entry(CODY, "paid", 40000)),
    )


OPENING = accumulators.apply(
    {},
    (
        *h1_decision().entries,
        entry(DANA, "deductible", 30000),
        entry(DANA, "oop", 30000),
        entry(ELI, "deductible", 100000),
        entry(ELI, "oop", 100000),
    ),
)


def case(claim: Claim, who: Member | None, **changed: object) -> Case:
    """A case with everything on file before the golden scenario. plan: in place of the golden one."""
    plan = changed.pop("plan", PLAN)
    made = Case(
        icn="26096000001",
        claim=claim,
        received=TODAY,
        member=who,
        candidates=1 if who else 0,
        plans=(plan,),
        providers=PROVIDERS,
        fees=FEES,
        authorisations=(PA7781,),
        accidents=ACCIDENTS,
    )
    return msgspec.structs.replace(made, **changed)


def decide(
    names: Iterable[str],
    plan: benefits.Plan = PLAN,
    claims: Mapping[str, Claim] = GOLDEN_CLAIMS,
) -> tuple[dict[str, Decision], Totals]:
    """Golden claims decided in the order named, each seeing what the earlier ones of its family did."""
    sums = dict(OPENING)
    decisions: dict[str, Decision] = {}
    seen: dict[str, list[PriorClaim]] = {}
    for name in names:
        claim, who = claims[name], WHO[name]
        icn = f"2609600000{name[1]}"
        if claim.frequency == "7":
            decisions["H1"] = adjudication.reverse(h1_decision(), 2, "N694")
            sums = accumulators.apply(sums, decisions["H1"].entries)
        history = tuple(p for p in seen.get(who.person_id, []) if p.claim.first <= claim.last)
        family = {key: cents for key, cents in sums.items() if family_of(key[0]) == who.family_root}
        decision = adjudication.adjudicate(case(claim, who, icn=icn, plan=plan, totals=family, history=history), TODAY)
        decisions[name] = decision
        sums = accumulators.apply(sums, decision.entries)
        if decision.outcome == "paid":
            seen.setdefault(who.person_id, []).append(PriorClaim(icn=icn, claim=claim))
    return decisions, sums


def family_of(person_id: str) -> str:
    """The family root of a golden person."""
    return next(each.family_root for each in MEMBERS if each.person_id == person_id)


def codes(line: LineDecision) -> list[tuple[str, str, int]]:
    """A line's adjustments as plain tuples."""
    return [(each.group, each.reason, each.cents) for each in line.adjustments]
