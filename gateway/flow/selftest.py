"""What would happen with a partner as its row says today: nothing is sent, nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import Connection, func, select

from gateway.flow import loading, naming
from gateway.flow.checking import ANYBODYS, groups_of
from gateway.flow.context import Context
from gateway.flow.fitness import Check, State
from gateway.flow.parties import Parties, Partner
from gateway.flow.partner_keys import ENDING_US
from gateway.store import installation, login_keys
from gateway.store.schema import outbox
from parsers.events import Delimiters

Said = Iterator[tuple[State, str]]

EXAMPLE = {
    "kind": "999", "isa13": "000000001", "date": "20260406", "receipt": "000000012", "original": "CLAIMS0406",
    "answers": "000000202", "interchange": "1", "group": "1", "set": "1", "run": "acme-run0001", "number": "1",
}  # fmt: skip
"""What stands for a name's fields in an example."""

KINDS = {"answer": "999", "claim_answer": "277CA", "remittance": "835"}
"""Template -> the kind of file whose name is shown."""


class Patient:
    """A partner and what surrounds it, read once."""

    def __init__(self, connection: Connection, context: Context, name: str) -> None:
        """Raises ConfigError when it is not on file today."""
        self.today, self.now_us = installation.business_date(connection), context.now_us
        self.parties = Parties(connection, self.today)
        self.partner: Partner = self.parties.partner(name)
        self.keys = login_keys.of_partner(connection, name)
        waiting = select(func.count()).select_from(outbox).where(outbox.c.partner == name, outbox.c.state == "visible")
        self.waiting: int = connection.execute(waiting).scalar_one()
        self.certified_only, self.usage = context.certified_only, context.usage


def examine(context: Context, name: str) -> list[Check]:
    """Every check of a partner; raises ConfigError when it is not on file today."""
    with context.store.read() as connection:
        patient = Patient(connection, context, name)
    return [Check(name=check, state=state, said=said) for check, ask in CHECKS for state, said in ask(patient)]


def _names(one: Patient) -> Said:
    partner, ours = one.partner, one.parties.administrator
    isa = f"ISA05-08 {partner.qualifier} {partner.isa_id} {ours.qualifier} {ours.isa_id}, ISA15 {one.usage}"
    yield "ok", f"it sends {isa}, GS02-03 {partner.application} {ours.application}"
    place = (partner.qualifier, partner.isa_id)
    same = [other.id for other in one.parties.partners.values() if (other.qualifier, other.isa_id) == place]
    if len(same) > 1:
        yield "warn", f"{', '.join(sorted(same))} name themselves alike in ISA05-06"


def _roles(one: Patient) -> Said:
    groups = sorted(groups_of(one.partner) - {ANYBODYS})
    yield "ok", f"it may send GS01 {', '.join([*groups, ANYBODYS])}" if groups else "it may send answers only"
    if groups and not one.partner.sponsors:
        yield "fail", "it names no sponsors, so all it sends waits for a person"
    for sponsor in one.partner.sponsors:
        if sponsor not in one.parties.sponsors:
            yield "warn", f"sponsor {sponsor} is not on file today; what names it waits for a person"


def _keys(one: Patient) -> Said:
    good = [key for key in one.keys if key.state(one.now_us) == "good"]
    for key in good:
        yield "ok", f"{key.line.split()[0]} {key.fingerprint} opens for user {one.partner.id}"
    if not good:
        yield "fail", "no key opens for it now: it cannot log in"
    elif all(key.until_us is not None and key.until_us <= one.now_us + ENDING_US for key in good):
        yield "warn", "its last key ends within two weeks"


def _folders(one: Patient) -> Said:
    yield "ok", f"it writes into /inbound; {one.waiting} files wait for it in /outbound and /reports"


def _files(one: Patient) -> Said:
    """Delimiters and names of what it would be sent."""
    used = one.partner.delimiters or Delimiters()
    signs = " ".join((used.element, used.component, used.repetition, used.segment))
    yield "ok", f"it is sent {signs} as delimiters, {'a' if one.partner.newline else 'no'} new line after each segment"
    for template, kind in KINDS.items():
        name = naming.name(getattr(one.partner.profile, template), {**EXAMPLE, "partner": one.partner.id, "kind": kind})
        yield "ok", f"a {kind} is called like {name}"


def _settings(one: Patient) -> Said:
    """What a load would say of the row now: guides and rules may have changed since."""
    wrong = loading.CHECKS["partner"](one.partner)
    for sentence in wrong:
        yield "fail", sentence
    if not wrong:
        yield "ok", f"{len(one.partner.validation.rules)} rules of its own, charset {one.partner.validation.charset}"


def _certified(one: Patient) -> Said:
    if one.partner.certified is not None:
        yield "ok", f"certified on {one.partner.certified}"
    elif groups_of(one.partner) != {ANYBODYS}:
        yield "fail" if one.certified_only else "warn", "it is not certified: gateway partner certify"


CHECKS: tuple[tuple[str, Callable[[Patient], Said]], ...] = (
    ("names", _names),
    ("roles", _roles),
    ("keys", _keys),
    ("folders", _folders),
    ("files", _files),
    ("settings", _settings),
    ("certified", _certified),
)
"""Everything asked of a partner."""
