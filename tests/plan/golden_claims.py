"""The eight claims of the golden scenario, decided by hand, and the people who pay and are paid for them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from gateway.plan.money.payment import Payable, Payer
from gateway.plan.records import Decision, LineDecision, ProviderRow
from mappings.records import (
    Address,
    Adjustment,
    BankAccount,
    Claim,
    Contact,
    Person,
    Procedure,
    Provider,
    ServiceLine,
)

GOLDEN = Path(__file__).parent.parent / "golden"
RECEIVED, RUN, EFFECTIVE = date(2026, 4, 6), date(2026, 4, 10), date(2026, 4, 14)
OPENED = date(2026, 1, 1)

PAYER = Payer(
    name="SUMMIT BENEFIT ADMINISTRATORS",
    payer_id="SBA01",
    tin="749998887",
    address=Address(line1="1 SUMMIT PLAZA", city="AUSTIN", state="TX", zip="78701"),
    contact=Contact(function="BL", name="EDI SUPPORT", number="5125550111"),
    account=BankAccount(routing="111000025", number="5550001"),
)


def provider_row(npi: str, tin: str, name: str, street: str, zip: str, account: str) -> ProviderRow:
    """A provider on file who is paid by EFT."""
    return ProviderRow(
        npi=npi,
        tin=tin,
        name=name,
        address=Address(line1=street, city="AUSTIN", state="TX", zip=zip),
        first=OPENED,
        method="ACH",
        account=BankAccount(routing="113000023", number=account),
        era_receiver="CLEARPATH",
    )


LAKESIDE = provider_row("1234567893", "741234567", "LAKESIDE FAMILY CLINIC", "121 LAKE ST", "787011234", "900001")
METRO = provider_row("1245319599", "742345678", "METRO ONCOLOGY GROUP", "500 MEDICAL PKWY", "787051234", "900002")
HILLCREST = provider_row("1679576722", "743456789", "HILLCREST ORTHOPEDICS", "77 HILL RD", "787031234", "900003")

ALAN = Person(last="REED", first="ALAN", id_qualifier="MI", id="SBA100001")
DANA = Person(last="ORTIZ", first="DANA", id_qualifier="MI", id="SBA100002")
FRANK = Person(last="LIU", first="FRANK", id_qualifier="MI", id="SBA100003")
BIANCA = Person(last="REED", first="BIANCA", birth=date(1982, 9, 5), address=Address(line1="10 MAIN ST"))
CODY = Person(last="REED", first="CODY", birth=date(2012, 6, 22))
ELI = Person(last="ORTIZ", first="ELI", birth=date(2015, 1, 19))


def cas(*rows: tuple[str, str, int]) -> tuple[Adjustment, ...]:
    """Adjustments from (group, reason, cents)."""
    return tuple(Adjustment(group=group, reason=reason, cents=cents) for group, reason, cents in rows)


def line(
    number: int,
    code: str,
    on: date,
    charge: int,
    paid: int,
    adjustments: tuple[Adjustment, ...],
    allowed: int | None,
    control: str = "",
    units: int = 1,
) -> LineDecision:
    """One decided line; denied when nothing was allowed."""
    return LineDecision(
        number=number,
        procedure=Procedure(code=code),
        charge_cents=charge,
        paid_cents=paid,
        allowed_cents=allowed,
        units=Decimal(units),
        denied=allowed is None,
        adjustments=adjustments,
        first=on,
        last=on,
        control=control,
    )


def claim(
    pcn: str,
    provider: ProviderRow,
    subscriber: Person,
    lines: tuple[LineDecision, ...],
    patient: Person | None = None,
    frequency: str = "1",
    charge_sign: int = 1,
) -> Claim:
    """The claim behind decided lines. charge_sign: -1 when the lines are a reversal's."""
    return Claim(
        pcn=pcn,
        charge_cents=sum(one.charge_cents for one in lines) * charge_sign,
        pos="11",
        frequency=frequency,
        billing=Provider(npi=provider.npi, tin=provider.tin, name=provider.name),
        subscriber=subscriber,
        patient=patient or subscriber,
        relationship="19" if patient else "18",
        group_no="BT1001",
        lines=tuple(
            ServiceLine(
                number=one.number,
                procedure=one.procedure,
                charge_cents=one.charge_cents * charge_sign,
                units=one.units,
                first=one.first,
                last=one.last,
                control=one.control,
            )
            for one in lines
        ),
    )


