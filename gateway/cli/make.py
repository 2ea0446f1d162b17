"""demo, synth, bench: what a newcomer, a tester and a measurer run."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from gateway import logs
from gateway.cli.common import Day, emit, json_option, table
from gateway.errors import UsageError
from gateway.plan.rounding import dollars

if TYPE_CHECKING:
    from gateway.demo import Demo
    from mappings.drugs import Layout

PORT = click.IntRange(0, 65535)

LOOK_S = 1.0
"""How often a demo that goes on looks whether its daemon lives."""


@click.command()
@click.option(
    "--state", type=click.Path(path_type=Path), default=Path("aso-demo"), show_default=True, help="State folder."
)
@click.option("--scenario", type=click.Choice(["sample", "golden"]), default="sample", show_default=True)
@click.option("--port", type=PORT, default=2222, show_default=True, help="SFTP port; 0 picks a free one.")
@click.option("--http-port", type=PORT, default=8080, show_default=True, help="Status port; 0 picks a free one.")
@click.option("--fresh", is_flag=True, help="Replace an existing state.")
@click.option("--resume", is_flag=True, help="Continue an existing state.")
@click.option("--exit", "leave", is_flag=True, help="Leave when the scenario is done.")
@json_option
def demo(
    state: Path, scenario: str, port: int, http_port: int, fresh: bool, resume: bool, leave: bool, as_json: bool
) -> None:
    """Play the partners against a real daemon, from enrolment to remittance."""
    from rich.console import Console

    from gateway.demo import Demo

    if fresh and resume:
        raise UsageError("--fresh replaces a state, --resume continues it: choose one")
    console = Console(stderr=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with console.status("preparing") as status:

        def say(text: str) -> None:
            console.print(f"  {text}", highlight=False)
            status.update(text)

        made = Demo(state, scenario, say)
        made.prepare(fresh=fresh, resume=resume, sftp_port=port, http_port=http_port)
        status.update("starting the daemon")
        with made.running() as run:
            made.play()
            status.stop()
            found = made.result()
            emit(found, as_json, lambda: _tell(made, found, run))
            if not leave:
                console.print("Running until Ctrl-C.")
                while True:
                    made.must_live()
                    time.sleep(LOOK_S)


def _tell(made: Demo, found: dict[str, Any], run: dict[str, Any]) -> None:
    table(("who", "what", "where"), made.steps, f"Files, in {made.state}")
    claims = found["claims"]
    rows = [
        (c["icn"], c["status"], dollars(c["charge_cents"]), dollars(c["paid_cents"]), dollars(c["patient_cents"]))
        for c in claims
    ]
    table(("claim", "status", "charge", "paid", "member's share"), rows, f"Claims of {found['sponsor']}")
    paid = [
        (r["trn02"], r["payee_npi"], r["method"], dollars(r["bpr02_cents"]), dollars(r["plb_cents"]))
        for r in found["remittances"]
    ]
    table(("payment", "payee", "method", "amount", "adjustments"), paid, "Payments")
    state = made.state.resolve()
    click.echo(f"\nStatus page: http://127.0.0.1:{run['http_port']}/?token={run['token']}")
    click.echo(f"SFTP:        sftp -P {run['sftp_port']} -i {state}/partners/clearpath/id_ed25519 clearpath@127.0.0.1")
    first = claims[0]["icn"] if claims else "ICN"
    click.echo(f"Why a claim: {sys.argv[0]} explain {first} --config {made.config}")
    click.echo("A key beside the data protects nothing: in production the keys folder lies elsewhere.")


@click.command()
@click.argument("kind", type=click.Choice(["834", "837P", "837I", "837D", "835", "820", "drugs"]))
@click.option("--members", type=click.IntRange(min=1), default=100, show_default=True)
@click.option("--claims", type=click.IntRange(min=0), default=100, show_default=True, help="837, 835 and drugs.")
@click.option("--seed", default=1, show_default=True)
@click.option(
    "--errors", "errors_pct", type=click.FloatRange(0, 100), default=0.0, show_default=True,
    help="Percent of an 837's claims with a fault.",
)  # fmt: skip
@click.option("--date", "on", type=Day(), default=None, help="Date of the file; today by default.")
@click.option("--control", type=click.IntRange(1, 999_999_999), default=1, show_default=True, help="ISA13 of the file.")
@click.option("--output", type=click.File("wb"), default="-", help="File; stdout by default.")
def synth(
    kind: str,
    members: int,
    claims: int,
    seed: int,
    errors_pct: float,
    on: date | None,
    control: int,
    output: BinaryIO,
) -> None:
    """Write a synthetic file of any size; the same seed gives the same file."""
    from gateway import synth as made

    day = on or date.today()
    pieces: dict[str, Callable[[], Iterable[bytes]]] = {
        "834": lambda: made.iter_834(members, seed, day, control=control),
        "837P": lambda: made.iter_837p(members, claims, seed, errors_pct, day, control=control),
        "837I": lambda: made.iter_837i(members, claims, seed, errors_pct, day, control=control),
        "837D": lambda: made.iter_837d(members, claims, seed, errors_pct, day, control=control),
        "835": lambda: made.iter_835(claims, seed, day, members_count=members, control=control),
        "820": lambda: made.iter_820(members, seed, day, control=control),
        "drugs": lambda: [made.write_drugs(_drug_layout(), claims, members, seed, day)],
    }
    for piece in pieces[kind]():
        output.write(piece)


def _drug_layout() -> Layout:
    """The layout of the shipped drug manager's claims."""
    from gateway.flow import loading
    from gateway.settings import shipped

    _, (row,) = loading.prepare(shipped() / "partners" / "drug-manager.toml")
    layout: Layout = row.body.drugs.claims
    return layout


