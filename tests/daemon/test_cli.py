"""The commands as an operator meets them: help, JSON, exit codes, and one sentence when something is wrong."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
from sqlalchemy import insert, update

from gateway import cli
from gateway.cli import COMMANDS
from gateway.flow import beginning, worker
from gateway.flow.context import Context
from gateway.flow.opening import open_context
from gateway.settings import load, shipped
from gateway.store import audit
from gateway.store.schema import audit as audit_table
from gateway.store.schema import funding_request, pay_run, posting
from tests.flow.world import drop_into, golden

GOLDEN = shipped() / "golden"
LOADED = ("administrator.toml", "partners/sample.toml", "plans/bluebonnet-ppo.toml", "policies/bluebonnet.toml",
          "providers/sample.toml", "golden/fees.csv")  # fmt: skip


class Said(NamedTuple):
    """How a command ended, what it printed and what it complained of."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line on stderr; a traceback or a second line fails."""
        (line,) = self.err.strip().splitlines()
        return line


def gateway(*args: object) -> Said:
    """A command in this process, through the console script's own entry."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as left:
        cli.main([str(arg) for arg in args])
    return Said(int(left.value.code or 0), out.getvalue(), err.getvalue())


def installed(folder: Path, day: str, *samples: str) -> Path:
    """The settings file of an installation that commands made, on a day, with shipped samples loaded."""
    assert gateway("config", "init", folder).code == 0
    made = folder / "gateway.toml"
    beginning.change(made, first_business_date=day)
    assert gateway("migrate", "--config", made).code == 0
    if samples:
        assert gateway("load", *(shipped() / name for name in samples), "--user", "ann", "--config", made).code == 0
    return made


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A settings file of a created, empty installation."""
    return installed(tmp_path / "site", "2026-04-01")


@pytest.fixture
def site(config: Path) -> Path:
    """An installation with partners, plans, prices and the takeover of Bluebonnet, all by commands."""
    assert gateway("load", *(shipped() / name for name in LOADED), "--user", "ann", "--config", config).code == 0
    taken = gateway("sponsor", "add", shipped() / "sponsors" / "sample.toml", "--takeover", GOLDEN / "takeover.json",
                    "--config", config)  # fmt: skip
    assert taken.code == 0 and "6 members" in taken.out
    return config


def work(config: Path) -> Context:
    """What the daemon's workers would do now."""
    context = open_context(load(config))
    while worker.work_once(context, "test"):
        pass
    return context


@contextlib.contextmanager
def working(config: Path) -> Iterator[None]:
    """Workers in the background, for commands that wait for them."""
    context, stop = open_context(load(config)), threading.Event()

    def run() -> None:
        turn = 0
        while not stop.is_set():
            turn += 1
            if not worker.work_once(context, f"background:{turn}"):
                stop.wait(0.01)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        context.store.close()


def _commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _commands(found, (*path, name))


def test_every_command_explains_itself() -> None:
    """Every command and subcommand answers --help with 0, and says in a sentence what it does."""
    paths = list(_commands(cli.cli))
    assert len(paths) > 2 * len(COMMANDS) - 10
    for path, _ in paths:
        said = gateway(*path, "--help")
        assert said.code == 0, path
        assert said.out.startswith("Usage:"), path
        assert len(said.out.split("\n\n")[1].strip()) > 10, path


def test_every_command_speaks_json() -> None:
    """Whoever scripts a command gets a document: all but daemons, and the maker of files, whose output is the file."""
    leaves = [(path, one) for path, one in _commands(cli.cli) if not isinstance(one, click.Group)]
    deaf = {path for path, one in leaves if all(option.name != "as_json" for option in one.params)}
    assert deaf == {("run",), ("worker",), ("synth",)}


LISTS = (("partner", "list"), ("sponsor", "list"), ("hold", "list"), ("pay", "list"), ("stoploss", "list"), ("status",),
         ("sent", "list"), ("ledger", "verify"), ("ledger", "trial-balance"), ("config", "show"),
         ("codes", "list"))  # fmt: skip


@pytest.mark.parametrize("command", LISTS, ids=" ".join)
def test_json_is_json_and_tables_are_tables(site: Path, command: tuple[str, ...]) -> None:
    """With --json stdout is one JSON document and nothing else; without, it is for people."""
    said = gateway(*command, "--json", "--config", site)
    assert said.code == 0, said.err
    json.loads(said.out)
    people = gateway(*command, "--config", site)
    assert people.code == 0 and people.out.strip()


