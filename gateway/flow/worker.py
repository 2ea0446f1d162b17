"""A worker: claims the next due step, does it, and looks again. Crash-only: any doubt, and it leaves.

Its work is then given back. It leaves as well when its stdin ends (the supervisor is gone). A byte on stdin wakes it; a
byte on stdout says that it finished something, so that others look for what that made.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Mapping

import structlog
from sqlalchemy.exc import IntegrityError

from gateway.errors import GatewayError, where
from gateway.flow import (
    acceptance,
    adjudicate,
    affected,
    answers,
    day,
    deliver,
    enrol,
    gathering,
    instalments,
    intake,
    notify,
    paper,
    pay,
    pull,
    push,
    recover,
    reprocess,
    reruns,
    route,
    watches,
)
from gateway.flow.context import Context
from gateway.store import queue
from gateway.store.queue import Work

log = structlog.get_logger()

POLL_S = 0.25
"""How often an idle worker looks without being woken: what another node enqueued is seen this late at most."""

ABROAD_S = 1.0
"""How often it is looked whether a partner's server is to be called; nothing wakes for that."""

LEAVE_S = 5
"""How long a step may still take when the supervisor is gone; then it is cut off, which loses nothing."""

Step = Callable[[Context, Work], None]

STEPS: Mapping[str, Step] = {
    "intake": intake.intake,
    "sweep": acceptance.sweep,
    "route": route.route,
    "answer": answers.answer,
    "gather": gathering.gather,
    "adjudicate": adjudicate.adjudicate,
    "plan": pay.plan,
    "issue": pay.issue,
    "payee": pay.payee,
    "close": pay.close,
    "settle": pay.settle,
    "notify": notify.notify,
    "paper": paper.paper,
    "recover": recover.recover,
    "rerun": reruns.rerun,
    "reprocess": reprocess.reprocess,
    "again": reprocess.decide_again,
    "affected": affected.affected,
    "instalment": instalments.instalment,
    "end-absent": enrol.end_absent,
    "deliver": deliver.deliver,
    "push": push.push,
    "pull": pull.pull,
    "tidy": deliver.tidy,
    "chain": deliver.chain,
    "watch": watches.watch,
    "day": day.day,
}
"""Every kind of step and what does it."""


def work_once(context: Context, me: str, where: queue.Where = "anywhere") -> bool:
    """Claims and does one step; False when none is due."""
    try:
        with context.store.write("claim") as connection:
            work = queue.claim(connection, me, context.now_us, where)
    except IntegrityError:
        return True  # another worker took a row of the same lane first: look again
    if work is None:
        return False
    context.keys.look()
    structlog.contextvars.bind_contextvars(work=work.kind, sponsor=work.sponsor_id, partner=work.partner)
    try:
        STEPS[work.kind](context, work)
    finally:
        structlog.contextvars.clear_contextvars()
    return True


def run(context: Context, me: str, stdin: int = 0, stdout: int = 1) -> None:
    """Works until stdin ends. Raises whatever a step raised: the process then exits and its work is given back.

    Steps that call partners' servers are done beside the others: while one waits for a line, claims are decided.
    """
    wake, leave = threading.Event(), threading.Event()
    threading.Thread(target=_watch, args=(stdin, wake, leave), daemon=True).start()
    log.info("worker started", worker=me)
    trouble: list[BaseException] = []
    threading.Thread(target=_work_abroad, args=(context, me, stdout, leave, wake, trouble), daemon=True).start()
    while not leave.is_set():
        wake.clear()
        while not leave.is_set() and work_once(context, me, "home"):
            _say_done(stdout)
        wake.wait(POLL_S)
    if trouble:
        raise trouble[0]


def _work_abroad(
    context: Context, me: str, stdout: int, leave: threading.Event, wake: threading.Event, trouble: list[BaseException]
) -> None:
    """The steps that call partners' servers. What one raises ends the worker, as any other step's does.

    One that is cut off when the worker leaves is given back and done again, like one whose line was cut.
    """
    try:
        while not leave.wait(ABROAD_S):
            with context.store.read() as connection:
                due = queue.calls_abroad(connection, context.now_us)
            while due and not leave.is_set() and work_once(context, me, "abroad"):
                _say_done(stdout)
    except BaseException as error:
        trouble.append(error)
        leave.set()
        wake.set()


def _say_done(stdout: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody listens any more: stdin says so, too
        os.write(stdout, b".")


def _watch(stdin: int, wake: threading.Event, leave: threading.Event) -> None:
    """Wakes on a byte, leaves on the end of stdin. os.read, as a buffered read aborts at interpreter shutdown."""
    while os.read(stdin, 4096):
        wake.set()
    leave.set()
    wake.set()
    time.sleep(LEAVE_S)
    os._exit(0)


def main(context: Context, me: str) -> int:
    """The body of `gateway.flow.process`: an exit code instead of a traceback, which could carry data."""
    try:
        run(context, me)
    except GatewayError as error:
        log.error("worker left", error=type(error).__name__)
        return error.exit_code
    except Exception as error:
        log.error("worker left", error=type(error).__name__, where=where(error))
        return 70
    return 0
