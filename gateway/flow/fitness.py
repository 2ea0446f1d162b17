"""What a check answers: `doctor` asks of an installation, `selftest` of a partner."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["ok", "warn", "fail"]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found. said: one sentence; todo: what to do, "" where nothing. exit_code: of a failed one."""

    name: str
    state: State
    said: str
    todo: str = ""
    exit_code: int = 0