def test_the_settings_shown_are_settings(config: Path, tmp_path: Path) -> None:
    """What `config show` prints is a settings file of the same installation."""
    built_in = "aliases = {} "
    assert built_in in config.read_text()
    config.write_text(config.read_text().replace(built_in, 'aliases = {"005010X224A4" = "005010X224A2"} '))
    copy = config.with_name("copy.toml")
    copy.write_text(gateway("config", "show", "--config", config).out)
    assert load(copy) == load(config)


def test_usage_is_64(site: Path) -> None:
    """What a command does not understand ends with 64 and says how it is written."""
    at, who = ("--config", site), ("--user", "ann")
    for args in (
        ("no-such-command",),
        ("explain", "26096000001", *at),
        ("pay", "approve", "nonsense", *who, *at),
        ("pay", "approve", "bluebonnet/7", *who, *at),
        ("hold", "release", "X", "--reason", "r", *at),
        ("hold", "release", "X", "--reason", " ", *at),
        ("hold", "release", "X", "--reason", "r", "--user", "", *at),
        ("day", "advance", "tomorrow", *at),
        ("codes", "load", GOLDEN / "fees.csv", "--set", "no-such-set", "--first", "2026-01-01", *at),
        ("codes", "load", GOLDEN / "fees.csv", "--set", "cpt", *at),
        ("synth", "834", "--members", "0"),
        ("fund", "deposit", "--sponsor", "bluebonnet", "--amount", "1.234", "--reference", "r", *at),
        ("fund", "deposit", "--sponsor", "bluebonnet", "--amount", "1", "--reference", " ", *at),
        ("fund", "deposit", "--sponsor", "nobody", "--amount", "1", "--reference", "r", *at),
        ("pay", "run", "--sponsor", "nobody", *at),
        ("pay", "settle", "bluebonnet/7", *at),
        ("pay", "settle", "bluebonnet/99999999999999999999", *at),
        ("stoploss", "receive", "SL-0001", "--sponsor", "nobody", "--amount", "1", *at),
        ("ledger", "trial-balance", "--sponsor", "nobody", *at),
    ):
        said = gateway(*args)
        assert said.code == 64, args
        assert said.out == "" and "Traceback" not in said.err, args


def test_bad_data_is_65_and_names_every_problem(site: Path, tmp_path: Path) -> None:
    """A load with two faults names both and stores nothing of any file."""
    fees = tmp_path / "fees.csv"
    fees.write_text((GOLDEN / "fees.csv").read_text() + "X,1,2,three,line,2026-01-01,\nX,1,2,3,week,2026-01-01,\n")
    said = gateway("load", fees, shipped() / "plans" / "lakeline-ppo.toml", "--config", site)
    assert said.code == 65
    assert "line 12" in said.sentence and "line 13" in said.sentence
    again = gateway("load", shipped() / "plans" / "lakeline-ppo.toml", "--json", "--config", site)
    assert json.loads(again.out)[0]["new"] == 1


def test_code_sets_are_loaded_listed_and_missed(site: Path, tmp_path: Path) -> None:
    """A loaded set is listed with its days and source; one without a list is told as absent, and its check as off."""
    file = tmp_path / "procedures.csv"
    file.write_text("code,label\n99213,office visit\n99214,longer office visit\n")
    args = ("codes", "load", file, "--set", "cpt", "--first", "2026-01-01", "--user", "ann", "--config", site)
    listed = ("codes", "list", "--json", "--on", "2026-04-06", "--config", site)
    assert "nothing is stored" in gateway(*args, "--preview").out
    before = json.loads(gateway(*listed).out)
    assert json.loads(gateway(*args, "--json").out)["new"] == 2
    assert "nothing changed" in gateway(*args).out
    after = json.loads(gateway(*listed).out)
    mine = {one["set"]: one for one in after["sets"]}
    assert mine["cpt"]["source"] == "loaded" and (mine["cpt"]["first"], mine["cpt"]["codes"]) == ("2026-01-01", 2)
    assert {one["set"]: one["source"] for one in before["sets"]}["cpt"] == mine["cdt"]["source"] == "absent"
    assert {one["set"] for one in before["off"]} - {one["set"] for one in after["off"]} == {"cpt"}
    assert all(one["why"] for one in after["off"]) and "pos" not in {one["set"] for one in after["off"]}


