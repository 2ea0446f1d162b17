"""Plan documents and claims at a desk, without an installation: what is read for `gateway plan`."""

from __future__ import annotations

from pathlib import Path

from gateway.errors import BadData, InputOutput
from gateway.flow import loading, old_files
from gateway.plan.claims import benefits
from gateway.plan.claims.benefits import Plan
from gateway.plan.records import FeeRow, ProviderRow
from mappings.records import Claim


def examine(path: Path) -> tuple[Plan | None, list[str]]:
    """A plan document and every problem of it. Raises InputOutput when it cannot be read."""
    return benefits.examine(_text(path))


def plan(path: Path) -> Plan:
    """A plan document; raises BadData with every problem of it, InputOutput."""
    return benefits.parse(_text(path))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputOutput(str(path)) from error
    except UnicodeDecodeError as error:
        raise BadData(f"{path.name}: it is not text") from error


def providers(path: Path) -> list[ProviderRow]:
    """The rows of a file of providers; raises BadData when it holds something else."""
    kind, rows = loading.prepare(path)
    if kind != "provider":
        raise BadData(f"{path.name}: it holds no providers")
    return [row.body for row in rows]


def fees(path: Path) -> list[FeeRow]:
    """The rows of a fee schedule; raises BadData when it is none."""
    kind, rows = loading.prepare(path)
    if kind != "fee":
        raise BadData(f"{path.name}: it holds no fees")
    return rows


def claims(path: Path) -> list[Claim]:
    """The claims of an X12 file in their order. Raises BadData when a set of it cannot be read or there is none."""
    return list(old_files.claims(path))
