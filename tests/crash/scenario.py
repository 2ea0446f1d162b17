"""The golden scenario in chapters: each begins where an undisturbed run of the one before it came to."""

from __future__ import annotations

from pathlib import Path

import msgspec

from gateway.settings import shipped


class Drop(msgspec.Struct, frozen=True):
    """A partner drops a file over SFTP."""

    partner: str
    name: str
    body: bytes


class Command(msgspec.Struct, frozen=True):
    """An operator types `gateway ...`."""

    argv: tuple[str, ...]


class Fetch(msgspec.Struct, frozen=True):
    """A partner reads every file of its outbound folder."""

    partner: str


class Remove(msgspec.Struct, frozen=True):
    """A partner removes every file of its outbound folder."""

    partner: str


class Release(msgspec.Struct, frozen=True):
    """An operator releases the first open hold of a kind."""

    kind: str


Act = Drop | Fetch | Remove | Command | Release


def _command(line: str) -> Command:
    return Command(tuple(line.split()))


def _golden(name: str) -> bytes:
    return (shipped() / "golden" / name).read_bytes()


def _spoilt(body: bytes) -> bytes:
    """The same interchange under another number, its trailer wrong: rows are staged, then it is rejected."""
    text = body.decode()
    head, _, tail = text.rpartition("IEA*1*")
    return (head + "IEA*1*999999999" + tail[9:]).encode()


def _strangers(body: bytes) -> bytes:
    """Another batch, of people nobody knows."""
    text = body.decode().replace("SBA1", "XYZ1").replace("BATCH0406", "BATCH0415")
    return text.replace("000000202", "000000203").replace("*202*X*", "*203*X*").replace("GE*1*202", "GE*1*203").encode()


FIRST_DAY = "2026-04-06"

LIST = Path(__file__).parent / "drg.csv"
"""A code set that is in force after everything that happens here."""

AUTHORISED = Path(__file__).parent / "authorised.csv"
"""An authorisation that no claim waits for."""

PRICES = Path(__file__).parent / "dearer.csv"
"""What a visit that was paid should have cost."""

CHAPTERS: dict[str, tuple[Act, ...]] = {
    "spoilt": (Drop("clearpath", "spoilt.837", _spoilt(_golden("in.837p"))),),
    "enrol": (Drop("bluebonnet", "enrol.834", _golden("in.834")),),
    "claims": (Drop("clearpath", "claims.837", _golden("in.837p")),),
    "plan": (_command("pay run --sponsor bluebonnet --user ann"),),
    "approve": (
        _command("pay approve bluebonnet/1 --user ann"),
        _command("pay approve bluebonnet/1 --user ben"),
    ),
    "fund": (
        _command("day advance 2026-04-09 --no-wait --user ann"),
        _command("fund deposit --sponsor bluebonnet --amount 17656.06 --reference WIRE-1 --user ann"),
    ),
    "pay": (_command("day advance 2026-04-10 --no-wait --user ann"),),
    "bank": (_command("pay settle bluebonnet/1 --user ann"),),
    "fetch": (Fetch("clearpath"), Remove("clearpath")),
    "settle": (_command("day advance 2026-04-15 --no-wait --user ann"),),
    "carrier": (_command("stoploss receive SL-0001 --sponsor bluebonnet --amount 17000.00 --user ann"),),
    "strangers": (Drop("clearpath", "strangers.837", _strangers(_golden("in.837p"))), Release("pend")),
    "desk": (_command("pend bulk deny --queue MBR --code PR-31 --why stranger --yes --user ann"),),
    "again": (
        Command(("load", str(PRICES), "--user", "ann")),
        _command("reprocess claims --code 99214 --because rate --why contract --yes --user ann"),
    ),
    "evidence": (Command(("auth", "load", str(AUTHORISED), "--yes", "--user", "ann")),),
    "lists": (Command(("codes", "load", str(LIST), *["--set", "drg", "--first", "2026-10-01", "--user", "ann"])),),
}
"""Name of a chapter -> what happens in it, each act after the work of the one before it is done."""
