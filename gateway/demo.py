"""The demo: plays the partners of a real daemon with a real SFTP client, from enrolment to remittance.

Every step looks first whether it was done, so that an interrupted demo is continued. Nothing here knows a result: what
is deposited is what was asked for, what the carrier pays is what was filed.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select

from gateway import outcome, synth
from gateway import settings as settings_module
from gateway.errors import (
    CannotCreate,
    NotPermitted,
    PortTaken,
    StateExists,
    TryAgain,
    Unavailable,
    UsageError,
)
from gateway.flow import beginning, day, loading, opening, partner_keys, pay, recover, takeover
from gateway.flow.context import Context
from gateway.plan.rounding import dollars
from gateway.settings import shipped
from gateway.store import installation, queue
from gateway.store.schema import (
    funding_request,
    pay_run,
    receipt,
    recovery,
)
from sftp_drop import client

STEP_S = 120
"""How long the demo waits for one answer: a slow machine needs 2 s."""

LOOK_S = 0.05
"""How often the demo looks for what it waits for."""

MARK = "demo"
"""File that says which scenario a demo plays in a folder: without it a folder is somebody else's."""

PARTNERS = ("bluebonnet", "lakeline", "clearpath", "shieldre", "firstbank")
SPONSOR = "bluebonnet"

COMMON = (
    "administrator.toml",
    "partners/sample.toml",
    "plans/bluebonnet-ppo.toml",
    "plans/lakeline-ppo.toml",
    "policies/bluebonnet.toml",
    "policies/lakeline.toml",
    "providers/sample.toml",
    "sponsors/sample.toml",
)
"""Shipped files every scenario loads."""

FIRST_DAY = {"golden": date(2026, 4, 1), "sample": date(2026, 4, 6)}
"""Where each scenario's calendar begins."""

Say = Callable[[str], None]


