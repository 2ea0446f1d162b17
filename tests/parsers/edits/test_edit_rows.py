"""Laws of the tables of edits: each row holds for a set that keeps it, and fails where it is broken."""

from __future__ import annotations

import pytest
from edit_material import (
    COB,
    INSTITUTIONAL_CLAIM,
    SETS,
    Case,
    changed,
    edited,
)

from parsers.edits import balancing, products, situations
from parsers.forms import INSTITUTIONAL

ACCIDENT = {"*Y*A*Y*Y\n": "*Y*A*Y*Y**AA:::TX\n2300 DTP*439*D8*20260301\n"}
LINE_PAID = {
    **COB, "2330B DTP*573*D8*20260330\n": "",
    "SV1*HC:99214*180*UN*1***1\n2400 DTP*472*D8*20260316": "SV1*HC:99214*180*UN*1***1\n2400 DTP*472*D8*20260316\n"
    "2430 SVD*ACME1*150*HC:99214**1\n2430 CAS*CO*45*30\n2430 DTP*573*D8*20260330",
    "2320 CAS*PR*1*40\n2320 AMT*D*200\n": "2320 CAS*PR*1*10\n2320 AMT*D*200\n",
}  # fmt: skip
INTERIM = {"11:A:1": "11:A:2", "2300 DTP*096*TM*1100\n": "", "CL1*1*1*01": "CL1*1*1*30"}
OUTPATIENT = {
    "11:A:1": "13:A:1", "2300 DTP*435*DT*202603101405\n": "", "2300 DTP*096*TM*1100\n": "", ":::::::Y": "",
    "2300 HI*ABJ:R1031\n": "2300 HI*APR:R1031\n", "SV2*0120**2000*DA*2\n":
    "SV2*0450*HC:99284*2000*UN*1\n2400 DTP*472*D8*20260310\n", "SV2*0250**1000*UN*4\n":
    "SV2*0250**1000*UN*4\n2400 DTP*472*D8*20260312\n",
}  # fmt: skip
AMBULANCE = {
    "SV1*HC:99214*180": "SV1*HC:A0425*180",
    "2400 LX*1": "2300 CR1****A*DH*12\n2310E NM1*PW*2\n2310F NM1*45*2\n2400 LX*1",
}
EQUIPMENT = {
    "SV1*HC:99214*180*UN*1***1\n": "SV1*HC:E0607:RR*180*UN*1***1\n2400 SV5*HC:E0607*DA*30*50*0*4\n2400 CR3*R*MO*12\n",
    "20260316\n2400 LX*2": "20260316\n2400 DTP*607*D8*20260301\n2400 DTP*463*D8*20260101\n2400 LX*2",
}
PATIENT = {
    "SBR*P*18*": "SBR*P**",
    "2010BB NM1*PR*2*SUMMIT*****PI*SBA01\n": "2010BB NM1*PR*2*SUMMIT*****PI*SBA01\n2000C HL*3*2*23*0\n2000C PAT*19\n"
    "2010CA NM1*QC*1*REED*CODY\n2010CA DMG*D8*20150412*M\n",
}
CANCELLED = {"INS*N*01*021*28*A": "INS*N*01*024*14*A", "2300 HD*021**PPO*BT\n2300 DTP*348*D8*20260101":
             "2300 HD*024**PPO*BT\n2300 DTP*349*D8*20260331"}  # fmt: skip