def test_a_code_file_with_faults_is_65(site: Path, tmp_path: Path) -> None:
    """A file that is no list of the set is refused with its lines, and the set stays absent."""
    file = tmp_path / "procedures.csv"
    file.write_text("code,label\n99213,office visit\n992,?\n99213,again\n")
    said = gateway("codes", "load", file, "--set", "cpt", "--first", "2026-01-01", "--config", site)
    assert said.code == 65 and "line 3" in said.sentence and "line 4" in said.sentence
    listed = json.loads(gateway("codes", "list", "--json", "--config", site).out)
    assert "cpt" in {one["set"] for one in listed["off"]}


def test_configuration_is_78(tmp_path: Path, config: Path) -> None:
    """Settings that are missing, misspelt, or of another usage than the state, end with 78."""
    assert gateway("status", "--config", tmp_path / "none.toml").code == 78
    text = config.read_text()
    config.write_text(text + "\n[sfpt]\nport = 1\n")
    assert "sfpt" in gateway("config", "check", "--config", config).sentence
    config.write_text(text.replace("aliases = {} ", 'aliases = {"005010X224A4" = "005010X224"} '))
    assert "005010X224A4" in gateway("config", "check", "--config", config).sentence
    config.write_text(text.replace('usage = "T"', 'usage = "P"'))
    said = gateway("hold", "list", "--config", config)
    assert said.code == 78 and "usage" in said.sentence


def test_a_folder_that_is_used_is_73(config: Path) -> None:
    """`config init` never replaces an installation."""
    said = gateway("config", "init", config.parent)
    assert said.code == 73 and said.sentence.startswith("gateway: ")


def test_a_taken_port_is_69(site: Path) -> None:
    """`gateway run` on a taken port leaves with 69 before it does any work."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        text = site.read_text().replace("port = 2222", f"port = {port}").replace("port = 8080", "port = 0")
        site.write_text(text)
        command = [sys.executable, "-m", "gateway", "run", "--config", str(site)]
        left = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert left.returncode == 69
    assert str(port) in left.stderr.strip().splitlines()[-1]


def test_a_deposit_is_posted_once(site: Path) -> None:
    """The same bank reference twice is one deposit."""
    args = ("fund", "deposit", "--sponsor", "bluebonnet", "--amount", "1,234.56", "--reference", "W1", "--config", site)
    assert "1,234.56 posted; claims cash is 16,234.56" in gateway(*args).out
    assert "was posted before; claims cash is 16,234.56" in gateway(*args).out


def test_two_different_people_approve(site: Path) -> None:
    """One person's second approval of a run is refused with 77; another person's is taken."""
    with open_context(load(site)).store.write("test") as connection:
        connection.execute(insert(pay_run).values(sponsor_id="bluebonnet", run_no=1, state="awaiting-approval",
                           planned_on="2026-04-01", run_on="2026-04-03", need_cents=1, claims=0, request_no="",
                           issued_on=""))  # fmt: skip
    approve = ("pay", "approve", "bluebonnet/1", "--config", site, "--user")
    assert gateway(*approve, "ann").code == 0
    said = gateway(*approve, " Ann")
    assert said.code == 77 and "another person" in said.sentence
    assert gateway(*approve, "ben").code == 0
    (row,) = json.loads(gateway("pay", "list", "--json", "--config", site).out)
    assert row["approved_by"] == ["ann", "ben"]


def test_the_day_moves_forward_only(site: Path) -> None:
    """`day advance` waits for the workers, refuses the past with 77, and says 75 when nobody works."""
    with working(site):
        said = gateway("day", "advance", "2026-04-06", "--config", site)
    assert (said.code, said.out.splitlines()[-1]) == (0, "the business date is 2026-04-06")
    assert gateway("day", "advance", "2026-04-05", "--config", site).code == 77
    said = gateway("day", "advance", "2026-04-07", "--timeout", "0", "--config", site)
    assert said.code == 75 and "daemon" in said.sentence


def test_tampering_with_a_posting_is_found(site: Path) -> None:
    """The books balance after a takeover; a posting changed by hand is named, with 65."""
    assert gateway("ledger", "verify", "--config", site).out.strip() == "the books balance"
    with open_context(load(site)).store.write("tamper") as connection:
        connection.execute(update(posting).where(posting.c.account == "1010").values(cents=posting.c.cents + 1))
    said = gateway("ledger", "verify", "--json", "--config", site)
    assert said.code == 65
    assert json.loads(said.out)["wrong"] != []
    assert "bluebonnet" in said.sentence


def test_tampering_with_the_audit_is_found(site: Path) -> None:
    """`ledger verify` follows the audit's chain, too: a row changed by hand is named, with 65."""
    with open_context(load(site)).store.write("tamper") as connection:
        audit.chain(connection)
        connection.execute(update(audit_table).where(audit_table.c.seq == 2).values(actor="nobody"))
    said = gateway("ledger", "verify", "--json", "--config", site)
    assert (said.code, json.loads(said.out)["wrong"]) == (65, ["audit: row 2 is not what was written"])


