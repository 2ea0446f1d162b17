"""`gateway check` as a person at a desk meets it: what is printed, written and answered to the shell."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest
from test_cli import LOADED, gateway, installed

from gateway.settings import shipped
from tests.gateway.check_material import CANARIES, GOLDEN, changed, poisoned

DAY = "2026-04-06"
"""The golden scenario's."""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled guides are kept in the test's own folder, and no installation is named by the surroundings."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("GATEWAY_CONFIG", raising=False)


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """A file with faults wherever a person's data stands."""
    file = tmp_path / "bad.837"
    file.write_bytes(poisoned())
    return file


def test_a_good_file_is_one_line_and_0() -> None:
    """Nothing to mend is said in one line; a code set nobody loaded is named beside it, never passed in silence."""
    said = gateway("check", GOLDEN / "in.837p")
    assert (said.code, said.err) == (0, "")
    first, off = said.out.splitlines()
    assert "accepted, 837 005010X222A1, 8 claims, 46,430.00" in first
    assert off.startswith("    not checked, for want of the code sets: ") and "cpt" in off


def test_a_bad_file_is_65_and_says_place_and_mend(bad: Path) -> None:
    """Each finding has its place, and no value of the file is printed."""
    said = gateway("check", bad, "--all")
    assert said.code == 65 and said.err == ""
    assert "segment 19 CLM, loop 2300" in said.out and "error" in said.out
    assert [one for one in CANARIES if one in said.out] == []


def test_values_are_shown_with_a_warning(bad: Path) -> None:
    """Who asks to see values sees them, and is told what they are."""
    said = gateway("check", bad, "--all", "--show-values")
    assert all(one in said.out for one in CANARIES)
    assert "about people" in said.sentence


