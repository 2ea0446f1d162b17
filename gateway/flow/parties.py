"""Who sends and who receives: partner, administrator and sponsor as commands load them, dated."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec
from sqlalchemy import Connection

from gateway.errors import ConfigError
from gateway.flow.allowance import Allowance
from gateway.flow.packing import Packing
from gateway.flow.partner_server import Remote
from gateway.flow.schedules import Answers, Expected
from gateway.flow.wraps import Pgp
from gateway.plan.enrolment import Rules
from gateway.plan.money.funding import Funding
from gateway.plan.money.payment import Payer
from gateway.store import documents
from mappings.drugs import Manager
from mappings.records import Organisation, Record
from parsers.edits.rules import Rule
from parsers.envelope import Charset
from parsers.events import Delimiters
from parsers.snip import Snip


class Validation(Record, frozen=True, kw_only=True):
    """How files exchanged with a partner are checked: domain 1.5. inbound, outbound: SNIP weights of what it sends us
    and of what we send it. charset: of its files, and of ours to it. rules: its own, SNIP 7.
    """

    inbound: Snip = Snip()
    outbound: Snip = Snip()
    charset: Charset = "ascii"
    rules: tuple[Rule, ...] = ()


class Profile(Record, frozen=True, kw_only=True):
    """How what we send a partner is named and cut into files.

    answer: the name of a TA1 or 999; claim_answer: of a 277CA; remittance: of an 835 - templates of `naming.FIELDS`.
    sets: many 999 or 835 sets stand in one interchange, or each has its own (a 277CA always has). interchanges: one
    stands in each file, or many do: all TA1s, all 999s or all 277CAs that answer one received file.
    """

    answer: str = "R{receipt}-{interchange}.{kind}.x12"
    claim_answer: str = "R{receipt}-{interchange}-{group}-{set}.{kind}.x12"
    remittance: str = "{run}.{kind}.x12"
    sets: Literal["many", "one"] = "many"
    interchanges: Literal["many", "one"] = "one"


class Partner(Record, frozen=True, kw_only=True):
    """A trading partner. qualifier, isa_id, gs_id: how it names itself in ISA05-06 and GS02 (ISA07-08 of our answers).

    roles: sponsor, submitter, payee, carrier, bank. sponsors: those it may send files for. delimiters, newline: of what
    we send. keys: SSH public keys it may log in with. validation: what is checked, and how much it weighs.
    reply_days: business days in which it acknowledges an 835 by a 999; 0 when it never does. profile:
    names and files of what we send. allowance: at the door. remote: its own server, when we call it. packing, pgp: what
    lies around its files and ours. expected: the files it sends regularly; answers: when ours to it are due. claims:
    kinds of claims it sends (P, I, D). drugs: of a drug manager, who is paid and how its files are laid out.
    certified: the day it had shown everything in a test installation (`gateway partner certify`).
    """

    id: str
    name: str
    qualifier: str = "ZZ"
    isa_id: str
    gs_id: str = ""
    roles: tuple[str, ...] = ()
    sponsors: tuple[str, ...] = ()
    delimiters: Delimiters | None = None
    newline: bool = True
    keys: tuple[str, ...] = ()
    validation: Validation = Validation()
    reply_days: int = 1
    profile: Profile = Profile()
    claims: tuple[Literal["P", "I", "D"], ...] = ("P",)
    drugs: Manager | None = None
    certified: date | None = None
    allowance: Allowance = Allowance()
    remote: Remote | None = None
    packing: Packing = Packing()
    pgp: Pgp = Pgp()
    expected: tuple[Expected, ...] = ()
    answers: Answers = Answers()

    @property
    def application(self) -> str:
        """GS02 of what it sends, GS03 of what we send it."""
        return self.gs_id or self.isa_id


class Administrator(Record, frozen=True, kw_only=True):
    """Us: the third-party administrator. payer: what an 835 says of us. bank: partner id the EFT files go to. mail:
    partner id of who prints and posts our letters to members, "" when a person does."""

    id: str = "administrator"
    name: str
    qualifier: str = "ZZ"
    isa_id: str
    gs_id: str = ""
    payer: Payer
    bank: str = ""
    bank_name: str = ""
    mail: str = ""

    @property
    def application(self) -> str:
        """GS03 of what we receive."""
        return self.gs_id or self.isa_id

    @property
    def organisation(self) -> Organisation:
        """The payer of a 277CA."""
        return Organisation(name=self.name, id_qualifier="PI", id=self.payer.payer_id)


class Desk(Record, frozen=True, kw_only=True):
    """How an employer's claims are decided by hand. override_alone_cents: up to this charge of a claim one person sets
    an edit aside, above it two do."""

    override_alone_cents: int = 1_000_00


class Sponsor(Record, frozen=True, kw_only=True):
    """An employer whose plan we administer. groups: group numbers that name it (REF*38, SBR03).

    partner: where its reports and funding requests go. plans: HD04 code -> plan document id. policy: stop-loss policy
    id. carrier: partner id of the stop-loss carrier. employs: people employed (COBRA from 20). shards: adjudication
    lanes, raised only while they are empty.
    """

    id: str
    name: str
    groups: tuple[str, ...]
    partner: str
    plans: dict[str, str]
    policy: str = ""
    carrier: str = ""
    employs: int = 0
    shards: int = 1
    enrolment: Rules = Rules()
    funding: Funding = Funding()
    desk: Desk = Desk()

    @property
    def rules(self) -> Rules:
        """Its enrolment settings; federal COBRA applies from 20 people employed."""
        return msgspec.structs.replace(
            self.enrolment, cobra_applies=self.enrolment.cobra_applies and self.employs >= 20
        )


class Parties:
    """Every party in force on a date, read once per step."""

    def __init__(self, connection: Connection, on: date) -> None:
        self.on = on
        self.partners = documents.all_at(connection, "partner", on, Partner)
        self.sponsors = documents.all_at(connection, "sponsor", on, Sponsor)
        self._administrator = documents.at(connection, "administrator", "administrator", on, Administrator)

    @property
    def administrator(self) -> Administrator:
        """Us; raises ConfigError while nobody has loaded it."""
        if self._administrator is None:
            raise ConfigError("no administrator is on file for this date; load administrator.toml")
        return self._administrator

    def partner(self, partner: str) -> Partner:
        """A partner on file; raises ConfigError."""
        found = self.partners.get(partner)
        if found is None:
            raise ConfigError(f"partner {partner} is not on file for this date")
        return found

    def sponsor(self, sponsor_id: str) -> Sponsor:
        """A sponsor on file; raises ConfigError."""
        found = self.sponsors.get(sponsor_id)
        if found is None:
            raise ConfigError(f"sponsor {sponsor_id} is not on file for this date")
        return found

    def sponsor_of_group(self, partner: Partner, group_no: str) -> str:
        """The sponsor a group number names, among those the partner may send for; "" if none."""
        for sponsor_id in partner.sponsors:
            sponsor = self.sponsors.get(sponsor_id)
            if sponsor is not None and group_no in sponsor.groups:
                return sponsor_id
        return ""
