"""What the tests of edits share: units written down segment by segment, and sets to begin with."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from parsers.edits import Editor, Terms
from parsers.events import Unit
from parsers.findings import Finding
from parsers.forms import DENTAL, ENROLMENT, INSTITUTIONAL, PREMIUM, PROFESSIONAL, REMITTANCE

TODAY = date(2026, 4, 6)
OPENERS = {("2000A", "HL"), ("2000B", "HL"), ("2000C", "HL"), ("2300", "CLM"), ("2000", "INS"), ("2100", "CLP"),
           ("FOOTER", "PLB")}  # fmt: skip

HEAD = """
HEADER BHT*0019*00*B1*20260406*0900*CH
2000A HL*1**20*1
2010AA NM1*85*2*LAKESIDE CLINIC*****XX*1234567893
2010AA N3*121 LAKE ST
2010AA N4*AUSTIN*TX*787011234
2010AA REF*EI*741234567
2000B HL*2*1*22*0
2000B SBR*P*18*BT1001******CI
2010BA NM1*IL*1*REED*ALAN****MI*SBA100001
2010BA N3*10 MAIN ST
2010BA N4*AUSTIN*TX*78701
2010BA DMG*D8*19800412*M
2010BB NM1*PR*2*SUMMIT*****PI*SBA01
"""

PROFESSIONAL_CLAIM = HEAD + """
2300 CLM*P-1*240***11:B:1*Y*A*Y*Y
2300 HI*ABK:E119*ABF:I10
2400 LX*1
2400 SV1*HC:99214*180*UN*1***1
2400 DTP*472*D8*20260316
2400 LX*2
2400 SV1*HC:80053*60*UN*1***1:2
2400 DTP*472*D8*20260316
"""  # fmt: skip
"""A professional claim of two lines; the patient is the subscriber."""

INSTITUTIONAL_CLAIM = HEAD + """
2300 CLM*I-1*3000***11:A:1**A*Y*Y
2300 DTP*434*RD8*20260310-20260312
2300 DTP*435*DT*202603101405
2300 DTP*096*TM*1100
2300 CL1*1*1*01
2300 HI*ABK:K3580:::::::Y
2300 HI*ABJ:R1031
2310A NM1*71*1*STRAND*AVA****XX*1234567893
2400 LX*1
2400 SV2*0120**2000*DA*2
2400 LX*2
2400 SV2*0250**1000*UN*4
"""  # fmt: skip
"""An institutional claim of a stay, discharged home."""

DENTAL_CLAIM = HEAD + """
2300 CLM*D-1*210***11:B:1*Y*A*Y*Y
2300 DTP*472*D8*20260316
2400 LX*1
2400 SV3*AD:D2392*210****1
2400 TOO*JP*30*M:O
"""  # fmt: skip
"""A dental claim: two surfaces of a molar."""

COB = {
    "2300 HI": "2300 HI",
    "2400 LX*1": """2320 SBR*S*18*G9******CI
2320 CAS*PR*1*40
2320 AMT*D*200
2320 OI***Y***Y
2330A NM1*IL*1*REED*ALAN****MI*X1
2330B NM1*PR*2*ACME*****PI*ACME1
2330B DTP*573*D8*20260330
2400 LX*1""",
}
"""Another payer that paid 200.00 of 240.00 and adjusted at claim level."""

MEMBERS = """
HEADER BGN*00*E1*20260402*0800****2
HEADER QTY*ET*1
HEADER QTY*DT*1
HEADER QTY*TO*2
2000 INS*Y*18*021*28*A***FT
2000 REF*0F*SBA100001
2100A NM1*IL*1*REED*ALAN
2300 HD*021**PPO*BT*FAM
2300 DTP*348*D8*20260101
2000 INS*N*01*021*28*A
2000 REF*0F*SBA100001
2100A NM1*IL*1*REED*BIANCA
2300 HD*021**PPO*BT
2300 DTP*348*D8*20260101
"""
"""An enrolment of a subscriber and a dependent."""

PAYMENT = """
HEADER BPR*I*160*C*ACH*CCP*01*111000025*DA*123*1749998887**01*111000025*DA*456*20260414
HEADER TRN*1*T1*1749998887
2000 LX*1
2100 CLP*P-1*1*240*200*20*12*ICN1
2110 SVC*HC:99214*180*150**1
2110 CAS*CO*45*10
2110 CAS*PR*1*20
2110 SVC*HC:80053*60*50**1
2110 CAS*CO*45*10
FOOTER PLB*1234567893*20261231*WO:ICN0*40
"""
"""A payment of one claim less an overpayment."""

PREMIUMS = """
HEADER BPR*I*150*C*ACH
2000B ENT*1*2J*34*900000001
2300B RMR*AZ*POL1**100*110
2320B ADX*-10*52
2000B ENT*2*2J*34*900000002
2200B ADX*-50*53
2300B RMR*AZ*POL2**100
"""
"""A premium payment of two people."""


SETS = {
    "P": (PROFESSIONAL, PROFESSIONAL_CLAIM), "I": (INSTITUTIONAL, INSTITUTIONAL_CLAIM), "D": (DENTAL, DENTAL_CLAIM),
    "834": (ENROLMENT, MEMBERS), "835": (REMITTANCE, PAYMENT), "820": (PREMIUM, PREMIUMS),
}  # fmt: skip
"""The sets to begin with, by the letter or number of their guide."""


class Case(NamedTuple):
    """given makes a row worth asking and is right; spoil breaks it."""

    name: str
    set: str
    given: dict[str, str]
    spoil: dict[str, str]


def changed(text: str, changes: dict[str, str]) -> str:
    """The text with each key, which must be there, replaced by its value once."""
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def units(text: str) -> list[Unit]:
    """The units of a set written as lines of loop and segment."""
    found: list[Unit] = []
    rows: list[tuple[str, list[str]]] = []
    kind, begun, position = "header", 2, 1
    for line in [line for line in text.splitlines() if line.strip()]:
        loop, segment = line.split(" ", 1)
        values = segment.split("*")
        position += 1
        if (loop, values[0]) in OPENERS:
            if rows:
                found.append(Unit(kind, rows, begun, len(found)))
            rows, kind, begun = [], "trailer" if loop == "FOOTER" else loop, position
        rows.append((loop, values))
    return [*found, Unit(kind, rows, begun, len(found))]


def edited(guide: str, text: str, terms: Terms | None = None) -> list[Finding]:
    """Everything that is found in a set."""
    editor = Editor(guide, terms or Terms(today=TODAY))
    return [finding for unit in units(text) for finding in editor.take(unit)] + list(editor.close())