CASES = (
    # 3: sums
    Case("SV1 lines add up to CLM02", "P", {}, {"P-1*240": "P-1*240.01"}),
    Case("SV2 lines add up to CLM02", "I", {"2400 LX*2": "2400 LX*9\n2400 SV2*0001**3000*UN*1\n2400 LX*2"},
         {"**1000*UN": "**999.5*UN"}),
    Case("SV3 lines add up to CLM02", "D", {}, {"D2392*210": "D2392*209"}),
    Case("another payer's line balances", "P", LINE_PAID, {"SVD*ACME1*150": "SVD*ACME1*149"}),
    Case("another payer's line balances", "P",
         {**LINE_PAID, "2430 SVD*ACME1*150*HC:99214**1":
          "2430 SVD*ACME1*100*HC:99213**1\n2430 SVD*ACME1*50*HC:99214**1"},
         {"SVD*ACME1*50": "SVD*ACME1*40"}),
    Case("another payer's claim balances", "P", COB, {"AMT*D*200": "AMT*D*199"}),
    Case("another payer's claim balances", "P", LINE_PAID, {"CAS*PR*1*10": "CAS*PR*1*11"}),
    Case("a paid line balances", "835", {}, {"*180*150*": "*180*151*"}),
    Case("the lines of a paid claim add up", "835", {}, {"*60*50*": "*61*50*"}),
    Case("a paid claim balances", "835", {}, {"*240*200*": "*240*201*"}),
    Case("a payment is its claims less PLB", "835", {}, {"BPR*I*160": "BPR*I*200"}),
    Case("a payment is its claims less PLB", "835", {}, {"WO:ICN0*40": "WO:ICN0*-40"}),
    Case("employees are counted", "834", {}, {"ET*1": "ET*2"}),
    Case("dependents are counted", "834", {}, {"DT*1": "DT*0"}),
    Case("members are counted", "834", {}, {"TO*2": "TO*3"}),
    Case("a premium payment is what it lists", "820", {}, {"BPR*I*150": "BPR*I*200"}),
    # 4: people
    Case("a claim names the billing NPI", "P", {}, {"*XX*1234567893": ""}),
    Case("a subscriber has a member id", "P", {}, {"*MI*SBA100001": ""}),
    Case("either SBR02 is 18 or there is a patient", "P", PATIENT, {"SBR*P**": "SBR*P*18*"}),
    Case("either SBR02 is 18 or there is a patient", "P", {}, {"SBR*P*18*": "SBR*P**"}),
    Case("a subscriber who is the patient has a birth date", "P", {}, {"2010BA DMG*D8*19800412*M\n": ""}),
    Case("a subscriber who is the patient has an address", "P", {}, {"2010BA N3*10 MAIN ST\n": ""}),
    Case("only a subscriber who is the patient has PAT", "P", PATIENT,
         {"2010BA NM1": "2000B PAT*****D8*20260316\n2010BA NM1"}),
    Case("a patient is born before the service", "P", {}, {"19800412": "20260317"}),
    Case("a patient is born before the service", "P", PATIENT, {"20150412": "20260317"}),
    Case("an institutional claim names the attending provider", "I", {},
         {"2310A NM1*71*1*STRAND*AVA****XX*1234567893\n": ""}),
    # 4: claims
    Case("an accident has its date", "P", ACCIDENT, {"2300 DTP*439*D8*20260301\n": ""}),
    Case("an accident comes before its treatment", "P", ACCIDENT, {"20260301": "20260317"}),
    Case("a car accident has its state", "P", ACCIDENT, {"AA:::TX": "AA"}),
    Case("only a car accident has a state", "P", ACCIDENT, {"AA:::TX": "OA:::TX"}),
    Case("the frequency is one this kind of claim has", "P", {}, {"11:B:1": "11:B:5"}),
    Case("a correction names its original", "P", {"11:B:1*Y*A*Y*Y\n": "11:B:7*Y*A*Y*Y\n2300 REF*F8*ICN1\n"},
         {"2300 REF*F8*ICN1\n": ""}),
    Case("a stay has its admission", "I", {}, {"2300 DTP*435*DT*202603101405\n": ""}),
    Case("admission comes before the statement ends", "I", {}, {"DT*202603101405": "DT*202603131405"}),
    Case("a stay that ended has its discharge hour", "I", {}, {"2300 DTP*096*TM*1100\n": ""}),
    Case("a stay that goes on has no discharge hour", "I", INTERIM, {"2300 CL1": "2300 DTP*096*TM*1100\n2300 CL1"}),
    Case("a stay has its patient status", "I", {}, {"CL1*1*1*01": "CL1*1*1"}),
    Case("a stay has its kind of admission", "I", {}, {"CL1*1*1*01": "CL1**1*01"}),
    Case("a stay has its source of admission", "I", {}, {"CL1*1*1*01": "CL1*1**01"}),
    Case("an interim bill says the patient is still there", "I", INTERIM, {"CL1*1*1*30": "CL1*1*1*01"}),
    Case("a stay has its admitting diagnosis", "I", {}, {"2300 HI*ABJ:R1031\n": ""}),
    Case("an unscheduled visit has its reason", "I", OUTPATIENT, {"2300 HI*APR:R1031\n": ""}),
    Case("no service lies ahead", "P", {"20260316": "20260406"}, {"20260406\n2400 LX*2": "20260407\n2400 LX*2"}),
    Case("no service lies ahead", "I", {}, {"20260310-20260312": "20260310-20260407"}),
    Case("no service ends before it begins", "P", {"D8*20260316": "RD8*20260316-20260316"},
         {"20260316-20260316": "20260316-20260315"}),
    Case("the statement covers its lines", "I", OUTPATIENT, {"DTP*472*D8*20260312": "DTP*472*D8*20260313"}),
    Case("amounts are not below 0", "P", {}, {"99214*180": "99214*-180"}),
    Case("amounts are not below 0", "D", {}, {"D-1*210": "D-1*-210"}),
    Case("a patient has not paid more than was charged", "P", {"2300 HI": "2300 AMT*F5*240\n2300 HI"},
         {"F5*240": "F5*241"}),
    Case("a predetermination has no day of service", "D",
         {"*Y*A*Y*Y": "*Y*A*Y*Y**********PB", "2300 DTP*472*D8*20260316\n": ""},
         {"2400 LX*1": "2300 DTP*472*D8*20260316\n2400 LX*1"}),
    # 4: diagnoses
    Case("a claim has its principal diagnosis", "P", {}, {"2300 HI*ABK:E119*ABF:I10\n": "", "***1:2\n": "\n"}),
    Case("diagnoses are in the version of their day", "P", {}, {"ABK:E119": "BK:25000"}),
    Case("diagnoses are in the version of their day", "P", {},
         {"20260316\n2400 LX*2": "20150930\n2400 LX*2", "2\n2400 DTP*472*D8*20260316": "2\n2400 DTP*472*D8*20150930"}),
    Case("no diagnosis is told twice", "P", {}, {"ABF:I10": "ABF:E119"}),
    Case("the principal diagnosis is no external cause", "P", {}, {"ABK:E119": "ABK:W1830XA"}),
    Case("pointers point at diagnoses", "P", {}, {"***1:2": "***1:3"}),
    Case("pointers point at diagnoses", "D",
         {"2400 LX": "2300 HI*ABK:K0262\n2400 LX", "*210****1\n": "*210****1*****1\n"}, {"1*****1\n": "1*****2\n"}),
    # 4: lines
    Case("professional units are above 0", "P", {}, {"180*UN*1": "180*UN*0"}),
    Case("dental counts are above 0", "D", {}, {"*210****1\n": "*210****0\n"}),
    Case("no line repeats the total", "I", {}, {"2400 LX*2": "2400 LX*9\n2400 SV2*0001**3000*UN*1\n2400 LX*2"}),
    Case("an outpatient line has its day", "I", OUTPATIENT, {"2400 DTP*472*D8*20260312\n": ""}),
    Case("a dental service has its day", "D", {}, {"2300 DTP*472*D8*20260316\n": ""}),
    Case("a dental service has its day", "D", {"2300 DTP": "2400 LX*0\n2400 SV3*AD:D0120*0\n2400 DTP", "2400 TOO":
                                               "2400 DTP*472*D8*20260316\n2400 TOO"},
         {"*1\n2400 DTP*472*D8*20260316\n": "*1\n"}),
    Case("a replaced prosthesis has its first day", "D",
         {"AD:D2392*210****1": "AD:D5110*210***R*1", "2400 TOO*JP*30*M:O": "2400 DTP*441*D8*20150316"},
         {"2400 DTP*441*D8*20150316": ""}),
    # 4: other payers
    Case("no two payers have one place", "P", COB, {"2320 SBR*S": "2320 SBR*P"}),
    Case("a payer that paid tells the day", "P", COB, {"2330B DTP*573*D8*20260330\n": ""}),
    Case("a payer tells the day once", "P", LINE_PAID, {"*PI*ACME1\n": "*PI*ACME1\n2330B DTP*573*D8*20260330\n"}),
    Case("lines name payers of the claim", "P", LINE_PAID, {"SVD*ACME1": "SVD*ACME2"}),
    # 4: members
    Case("a file sent again names the first", "834", {"BGN*00*E1*20260402*0800**": "BGN*15*E2*20260402*0800**E1"},
         {"**E1": "**"}),
    Case("a subscriber is nobody's dependent", "834", {}, {"INS*N*01": "INS*N*18"}),
    Case("a subscriber is nobody's dependent", "834", {}, {"INS*Y*18": "INS*Y*19"}),
    Case("a dependent names its subscriber", "834", {}, {"28*A\n2000 REF*0F*SBA100001\n": "28*A\n"}),
    Case("a subscriber comes before its dependents", "834", {}, {"INS*Y*18": "INS*N*19", "INS*N*01": "INS*Y*18"}),
    Case("a cancelled person has a last day", "834", CANCELLED, {"2300 DTP*349*D8*20260331": ""}),
    Case("a death has its day", "834", {"INS*N*01*021*28*A": "INS*N*01*024*03*A******D8*20260331",
                                        "PPO*BT\n": "PPO*BT\n2300 DTP*349*D8*20260331\n"}, {"******D8*20260331": ""}),
    Case("a COBRA member has a qualifying event", "834", {"021*28*A***FT": "021*09*C**1*TE"}, {"**1*TE": "***TE"}),
    Case("a corrected name tells the wrong one", "834",
         {"2100A NM1*IL*1*REED*ALAN\n": "2100A NM1*74*1*REED*ALAN\n2100B NM1*70*1*READ*ALAN\n"},
         {"2100B NM1*70*1*READ*ALAN\n": ""}),
    Case("a Medicare reason has a Medicare plan", "834", {"28*A***FT": "28*A*A:0**FT"}, {"A:0": ":0"}),
    Case("a member is born by the day of receipt", "834",
         {"2100A NM1*IL*1*REED*ALAN\n": "2100A NM1*IL*1*REED*ALAN\n2100A DMG*D8*19800312*M\n"},
         {"19800312": "29990101"}),
    Case("a coverage that begins has its first day", "834", {}, {"FAM\n2300 DTP*348*D8*20260101\n": "FAM\n"}),
    Case("a coverage that ends has begun", "834",
         {"HD*021**PPO*BT*FAM\n": "HD*030**PPO*BT*FAM\n2300 DTP*349*D8*20261231\n"},
         {"20261231\n2300 DTP*348*D8*20260101\n": "20261231\n"}),
    Case("a terminated coverage has its last day", "834", CANCELLED, {"2300 DTP*349*D8*20260331": ""}),
    Case("a coverage ends after it begins", "834", {"FAM\n": "FAM\n2300 DTP*349*D8*20260101\n"},
         {"349*D8*20260101": "349*D8*20251231"}),
    # 4: payments
    Case("no payment is negative", "835", {}, {"BPR*I*160": "BPR*I*-160"}),
    Case("without money there is no payment", "835", {}, {"ACH": "NON"}),
    Case("a payer has one number", "835", {}, {"TRN*1*T1*1749998887": "TRN*1*T1*1749998888"}),
    Case("a transfer names both accounts", "835", {}, {"DA*456": "DA*"}),
    Case("the patient's share is its adjustments", "835", {}, {"*200*20*": "*200*40*"}),
    Case("a reversal has no share of the patient", "835", {"CLP*P-1*1*240*200*20*": "CLP*P-1*22*240*200**"},
         {"*200**": "*200*20*"}),
    Case("no adjustment is 0", "835", {}, {"CAS*PR*1*20": "CAS*PR*1*20**2*0"}),
    # 6: products
    Case("a transport has its certificate", "P", AMBULANCE, {"2300 CR1****A*DH*12\n": ""}),
    Case("a transport has its pick-up", "P", AMBULANCE, {"2310E NM1*PW*2\n": ""}),
    Case("a transport has its drop-off", "P", AMBULANCE, {"2310F NM1*45*2\n": ""}),
    Case("mileage has its miles", "P", AMBULANCE, {"DH*12": "DH*"}),
    Case("anaesthesia is counted in minutes", "P", {"99214*180*UN*1": "00790*180*MJ*45"}, {"MJ*45": "UN*45"}),
    Case("minutes are anaesthesia's", "P", {}, {"180*UN*1": "180*MJ*45"}),
    Case("minutes are whole and fit a day", "P", {"99214*180*UN*1": "00790*180*MJ*45"}, {"MJ*45": "MJ*1441"}),
    Case("equipment is what is charged", "P", EQUIPMENT, {"SV5*HC:E0607": "SV5*HC:E0608"}),
    Case("a rental has its price", "P", EQUIPMENT, {"DA*30*50": "DA*30*"}),
    Case("a certified therapy has begun", "P", EQUIPMENT, {"2400 DTP*463*D8*20260101\n": ""}),
    Case("a revised certificate has its day", "P", EQUIPMENT, {"2400 DTP*607*D8*20260301\n": ""}),
    Case("a procedure on a tooth names it", "D", {}, {"2400 TOO*JP*30*M:O\n": ""}),
    Case("a tooth is one of the chart", "D", {}, {"JP*30": "JP*33"}),
    Case("a filling has its surfaces", "D", {}, {"30*M:O": "30"}),
    Case("a filling has as many surfaces as its code", "D", {}, {"30*M:O": "30*M:O:D"}),
    Case("a surface is one the tooth has", "D", {}, {"JP*30": "JP*8"}),
    Case("a procedure on a quadrant names it", "D", {"D2392*210**": "D4341*210**20", "2400 TOO*JP*30*M:O\n": ""},
         {"210**20": "210**"}),
    Case("orthodontics tells its months", "D",
         {"D2392": "D8080", "2300 DTP": "2300 DN1*24*24\n2300 DTP", "2400 TOO*JP*30*M:O\n": ""},
         {"2300 DN1*24*24\n": ""}),
    Case("an indicator of presence is known", "I", {}, {":::::::Y": ":::::::X"}),
    Case("an indicator of presence is of a stay", "I", OUTPATIENT, {"ABK:K3580": "ABK:K3580:::::::Y"}),
    Case("a hospital stay tells what was present", "I", {}, {":::::::Y": ""}),
    Case("a DRG is of a stay", "I", OUTPATIENT, {"2300 HI*APR": "2300 HI*DR:339\n2300 HI*APR"}),
    Case("room and board is counted in days", "I", {}, {"2000*DA": "2000*UN"}),
)  # fmt: skip

