"""If A then B (SNIP 4): the guides' situational rules as a table, claims first, then enrolment and payment.

Sources: domain 3 (837), 2 (834), 5 (835) and the situational notes of the guides. What receivers read differently, or
the guide words as advice, weighs a warning at most.
"""

from __future__ import annotations

from parsers.edits import claims, members
from parsers.edits.conditions import bars, both, either, has, lacks, needs, situation
from parsers.edits.table import PD, PID, D, Edit, I, P, filled, says
from parsers.edits.view import sent
from parsers.forms import ENROLMENT, INSTITUTIONAL, PROFESSIONAL, REMITTANCE

# ---- words of the table ----------------------------------------------------------------------------------------------

accident = either(has("2300/CLM11-1", "AA", "OA"), has("2300/CLM11-2", "AA", "OA"))
auto_accident = either(has("2300/CLM11-1", "AA"), has("2300/CLM11-2", "AA"))
correction = has("2300/CLM05-3", "7", "8")
inpatient = claims.inpatient
hospital = has("2300/CLM05-1", "11", "18", "41")  # a stay whose end has an hour: not of skilled nursing (verify)
outpatient = has("2300/CLM05-1", "13", "14", "85")
predetermination = has("2300/CLM19", "PB")
is_patient = has("2000B/SBR02", "18")


unscheduled = has("2300/CL101", "1", "2", "5")
emergency = has("2400/SV201", "0450", "0451", "0452", "0456", "0459", "0516", "0526", "0762")

# ---- claims ----------------------------------------------------------------------------------------------------------

ABOUT_PEOPLE: tuple[Edit, ...] = (
    situation("a claim names the billing NPI", PID, "A6:562:85", "2010AA/NM1", needs(None, "2010AA/NM109"),
              "The billing provider has no NPI.", "Send the NPI in 2010AA NM109, with XX in NM108."),
    situation("a subscriber has a member id", PID, "A6:164:IL", "2010BA/NM1", needs(None, "2010BA/NM109"),
              "The subscriber has no member id.", "Send the id of the card in 2010BA NM109, with MI in NM108."),
    situation("either SBR02 is 18 or there is a patient", PID, "A8:156:QC", "2300/CLM", claims.patient_unclear,
              "SBR02 says 18 beside a patient level (2000C), or says nothing without one.",
              "Send 18 in SBR02 when the subscriber is the patient, else leave it out and send 2000C with PAT01."),
    situation("a subscriber who is the patient has a birth date", PID, "A6:158:IL", "2000B/SBR",
              needs(is_patient, "2010BA/DMG02"), "The subscriber is the patient and has no birth date.",
              "Send DMG with the birth date in 2010BA."),
    situation("a subscriber who is the patient has an address", PID, "A6:503:IL", "2000B/SBR",
              needs(is_patient, "2010BA/N301"), "The subscriber is the patient and has no address.",
              "Send N3 and N4 in 2010BA."),
    situation("only a subscriber who is the patient has PAT", PID, "A8:156:IL", "2300/CLM",
              bars(has("2000C/HL"), "2000B/PAT"), "PAT of 2000B speaks of a patient, but 2000C has another.",
              "Leave PAT of 2000B out; what it says of the patient belongs in PAT of 2000C.", action="remove",
              most="warning"),
    situation("a patient is born before the service", PID, "A7:158:QC", "2300/CLM", claims.unborn,
              "The patient is born after the service or the day of receipt.", "Correct the birth date in DMG02."),
    situation("an institutional claim names the attending provider", I, "A6:562:71", "2300/CLM",
              needs(lacks("2400/SV201", "0540", "0541", "0542", "0543", "0545", "0546", "0548", "0549"),
                    "2310A/NM1*71"),
              "The attending provider is missing.", "Send 2310A with NM1*71 and the NPI."),
)  # fmt: skip
"""Who is who (2000A to 2010CA, 2310)."""

