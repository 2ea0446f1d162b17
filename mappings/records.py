"""The vocabulary both sides speak: what X12 loops mean to a plan, as frozen records.

Money is integer cents (`_cents`), dates are `datetime.date`, quantities are Decimal. An absent element is
"", None or (). Names follow the X12 guides; the source loop stands with each record.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of every record: frozen and compact as JSON; each subclass says kw_only (msgspec does not inherit it)."""


# ---- people, organisations, codes ----------------------------------------------------------------------------------


class Address(Record, frozen=True, kw_only=True):
    """N3, N4."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""


class Person(Record, frozen=True, kw_only=True):
    """NM1 of a person with N3, N4 and DMG. id, id_qualifier: NM109 and NM108 (MI member id, 34 SSN)."""

    last: str = ""
    first: str = ""
    middle: str = ""
    suffix: str = ""
    birth: date | None = None
    sex: str = ""
    address: Address = Address()
    id_qualifier: str = ""
    id: str = ""


class Organisation(Record, frozen=True, kw_only=True):
    """NM1 or N1 of a non-person; also the 1000A-1000C parties of an 834. tin: REF*EI of a pay-to plan (2010AC)."""

    name: str = ""
    id_qualifier: str = ""
    id: str = ""
    tin: str = ""
    address: Address = Address()


class Provider(Record, frozen=True, kw_only=True):
    """A provider as billed (2010AA, 2310x, 2420x). entity: NM102, 1 person 2 organisation. tin_qualifier: EI or SY."""

    npi: str = ""
    entity: str = "2"
    name: str = ""
    first: str = ""
    tin: str = ""
    tin_qualifier: str = ""
    taxonomy: str = ""
    address: Address = Address()


class Procedure(Record, frozen=True, kw_only=True):
    """SV101 / SVD03 / SVC01. qualifier: HC, AD, NU..."""

    code: str
    qualifier: str = "HC"
    modifiers: tuple[str, ...] = ()


class Adjustment(Record, frozen=True, kw_only=True):
    """One CAS triplet: group code (CO PR OA PI), CARC, cents taken off the charge, quantity."""

    group: str
    reason: str
    cents: int
    quantity: Decimal | None = None


# ---- 837: claims ----------------------------------------------------------------------------------------------------


class Repricing(Record, frozen=True, kw_only=True):
    """HCP: what a repricer answered. method: HCP01. organisation: HCP04. reject_reason: HCP13."""

    method: str
    allowed_cents: int | None = None
    saving_cents: int | None = None
    organisation: str = ""
    reject_reason: str = ""


class LinePayment(Record, frozen=True, kw_only=True):
    """2430: what another payer decided on a line. revenue: SVD04 (institutional). remaining_cents: AMT*EAF."""

    payer_id: str
    paid_cents: int
    procedure: Procedure | None = None
    revenue: str = ""
    units: Decimal | None = None
    adjustments: tuple[Adjustment, ...] = ()
    decided: date | None = None
    remaining_cents: int | None = None


class Tooth(Record, frozen=True, kw_only=True):
    """TOO: a tooth a dental line is for (1-32, A-T; 51-82, AS-TS supernumerary) and its surfaces (M O D B F L I)."""

    number: str = ""
    surfaces: tuple[str, ...] = ()


class ServiceLine(Record, frozen=True, kw_only=True):
    """2400. unit: UN, MJ or DA. pos: SV105, SV303, "" means the claim's. control: REF*6R. first, last: DTP*472.

    dated: False when the line was sent without DTP*472 (an inpatient or dental line); first, last are its claim's then
    (a predetermination's: the day of its file).
    emergency: SV109. clia: REF*X4. prior_auth: the line's own REF*G1.
    procedure: its code is "" in an institutional line that has a revenue code alone.
    Institutional: revenue: SV201. noncovered_cents: SV207. operating: 2420A.
    Dental: oral_cavity: SV304 (quadrants 10 20 30 40, arches 01 02, mouth 00). prosthesis: SV305, I initial or R
    replacement. teeth: TOO. dates: the line's other DTP (441 prior placement, 452 appliance placement...).
    """

    number: int
    revenue: str = ""
    procedure: Procedure = Procedure(code="")
    charge_cents: int
    noncovered_cents: int | None = None
    unit: str = "UN"
    units: Decimal = Decimal(1)
    pos: str = ""
    pointers: tuple[int, ...] = ()
    oral_cavity: tuple[str, ...] = ()
    prosthesis: str = ""
    teeth: tuple[Tooth, ...] = ()
    first: date
    last: date
    dated: bool = True
    dates: dict[str, date] = {}
    control: str = ""
    prior_auth: str = ""
    clia: str = ""
    emergency: str = ""
    repricing: Repricing | None = None
    ndc: str = ""
    ndc_units: Decimal | None = None
    ndc_unit: str = ""
    operating: Provider | None = None
    rendering: Provider | None = None
    payments: tuple[LinePayment, ...] = ()

    @property
    def billed_code(self) -> str:
        """What the line names its service by: the procedure code, else the revenue code."""
        return self.procedure.code or self.revenue


class OtherCoverage(Record, frozen=True, kw_only=True):
    """2320/2330: another payer of this claim. responsibility: SBR01 (P S T ...). paid_cents: AMT*D, None when absent.

    insurance_type: SBR05 (12-16, 41-43, 47: Medicare as secondary payer, and why). icn: REF*F8, its claim number.
    """

    responsibility: str
    relationship: str = ""
    group_no: str = ""
    group_name: str = ""
    insurance_type: str = ""
    filing_code: str = ""
    payer_name: str = ""
    payer_id: str = ""
    icn: str = ""
    insured: Person = Person()
    paid_cents: int | None = None
    remaining_cents: int | None = None
    noncovered_cents: int | None = None
    adjustments: tuple[Adjustment, ...] = ()
    decided: date | None = None


INPATIENT = ("11", "12", "18", "21", "41")
"""First two digits of the type of bill of stays: hospital, its Part B and swing beds, skilled nursing, religious
non-medical care (verify against the NUBC's list)."""

STILL_PATIENT = "30"
"""CL103 of a patient who has not left: the last day of the statement is a day of the stay."""


class Stay(Record, frozen=True, kw_only=True):
    """837I 2300: the days an institution bills and how the patient came and went.

    first, last: DTP*434, the statement's period, also of an outpatient. admitted, admitted_time: DTP*435 (HHMM, "" when
    only the day was sent). discharge_time: DTP*096. admission_type, admission_source, patient_status: CL101-CL103 (01
    home, 20 died, 30 still a patient).
    """

    first: date
    last: date
    admitted: date | None = None
    admitted_time: str = ""
    discharge_time: str = ""
    admission_type: str = ""
    admission_source: str = ""
    patient_status: str = ""

    @property
    def days(self) -> int:
        """Days of the stay: the day of discharge does not count, unless it is the only one."""
        nights = (self.last - self.first).days
        return max(1, nights + (self.patient_status == STILL_PATIENT))


class CodedDiagnosis(Record, frozen=True, kw_only=True):
    """A diagnosis of HI with its present-on-admission indicator (C022-9: Y N U W, "" when not sent)."""

    code: str
    present: str = ""


class Surgery(Record, frozen=True, kw_only=True):
    """An ICD procedure of HI: BBR principal, BBQ others (CAH: an advanced billing concept), on its day."""

    qualifier: str = "BBQ"
    code: str
    on: date


class CodeSpan(Record, frozen=True, kw_only=True):
    """HI BI: an occurrence span code and its days, both included."""

    code: str
    first: date
    last: date


class CodeDay(Record, frozen=True, kw_only=True):
    """HI BH: an occurrence code and its day."""

    code: str
    on: date


class CodeAmount(Record, frozen=True, kw_only=True):
    """HI BE: a value code and its amount; a code that counts something (80 covered days) counts in hundredths here."""

    code: str
    cents: int


class Coding(Record, frozen=True, kw_only=True):
    """837I 2300: what HI says besides the diagnoses of the claim.

    admitting: ABJ. reasons: APR, why an outpatient came (at most 3). external_causes: ABN (at most 12). drg: DR.
    procedures: BBR, BBQ. spans: BI. occurrences: BH. amounts: BE. conditions: BG. treatments: TC (24 of each).
    """

    admitting: str = ""
    reasons: tuple[str, ...] = ()
    external_causes: tuple[CodedDiagnosis, ...] = ()
    drg: str = ""
    procedures: tuple[Surgery, ...] = ()
    spans: tuple[CodeSpan, ...] = ()
    occurrences: tuple[CodeDay, ...] = ()
    amounts: tuple[CodeAmount, ...] = ()
    conditions: tuple[str, ...] = ()
    treatments: tuple[str, ...] = ()


class Orthodontics(Record, frozen=True, kw_only=True):
    """837D DN1: months of the whole treatment, months still to come; indicated: DN104 Y, sent without months."""

    months: Decimal | None = None
    months_left: Decimal | None = None
    indicated: str = ""


class ToothStatus(Record, frozen=True, kw_only=True):
    """837D DN2: a tooth that is missing (M) or to be extracted (E)."""

    number: str
    status: str


class ServiceDates(Record, frozen=True, kw_only=True):
    """837D 2300 DTP*472: the days of the lines that have none of their own."""

    first: date
    last: date


class Claim(Record, frozen=True, kw_only=True):
    """One CLM with everything above and below it (2000A-2430). kind: P professional, I institutional, D dental.

    pcn: CLM01. frequency: CLM05-3 (1 original, 7 replacement, 8 void). subscriber.id: the member id on the card.
    patient: 2010CA, or the subscriber when 2000C is absent; relationship: PAT01 or SBR02 (18 self).
    responsibility: 2000B SBR01, our position. original_icn: REF*F8. accident: CLM11 causes (AA, OA, EM).
    pay_to_plan: 2010AC, a plan that claims a subrogation. insurance_type: SBR05. repricing: HCP.
    batch_kind: BHT06 of its set (CH charged, RP an encounter).
    dates, references: the other 2300 DTP (431 onset, 435 admission, 096 discharge...) and REF by qualifier (G3: the
    number of an earlier predetermination).
    Institutional: facility_code: CLM05-1, the first digits of the type of bill; pos is "" then. frequency also 2-5
    (interim, late charge). present: C022-9 of each of `diagnoses` in its place, () when none has one.
    estimated_due_cents: AMT*F3. attending, operating, other_operating: 2310A-2310C.
    Dental: predetermination: CLM19 is PB, an estimate is asked and nothing to be paid. served: the claim's DTP*472.
    assistant: 2310D.
    """

    kind: str = "P"
    batch_kind: str = "CH"
    pcn: str
    charge_cents: int
    pos: str = ""
    facility_code: str = ""
    frequency: str = "1"
    provider_signature: str = ""
    assignment: str = ""
    benefits_assigned: str = ""
    release: str = ""
    accident: tuple[str, ...] = ()
    accident_state: str = ""
    accident_date: date | None = None
    delay_reason: str = ""
    special_program: str = ""
    predetermination: bool = False
    stay: Stay | None = None
    served: ServiceDates | None = None
    orthodontics: Orthodontics | None = None
    tooth_status: tuple[ToothStatus, ...] = ()
    patient_paid_cents: int | None = None
    estimated_due_cents: int | None = None
    prior_auth: str = ""
    referral: str = ""
    original_icn: str = ""
    clearinghouse_no: str = ""
    record_no: str = ""
    dates: dict[str, date] = {}
    references: dict[str, str] = {}
    repricing: Repricing | None = None
    diagnoses: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    coding: Coding = Coding()
    billing: Provider
    pay_to: Address | None = None
    pay_to_plan: Organisation | None = None
    attending: Provider | None = None
    operating: Provider | None = None
    other_operating: Provider | None = None
    rendering: Provider | None = None
    referring: Provider | None = None
    assistant: Provider | None = None
    facility: Provider | None = None
    subscriber: Person
    group_no: str = ""
    group_name: str = ""
    responsibility: str = "P"
    insurance_type: str = ""
    filing_code: str = ""
    patient: Person
    relationship: str = "18"
    payer_name: str = ""
    payer_id: str = ""
    other: tuple[OtherCoverage, ...] = ()
    lines: tuple[ServiceLine, ...]

    @property
    def first(self) -> date:
        """The earliest date of service; the statement's first of an institutional claim."""
        return self.stay.first if self.stay else min(line.first for line in self.lines)

    @property
    def last(self) -> date:
        """The latest date of service; the statement's last of an institutional claim."""
        return self.stay.last if self.stay else max(line.last for line in self.lines)

    @property
    def is_stay(self) -> bool:
        """Whether an institution bills days of an inpatient."""
        return self.facility_code in INPATIENT

    @property
    def bill_type(self) -> str:
        """The type of bill of an institutional claim without its leading zero (CLM05-1 and -3, as 111), else ""."""
        return f"{self.facility_code}{self.frequency}" if self.facility_code else ""


class Contact(Record, frozen=True, kw_only=True):
    """PER: function code (IC, BL, CX), name, and one communication number (TE, EM, UR...)."""

    function: str = "IC"
    name: str = ""
    number_qualifier: str = "TE"
    number: str = ""


class ClaimBatch(Record, frozen=True, kw_only=True):
    """837 header: BHT and 1000A/1000B. reference: BHT03. purpose: BHT02. kind: BHT06 CH, RP or 31."""

    reference: str
    purpose: str = "00"
    created: date
    time: str = "0000"
    kind: str = "CH"
    submitter: Organisation
    contact: Contact = Contact()
    receiver: Organisation


# ---- 834: enrolment -------------------------------------------------------------------------------------------------


class EnrolmentHeader(Record, frozen=True, kw_only=True):
    """834 header. reference: BGN02. purpose: BGN01. action: BGN08 (2 change, 4 verify, RX replace).

    employees, dependents, total: QTY*ET, DT, TO. effective: DTP*007. dates: every header DTP by qualifier. zone: BGN05.
    """

    reference: str
    purpose: str = "00"
    created: date
    time: str = "0000"
    zone: str = ""
    original_reference: str = ""
    action: str
    master_policy: str = ""
    effective: date | None = None
    dates: dict[str, date] = {}
    employees: int | None = None
    dependents: int | None = None
    total: int | None = None
    sponsor: Organisation
    payer: Organisation = Organisation()
    administrator: Organisation = Organisation()


class OtherInsurance(Record, frozen=True, kw_only=True):
    """2320/2330: COB01, COB02, COB03, DTP*344/345 and the payer. references: REF by qualifier (60, 6P, SY)."""

    responsibility: str
    policy_no: str = ""
    coordination: str = ""
    first: date | None = None
    last: date | None = None
    references: dict[str, str] = {}
    payer_name: str = ""
    payer_id: str = ""


class CoverageRow(Record, frozen=True, kw_only=True):
    """2300. maintenance: HD01. line: HD03. plan: HD04. tier: HD05. first, last: DTP*348, 349 (inclusive).

    dates: the other DTP by qualifier. amounts_cents: AMT by qualifier (P3 premium...). references: REF by qualifier.
    """

    maintenance: str
    line: str
    plan: str = ""
    tier: str = ""
    late_enrollee: str = ""
    first: date | None = None
    last: date | None = None
    dates: dict[str, date] = {}
    amounts_cents: dict[str, int] = {}
    references: dict[str, str] = {}
    other: tuple[OtherInsurance, ...] = ()


class MemberRow(Record, frozen=True, kw_only=True):
    """2000: one INS with its loops. ordinal counts rows of the file from 1.

    subscriber: INS01 = Y. maintenance: INS03. reason: INS04. status: INS05. medicare: INS06-1, its reason INS06-2.
    cobra_event: INS07.
    employment: INS08. student: INS09. died: INS12. restricted: INS13 = R. birth_sequence: INS17.
    subscriber_no: REF*0F. group_no: REF*1L. member_no: REF*23. prior_no: REF*Q4. dates: member DTP by qualifier.
    prior: 2100B, the wrong values a correction replaces.
    """

    ordinal: int = 0
    subscriber: bool
    relationship: str
    maintenance: str
    reason: str = ""
    status: str = "A"
    medicare: str = ""
    medicare_reason: str = ""
    cobra_event: str = ""
    employment: str = ""
    student: str = ""
    handicapped: str = ""
    died: date | None = None
    restricted: bool = False
    birth_sequence: int | None = None
    subscriber_no: str
    group_no: str = ""
    member_no: str = ""
    prior_no: str = ""
    references: dict[str, str] = {}
    dates: dict[str, date] = {}
    person: Person
    prior: Person | None = None
    mail: Address | None = None
    coverages: tuple[CoverageRow, ...] = ()


# ---- 999, TA1 --------------------------------------------------------------------------------------------------------


class Trace(Record, frozen=True, kw_only=True):
    """What a received 999 or TA1 answers: AK1 or TA1 values and the verdict.

    control: our GS06 (999) or ISA13 (TA1). sets: what a 999 says of each set, with control ST02 and functional_id ST01.
    """

    control: str
    verdict: str
    codes: tuple[str, ...] = ()
    functional_id: str = ""
    version: str = ""
    sets: tuple[Trace, ...] = ()


# ---- 277CA -----------------------------------------------------------------------------------------------------------


class ClaimStatus(Record, frozen=True, kw_only=True):
    """STC composite: category, status, entity."""

    category: str
    status: str
    entity: str = ""


class LineAnswer(Record, frozen=True, kw_only=True):
    """2220D: a line that made its claim be rejected, and why (one STC holds three reasons; more are not written).

    procedure: SVC01; of a line without one, qualifier NU and the revenue code. revenue: SVC04, beside a procedure.
    control: REF*FJ, the 837's REF*6R. number: its LX01, written in REF*FJ where the sender gave no control, read back
    as control. first, last: DTP*472, None where the 837's line had no date.
    """

    procedure: Procedure
    charge_cents: int
    revenue: str = ""
    units: Decimal | None = None
    control: str = ""
    number: int = 0
    reasons: tuple[ClaimStatus, ...]
    first: date | None = None
    last: date | None = None


class ClaimAnswer(Record, frozen=True, kw_only=True):
    """2200D. accepted claims carry icn (REF*1K); rejected ones their reasons (STC01, STC10, STC11) and lines at fault.

    bill_type: REF*BLT, of an institutional claim (CLM05-1 and CLM05-3, as 111).
    """

    pcn: str
    charge_cents: int
    patient: Person
    accepted: bool
    reasons: tuple[ClaimStatus, ...]
    icn: str = ""
    clearinghouse_no: str = ""
    bill_type: str = ""
    first: date
    last: date
    lines: tuple[LineAnswer, ...] = ()


class ProviderAnswer(Record, frozen=True, kw_only=True):
    """2000C: the claims of one billing-provider stretch, in file order.

    rejected: why every claim of the provider is rejected, when the reason is the provider (2200C STC with U).
    """

    provider: Provider
    rejected: tuple[ClaimStatus, ...] = ()
    claims: tuple[ClaimAnswer, ...]


class ClaimAcknowledgement(Record, frozen=True, kw_only=True):
    """One 277CA set. receipt: 2200A TRN02. batch: the 837's BHT03. received, processed: DTP*050, 009.

    rejected: why the whole set is rejected, when the reason is the submitter (2200B STC with U): then providers is
    empty, and rejected_claims and rejected_cents say how much was sent.
    """

    reference: str
    receipt: str
    batch: str
    created: date
    time: str = "0000"
    received: date
    processed: date
    payer: Organisation
    submitter: Organisation
    rejected: tuple[ClaimStatus, ...] = ()
    rejected_claims: int = 0
    rejected_cents: int = 0
    providers: tuple[ProviderAnswer, ...] = ()


# ---- 835 -------------------------------------------------------------------------------------------------------------


class RemittedLine(Record, frozen=True, kw_only=True):
    """2110. procedure: adjudicated (SVC01; of a line without one, qualifier NU and the revenue code); submitted: SVC06
    when changed. revenue: SVC04, beside a procedure. paid_units: None leaves SVC05 out.

    submitted_units: SVC07, sent only when it differs or paid_units is 0. allowed_cents: AMT*B6, None leaves it out.
    """

    procedure: Procedure
    charge_cents: int
    paid_cents: int
    revenue: str = ""
    paid_units: Decimal | None = None
    submitted: Procedure | None = None
    submitted_units: Decimal | None = None
    first: date
    last: date
    adjustments: tuple[Adjustment, ...] = ()
    control: str = ""
    allowed_cents: int | None = None
    remarks: tuple[str, ...] = ()


class RemittedClaim(Record, frozen=True, kw_only=True):
    """2100. status: CLP02. patient_cents: CLP05, None leaves it out (22). icn: CLP07. filing_code: CLP06.

    subscriber: IL, when not the patient. remarks: MOA03-07. original_icn: REF*F8. coverage_end: DTM*036.
    rendering: NM1*82. first, last: DTM*232, 233. interest_cents: AMT*I (information; the money is a PLB L6).
    Institutional: facility: CLP08, first digits of the type of bill. drg: CLP11. covered_cents: AMT*AU, charges of what
    was not denied. covered_days: QTY*CA of a stay, whose remarks stand in MIA05 and MIA20-23 then; None otherwise.
    """

    pcn: str
    status: str
    charge_cents: int
    paid_cents: int
    patient_cents: int | None = None
    filing_code: str = "12"
    icn: str
    facility: str = ""
    frequency: str = ""
    adjustments: tuple[Adjustment, ...] = ()
    patient: Person
    subscriber: Person | None = None
    remarks: tuple[str, ...] = ()
    group_no: str = ""
    original_icn: str = ""
    rendering: Provider | None = None
    first: date | None = None
    last: date | None = None
    coverage_end: date | None = None
    received: date | None = None
    interest_cents: int | None = None
    drg: str = ""
    covered_cents: int | None = None
    covered_days: Decimal | None = None
    lines: tuple[RemittedLine, ...] = ()


class ProviderAdjustment(Record, frozen=True, kw_only=True):
    """One PLB pair: reason (PLB03-1), reference (PLB03-2), cents; positive takes money away, negative adds."""

    reason: str
    reference: str
    cents: int


class BankAccount(Record, frozen=True, kw_only=True):
    """BPR06-09 or 12-15: routing number (ABA), account type DA or SG, account number."""

    routing: str = ""
    type: str = "DA"
    number: str = ""


class Remittance(Record, frozen=True, kw_only=True):
    """One 835 set: one payment, one payee, one employer account.

    handling: BPR01 (I, H). method: BPR04 (ACH, CHK, NON). format: BPR05 (CCP). effective: BPR16. trace: TRN02.
    company_id: BPR10 and TRN03 (1 + TIN). receiver: REF*EV when not the payee. produced: DTM*405.
    fiscal_end: PLB02.
    """

    trace: str
    handling: str
    method: str
    format: str = ""
    amount_cents: int
    effective: date
    company_id: str
    from_account: BankAccount = BankAccount()
    to_account: BankAccount = BankAccount()
    receiver: str = ""
    produced: date
    payer: Organisation
    payer_contact: Contact
    payer_ref: str = ""
    payee: Provider
    claims: tuple[RemittedClaim, ...]
    adjustments: tuple[ProviderAdjustment, ...] = ()
    fiscal_end: date
