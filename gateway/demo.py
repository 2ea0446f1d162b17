"""The demo: plays the partners of a real daemon with a real SFTP client, from enrolment to remittance.

Every step looks first whether it was done, so that an interrupted demo is continued. Nothing here knows a result: what
is deposited is what was asked for, what the carrier pays is what was filed.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from gateway import settings as settings_module
from gateway import synth
from gateway.errors import CannotCreate, GatewayError, NotPermitted, StateExists, TryAgain, Unavailable
from gateway.flow import beginning, books, day, loading, opening, pay, recover, takeover
from gateway.flow.context import Context
from gateway.flow.drop import fingerprint
from gateway.settings import shipped
from gateway.store import documents, installation, queue
from gateway.store.schema import (
    claim,
    entry,
    funding_request,
    notice,
    outbox,
    pay_run,
    person,
    receipt,
    recovery,
    remittance,
    work,
)

STEP_S = 120
"""How long the demo waits for one answer: a slow machine needs 2 s."""

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
        """Makes the state folder, or continues it; raises StateExists, CannotCreate."""
        if self.config.exists() and not (fresh or resume):
            raise StateExists(str(self.state))
        if fresh and self.state.exists():
            self._remove()
        if not self.config.exists():
            first = FIRST_DAY[self.scenario].isoformat()
            beginning.begin(
                self.state, "T", first_business_date=first, **{"sftp.port": str(sftp_port), "http.port": str(http_port)}
            )
        else:
            beginning.change(self.config, **{"sftp.port": str(sftp_port), "http.port": str(http_port)})
        opening.create(settings_module.load(self.config), date.today())
        self._load()

    def _remove(self) -> None:
        """Only a folder this demo made is removed."""
        if not self.config.exists() and any(self.state.iterdir()):
            raise CannotCreate(f"{self.state} is not a state folder; it is left alone")
        try:
            shutil.rmtree(self.state)
        except OSError as error:
            raise CannotCreate(f"{self.state} ({error.strerror})") from error

    def _load(self) -> None:
        fees = "golden/fees.csv" if self.scenario == "golden" else "fees/sample.csv"
        loading.load(self.context, [shipped() / name for name in (*COMMON, fees)], "demo")
        if self.scenario == "golden":
            takeover.apply(self.context, takeover.read(shipped() / "golden" / "takeover.json"), "demo")
        with self.context.store.write("load") as connection:
            for name in PARTNERS:
                line = self._key(name)
                documents.add_key(connection, self.context.now_us, name, fingerprint(loading.key_blob(line)), line)
            if self.scenario == "sample":
                with contextlib.suppress(GatewayError):
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
            self._must_live()
            if said.exists():
                found: dict[str, Any] = json.loads(said.read_text())
                if len(found["worker_pids"]) == settings_module.load(self.config).worker_count:
                    return found
            time.sleep(0.05)
        raise Unavailable("the daemon did not become ready; see daemon.log in the state folder")

    def _must_live(self) -> None:
        """The daemon's own sentence and exit code when it has left."""
        assert self.daemon is not None
        code = self.daemon.poll()
        if code is None:
            return
        lines = (self.state / "daemon.log").read_text(errors="replace").strip().splitlines()
        trouble = Unavailable(lines[-1].removeprefix("gateway: ") if lines else "the daemon left")
        trouble.exit_code = code if code > 0 else 70
        raise trouble

    # ---- the partners

    @contextlib.contextmanager
    def _sftp(self, partner: str) -> Iterator[Any]:
        from sftp_drop import client

        run = json.loads((self.state / "run.json").read_text())
        host_key = (self.state / "host_ed25519.pub").read_text()
        key = self.state / "partners" / partner / "id_ed25519"
        with client.connect("127.0.0.1", run["sftp_port"], partner, key, host_key) as sftp:
            yield sftp

    def drop(self, partner: str, name: str, body: bytes, answers: tuple[str, ...]) -> None:
        """A partner drops a file and waits for its answers (pieces of outbound or report names)."""
        from sftp_drop import client

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
            self._must_live()
            found = look()
            if found:
                return found
            time.sleep(0.05)
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
            day.enqueue(connection, self.context, target)

        def reached() -> bool:
            with self.context.store.read() as connection:
                asked = connection.execute(select(work.c.id).where(work.c.kind == "day")).first()
                return asked is None and installation.business_date(connection) >= target

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
            self.say(f"run {run.run_no} needs {run.need_cents / 100:,.2f}, planned for {run.run_on}: {run.state}")

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
                self.say(f"{SPONSOR} deposits {cents / 100:,.2f} for {row.number}")
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
                self.say(f"the carrier pays {cents / 100:,.2f} on {row.number}")

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
            return result(connection, SPONSOR)


