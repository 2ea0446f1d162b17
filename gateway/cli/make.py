"""demo, synth, bench: what a newcomer, a tester and a measurer run."""

from __future__ import annotations

import signal
import sys
import threading
from datetime import date
from pathlib import Path

import click

from gateway.cli.common import emit, table
from gateway.plan.rounding import dollars


@click.command()
@click.option(
    "--state", type=click.Path(path_type=Path), default=Path("aso-demo"), show_default=True, help="State folder."
)
@click.option("--scenario", type=click.Choice(["sample", "golden"]), default="sample", show_default=True)
@click.option("--port", default=2222, show_default=True, help="SFTP port; 0 picks a free one.")
@click.option("--http-port", default=8080, show_default=True, help="Status port; 0 picks a free one.")
@click.option("--fresh", is_flag=True, help="Replace an existing state.")
@click.option("--resume", is_flag=True, help="Continue an existing state.")
@click.option("--exit", "leave", is_flag=True, help="Leave when the scenario is done.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def demo(
    state: Path, scenario: str, port: int, http_port: int, fresh: bool, resume: bool, leave: bool, as_json: bool
) -> None:
    """Play the partners against a real daemon, from enrolment to remittance."""
    from rich.console import Console

    from gateway.demo import Demo

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
                threading.Event().wait()


def _tell(made: object, found: dict[str, object], run: dict[str, object]) -> None:
    from gateway.demo import Demo

    assert isinstance(made, Demo)
    table(("who", "what", "where"), made.steps, f"Files, in {made.state}")
    claims = found["claims"]
    assert isinstance(claims, list)
    rows = [
        (c["icn"], c["status"], dollars(c["charge_cents"]), dollars(c["paid_cents"]), dollars(c["patient_cents"]))
        for c in claims
    ]
    table(("claim", "status", "charge", "paid", "member's share"), rows, f"Claims of {found['sponsor']}")
    remittances = found["remittances"]
    assert isinstance(remittances, list)
    paid = [
        (r["trn02"], r["payee_npi"], r["method"], dollars(r["bpr02_cents"]), dollars(r["plb_cents"]))
        for r in remittances
    ]
    table(("payment", "payee", "method", "amount", "adjustments"), paid, "Payments")
    state = made.state.resolve()
    click.echo(f"\nStatus page: http://127.0.0.1:{run['http_port']}/?token={run['token']}")
    click.echo(f"SFTP:        sftp -P {run['sftp_port']} -i {state}/partners/clearpath/id_ed25519 clearpath@127.0.0.1")
    first = claims[0]["icn"] if claims else "ICN"
    click.echo(f"Why a claim: {sys.argv[0]} explain {first} --config {made.config}")
    click.echo("A key beside the data protects nothing: in production the keys folder lies elsewhere.")


@click.command()
@click.argument("kind", type=click.Choice(["834", "837P"]))
@click.option("--members", default=100, show_default=True)
@click.option("--claims", default=100, show_default=True, help="837P only.")
@click.option("--seed", default=1, show_default=True)
@click.option("--errors", "errors_pct", default=0.0, show_default=True, help="Percent of claims with a fault.")
@click.option(
    "--date", "on", type=click.DateTime(["%Y-%m-%d"]), default=None, help="Date of the file; today by default."
)
@click.option("--control", default=1, show_default=True, help="Interchange control number.")
@click.option("--output", type=click.File("wb"), default="-", help="File; stdout by default.")
def synth(
    kind: str, members: int, claims: int, seed: int, errors_pct: float, on: date | None, control: int, output: object
) -> None:
    """Write a synthetic 834 or 837P file of any size; the same seed gives the same file."""
    from gateway import synth as made

    day = date(on.year, on.month, on.day) if on else date.today()
    if kind == "834":
        pieces = made.iter_834(members, seed, day, control=control)
    else:
        pieces = made.iter_837p(members, claims, seed, errors_pct, day, control=control)
    for piece in pieces:
        output.write(piece)  # type: ignore[attr-defined]


@click.group()
def bench() -> None:
    """Measure: ratios taken in one run, with seed, machine and versions."""


@bench.command()
@click.option("--claims", default=10_000, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def validate(claims: int, seed: int, as_json: bool) -> None:
    """Validation against pyx12's, CPU time in the same process."""
    from gateway import bench as measured

    found = measured.validate(claims, seed)
    emit(found, as_json, lambda: measured.tell(found))


@bench.command()
@click.option("--claims", default=10_000, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--workers", default=2, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def pipeline(claims: int, seed: int, workers: int, as_json: bool) -> None:
    """Claims per second from receipt to committed decision, and the ratio to a plain insert of the same rows."""
    from gateway import bench as measured

    found = measured.pipeline(claims, seed, workers)
    emit(found, as_json, lambda: measured.tell(found))
