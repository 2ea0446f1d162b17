"""What the status page and API say: our own numbers, counts and amounts; never a member, a patient or a file's name."""

from __future__ import annotations

import msgspec

from gateway.flow.figures import Figures


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a table of the page."""


class Attention(Line, frozen=True, kw_only=True):
    """Something that waits for a person. title: its short name. ask: what it asks, one sentence."""

    kind: str
    title: str
    count: int
    ask: str


class HoldLine(Line, frozen=True, kw_only=True):
    """One open hold, with the id that `gateway hold release` takes."""

    id: str
    kind: str
    sponsor_id: str
    subject: str
    reason: str
    opened_us: int


class FileLine(Line, frozen=True, kw_only=True):
    """One received file. verdict: waiting, accepted, partly, rejected. sets: as `2 x 837`. claims: in its 837 sets."""

    receipt_no: int
    received_us: int
    size_bytes: int
    state: str
    verdict: str
    sets: str
    claims: int


class ClaimLine(Line, frozen=True, kw_only=True):
    """The claims of one state; decided claims are split into paid and denied."""

    state: str
    count: int
    charge_cents: int
    paid_cents: int
    patient_cents: int


class FundLine(Line, frozen=True, kw_only=True):
    """One employer's money: cash held (1010), owed to providers (2010), asked of the employer and not yet paid."""

    sponsor_id: str
    cash_cents: int
    payable_cents: int
    requested_cents: int


class RunLine(Line, frozen=True, kw_only=True):
    """One payment run."""

    sponsor_id: str
    run_no: int
    state: str
    run_on: str
    need_cents: int
    claims: int
    approvals: int


class StopLossLine(Line, frozen=True, kw_only=True):
    """One employer's stop-loss: notices made, reimbursement claims filed, and what carriers were asked for and paid."""

    sponsor_id: str
    notices: int
    filed: int
    asked_cents: int
    received_cents: int


class Queue(Line, frozen=True, kw_only=True):
    """Steps by what they wait for. undecided: received files without a verdict; leaving: parcels not yet delivered."""

    ready: int
    running: int
    later: int
    parked: int
    undecided: int
    leaving: int
    nodes: int


class Status(Line, frozen=True, kw_only=True):
    """The whole page, from one snapshot. usage: T or P. read_us: when. desk: how many claims need a person."""

    usage: str
    business_date: str
    read_us: int
    attention: tuple[Attention, ...]
    holds: tuple[HoldLine, ...]
    files: tuple[FileLine, ...]
    claims: tuple[ClaimLine, ...]
    desk: Figures
    funds: tuple[FundLine, ...]
    runs: tuple[RunLine, ...]
    stop_loss: tuple[StopLossLine, ...]
    queue: Queue