ABOUT_CLAIMS: tuple[Edit, ...] = (
    situation("an accident has its date", PD, "A6:727", "2300/CLM", needs(accident, "2300/DTP*439"),
              "CLM11 tells an accident, but its date is missing.", "Send DTP*439 with the day of the accident.",
              given=filled(11)),
    situation("an accident comes before its treatment", PD, "A7:727", "2300/DTP", claims.accident_late,
              "The accident is dated after the last service.", "Correct the day in DTP*439 or the days of service."),
    situation("a car accident has its state", PD, "A6:750", "2300/CLM",
              needs(both(auto_accident, lacks("2300/CLM11-5")), "2300/CLM11-4"),
              "CLM11 tells a car accident, but not the state it happened in.",
              "Send the state in CLM11-4, or the country in CLM11-5 when it was abroad.", given=filled(11)),
    situation("only a car accident has a state", PD, "A8:750", "2300/CLM",
              bars(lacks("2300/CLM11-1", "AA"), "2300/CLM11-4"), "CLM11 names a state, but no car accident.",
              "Leave CLM11-4 out, or send AA in CLM11-1.", most="warning", given=filled(11)),
    situation("the frequency is one this kind of claim has", PD, "A7:535", "2300/CLM", claims.frequency,
              "CLM05-3 is none of the frequencies of this kind of claim.",
              "Send 1 for a first claim, 7 for a replacement, 8 for a void."),
    situation("a correction names its original", PID, "A6:464", "2300/CLM", needs(correction, "2300/REF*F8"),
              "A replacement or void does not name the claim it is of.",
              "Send REF*F8 with the claim number we gave in the 277CA (REF*1K) or the 835 (CLP07)."),
    situation("a stay has its admission", I, "A6:189", "2300/CLM", needs(inpatient, "2300/DTP*435"),
              "An inpatient claim has no admission date.", "Send DTP*435 with the day and hour of admission."),
    situation("admission comes before the statement ends", I, "A7:189", "2300/DTP", claims.admitted_late,
              "The admission is dated after the statement ends.", "Correct DTP*435 or DTP*434."),
    situation("a stay that ended has its discharge hour", I, "A6:233", "2300/CLM",
              needs(both(hospital, has("2300/CLM05-3", "1", "4"), lacks("2300/CL103", "30")), "2300/DTP*096"),
              "The patient has left, but the hour of discharge is missing.", "Send DTP*096 with the hour (HHMM)."),
    situation("a stay that goes on has no discharge hour", I, "A8:233", "2300/CLM",
              bars(has("2300/CL103", "30"), "2300/DTP*096"),
              "The patient is still there, but an hour of discharge is told.",
              "Leave DTP*096 out, or correct the patient status in CL103.", action="remove", most="warning"),
    situation("a stay has its patient status", I, "A6:234", "2300/CLM", needs(inpatient, "2300/CL103"),
              "An inpatient claim has no patient status.", "Send the status at the statement's end in CL103."),
    situation("a stay has its kind of admission", I, "A6:231", "2300/CLM", needs(inpatient, "2300/CL101"),
              "An inpatient claim has no type of admission.", "Send the type of admission in CL101."),
    situation("a stay has its source of admission", I, "A6:229", "2300/CLM", needs(inpatient, "2300/CL102"),
              "An inpatient claim has no source of admission.", "Send the source of admission in CL102."),
    situation("an interim bill says the patient is still there", I, "A8:234", "2300/CLM",
              claims.left_early,
              "A first or continuing interim bill says that the patient has left.",
              "Send 30 in CL103, or the frequency of a last bill.", most="warning"),
    situation("a stay has its admitting diagnosis", I, "A6:232", "2300/CLM", needs(inpatient, "2300/HI*ABJ|BJ"),
              "An inpatient claim has no admitting diagnosis.", "Send HI*ABJ with the diagnosis at admission."),
    situation("an unscheduled visit has its reason", I, "A6:673", "2300/CLM",
              needs(both(outpatient, unscheduled, emergency), "2300/HI*APR|PR"),
              "An unscheduled outpatient visit does not tell the patient's reason.", "Send HI*APR.", most="warning"),
    situation("no service lies ahead", PID, "A7:187", "2300/CLM", claims.future,
              "A service is dated after the day of receipt.", "Correct the day, or send the claim when it is done."),
    situation("no service ends before it begins", PID, "A7:187", "2300/CLM", claims.backwards,
              "A range of days ends before it begins.", "Send the earlier day first."),
    situation("the statement covers its lines", I, "A8:188", "2400/DTP", claims.outside_statement,
              "A line is dated outside the statement.", "Correct the line's DTP*472 or the statement in DTP*434."),
    situation("amounts are not below 0", PID, "A7:178", "2300/CLM", claims.negative,
              "A charge is below 0.", "Send what was charged; to take a claim back send a void (CLM05-3 = 8)."),
    situation("a patient has not paid more than was charged", PD, "A8:183:QC", "2300/AMT", claims.paid_more,
              "The patient has paid more (AMT*F5) than the claim charges (CLM02).", "Correct AMT*F5.", most="warning"),
    situation("a predetermination has no day of service", D, "A8:187", "2300/CLM",
              bars(predetermination, "2300/DTP*472"), "A predetermination is dated as if it were done.",
              "Leave DTP*472 out, or CLM19.", action="remove", most="warning"),
)  # fmt: skip
"""The claim itself (2300)."""