def test_a_claim_is_explained_and_the_carrier_cannot_overpay(site: Path) -> None:
    """`explain` tells a decided claim; `stoploss receive` of a claim nobody filed is 64."""
    with working(site):
        assert gateway("day", "advance", "2026-04-06", "--config", site).code == 0
    drop_into(open_context(load(site)), "bluebonnet", "enrol.834", golden("in.834"))
    work(site)
    drop_into(open_context(load(site)), "clearpath", "claims.837", golden("in.837p"))
    work(site)
    told = json.loads(gateway("explain", "26096000005", "--json", "--config", site).out)
    assert told["state"] == "decided" and told["decisions"]
    assert "9,000.00" in gateway("explain", "26096000005", "--config", site).out
    page = site.parent / "page.html"
    assert gateway("explain", "26096000005", "--html", page, "--config", site).code == 0
    assert "9,000.00" in page.read_text()
    audited = gateway("audit", "claims", "--json", "--config", site)
    assert audited.code == 0 and json.loads(audited.out)["differs"] == 0
    drawing = ("audit", "sample", "--n", "3", "--seed", "s", "--method", "simple", "--out", site.parent / "sheets")
    sheets = gateway(*drawing, "--json", "--config", site)
    assert len(json.loads(sheets.out)["claims"]) == 3
    assert {path.name for path in (site.parent / "sheets").iterdir()} == {"sample.csv", "sample.html"}
    files = ("--claims", GOLDEN / "in.837p", "--paid", Path(__file__).parents[1] / "golden" / "out.835")
    compared = gateway("compare", *files, "--html", page, "--json", "--config", site)
    assert compared.code == 0 and json.loads(compared.out)["totals"]["same"] == 8
    assert "All 8 claims agree" in page.read_text()
    assert "8 the same" in gateway("compare", *files, "--config", site).out
    assert gateway("compare", *files[:2], "--paid", files[1], "--config", site).code == 65
    assert gateway("pay", "run", "--sponsor", "bluebonnet", "--config", site).code == 0
    context = work(site)
    with context.store.read() as connection:
        (asked,) = connection.execute(funding_request.select()).all()
    assert asked.amount_cents == 1_765_606
    said = gateway("stoploss", "receive", "SL-0009", "--sponsor", "bluebonnet", "--amount", "1", "--config", site)
    assert said.code == 64 and "SL-0009" in said.sentence


def test_partners_keys_are_added_once(site: Path, tmp_path: Path) -> None:
    """`partner add --key` lets a partner log in; a key of nobody's is refused, the same key twice is once."""
    beginning.key_pair(tmp_path / "id")
    partners = shipped() / "partners" / "sample.toml"
    for _ in range(2):
        said = gateway("partner", "add", partners, "--key", f"clearpath={tmp_path}/id.pub", "--config", site)
        assert said.code == 0
    listed: list[dict[str, Any]] = json.loads(gateway("partner", "list", "--json", "--config", site).out)
    assert [len(one["keys"]) for one in listed if one["id"] == "clearpath"] == [1]
    assert gateway("partner", "add", partners, "--key", "clearpath", "--config", site).code == 64
    assert gateway("partner", "add", partners, "--key", f"nobody={tmp_path}/id.pub", "--config", site).code == 78
