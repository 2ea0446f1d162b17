"""partner test and partner certify: would it work, and what has the partner shown?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import click

from gateway.cli.common import config_option, context_of, emit, json_option, table, write_file
from gateway.errors import ConfigError, TryAgain
from gateway.flow import certificate, selftest
from gateway.flow.context import Context
from gateway.flow.parties import Administrator, Parties, Partner, Sponsor
from gateway.store import installation

SEED = 1
PEOPLE, CLAIMS = 20, 10
"""Of a sample file: enough for families and every kind of person, few enough to be read by one."""


Make = Callable[[date, dict[str, Any]], bytes]
"""The business date, and who sends what to whom -> a file."""


@click.command("test")
@click.argument("name", metavar="NAME")
@config_option
@json_option
def partner_test(name: str, config: Path, as_json: bool) -> int:
    """Say what would happen with partner NAME as its settings are: keys, names, folders, rules. Sends nothing."""
    found = selftest.examine(context_of(config), name)
    emit(found, as_json, lambda: table(("check", "state", "said"), [(one.name, one.state, one.said) for one in found]))
    return ConfigError.exit_code if any(one.state == "fail" for one in found) else 0


@click.command("certify")
@click.argument("name", metavar="NAME")
@click.option("--write", "folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Write the list and sample files of invented people for the partner to send.")  # fmt: skip
@config_option
@json_option
def partner_certify(name: str, folder: Path | None, config: Path, as_json: bool) -> int:
    """Say what partner NAME has shown in this test installation and what is missing; exit 75 while something is."""
    context = context_of(config)
    if context.usage != "T":
        raise ConfigError("partners are certified in a test installation; this one is production")
    found = certificate.of(context, name)
    if folder is not None:
        for file, body in _samples(context, name, found):
            write_file(folder / file, body)
    rows = [(one.name, one.role, one.state, one.what, one.evidence) for one in found.tests]
    emit(found, as_json, lambda: _tell(found, rows))
    return 0 if found.complete else TryAgain.exit_code


def _tell(found: certificate.Certificate, rows: list[Any]) -> None:
    table(("test", "role", "state", "what", "evidence"), rows, f"{found.partner}, {found.receipts} files received")
    if found.complete:
        click.echo("everything was shown; say `certified = DATE` in its row of the production installation")


def _samples(context: Context, name: str, found: certificate.Certificate) -> Iterator[tuple[str, bytes]]:
    """The list, and a file for each test that a partner passes by sending one; the same at every call."""
    yield "LIST.txt", "".join(f"{one.name:20} {one.what}\n" for one in found.tests).encode()
    with context.store.read() as connection:
        today = installation.business_date(connection)
        parties = Parties(connection, today)
    partner, ours = parties.partner(name), parties.administrator
    sponsor = next((parties.sponsors[one] for one in partner.sponsors if one in parties.sponsors), None)
    if sponsor is None:
        return
    trade = {"sender": partner.isa_id, "receiver": ours.isa_id, "usage": context.usage,
             "sponsor": _employer(sponsor, today)}  # fmt: skip
    for number, test in enumerate(certificate.tests_of(partner), 1):
        make = FILES.get(test.name)
        if make is not None:
            body = make(today, {**trade, "control": ALIKE.get(test.name, number)})
            yield f"{number:02}-{test.name.replace(' ', '-')}.{test.name[:3]}", _envelope(body, partner, ours)


def _employer(sponsor: Sponsor, today: date) -> Any:
    from gateway import synth

    first = today.replace(month=1, day=1)
    return synth.Sponsor(group_no=sponsor.groups[0], plan_id=next(iter(sponsor.plans), ""), first=first)


def _envelope(body: bytes, partner: Partner, ours: Administrator) -> bytes:
    """The file with the qualifiers and application ids of both: ISA05 and ISA07 stand at 32 and 51, each of two."""
    isa, rest = body[:106], body[106:]
    isa = isa[:32] + partner.qualifier.encode() + isa[34:51] + ours.qualifier.encode() + isa[53:]
    named = f"*{partner.isa_id}*{ours.isa_id}*".encode()
    return isa + rest.replace(named, f"*{partner.application}*{ours.application}*".encode(), 1)


def _enrolment(today: date, trade: dict[str, Any], seed: int = SEED) -> bytes:
    from gateway import synth

    return synth.write_834(PEOPLE, seed, today, **trade)


def _refused_enrolment(today: date, trade: dict[str, Any]) -> bytes:
    """A file whose first INS01 is neither Y nor N."""
    return _enrolment(today, trade).replace(b"INS*Y*", b"INS*X*", 1)


def _claims(kind: str, errors_pct: float = 0, broken_sets: int = 0, seed: int = SEED) -> Make:
    def make(today: date, trade: dict[str, Any]) -> bytes:
        from gateway import synth

        write = {"P": synth.write_837p, "I": synth.write_837i, "D": synth.write_837d}[kind]
        how = {"kinds": ("npi",), "broken_sets": broken_sets, **trade}
        return write(PEOPLE, CLAIMS, seed, errors_pct, today, **how)

    return make


FILES: dict[str, Make] = {
    "834 whole": _enrolment,
    "834 refused": _refused_enrolment,
    "834 twice": partial(_enrolment, seed=SEED + 1),
    **{f"837{kind} whole": _claims(kind) for kind in certificate.KINDS},
    **{f"837{kind} claim refused": _claims(kind, errors_pct=20) for kind in certificate.KINDS},
    "837 refused": _claims("P", broken_sets=1),
    "837 twice": _claims("P", seed=SEED + 1),
}
"""Test -> its sample file."""

ALIKE = {"834 twice": 1, "837 twice": 1}
"""Samples that use the control number of the first one again, with other content: the same bytes are known before."""