ABOUT_DIAGNOSES: tuple[Edit, ...] = (
    situation("a claim has its principal diagnosis", (PROFESSIONAL, INSTITUTIONAL), "A6:254", "2300/CLM",
              needs(None, "2300/HI*ABK|BK"), "The principal diagnosis is missing.", "Send HI*ABK."),
    situation("diagnoses are in the version of their day", PID, "A7:255", "2300/HI", claims.wrong_version,
              "A diagnosis is in another version of ICD than its day of service has.",
              "Send ICD-10 (ABK, ABF) for services from 1 October 2015 on, ICD-9 (BK, BF) before."),
    situation("no diagnosis is told twice", PID, "A8:255", "2300/HI", claims.told_twice,
              "A diagnosis is told twice.", "Leave the second out and correct the pointers.", most="warning"),
    situation("the principal diagnosis is no external cause", PID, "A7:254", "2300/HI", claims.external_cause,
              "The principal diagnosis is an external cause (V00 to Y99).",
              "Send the injury or illness first and the external cause behind it.", most="warning"),
    situation("pointers point at diagnoses", PD, "A7:477", "2300/CLM", claims.pointers,
              "A line points at a diagnosis the claim does not have.",
              "Point at one of the claim's diagnoses by its place in HI, 1 for the principal one."),
)  # fmt: skip
"""HI."""

ABOUT_LINES: tuple[Edit, ...] = (
    situation("professional units are above 0", P, "A7:476", "2400/SV1", claims.no_units("2400/SV104"),
              "A line has no units.", "Send how often, or how many minutes, in SV104."),
    situation("dental counts are above 0", D, "A7:476", "2400/SV3", claims.no_units("2400/SV306"),
              "A line has a count of 0.", "Send how often in SV306, or leave it out for once."),
    situation("no line repeats the total", I, "A7:455", "2400/SV2", claims.total_line,
              "A line with revenue code 0001 repeats the claim's total.", "Leave the line out: CLM02 is the total.",
              most="warning"),
    situation("an outpatient line has its day", I, "A6:187", "2400/LX",
              needs(both(outpatient, claims.spans_days, lacks("2410/LIN")), "2400/DTP*472"),
              "The statement spans days, but a line does not tell its own.", "Send DTP*472 with each line.", per="2400",
              most="warning"),
    situation("a dental service has its day", D, "A6:187", "2400/LX",
              needs(both(lacks("2300/DTP*472|452"), lacks("2300/CLM19", "PB")), "2400/DTP*472"),
              "Neither the claim nor the line tells the day of service.", "Send DTP*472 with the claim or the line.",
              per="2400"),
    situation("a replaced prosthesis has its first day", D, "A6:201", "2400/SV3",
              needs(has("2400/SV305", "R"), "2400/DTP*441"),
              "A replacement does not tell when the first one was placed.",
              "Send DTP*441 with the day of the prior placement.", per="2400"),
)  # fmt: skip
"""Lines (2400)."""