def bad_files(today: date) -> dict[str, tuple[bytes, tuple[str, ...]]]:
    """Files a partner should not send, each with its answer: not X12 at all, cut before its end, against the guide."""
    good = synth.write_837p(40, 4, 2, 0, today, control=901)
    return {
        "minutes.837": (b"Minutes of the meeting: claims to follow.\n", ("-report",)),
        "cut.837": (good[: len(good) // 2], ("-report",)),
        "guide.837": (synth.write_837p(40, 0, 3, 0, today, control=902, broken_sets=1), (".999.", "-report")),
    }


# ---- what came of it -------------------------------------------------------------------------------------------------


def result(connection: Any, sponsor_id: str) -> dict[str, Any]:
    """Claims, accumulators, remittances, money and acknowledgements of one employer, as plain data in cents."""
    today = installation.business_date(connection)
    people = list(
        connection.execute(select(person).where(person.c.sponsor_id == sponsor_id).order_by(person.c.person_id))
    )
    names = {row.person_id: row.member_no or row.person_id for row in people}
    return {
        "sponsor": sponsor_id,
        "business_date": today.isoformat(),
        "claims": _claims(connection, sponsor_id),
        "accumulators": _accumulators(connection, sponsor_id, names, today.year),
        "remittances": _remittances(connection, sponsor_id),
        "funding_request_cents": _sum(
            connection, funding_request.c.amount_cents, funding_request.c.sponsor_id == sponsor_id
        ),
        "disbursed_cents": _sum(connection, remittance.c.amount_cents, remittance.c.sponsor_id == sponsor_id),
        "notices": _notices(connection, sponsor_id, names),
        "trial_balance": books.trial_balance(connection, sponsor_id),
        "acks": _acks(connection),
    }


def _sum(connection: Any, column: Any, where: Any) -> int:
    return int(connection.execute(select(func.coalesce(func.sum(column), 0)).where(where)).scalar_one())


def _claims(connection: Any, sponsor_id: str) -> list[dict[str, Any]]:
    current = select(claim).where(
        claim.c.sponsor_id == sponsor_id, claim.c.state.not_in(("replaced", "void", "rejected"))
    )
    return [
        {"pcn": row.pcn, "icn": row.icn, "status": row.status, "charge_cents": row.charge_cents,
         "paid_cents": row.paid_cents, "patient_cents": row.patient_cents}
        for row in connection.execute(current.order_by(claim.c.icn))
    ]  # fmt: skip


def _accumulators(connection: Any, sponsor_id: str, names: dict[str, str], year: int) -> list[dict[str, Any]]:
    grouped = (
        select(entry.c.person_id, entry.c.kind, func.sum(entry.c.cents))
        .where(entry.c.sponsor_id == sponsor_id, entry.c.year == year)
        .group_by(entry.c.person_id, entry.c.kind)
    )
    sums = {(who, kind): int(cents) for who, kind, cents in connection.execute(grouped)}
    return sorted(
        (
            {
                "member": name,
                "deductible_cents": sums.get((who, "deductible"), 0),
                "oop_cents": sums.get((who, "oop"), 0),
            }
            for who, name in names.items()
        ),
        key=lambda row: row["member"],
    )


def _remittances(connection: Any, sponsor_id: str) -> list[dict[str, Any]]:
    rows = connection.execute(
        select(remittance).where(remittance.c.sponsor_id == sponsor_id).order_by(remittance.c.trace)
    )
    return [
        {
            "payee_npi": r.npi,
            "bpr02_cents": r.amount_cents,
            "method": r.method,
            "trn02": r.trace,
            "plb_cents": r.plb_cents,
        }
        for r in rows
    ]


def _notices(connection: Any, sponsor_id: str, names: dict[str, str]) -> list[dict[str, Any]]:
    rows = connection.execute(select(notice).where(notice.c.sponsor_id == sponsor_id).order_by(notice.c.seq))
    return [{"kind": r.kind, "member": names[r.person_id], "claim": r.icn} for r in rows]


def _acks(connection: Any) -> dict[str, int]:
    """Acknowledgements sent, by kind."""
    counted = (
        select(outbox.c.kind, func.count()).where(outbox.c.kind.in_(("999", "277CA", "TA1"))).group_by(outbox.c.kind)
    )
    found = dict(connection.execute(counted).all())
    return {kind: found.get(kind, 0) for kind in ("999", "277CA", "TA1")}
