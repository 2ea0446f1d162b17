"""The golden plan worked out with a pencil: no code of the product, only its documents' numbers.

Embedded deductible 1,000 / 2,000, 20 %, out-of-pocket 3,000 / 6,000, office visit copay 30, standard coordination,
price never above the charge. Eight claims, three families, three payees.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

HERE = Path(__file__).parent
FEES = (HERE / "fees.csv").read_text()
LAKESIDE, METRO, HILLCREST = "1234567893", "1245319599", "1679576722"
FAMILY = {"M01": "R", "M02": "R", "M03": "R", "M04": "O", "M05": "O", "M06": "L"}
OPENING_CASH, MINIMUM, RETENTION, H1_PAID = 15_000_00, 5_000_00, 10_000_00, 400_00
ORDER = ("C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8")


@dataclass(frozen=True)
class Claim:
    """pcn, member, payee, date of service, lines (code, units, charge in cents)."""

    pcn: str
    member: str
    payee: str
    on: str
    lines: tuple[tuple[str, int, int], ...]


CLAIMS = {
    "C1": Claim("LFC-5001", "M01", LAKESIDE, "2026-03-16", (("99214", 1, 18000), ("80053", 1, 6000))),
    "C2": Claim("LFC-5002", "M06", LAKESIDE, "2026-03-09", (("99213", 1, 15000),)),
    "C3": Claim("LFC-5001", "M01", LAKESIDE, "2026-03-16", (("99214", 1, 18000), ("80053", 1, 6000))),
    "C4": Claim("LFC-5004", "M04", LAKESIDE, "2026-03-18", (("11402", 1, 190000),)),
    "C5": Claim("MOG-9001", "M02", METRO, "2026-03-20", (("J9271", 200, 1600000), ("96413", 1, 50000))),
    "C6": Claim("HIL-3001", "M05", HILLCREST, "2026-03-11", (("25600", 1, 80000),)),
    "C7": Claim("HIL-2001", "M03", HILLCREST, "2026-02-10", (("25600", 1, 160000),)),
    "C8": Claim("MOG-9002", "M02", METRO, "2026-04-01", (("J9271", 300, 2450000), ("96413", 1, 50000))),
}


@dataclass
class Worked:
    """What it comes to, in cents. claims: name -> (paid, patient's part)."""

    claims: dict[str, tuple[int, int]] = field(default_factory=dict)
    deductible: dict[str, int] = field(default_factory=lambda: {"M03": 1000_00, "M04": 300_00, "M05": 1000_00})
    oop: dict[str, int] = field(default_factory=lambda: {"M03": 1100_00, "M04": 300_00, "M05": 1000_00})
    net: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def disbursed(self) -> int:
        """What payees with something to come are paid."""
        return sum(max(0, cents) for cents in self.net.values())

    @property
    def owed(self) -> int:
        """What payees came to owe."""
        return sum(max(0, -cents) for cents in self.net.values())

    @property
    def request(self) -> int:
        """What the employer is asked for."""
        return max(0, self.disbursed + MINIMUM - OPENING_CASH)

    @property
    def recovery(self) -> int:
        """What the carrier owes for Bianca."""
        return sum(self.claims[name][0] for name in ("C5", "C8")) - RETENTION

    def trial_balance(self) -> dict[str, int]:
        """Accounts that are not 0 after the carrier has paid."""
        return {
            "1010": OPENING_CASH + self.request - self.disbursed + self.recovery,
            "1300": self.owed,
            "3010": -(OPENING_CASH + H1_PAID + self.request),
            "5010": sum(paid for paid, _ in self.claims.values()),
            "5900": -self.recovery,
        }


def a_cent_more(fees: str = FEES) -> str:
    """The fee schedule with every price one cent higher."""
    rows = list(csv.DictReader(io.StringIO(fees)))
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows({**row, "allowed": Decimal(row["allowed"]) + Decimal("0.01")} for row in rows)
    return out.getvalue()


def work_out(fees: str = FEES, order: tuple[str, ...] = ORDER) -> Worked:
    """The scenario under a fee schedule, its claims in an order."""
    worked, rows = Worked(), list(csv.DictReader(io.StringIO(fees)))
    for name in order:
        claim = CLAIMS[name]
        if name in ("C2", "C3"):  # after coverage ended; a duplicate of C1
            worked.claims[name] = (0, 15000 if name == "C2" else 0)
            continue
        if name == "C7":
            _take_back_h1(worked)
        parts = [_line(worked, claim, name, _price(rows, claim, line), line) for line in claim.lines]
        paid, patient = (sum(each) for each in zip(*parts, strict=True))
        worked.claims[name] = (paid, patient)
        worked.net[claim.payee] += paid
    return worked


def _take_back_h1(worked: Worked) -> None:
    worked.deductible["M03"] -= 1000_00
    worked.oop["M03"] -= 1100_00
    worked.net[HILLCREST] -= H1_PAID


def _price(rows: list[dict[str, str]], claim: Claim, line: tuple[str, int, int]) -> int:
    code, units, charge = line
    (row,) = [
        row
        for row in rows
        if (row["npi"], row["code"]) == (claim.payee, code)
        and row["effective_from"] <= claim.on <= (row["effective_to"] or "9999")
    ]
    cents = int(Decimal(row["allowed"]) * 100) * (units if row["per"] == "unit" else 1)
    return min(cents, charge)


def _line(worked: Worked, claim: Claim, name: str, allowed: int, line: tuple[str, int, int]) -> tuple[int, int]:
    """(paid, patient's part) of a line."""
    member, family = claim.member, FAMILY[claim.member]
    relatives = [one for one, root in FAMILY.items() if root == family]
    oop_left = min(3000_00 - worked.oop.get(member, 0), 6000_00 - sum(worked.oop.get(one, 0) for one in relatives))
    if line[0].startswith("992"):
        deductible, share = 0, min(30_00, allowed, oop_left)
    else:
        family_left = 2000_00 - sum(worked.deductible.get(one, 0) for one in relatives)
        deductible = min(allowed, 1000_00 - worked.deductible.get(member, 0), family_left, oop_left)
        coinsurance = (Decimal(allowed - deductible) * 20 / 100).quantize(Decimal(1), ROUND_HALF_UP)
        share = min(int(coinsurance), oop_left - deductible)
    if name == "C6":  # the other plan allowed 600.00 and paid 480.00: at most what it left, and nothing for Eli
        return min(allowed - deductible - share, max(600_00, allowed) - 480_00), 0
    worked.deductible[member] = worked.deductible.get(member, 0) + deductible
    worked.oop[member] = worked.oop.get(member, 0) + deductible + share
    return allowed - deductible - share, deductible + share