ABOUT_OTHER_PAYERS: tuple[Edit, ...] = (
    situation("no two payers have one place", PID, "A8:742", "2320/SBR", claims.same_position,
              "Two payers have the same place in the order of payers (SBR01).", "Send each payer's own place."),
    situation("a payer that paid tells the day", PID, "A6:516", "2320/AMT", claims.undated_payment,
              "Another payer's payment has no date, in 2330B or with its lines.",
              "Send DTP*573 in 2330B, or with each line in 2430."),
    situation("a payer tells the day once", PID, "A8:516", "2430/SVD", claims.dated_twice,
              "Another payer's date stands in 2330B although its lines tell it.", "Leave DTP*573 of 2330B out.",
              action="remove", most="warning"),
    situation("lines name payers of the claim", PID, "A7:479", "2430/SVD", claims.unknown_payer,
              "A line is paid by a payer (SVD01) that the claim does not name.",
              "Send as SVD01 the NM109 of the payer's 2330B."),
)  # fmt: skip
"""Coordination of benefits (2320, 2330, 2430; domain 3.3)."""

# ---- enrolment and payment -------------------------------------------------------------------------------------------

E, R = (ENROLMENT,), (REMITTANCE,)

OF_MEMBERS: tuple[Edit, ...] = (
    situation("a file sent again names the first", E, "original-reference", "HEADER/BGN",
              needs(has("HEADER/BGN01", "15"), "HEADER/BGN06"), "A re-submission does not name its original.",
              "Send in BGN06 the BGN02 of the file this one repeats."),
    situation("a subscriber is nobody's dependent", E, "relationship", "2000/INS", members.relationship,
              "INS01 and INS02 contradict each other: 18 (self) is the subscriber and nobody else.",
              "Send INS*Y*18 for the subscriber, INS*N with the relationship for a dependent.",
              given=lambda ins: (sent(ins, 1) == "Y") is not (sent(ins, 2) == "18")),
    situation("a dependent names its subscriber", E, "subscriber-number", "2000/INS",
              needs(None, "2000/REF02*0F"), "A dependent does not name its subscriber.",
              "Send REF*0F with the subscriber's number.", given=says(1, "N")),
    situation("a subscriber comes before its dependents", E, "subscriber-order", "2000/INS", members.subscriber_late,
              "A subscriber stands behind a dependent of the same number.", "Send the subscriber first.",
              most="warning", given=says(1, "Y")),
    situation("a member is born by the day of receipt", E, "birth-date", "2100A/DMG", members.unborn,
              "A member's birth date lies after the day of receipt.", "Correct the birth date in DMG02."),
    situation("a cancelled person has a last day", E, "end-date", "2000/INS",
              needs(lacks("2300/DTP*349"), "2000/DTP*357"),
              "A cancellation does not tell the last covered day.", "Send DTP*357, or DTP*349 with each coverage.",
              given=says(3, "024")),
    situation("a death has its day", E, "death-date", "2000/INS", needs(None, "2000/INS12"),
              "The reason is a death, but its day is missing.", "Send D8 in INS11 and the day in INS12.",
              most="warning", given=says(4, "03")),
    situation("a COBRA member has a qualifying event", E, "cobra-event", "2000/INS",
              needs(None, "2000/INS07"), "A COBRA member has no qualifying event.",
              "Send the event in INS07.", given=says(5, "C")),
    situation("a corrected name tells the wrong one", E, "corrected-name", "2100A/NM1",
              needs(None, "2100B/NM1*70"), "A correction does not tell what it corrects.",
              "Send 2100B NM1*70 with the name as it was.", most="warning",
              given=says(1, "74")),
    situation("a Medicare reason has a Medicare plan", E, "medicare", "2000/INS",
              needs(has("2000/INS06-2"), "2000/INS06-1"), "INS06 tells a reason for Medicare, but not the parts.",
              "Send A, B, C, D or E in INS06-1.", given=filled(6)),
    situation("a coverage that begins has its first day", E, "benefit-begin", "2300/HD",
              needs(has("2300/HD01", "021", "025"), "2300/DTP*348"), "A new coverage has no first day.",
              "Send DTP*348 with the first covered day.", per="2300", given=says(1, "021", "025")),
    situation("a coverage that ends has begun", E, "benefit-begin", "2300/DTP",
              needs(both(has("2300/DTP*349"), has("2300/HD01", "001", "026", "030")), "2300/DTP*348"),
              "A coverage has a last day but no first one.", "Send DTP*348 beside DTP*349.", per="2300",
              given=says(1, "349")),
    situation("a terminated coverage has its last day", E, "benefit-end", "2300/HD",
              needs(both(has("2300/HD01", "024"), lacks("2000/DTP*357")), "2300/DTP*349"),
              "A terminated coverage has no last day.", "Send DTP*349 with the last covered day.", per="2300",
              given=says(1, "024")),
    situation("a coverage ends after it begins", E, "benefit-dates", "2300/DTP", members.coverage_backwards,
              "A coverage ends before it begins.", "Correct DTP*348 or DTP*349 (the last covered day).", per="2300",
              given=says(1, "349")),
)  # fmt: skip
"""834 (domain 2.1 to 2.3)."""

