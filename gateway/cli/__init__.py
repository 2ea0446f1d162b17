"""The `gateway` command. A trouble is one sentence on stderr and an exit code of sysexits.h."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from gateway.errors import GatewayError, where

COMMANDS = {
    "demo": ("gateway.cli.make", "Play the partners against a real daemon, from enrolment to remittance."),
    "check": ("gateway.cli.check", "Check files at a desk: what is wrong, where, and how to mend it."),
    "run": ("gateway.cli.serve", "Run the daemon: SFTP door, status endpoint, workers."),
    "worker": ("gateway.cli.serve", "Run a node of workers without doors, beside a daemon on the same PostgreSQL."),
    "migrate": ("gateway.cli.serve", "Create the database or bring it to this version."),
    "doctor": (
        "gateway.cli.doctor",
        "Is this installation fit to run? Keys, disk, clock, database, ports, door.",
    ),
    "config": ("gateway.cli.config", "Check, show or begin a settings file."),
    "door": ("gateway.cli.door", "The SFTP door: who is shut out, and letting an address in again."),
    "partner": ("gateway.cli.parties", "Trading partners: add, list, keys, self-test, certification, guide."),
    "key": ("gateway.cli.keys", "Master keys: rotate, retire, verify, backup, restore; the door's own keys."),
    "remote": ("gateway.cli.remote", "Partners' own servers: fetch or push now, list how they do."),
    "sponsor": ("gateway.cli.parties", "Employers: add (with a takeover), list."),
    "load": (
        "gateway.cli.parties",
        "Load dated rows: parties, providers, prices, code rules, plans, policies, other plans.",
    ),
    "provider": ("gateway.cli.prices", "Providers: load, with the paid claims that would be priced otherwise."),
    "fees": ("gateway.cli.prices", "Fee rows of providers and schedules: load, with such a preview."),
    "network": ("gateway.cli.prices", "Networks' contracts and members: load, with such a preview."),
    "plan": ("gateway.cli.plan", "Plan documents: check, try on a claim, compare; no installation is needed."),
    "codes": ("gateway.cli.codes", "External code sets by date: load, list, and which checks are off."),
    "hold": ("gateway.cli.desk", "What waits for a person: list, release."),
    "pend": ("gateway.cli.pend", "Claims that wait: list, take, release, deny, override, request information, bulk."),
    "auth": ("gateway.cli.auth", "Prior authorisations and accident answers: load."),
    "pbm": ("gateway.cli.pbm", "A drug manager's claims: load; what it is told of limits used: accumulators."),
    "sent": ("gateway.cli.sent", "What left for partners, and what they answered."),
    "replay": ("gateway.cli.again", "Read a quarantined file again from its sealed bytes."),
    "resend": ("gateway.cli.again", "Send what left once more, byte for byte."),
    "retention": ("gateway.cli.retention", "How long bytes are kept: show, run."),
    "legal-hold": ("gateway.cli.retention", "What nothing may be removed of: add, lift, list."),
    "status": ("gateway.cli.desk", "How the installation is doing, what needs a person first."),
    "explain": ("gateway.cli.explain", "Why a claim came to what it came to, cent by cent."),
    "audit": ("gateway.cli.audit", "Decided claims decided once more: is every amount still what it was?"),
    "compare": ("gateway.cli.compare", "Shadow run: another administrator's paid claims decided by us, and compared."),
    "fund": ("gateway.cli.money", "Deposits of an employer."),
    "pay": ("gateway.cli.money", "Payment runs: run, list, approve, settle."),
    "ledger": ("gateway.cli.money", "The books: verify, trial balance."),
    "stoploss": ("gateway.cli.money", "Stop-loss notices and reimbursement claims."),
    "day": ("gateway.cli.desk", "The business date of a test installation."),
    "synth": ("gateway.cli.make", "Write synthetic files of any size: 834, 837, 835, 820, drug claims."),
    "bench": ("gateway.cli.make", "Measure, against pyx12 and a plain insert, in one run."),
}
"""Command -> the module that holds it, and its line in the help. Imported only when called: start-up is imports."""


class _Lazy(click.Group):
    """A group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[name][0])
        name = name.replace("-", "_")
        return getattr(module, f"{name}_command", None) or getattr(module, name)  # type: ignore[no-any-return]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help lines, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """The ASO Gateway: X12 in over SFTP, claims decided, employers' money kept, providers paid, carriers told."""


def main(argv: list[str] | None = None) -> Any:
    """The console script."""
    try:
        code = cli.main(args=argv, prog_name="gateway", standalone_mode=False)
    except GatewayError as error:
        click.echo(f"gateway: {error}", err=True)
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = 64
    except SQLAlchemyError as error:  # its message may repeat data; its kind says enough
        click.echo(f"gateway: the database does not answer or refuses ({type(error).__name__})", err=True)
        code = 69
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except BrokenPipeError:
        code = 0
    except Exception as error:  # a fault of ours: its message may repeat data, its place does not
        click.echo(f"gateway: a fault of the gateway ({type(error).__name__} at {where(error)})", err=True)
        code = 70
    sys.exit(code if isinstance(code, int) else 0)