def test_a_list_is_capped(bad: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many findings the first are listed, and how many more there are."""
    from gateway.cli import checked

    monkeypatch.setattr(checked, "SHOWN", 3)
    capped, whole = gateway("check", bad).out, gateway("check", bad, "--all").out
    assert capped.count("[SNIP") == 3
    assert f"and {whole.count('[SNIP') - 3} more; --all lists them" in capped


def test_a_mistake_above_claims_is_told_once(tmp_path: Path) -> None:
    """What is wrong with a billing provider is one finding and a number of claims in the list, and each in the JSON."""
    file = tmp_path / "provider.837"
    file.write_bytes(GOLDEN.joinpath("in.837p").read_bytes().replace(b"XX*1234567893~", b"XX*1234567890~", 1))
    listed, kept = gateway("check", file, "--all"), gateway("check", file, "--json")
    found = json.loads(kept.out)["interchanges"][0]["groups"][0]["sets"][0]["findings"]
    assert len(found) > 1 and len({(one["message"], one["position"]) for one in found}) == 1
    assert listed.out.count(found[0]["message"]) == 1
    assert f"{found[0]['message']} And {len(found) - 1} more claim" in " ".join(listed.out.split())


def test_json_is_one_line_for_each_file(bad: Path) -> None:
    """A machine reads one object a line, in the order of the files, and nothing else."""
    said = gateway("check", GOLDEN / "in.834", bad, "--json")
    found = [json.loads(line) for line in said.out.splitlines()]
    assert [(one["file"], one["accepted"]) for one in found] == [(str(GOLDEN / "in.834"), True), (str(bad), False)]
    assert said.code == 65 and [one for one in CANARIES if one in said.out] == []


def test_one_bad_file_never_stops_the_next(tmp_path: Path, bad: Path) -> None:
    """A file that is missing, empty or no X12 is an answer like any other; the worst of all is the exit code."""
    (tmp_path / "empty.x12").write_bytes(b"")
    (tmp_path / "photo.jpg").write_bytes(bytes(range(256)))
    said = gateway("check", tmp_path / "nowhere.x12", tmp_path / "empty.x12", tmp_path / "photo.jpg", bad,
                   GOLDEN / "in.834")  # fmt: skip
    assert said.code == 74
    assert "cannot be read (No such file or directory)" in said.out
    assert said.out.count("does not begin with an ISA segment") == 2
    assert "1 of 5 files accepted" in said.out and "6 members" in said.out


def test_what_may_never_end_is_not_read(tmp_path: Path) -> None:
    """A pipe nobody writes to and a device without end are answers of 74 that say what to do; the next is checked."""
    pipe = tmp_path / "pipe.x12"
    os.mkfifo(pipe)
    said = gateway("check", pipe, "/dev/zero", GOLDEN / "in.834", "--html", tmp_path / "pages")
    out = " ".join(said.out.split())
    assert said.code == 74 and "1 of 3 files accepted" in out
    assert out.count("The file cannot be read (it is no regular file; what comes through a pipe is checked as") == 2
    assert [one.name for one in (tmp_path / "pages").iterdir()] == ["in.html"]


def test_a_usage_that_is_none_is_told_so(tmp_path: Path) -> None:
    """Where no installation is asked none is spoken of: ISA15 X is simply not valid, and mended by P or T."""
    file = tmp_path / "usage.834"
    file.write_bytes(changed("in.834", ("*0*T*:", "*0*X*:")))
    (found,) = json.loads(gateway("check", file, "--json").out)["interchanges"][0]["findings"]
    assert (found["code"], found["message"]) == ("020", "ISA15 is not valid.")
    assert "installation" not in found["mend"]["text"] and found["mend"]["choices"] == ["P", "T"]


def test_a_folder_is_its_files(tmp_path: Path) -> None:
    """Files of a folder and the folders in it are checked in the order of their names; hidden ones are not."""
    (tmp_path / "box" / "deep").mkdir(parents=True)
    for name in ("b.x12", "deep/a.x12", ".hidden"):
        (tmp_path / "box" / name).write_bytes((GOLDEN / "in.834").read_bytes())
    said = gateway("check", tmp_path / "box", "--json")
    assert [Path(json.loads(line)["file"]).name for line in said.out.splitlines()] == ["b.x12", "a.x12"]
    assert said.code == 0


def test_a_folder_without_a_file_is_said(tmp_path: Path) -> None:
    """Nothing to check is no good file: the folder was not the one that was meant."""
    said = gateway("check", tmp_path)
    assert said.code == 64 and "no file to check" in said.err


def test_standard_input_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` is read, answered and laid out like any other file."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(changed("in.837p", ("*11:B:1*", "*11:Q:1*")))))
    said = gateway("check", "-", "--json", "--html", tmp_path / "page.html", "--ack", tmp_path / "ack")
    assert said.code == 65 and json.loads(said.out)["file"] == "-"
    assert [one.name for one in (tmp_path / "ack").iterdir()] == ["stdin-1.999.x12"]
    assert 'class="wrong"' in (tmp_path / "page.html").read_text()


def test_answers_and_pages_have_safe_names(tmp_path: Path) -> None:
    """Names are made of the file's, free of what a file system or a shell minds, and no two files share one."""
    for name in ("a b;$(x).x12", "A-B-x.x12"):
        (tmp_path / name).write_bytes((GOLDEN / "in.834").read_bytes())
    files = [tmp_path / "a b;$(x).x12", tmp_path / "A-B-x.x12"]
    assert gateway("check", *files, "--ack", tmp_path / "ack", "--html", tmp_path / "pages").code == 0
    assert sorted(one.name for one in (tmp_path / "ack").iterdir()) == ["A-B-x-2-1.999.x12", "a-b-x-1.999.x12"]
    assert sorted(one.name for one in (tmp_path / "pages").iterdir()) == ["A-B-x-2.html", "a-b-x.html"]


def test_types_are_chosen(tmp_path: Path) -> None:
    """Only the types asked for are told; what is no type is a mistake of the caller."""
    file = tmp_path / "in.837"
    file.write_bytes(changed("in.837p", ("*11:B:1*", "*11:Q:1*")))
    assert gateway("check", file, "--snip", "1,3-7").code == 0
    assert gateway("check", file, "--snip", "1-5").code == 65
    assert gateway("check", file, "--snip", "9").code == 64


@pytest.mark.parametrize(
    ("args", "said"),
    [(("--partner", "clearpath"), "--partner needs --config"), (("--html", "one.html"), "go into a folder")],
)
def test_mistakes_of_the_caller_are_64(args: tuple[str, ...], said: str) -> None:
    """One sentence says what to write instead."""
    answer = gateway("check", GOLDEN / "in.834", GOLDEN / "in.837p", *args)
    assert answer.code == 64 and said in answer.err


def test_a_page_that_cannot_be_written_is_73(tmp_path: Path) -> None:
    """A place nothing can be written to is told in one sentence."""
    (tmp_path / "taken").write_text("")
    said = gateway("check", GOLDEN / "in.834", "--html", tmp_path / "taken" / "page.html")
    assert said.code == 73 and "cannot be created" in said.sentence


def test_a_partners_settings_are_used(tmp_path: Path) -> None:
    """With an installation and a partner the envelope is judged by them: who sends, to whom, test or production."""
    config = installed(tmp_path / "site", DAY, *LOADED)
    named = ("--config", config, "--partner")
    assert gateway("check", GOLDEN / "in.837p", *named, "clearpath").code == 0
    other = gateway("check", GOLDEN / "in.837p", *named, "bluebonnet", "--json")
    assert json.loads(other.out)["interchanges"][0]["codes"] == ["006"]
    assert gateway("check", GOLDEN / "in.837p", *named, "nobody").code == 78


def test_answers_at_the_desk_are_in_the_partners_delimiters(tmp_path: Path) -> None:
    """`--partner --ack` writes what the daemon would send: with the delimiters and line ends of the partner's row."""
    config, partners = installed(tmp_path / "site", DAY), tmp_path / "partners.toml"
    row = 'isa_id = "CLEARPATH"\n'
    text = (shipped() / "partners/sample.toml").read_text()
    assert text.count(row) == 1
    partners.write_text(text.replace(row, row + 'newline = false\ndelimiters = { element = "|", component = ">" }\n'))
    others = [shipped() / name for name in LOADED if not name.startswith("partners/")]
    assert gateway("load", *others, partners, "--config", config).code == 0
    named = ("--config", config, "--partner", "clearpath", "--ack", tmp_path / "ack")
    assert gateway("check", GOLDEN / "in.837p", *named).code == 0
    for name in ("in-1.999.x12", "in-1-1-1.277CA.x12"):
        body = (tmp_path / "ack" / name).read_bytes()
        assert body[3:4] + body[104:106] == b"|>~" and b"\n" not in body


def test_an_installations_limits_are_used(tmp_path: Path) -> None:
    """What intake would refuse as too much is refused at the desk."""
    config = installed(tmp_path / "site", DAY, *LOADED)
    assert gateway("check", GOLDEN / "in.837p", "--config", config).code == 0
    config.write_text(config.read_text().replace("unit_segments = 50000", "unit_segments = 5"))
    assert gateway("check", GOLDEN / "in.837p", "--config", config).code == 65


def test_a_partners_guide_is_written_from_its_settings(tmp_path: Path) -> None:
    """`partner guide` prints the guide, or writes it as page and PDF; a stranger has none."""
    config = installed(tmp_path / "site", DAY, *LOADED)
    printed = gateway("partner", "guide", "clearpath", "--config", config)
    assert printed.code == 0 and "Companion guide for ClearPath Clearinghouse" in printed.out
    html, pdf = tmp_path / "out" / "guide.html", tmp_path / "out" / "guide.pdf"
    assert gateway("partner", "guide", "clearpath", "--html", html, "--pdf", pdf, "--config", config).code == 0
    assert "ClearPath Clearinghouse" in html.read_text() and pdf.read_bytes().startswith(b"%PDF-")
    assert gateway("partner", "guide", "nobody", "--config", config).code == 78
    assert gateway("partner", "guide", "clearpath", "--pdf", config / "x.pdf", "--config", config).code == 73