class Demo:
    """One demo: its folder, its daemon while it runs, and what it did. say: progress, a line per step."""

    def __init__(self, state: Path, scenario: str, say: Say) -> None:
        self.state, self.scenario, self.say = state, scenario, say
        self.config = state / "gateway.toml"
        self.steps: list[tuple[str, str, str]] = []
        self.daemon: subprocess.Popen[bytes] | None = None
        self._context: Context | None = None

    @property
    def context(self) -> Context:
        """The operator's view of the installation: what `gateway` commands use."""
        if self._context is None:
            self._context = opening.open_context(settings_module.load(self.config))
        return self._context

    # ---- making it

    def prepare(self, *, fresh: bool, resume: bool, sftp_port: int, http_port: int) -> None:
        """Makes the state folder, or continues it; raises StateExists, CannotCreate, UsageError, PortTaken."""
        found = self._found()
        if found is not None and not (fresh or resume):
            raise StateExists(str(self.state))
        if found is not None and resume and found != self.scenario:
            raise UsageError(f"{self.state} holds the scenario {found}; continue it with --scenario {found}")
        for port in (sftp_port, http_port):
            _require_free(port)
        if found is not None and fresh:
            self._remove()
        ports = {"sftp.port": str(sftp_port), "http.port": str(http_port)}
        if self.config.exists():
            beginning.change(self.config, **ports)
        else:
            self._mark()
            beginning.begin(self.state, "T", first_business_date=FIRST_DAY[self.scenario].isoformat(), **ports)
        self.load()

    def _found(self) -> str | None:
        """The scenario of a state that a demo made, None where there is nothing; anything else is left alone."""
        try:
            if (self.state / MARK).exists():
                return (self.state / MARK).read_text().strip()
            if self.state.exists() and (not self.state.is_dir() or any(self.state.iterdir())):
                raise CannotCreate(f"{self.state} was not made by a demo; it is left alone")
        except OSError as error:
            raise CannotCreate(f"{self.state} ({error.strerror})") from error
        return None

    def _mark(self) -> None:
        """Says that the folder is a demo's, before anything else lies in it."""
        try:
            self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.state / MARK).write_text(self.scenario + "\n")
        except OSError as error:
            raise CannotCreate(f"{self.state} ({error.strerror})") from error

    def _remove(self) -> None:
        try:
            shutil.rmtree(self.state)
        except OSError as error:
            raise CannotCreate(f"{self.state} ({error.strerror})") from error

    def load(self) -> None:
        """Makes the database and loads what the scenario begins with; again changes nothing."""
        opening.create(settings_module.load(self.config), date.today())
        fees = "golden/fees.csv" if self.scenario == "golden" else "fees/sample.csv"
        loading.load(self.context, [shipped() / name for name in (*COMMON, fees)], "demo")
        if self.scenario == "golden":
            takeover.apply(self.context, takeover.read(shipped() / "golden" / "takeover.json"), "demo")
        with self.context.store.write("load") as connection:
            for name in PARTNERS:
                line = self._key(name)
                partner_keys.add(connection, self.context.now_us, name, line, "demo")
            if self.scenario == "sample":
                pay.post_deposit(connection, self.context, SPONSOR, 5_000_00, "OPENING")

    def _key(self, partner: str) -> str:
        path = self.state / "partners" / partner / "id_ed25519"
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            beginning.key_pair(path)
        return path.with_suffix(".pub").read_text().strip()

    # ---- the daemon

    @contextlib.contextmanager
    def running(self) -> Iterator[dict[str, Any]]:
        """The daemon, spawned for real; it leaves when this process ends, whatever ends it. Yields run.json."""
        said = self.state / "run.json"
        said.unlink(missing_ok=True)
        with (self.state / "daemon.log").open("ab") as log:
            command = [sys.executable, "-m", "gateway", "run", "--config", str(self.config), "--attached"]
            self.daemon = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        try:
            yield self._wait_ready(said)
        finally:
            assert self.daemon.stdin is not None
            self.daemon.stdin.close()
            try:
                self.daemon.wait(15)
            except subprocess.TimeoutExpired:
                self.daemon.kill()
                self.daemon.wait()

    def _wait_ready(self, said: Path) -> dict[str, Any]:
        until = time.monotonic() + STEP_S
        while time.monotonic() < until:
            self.must_live()
            if said.exists():
                found: dict[str, Any] = json.loads(said.read_text())
                if len(found["worker_pids"]) == settings_module.load(self.config).worker_count:
                    return found
            time.sleep(LOOK_S)
        raise Unavailable("the daemon did not become ready; see daemon.log in the state folder")

    def must_live(self) -> None:
        """Raises Unavailable with the daemon's own sentence and exit code when it has left."""
        assert self.daemon is not None
        code = self.daemon.poll()
        if code is None:
            return
        lines = (self.state / "daemon.log").read_text(errors="replace").strip().splitlines()
        told = lines[-1] if lines and lines[-1].startswith("gateway: ") else f"the daemon left with code {code}"
        trouble = Unavailable(told.removeprefix("gateway: "))
        trouble.exit_code = code if code > 0 else 70
        raise trouble

    # ---- the partners

    @contextlib.contextmanager
    def _sftp(self, partner: str) -> Iterator[Any]:
        run = json.loads((self.state / "run.json").read_text())
        host_key = (self.state / "host_ed25519.pub").read_text()
        key = self.state / "partners" / partner / "id_ed25519"
        try:
            with client.connect("127.0.0.1", run["sftp_port"], partner, key, host_key) as sftp:
                yield sftp
        except client.BROKEN_OFF as error:
            time.sleep(LOOK_S)  # a daemon that is just dying takes a moment
            self.must_live()
            raise Unavailable(f"the SFTP session of {partner} broke off") from error

    def drop(self, partner: str, name: str, body: bytes, answers: tuple[str, ...]) -> None:
        """A partner drops a file and waits for its answers (pieces of outbound or report names)."""
        number = self._receipt(partner, name)
        if number is None:
            with self._sftp(partner) as sftp:
                client.upload(sftp, body, name)
            number = self._receipt(partner, name)
        prefix = f"R{number:09d}"
        came = self._wait(lambda: self._answers(partner, prefix, answers), f"the answer to {name}")
        for file in came:
            self.steps.append((f"{partner} dropped {name}", file, f"fetched/{partner}/{file}"))
            self.say(f"{partner}: {name} answered by {file}")

    def _receipt(self, partner: str, name: str) -> int | None:
        mine = select(receipt.c.receipt_no).where(receipt.c.partner == partner, receipt.c.name == name)
        with self.context.store.read() as connection:
            return connection.execute(mine.order_by(receipt.c.receipt_no).limit(1)).scalar_one_or_none()

    def _answers(self, partner: str, prefix: str, wanted: tuple[str, ...]) -> list[str]:
        fetched = self.fetch(partner)
        mine = [name for name in fetched if name.startswith(prefix)]
        return mine if all(any(piece in name for name in mine) for piece in wanted) else []

    def fetch(self, partner: str) -> list[str]:
        """Everything in a partner's outbound and reports folders, kept in STATE/fetched/PARTNER. Returns names."""
        target = self.state / "fetched" / partner
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        names = []
        with self._sftp(partner) as sftp:
            for folder in ("outbound", "reports"):
                for name in sorted(sftp.listdir(f"/{folder}")):
                    if not (target / name).exists():
                        sftp.get(f"/{folder}/{name}", str(target / name), prefetch=False)
                    names.append(name)
        return names

    def _wait(self, look: Callable[[], Any], what: str) -> Any:
        until = time.monotonic() + STEP_S
        while time.monotonic() < until:
            self.must_live()
            found = look()
            if found:
                return found
            time.sleep(LOOK_S)
        raise TryAgain(f"{what} did not come in {STEP_S} s; see daemon.log in the state folder")

    # ---- the operator

    def settle_down(self) -> None:
        """Waits until nothing is due."""

        def idle() -> bool:
            with self.context.store.read() as connection:
                return queue.waiting(connection, self.context.now_us) == 0

        self._wait(idle, "the end of the work")

    def advance(self, target: date) -> None:
        """Moves the business date, if it is not there yet."""
        with self.context.store.write("day-ask") as connection:
            if installation.business_date(connection) >= target:
                return
            day.ask(connection, self.context, target, "demo")

        def reached() -> bool:
            with self.context.store.read() as connection:
                return day.reached(connection, target)

        self._wait(reached, f"{target}")
        self.settle_down()
        self.say(f"business date {target}")

    def plan_run(self) -> None:
        """Plans a run and has two people approve it."""
        with self.context.store.write("pay-run") as connection:
            if not connection.execute(select(pay_run.c.run_no)).first():
                pay.enqueue(connection, self.context, "plan", SPONSOR)
        self.settle_down()
        for user in ("ann", "ben"):
            self._approve(user)
        self.settle_down()
        with self.context.store.read() as connection:
            runs = list(connection.execute(select(pay_run).where(pay_run.c.sponsor_id == SPONSOR)))
        for run in runs:
            self.say(f"run {run.run_no} needs {dollars(run.need_cents)}, planned for {run.run_on}: {run.state}")

    def _approve(self, user: str) -> None:
        with self.context.store.write("approve") as connection:
            waiting = select(pay_run).where(pay_run.c.state.in_(pay.WAITING))
            for run in connection.execute(waiting).all():
                with contextlib.suppress(NotPermitted):  # a continued demo has approved it already
                    pay.approve(connection, self.context, run.sponsor_id, run.run_no, user)

    def deposit(self) -> None:
        """The employer sends what it was asked for."""
        with self.context.store.write("deposit") as connection:
            open_ = select(funding_request).where(
                funding_request.c.state == "open", funding_request.c.sponsor_id == SPONSOR
            )
            for row in connection.execute(open_.order_by(funding_request.c.number)).all():
                cents = row.amount_cents - row.paid_cents
                pay.post_deposit(connection, self.context, SPONSOR, cents, f"WIRE-{row.number}")
                self.say(f"{SPONSOR} deposits {dollars(cents)} for {row.number}")
        self.settle_down()

    def carrier_pays(self) -> None:
        """The carrier pays what was filed."""
        with self.context.store.write("reimbursement") as connection:
            open_ = (
                select(recovery).where(recovery.c.state == "filed").order_by(recovery.c.sponsor_id, recovery.c.number)
            )
            for row in connection.execute(open_).all():
                cents = row.amount_cents - row.received_cents
                recover.receive(connection, self.context, row.sponsor_id, row.number, cents)
                self.say(f"the carrier pays {dollars(cents)} on {row.number}")

    # ---- the scenarios

    def play(self) -> None:
        """Runs the scenario to its end."""
        {"golden": self._golden, "sample": self._sample}[self.scenario]()
        for partner in PARTNERS:
            known = {file for _, file, _ in self.steps}
            for file in self.fetch(partner):
                if file not in known:
                    self.steps.append(("the gateway", file, f"fetched/{partner}/{file}"))

    def _golden(self) -> None:
        files = shipped() / "golden"
        self.advance(date(2026, 4, 6))
        self.drop(
            "bluebonnet", "enrol.834", (files / "in.834").read_bytes(), (".999.", ".834-result.txt", ".834-result.json")
        )
        self.drop("clearpath", "claims.837", (files / "in.837p").read_bytes(), (".999.", ".277CA."))
        self.settle_down()
        self.plan_run()
        self.advance(date(2026, 4, 9))
        self.deposit()
        for day_ in (date(2026, 4, 10), date(2026, 4, 14), date(2026, 4, 15), date(2026, 5, 20)):
            self.advance(day_)
        self.carrier_pays()

    def _sample(self) -> None:
        today = FIRST_DAY["sample"]
        enrolment = synth.write_834(40, 1, today)
        claims = synth.write_837p(40, 30, 1, 10, today)
        self.drop("bluebonnet", "enrol.834", enrolment, (".999.", ".834-result.txt", ".834-result.json"))
        self.drop("clearpath", "claims.837", claims, (".999.", ".277CA."))
        for name, (body, answers) in bad_files(today).items():
            self.drop("clearpath", name, body, answers)
        self.settle_down()
        self.plan_run()
        self.deposit()
        for day_ in (date(2026, 4, 10), date(2026, 4, 14), date(2026, 4, 15)):
            self.advance(day_)
        self.carrier_pays()

    def result(self) -> dict[str, Any]:
        """What the scenario came to, for the employer, from the books."""
        with self.context.store.read() as connection:
            return outcome.of(connection, SPONSOR)


def _require_free(port: int) -> None:
    """Raises PortTaken: before anything is made, so that another port can be chosen at once. 0 is always free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortTaken(f"127.0.0.1:{port}") from error


def bad_files(today: date) -> dict[str, tuple[bytes, tuple[str, ...]]]:
    """Files a partner should not send, each with its answer: not X12 at all, cut before its end, against the guide."""
    good = synth.write_837p(40, 4, 2, 0, today, control=901)
    return {
        "minutes.837": (b"Minutes of the meeting: claims to follow.\n", ("-report",)),
        "cut.837": (good[: len(good) // 2], ("-report",)),
        "guide.837": (synth.write_837p(40, 0, 3, 0, today, control=902, broken_sets=1), (".999.", "-report")),
    }