@click.group()
def bench() -> None:
    """Measure: ratios taken in one run, with seed, machine and versions."""
    logs.configure()  # to stderr: what is measured in this process says as much as a worker does


CLAIMS = click.option("--claims", type=click.IntRange(min=1), default=10_000, show_default=True)
SEED = click.option("--seed", default=1, show_default=True)


@bench.command()
@CLAIMS
@SEED
@json_option
def validate(claims: int, seed: int, as_json: bool) -> None:
    """Validation against pyx12's, CPU time in the same process; memory; a second worker."""
    from gateway.bench.validate import validate

    found = validate(claims, seed)
    columns = ("guide", "validate", "full", "dirty", "bare_reader", "cold")
    rows = [[one[name] for name in columns] for one in found["results"]]

    def told() -> None:
        table(columns, rows, _measured(f"Times faster than pyx12, {claims} claims", found))
        memory = found["memory"]
        click.echo(f"Memory: {memory['peak_mb'][0]} MB for {memory['claims'][0]} claims, {memory['peak_mb'][1]} MB for "
                   f"{memory['claims'][1]}. Two workers: {found['two_workers']} times one.")  # fmt: skip

    emit(found, as_json, told)


@bench.command()
@CLAIMS
@SEED
@click.option("--workers", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--history", type=click.IntRange(0, 9_999_999), default=0, show_default=True,
              help="Claims of the past, written before.")  # fmt: skip
@json_option
def pipeline(claims: int, seed: int, workers: int, history: int, as_json: bool) -> None:
    """Claims per second from receipt to committed decision, and the ratio to a plain insert of the same rows."""
    from gateway.bench.pipeline import pipeline

    found = pipeline(claims, seed, workers, history)
    columns = ("claims_per_second", "cpu_us_per_claim", "insert_claims_per_second", "ratio_to_insert")
    row = [found[name] for name in columns]
    behind = f" behind {history} older ones" if history else ""
    title = _measured(f"From receipt to decision, {workers} workers, {claims} claims{behind}", found)
    emit(found, as_json, lambda: table(columns, [row], title))


@bench.command()
@CLAIMS
@SEED
@json_option
def adjudicate(claims: int, seed: int, as_json: bool) -> None:
    """The pure decision, one core, warm: claims per second among 20 plans, without database or files."""
    from gateway.bench.adjudicate import adjudicate

    found = adjudicate(claims, seed)
    columns = ("claims_per_second", "wall_s", "cpu_s")
    title = _measured(f"Decisions of {claims} claims under {found['plans']} plans", found)
    emit(found, as_json, lambda: table(columns, [[found[name] for name in columns]], title))


@bench.command()
@click.option("--members", type=click.IntRange(min=1), default=100_000, show_default=True)
@SEED
@json_option
def enrolment(members: int, seed: int, as_json: bool) -> None:
    """A full 834 of everybody, validated and reconciled: seconds and memory of its worker."""
    from gateway.bench.enrolment import enrolment

    found = enrolment(members, seed)
    columns = ("file", "seconds", "peak_mb")
    rows = [[name, found[name]["seconds"], found[name]["peak_mb"]] for name in ("first", "again")]
    emit(found, as_json, lambda: table(columns, rows, _measured(f"A full file of {members} members", found)))


@bench.command()
@click.option("--megabytes", type=click.IntRange(min=1), default=200, show_default=True, help="Of the large file.")
@CLAIMS
@SEED
@json_option
def sftp(megabytes: int, claims: int, seed: int, as_json: bool) -> None:
    """The door against the machine's own sshd: seconds, latencies, memory."""
    from gateway.bench.sftp import sftp

    found = sftp(megabytes, claims, seed)
    rows: list[list[Any]] = [[f"{name}, our seconds to sshd's", value] for name, value in found["ratios"].items()]
    rows += [[name, found[name]] for name in found if name.endswith("_ms") or name == "rss_mb"]
    emit(found, as_json, lambda: table(("figure", "value"), rows, _measured(f"SFTP, {megabytes} MB", found)))


def _measured(what: str, found: dict[str, Any]) -> str:
    """What a figure depends on, as a title."""
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    place = f"seed {found['seed']}, {found['machine']}, Python {found['python']}"
    return f"{what}: {place}, {versions}"