OF_PAYMENTS: tuple[Edit, ...] = (
    situation("no payment is negative", R, "negative-payment", "HEADER/BPR", members.negative_payment,
              "The amount paid is below 0.", "Carry what is owed forward in PLB (FB) and pay 0."),
    situation("without money there is no payment", R, "no-payment", "HEADER/BPR", members.no_payment,
              "BPR04 is NON beside an amount, or names a way to pay 0.", "Send H, 0 and NON where nothing is paid.",
              most="warning"),
    situation("a payer has one number", R, "company", "HEADER/BPR", members.company,
              "BPR10 is not TRN03.", "Send in BPR10 what TRN03 says.", action="replace"),
    situation("a transfer names both accounts", R, "bank-details", "HEADER/BPR",
              needs(has("HEADER/BPR04", "ACH"), "HEADER/BPR15"), "A transfer does not name the receiver's account.",
              "Send the accounts in BPR06 to BPR09 and BPR12 to BPR15."),
    situation("the patient's share is its adjustments", R, "patient-share", "2100/CLP", members.patient_share,
              "CLP05 is not the sum of the adjustments in group PR.", "Send as CLP05 the sum of CAS*PR.",
              action="replace", most="warning"),
    situation("a reversal has no share of the patient", R, "patient-share", "2100/CLP",
              bars(has("2100/CLP02", "22"), "2100/CLP05"), "A reversal tells a share of the patient.",
              "Leave CLP05 out.", action="clear", most="warning"),
    situation("no adjustment is 0", R, "zero-adjustment", "2100/CLP", members.zero_adjustment,
              "An adjustment of 0 says nothing.", "Leave the triplet out.", most="warning"),
)  # fmt: skip
"""835 (domain 5.1, 5.2)."""

EDITS: tuple[Edit, ...] = (
    *ABOUT_PEOPLE, *ABOUT_CLAIMS, *ABOUT_DIAGNOSES, *ABOUT_LINES, *ABOUT_OTHER_PAYERS, *OF_MEMBERS, *OF_PAYMENTS,
)  # fmt: skip