TABLES = (*balancing.EDITS, *situations.EDITS, *products.EDITS)


@pytest.mark.parametrize("case", CASES, ids=[f"{case.set}: {case.name}" for case in CASES])
def test_a_row_fails_where_it_is_broken_and_nowhere_else(case: Case) -> None:
    """A set that keeps every row has no finding; the same set, spoilt, has the row's."""
    guide, text = SETS[case.set]
    right = changed(text, case.given)
    assert [finding.rule for finding in edited(guide, right) if finding.severity == "error"] == []
    assert case.name not in [finding.rule for finding in edited(guide, right)]
    found = [finding for finding in edited(guide, changed(right, case.spoil)) if finding.rule == case.name]
    assert found
    (edit,) = {edit.message: edit for edit in TABLES if edit.name == case.name}.values()
    assert {(one.code, one.snip, one.message) for one in found} == {(edit.code, edit.snip, edit.message)}


def test_every_row_is_tried() -> None:
    """No row of the tables is without a case, and no two rows share a name."""
    names = [edit.name for edit in TABLES]
    assert len(names) == len(set(names))
    assert {case.name for case in CASES} == set(names)


@pytest.mark.parametrize("name", SETS)
def test_a_set_that_keeps_every_row_has_no_finding(name: str) -> None:
    """What is right passes without a warning."""
    assert edited(*SETS[name]) == []


@pytest.mark.parametrize("bill", ["12:A:1", "22:A:1", "28:A:1", "65:A:1", "66:A:1", "86:A:1"])
def test_presence_on_admission_outside_a_hospital_stay_rejects_nothing(bill: str) -> None:
    """Part B of a stay and residential care may tell what was present: it is advice, no error."""
    stay = changed(INSTITUTIONAL_CLAIM, {"11:A:1": bill})
    assert {one.severity for one in edited(INSTITUTIONAL, stay) if "presence" in one.rule} == {"warning"}
