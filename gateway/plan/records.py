"""The plan's own nouns: who is covered, by what, at what price, what was decided and what it did to whom.

Money is integer cents. `ord` is the 32-digit order key of an event (receipt number, interchange, group, set, ordinal);
order never depends on ids. Sponsor, person and family ids are our own and carry no PHI beyond the sponsor's numbers.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from mappings.records import (
    Address,
    Adjustment,
    BankAccount,
    OtherInsurance,
    Person,
    Procedure,
    Record,
)

FOREVER = "9" * 32
"""known_to of a row nothing has superseded."""

# ---- members ---------------------------------------------------------------------------------------------------------


class Span(Record, frozen=True, kw_only=True):
    """One coverage span, bitemporal.

    Effective first..last (inclusive, None = open); known while known_from <= ord < known_to.
    """

    line: str
    plan_id: str
    tier: str = ""
    first: date
    last: date | None = None
    known_from: str = ""
    known_to: str = FOREVER
    late_enrollee: bool = False


class Member(Record, frozen=True, kw_only=True):
    """One covered person as known at some ord.

    person_id: our key inside the sponsor: subscriber number at first enrolment, "-", REF*23 or a two-digit sequence.
    family_root: subscriber number at first enrolment; never changes. subscriber_no: today's REF*0F.
    person.id is empty here: the SSN lives sealed in the store.
    ended: last day of enrolment by an 834 cancellation (INS03 024), None while enrolled.
    medicare, medicare_reason: INS06-1 (A, B, C parts; D eligible, E none) and INS06-2 (0 age, 1 disability, 2 kidneys);
    medicare_from: DTP*338.
    absences: full files in a row that did not name the person.
    """

    person_id: str
    family_root: str
    subscriber_no: str
    member_no: str = ""
    subscriber: bool
    relationship: str
    status: str = "A"
    employment: str = ""
    birth_sequence: int | None = None
    restricted: bool = False
    person: Person
    spans: tuple[Span, ...] = ()
    other: tuple[OtherInsurance, ...] = ()
    medicare: str = ""
    medicare_reason: str = ""
    medicare_from: date | None = None
    ended: date | None = None
    absences: int = 0


# ---- dated rows that commands load -----------------------------------------------------------------------------------


class FeeRow(Record, frozen=True, kw_only=True):
    """One price, for dates of service first..last: of a provider (npi) or of a schedule that contracts name.

    code: a procedure, revenue or DRG code. locality: a ZIP beginning ("787") or a state ("TX") of the place of service,
    "" anywhere. allowed_cents: per line or per unit. weight: of a DRG, ten-thousandths of the contract's base rate, in
    place of an amount. mean_days: tenths of a day a stay of this DRG takes, for transfers.
    """

    npi: str = ""
    schedule: str = ""
    code: str
    modifier: str = ""
    locality: str = ""
    allowed_cents: int = 0
    per: Literal["line", "unit"] = "line"
    weight: int | None = None
    mean_days: int | None = None
    first: date
    last: date | None = None

    def __post_init__(self) -> None:
        if bool(self.npi) == bool(self.schedule):
            raise ValueError("a price is of a provider or of a schedule")
        if self.weight is not None and self.allowed_cents:
            raise ValueError("a price is an amount or a weight")
        if self.weight == 0 or self.mean_days == 0:
            raise ValueError("a weight or mean stay of nothing")


class NetworkRow(Record, frozen=True, kw_only=True):
    """A membership in a network, for dates of service first..last; an empty field is anybody's or anywhere.

    tin, npi: of the billing provider. rendering: NPI of who rendered the service. locality: as of a FeeRow.
    """

    network: str
    tin: str = ""
    npi: str = ""
    rendering: str = ""
    locality: str = ""
    first: date
    last: date | None = None

    def __post_init__(self) -> None:
        if not (self.tin or self.npi or self.rendering):
            raise ValueError("a membership of nobody")


class ProviderRow(Record, frozen=True, kw_only=True):
    """A provider on file, effective first..last. networks: plan network names it belongs to in that time.

    payee data: method ACH or CHK; era_receiver: partner id its 835s go to.
    """

    npi: str
    tin: str
    name: str
    address: Address = Address()
    networks: tuple[str, ...] = ()
    first: date
    last: date | None = None
    method: Literal["ACH", "CHK"] = "CHK"
    account: BankAccount = BankAccount()
    era_receiver: str = ""


class Authorisation(Record, frozen=True, kw_only=True):
    """A prior authorisation on file: number, person, provider, procedure codes, dates, units per code (absent = any).

    used: units per code that live decisions have taken already (LineDecision.authorisation names them).
    asked: the day it was asked for, None when nobody wrote it down.
    """

    number: str
    person_id: str
    npi: str = ""
    codes: tuple[str, ...] = ()
    asked: date | None = None
    first: date
    last: date
    units: dict[str, Decimal] = {}
    used: dict[str, Decimal] = {}


class AccidentAnswer(Record, frozen=True, kw_only=True):
    """What the member answered about an accident: work-related, third party; None = unknown."""

    person_id: str
    work: bool | None = None
    third_party: bool | None = None
    first: date | None = None
    last: date | None = None


Parent = Literal["", "decree", "custodial", "custodial spouse", "other parent", "other spouse"]
"""Of a child whose parents live apart: who the insured parent is (domain 4.6); `decree`: a court says this one pays."""


class OtherPlan(Record, frozen=True, kw_only=True):
    """What the family answered about another plan of a person: the facts the order of payers is found by (domain 4.6).

    payer_id: as claims name it (2330B). through: how the person is covered there. standing: of the person it is held
    through. holder_birth: that person's birth date. since: first day of that cover. parent, our_parent: who holds the
    other plan and who ours, of a child whose parents live apart. entitled_by, entitled_on: to Medicare, why and since
    when. first, last: when the answer holds. An unknown fact is "" or None.
    """

    payer_id: str = ""
    payer_name: str
    kind: Literal["group", "medicare", "tricare", "medicaid"] = "group"
    through: Literal["", "self", "spouse", "child"] = ""
    standing: Literal["", "active", "retired", "cobra"] = ""
    holder_birth: date | None = None
    since: date | None = None
    parent: Parent = ""
    our_parent: Parent = ""
    entitled_by: Literal["", "age", "disability", "esrd"] = ""
    entitled_on: date | None = None
    first: date
    last: date | None = None


class OtherPlans(Record, frozen=True, kw_only=True):
    """Every other plan of one person of a sponsor, as people load them; a later answer stands in its place."""

    sponsor: str
    person: str
    plan: tuple[OtherPlan, ...] = ()

    @property
    def id(self) -> str:
        """Its key among the dated rows."""
        return f"{self.sponsor}/{self.person}"


class CodeRule(Record, frozen=True, kw_only=True):
    """What a procedure code asks of a line or of its neighbours, for dates of service first..last (domain 4.2 row 9).

    edit: which question (`coderules.ASKED` says what each means and what it answers). other: the code it must not stand
    beside (pair, bundle). values: what the edit compares with, in its own words.
    """

    edit: Literal["age", "sex", "pos", "modifier", "diagnosis", "needs", "pair", "bundle", "necessity", "review"]
    code: str
    other: str = ""
    values: tuple[str, ...] = ()
    first: date
    last: date | None = None


# ---- accumulators ----------------------------------------------------------------------------------------------------

Kind = Literal["deductible", "oop", "paid", "credit", "copay", "visits", "days", "times", "units", "dollars"]

USES = ("copay", "visits", "days", "times", "units", "dollars")
"""Kinds that say what was used of one limit of a benefit, and when; the others are sums of a year."""


class Entry(Record, frozen=True, kw_only=True):
    """One immutable accumulator entry; the sum of entries is the accumulator. tier: in, tier2, tier3, out.

    kind: `deductible`, `oop` what the person bore, `paid` what the plan paid; `credit` counts to the deductible though
    nobody bore it in this year of this plan (carried over, or taken over from another plan). The kinds of USES are of
    the limit limit_name, on the day used_on, at a place: a tooth, or the provider of a visit or day. A use of visits or
    days without place was taken over and counts as it stands. thousandths: counts, with three decimals; cents: money.
    """

    person_id: str
    family_root: str
    year: int
    tier: str = "in"
    kind: Kind
    cents: int = 0
    limit_name: str = ""
    used_on: date | None = None
    place: str = ""
    thousandths: int = 0

    def __post_init__(self) -> None:
        if self.kind in USES:
            if not self.limit_name or self.used_on is None:
                raise ValueError(f"an entry of {self.kind} names its limit and day")
        elif self.limit_name or self.thousandths:
            raise ValueError(f"an entry of {self.kind} is money of no limit")


# ---- decisions -------------------------------------------------------------------------------------------------------


class Step(Record, frozen=True, kw_only=True):
    """One sentence of the explanation of a line.

    rule: the rule's name (`eligibility`, `price`, `deductible`, `coinsurance`, `out-of-pocket`, `cob` ...).
    cents: the amount this step decided, None if it decided no amount. provision: plan, version and section.
    source: where a figure came from (fee row, authorisation, other payer). before_cents, after_cents: the accumulator
    around it.
    """

    rule: str
    text: str
    cents: int | None = None
    provision: str = ""
    source: str = ""
    before_cents: int | None = None
    after_cents: int | None = None


class LineDecision(Record, frozen=True, kw_only=True):
    """What one line came to. charge = paid + sum of adjustments, checked when made.

    revenue: of an institutional line, whose procedure may have no code.
    allowed_cents: None when the line was denied before pricing. paid_units: 0 on a wholly denied line.
    authorisation: number of the authorisation whose units this line takes.
    """

    number: int
    procedure: Procedure
    revenue: str = ""
    charge_cents: int
    paid_cents: int
    allowed_cents: int | None = None
    units: Decimal = Decimal(1)
    denied: bool = False
    adjustments: tuple[Adjustment, ...] = ()
    remarks: tuple[str, ...] = ()
    first: date
    last: date
    control: str = ""
    authorisation: str = ""
    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        if self.charge_cents != self.paid_cents + sum(a.cents for a in self.adjustments):
            raise ValueError(f"line {self.number} does not balance")

    @property
    def billed_code(self) -> str:
        """What the line names its service by: the procedure code, else the revenue code."""
        return self.procedure.code or self.revenue


class Pend(Record, frozen=True, kw_only=True):
    """Why a decision waits: queue (MBR PRV PRC AUTH ACC COB COD DUP AUD MED NEWBORN TIM SUB ASG RPL RPR), reason, need.

    people: so many must release it.
    """

    queue: str
    reason: str
    needed: str = ""
    people: int = 1


class Override(Record, frozen=True, kw_only=True):
    """An edit that people set aside for one claim, or for some of its lines alone. edit: its name in
    `claims.edits.EDITS`; by: who, in order; why: the justification they gave."""

    edit: str
    lines: tuple[int, ...] = ()
    by: tuple[str, ...]
    on: date
    why: str


class Refusal(Record, frozen=True, kw_only=True):
    """What people denied a claim for: group, CARC and RARCs for the whole charge of every line, who, when and why."""

    group: str
    reason: str
    remarks: tuple[str, ...] = ()
    by: tuple[str, ...]
    on: date
    why: str


class Rulings(Record, frozen=True, kw_only=True):
    """What people ruled on a claim that waited for them (domain 4.7): the next decision follows it and says so."""

    overrides: tuple[Override, ...] = ()
    refusal: Refusal | None = None


class Decision(Record, frozen=True, kw_only=True):
    """The result of adjudicating one claim version, or the reversal of one.

    status: CLP02. outcome: paid (`denied` when every line is), pended (nothing else counts then), reversal.
    version counts decisions of one ICN from 1. reverses: (icn, version) a reversal undoes. remarks: MOA RARCs.
    coverage_end: last covered day (DTM*036). plan_id, plan_version, year: of the first day of service; "" and 0 when no
    plan is on file for it. original_icn: what the decision stands in the place of (835 REF*F8). cause: what made it,
    where it was not the claim's own coming or release: `claim ICN` that takes its place, `reprocess N`.
    """

    icn: str
    version: int = 1
    outcome: Literal["paid", "denied", "pended", "reversal"]
    status: str = "1"
    charge_cents: int
    paid_cents: int = 0
    patient_cents: int = 0
    person_id: str = ""
    family_root: str = ""
    year: int = 0
    plan_id: str = ""
    plan_version: str = ""
    lines: tuple[LineDecision, ...] = ()
    entries: tuple[Entry, ...] = ()
    coverage_end: date | None = None
    original_icn: str = ""
    cause: str = ""
    reverses: tuple[str, int] | None = None
    remarks: tuple[str, ...] = ()
    pend: Pend | None = None
    notes: tuple[Step, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """Group and reason (`CO-45`) of every adjustment of its lines, each once, in order."""
        return tuple(dict.fromkeys(f"{each.group}-{each.reason}" for line in self.lines for each in line.adjustments))


# ---- ledger ----------------------------------------------------------------------------------------------------------


class Posting(Record, frozen=True, kw_only=True):
    """One side of a journal: account number, cents (debit positive), and the payee, payment or claim it belongs to."""

    account: str
    cents: int
    sub: str = ""


class Journal(Record, frozen=True, kw_only=True):
    """One balanced entry.

    key: (event type, entity id, version) joined by "/", unique per employer: posting it twice is posting it once.
    """

    key: str
    on: date
    text: str
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        if sum(p.cents for p in self.postings) != 0:
            raise ValueError(f"journal {self.key} does not balance")