def payable(number: int, claim: Claim, lines: tuple[LineDecision, ...], **decided: object) -> Payable:
    """A claim version of the golden file: number 1-8, or another's ICN in `decided`."""
    fields = {
        "icn": f"26096{number:06d}",
        "outcome": "paid",
        "charge_cents": sum(one.charge_cents for one in lines),
        "paid_cents": sum(one.paid_cents for one in lines),
        "patient_cents": sum(a.cents for one in lines for a in one.adjustments if a.group == "PR"),
        "lines": lines,
    } | decided
    decision = Decision(**fields)
    return Payable(
        icn=decision.icn,
        version=decision.version,
        ord=f"{number:032d}",
        claim=claim,
        decision=decision,
        received=RECEIVED,
    )


def golden_payables() -> dict[str, Payable]:
    """C1 to C8 and the reversal of H1, by name."""
    c1 = (
        line(1, "99214", date(2026, 3, 16), 18000, 9500, cas(("CO", "45", 5500), ("PR", "3", 3000)), 12500, "C1L1"),
        line(2, "80053", date(2026, 3, 16), 6000, 0, cas(("CO", "45", 3500), ("PR", "1", 2500)), 2500, "C1L2"),
    )
    c2 = (line(1, "99213", date(2026, 3, 9), 15000, 0, cas(("PR", "27", 15000)), None, "C2L1"),)
    c3 = (
        line(1, "99214", date(2026, 3, 16), 18000, 0, cas(("OA", "18", 18000)), None, "C3L1"),
        line(2, "80053", date(2026, 3, 16), 6000, 0, cas(("OA", "18", 6000)), None, "C3L2"),
    )
    c4_cas = cas(("CO", "45", 49867), ("PR", "1", 70000), ("PR", "2", 14027))
    c4 = (line(1, "11402", date(2026, 3, 18), 190000, 56106, c4_cas, 140133, "C4L1"),)
    c5_cas = cas(("CO", "45", 430000), ("PR", "1", 97500), ("PR", "2", 202500))
    c5 = (
        line(1, "J9271", date(2026, 3, 20), 1600000, 870000, c5_cas, 1170000, "C5L1", 200),
        line(2, "96413", date(2026, 3, 20), 50000, 30000, cas(("CO", "45", 20000)), 30000, "C5L2"),
    )
    c6 = (line(1, "25600", date(2026, 3, 11), 80000, 12000, cas(("OA", "23", 68000)), 60000, "C6L1"),)
    h1_cas = cas(("CO", "45", -50000), ("PR", "1", -100000), ("PR", "2", -10000))
    h1 = (line(1, "25605", date(2026, 2, 10), -200000, -40000, h1_cas, -150000),)
    c7_cas = cas(("CO", "45", 40000), ("PR", "1", 100000), ("PR", "2", 4000))
    c7 = (line(1, "25600", date(2026, 2, 10), 160000, 16000, c7_cas, 120000, "C7L1"),)
    c8 = (
        line(1, "J9271", date(2026, 4, 1), 2450000, 1770000, cas(("CO", "45", 680000)), 1770000, "C8L1", 300),
        line(2, "96413", date(2026, 4, 1), 50000, 30000, cas(("CO", "45", 20000)), 30000, "C8L2"),
    )
    reversal = payable(
        7,
        claim("HIL-2001", HILLCREST, ALAN, h1, CODY, charge_sign=-1),
        h1,
        icn="26072000001",
        version=2,
        outcome="reversal",
        status="22",
        reverses=("26072000001", 1),
        remarks=("N694",),
    )
    return {
        "C1": payable(1, claim("LFC-5001", LAKESIDE, ALAN, c1), c1),
        "C2": payable(2, claim("LFC-5002", LAKESIDE, FRANK, c2), c2, outcome="denied", coverage_end=date(2026, 2, 28)),
        "C3": payable(3, claim("LFC-5001", LAKESIDE, ALAN, c3), c3, outcome="denied"),
        "C4": payable(4, claim("LFC-5004", LAKESIDE, DANA, c4), c4),
        "C5": payable(5, claim("MOG-9001", METRO, ALAN, c5, BIANCA), c5),
        "C6": payable(6, claim("HIL-3001", HILLCREST, DANA, c6, ELI), c6, status="2"),
        "C7": payable(7, claim("HIL-2001", HILLCREST, ALAN, c7, CODY, "7"), c7, original_icn="26072000001"),
        "H1": reversal,
        "C8": payable(8, claim("MOG-9002", METRO, ALAN, c8, BIANCA), c8),
    }
