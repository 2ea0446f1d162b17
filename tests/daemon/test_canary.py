"""Nothing about a person is where it must not be: canaries flown through every path, good files and bad ones."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
import structlog
from sqlalchemy import func, select

from gateway import logs
from gateway.demo import Demo
from gateway.settings import shipped
from gateway.store.schema import receipt, staged
from sftp_drop import client

CANARIES = ("KANARIVOGEL", "ZEBEDIAH", "931415926", "CANARYBIRD", "PCNCANARY9", "19770303", "1977-03-03")
"""Last and first name, SSN, street, patient control number, birth date in both spellings."""

SEALED = ("931415926", "900000004", "5550001", "900001", "900002", "NM1*IL*1*KANARIVOGEL", "CLM*PCNCANARY9")
"""SSNs, bank accounts and pieces of raw files: never plain in any file of the state."""

PAGES = ("/", "/api/v1/status", "/metrics", "/healthz", "/readyz", "/no-such-page", "/static/page.css")


class Flown(NamedTuple):
    """Where the canaries flew: the state folder, and every text that people and machines may read."""

    state: Path
    texts: Mapping[str, str]


def canary(name: str) -> str:
    """A golden file with Alan Reed's data replaced."""
    text = (shipped() / "golden" / name).read_text()
    for old, new in (
        ("REED*ALAN", "KANARIVOGEL*ZEBEDIAH"), ("900000001", "931415926"), ("10 MAIN ST", "13 CANARYBIRD LN"),
        ("CLM*LFC-5001", "CLM*PCNCANARY9"), ("19800412", "19770303"),
    ):  # fmt: skip
        text = text.replace(old, new)
    return text


def files() -> dict[str, tuple[str, str]]:
    """File name -> (partner, text): good ones, and one for every way of being refused."""
    enrolment, claims = canary("in.834"), canary("in.837p")
    bad = claims.replace("000000202", "000000205").replace("BATCH0406", "BATCH0405")
    again = claims.replace("000000202", "000000206").replace("BATCH0406", "BATCH0408")
    return {
        "KANARIVOGEL-enrol.834": ("bluebonnet", enrolment),
        "KANARIVOGEL-claims.837": ("clearpath", claims),
        "KANARIVOGEL-set.837": ("clearpath", bad.replace("DTP*472*D8*20260316", "DTP*472*D8*KANARIVOGEL")),
        "KANARIVOGEL-member.837": ("clearpath", again.replace("SBA100001", "KANARIVOGEL")),
        "KANARIVOGEL-number.837": ("clearpath", claims.replace("PCNCANARY9", "PCNCANARY92")),
        "KANARIVOGEL-cut.837": ("clearpath", bad[: len(bad) // 2]),
        "KANARIVOGEL-junk.837": ("clearpath", "ZEBEDIAH KANARIVOGEL 931415926 19770303\n"),
        "KANARIVOGEL-sender.837": ("clearpath", bad.replace("CLEARPATH      ", "KANARIVOGEL    ")),
        "KANARIVOGEL-iea.837": ("clearpath", bad.replace("IEA*1*000000205", "IEA*1*000000299")),
        "KANARIVOGEL-held.834": (  # its totals are wrong, so that its rows wait in the staging table
            "bluebonnet",
            enrolment.replace("000000101", "000000103")
            .replace("ENR20260402", "ENR20260404")
            .replace("QTY*TO*6", "QTY*TO*9"),
        ),
        "KANARIVOGEL-rows.834": (
            "bluebonnet",
            enrolment.replace("000000101", "000000102")
            .replace("ENR20260402", "ENR20260403")
            .replace("*024*08*", "*021*08*"),
        ),
    }


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Flown:
    """A real daemon that got every file through its SFTP door; what it said everywhere."""
    demo = Demo(tmp_path_factory.mktemp("canary") / "state", "golden", lambda _: None)
    demo.prepare(fresh=False, resume=False, sftp_port=0, http_port=0)
    with demo.running() as run:
        for name, (partner, text) in files().items():
            with demo._sftp(partner) as sftp:
                client.upload(sftp, text.encode(), name)
        demo.settle_down()
        demo.plan_run()
        texts = dict(pages(run))
        for partner in ("bluebonnet", "clearpath", "shieldre", "firstbank"):
            demo.fetch(partner)
    with demo.context.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(receipt)).scalar_one() == len(files())
        undecided = select(func.count()).select_from(receipt).where(receipt.c.state == "received")
        assert connection.execute(undecided).scalar_one() == 0
        assert connection.execute(select(func.count()).select_from(staged)).scalar_one() == 6
    texts["daemon.log"] = (demo.state / "daemon.log").read_text()
    for path in (demo.state / "fetched").rglob("*-report*"):
        texts[path.name] = path.read_text()
    return Flown(demo.state, texts)


def pages(run: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    yield "run.json", json.dumps(run)
    for page in PAGES:
        for token in (str(run["token"]), "KANARI", ""):
            request = urllib.request.Request(f"http://127.0.0.1:{run['http_port']}{page}")
            if token:
                request.add_header("Authorization", f"Bearer {token}")
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    yield f"{page} {token[:4]}", f"{answer.headers}{answer.read().decode()}"
            except urllib.error.HTTPError as error:
                yield f"{page} {token[:4]}", f"{error.headers}{error.read().decode()}"


def found_in(texts: Mapping[str, str]) -> set[tuple[str, str]]:
    """(text, canary) of every canary that is there, in any case."""
    return {(name, one) for name, text in texts.items() for one in CANARIES if one.lower() in text.lower()}


def test_the_search_finds_what_is_planted() -> None:
    """A canary in an allowed log field is found; in a field that is not allowed it never gets into the line."""
    stream = io.StringIO()
    before = structlog.get_config()
    try:
        logs.configure(stream)
        structlog.get_logger().info("received", partner="Kanarivogel")
        structlog.get_logger().info("received", name="ZEBEDIAH", text="NM1*IL*1*ZEBEDIAH")
    finally:
        structlog.configure(**before)
    assert found_in({"log": stream.getvalue()}) == {("log", "KANARIVOGEL")}


def test_no_log_metric_page_or_report_holds_a_canary(flown: Flown) -> None:
    """Logs, run.json, pages with and without a token, metrics and readable reports name nobody."""
    assert len(flown.texts) > 3 * len(PAGES)
    assert '"event"' in flown.texts["daemon.log"]
    assert any(name.endswith("report1.txt") for name in flown.texts)
    assert found_in(flown.texts) == set()


def test_what_is_sealed_lies_nowhere_in_plain(flown: Flown) -> None:
    """SSNs, bank accounts and raw files are in no file of the state, deleted rows and write-ahead logs included."""
    kept = {path.name: path.read_bytes() for path in flown.state.glob("*.db*")}
    assert {"state.db", "blobs.db"} <= set(kept)
    assert b"KANARIVOGEL" in kept["state.db"] + kept.get("state.db-wal", b"")  # names are plain: the search does see
    found = {(name, one) for name, body in kept.items() for one in SEALED if one.encode() in body}
    assert found == set()
