"""Files of other projects: an answer for each, pyx12's verdict where pyx12 is right, its own expected answers, peers'.

The files lie outside the project. An exception names the end of a file's path, our answer, and the rule that makes it
right; one that is not needed fails.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from damage import in_order
from x12_material import accepted, read, summary

from mappings import implementation_ack
from mappings.table import Segment
from parsers.events import GroupClosed
from parsers.forms import FORMS, canonical

CORPUS = Path(os.environ.get("X12_CORPUS", "nowhere"))
GOOD = "IK5:A AK9:A TA1:A"
OLD = "IK5:R*I6 AK9:R*2 TA1:A"

EXCEPTIONS = {
    "pass/oxygen.edi": (GOOD, "of two PWK with PWK01 CT in loop 2400 pyx12 tries the first alone"),
    "pass/wheelchair.edi": (GOOD, "as oxygen.edi"),
    "835/835-provider-level-adjustment.dat": (GOOD, "PLB may stand more than once: its loop is no second FOOTER"),
    "response-to-functional-group-containing-3-837s.edi": (GOOD, "an official example: CTX of two kinds in loop 2100"),
    "837/CC_837I_EDI.txt": (GOOD, "the state of an address is no matter of a 999: type 5 judges it"),
    "837/CC_837P_EDI.txt": (GOOD, "as CC_837I_EDI.txt"),
    "x12testdata.py_834_lui_id.txt": (OLD, "domain 1.1: guides of 4010 are not read"),
    "x12testdata.py_835id.txt": (OLD, "as 834_lui_id"),
    "x12testdata.py_simple_837p.txt": (OLD, "as 834_lui_id"),
    "x12testdata.py_simple_837i.txt": (OLD, "as 834_lui_id"),
    "x12testdata.py_repeat_init_segment.txt": ("IK5:R*I6 AK9:R*1 TA1:A", "a 270 is no business of an administrator"),
}
"""End of a file's path -> our answer where pyx12's verdict is another, and why."""


@cache
def real() -> list[dict[str, str]]:
    """The list of the files."""
    with (CORPUS / "real" / "MANIFEST.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@cache
def answer(file: str) -> tuple[str, bool]:
    """(every verdict, whether all is accepted) of a file."""
    events = read((CORPUS / "real" / file).read_bytes())
    assert in_order(events), file
    return summary(events), accepted(events)


def exception(file: str) -> tuple[str, str] | None:
    """The row of a file."""
    return next((row for end, row in EXCEPTIONS.items() if file.endswith(end)), None)


@pytest.mark.corpus
def test_no_real_file_is_without_an_answer() -> None:
    """Whatever partners wrote, events come out in order, and at least one of them is a verdict."""
    assert len(real()) > 400
    assert [row["file"] for row in real() if not answer(row["file"])[0]] == []


@pytest.mark.corpus
def test_real_files_get_pyx12s_verdict_or_an_explained_one() -> None:
    """Where pyx12 has an opinion, ours is the same, or stands in the table with its rule."""
    differs = {}
    for row in real():
        file, theirs = row["file"], (row["pyx12_when_BOM_stripped"] or row["pyx12_4.0.0"]).partition(":")[0]
        if theirs in ("accept", "reject") and (theirs == "accept") != answer(file)[1]:
            differs[file] = answer(file)[0]
    explained = {file: row[0] for file in differs if (row := exception(file))}
    assert differs == explained
    used = {end for end in EXCEPTIONS if sum(file.endswith(end) for file in differs) == 1}
    assert used == set(EXCEPTIONS)


# ---- the answers pyx12 expects of its own test files -----------------------------------------------------------------

FIVE_OH_TEN = ("834_ls_le_ls", "834_lui_id_5010", "834_eol_in_element")
FOUR_OH_TEN = {
    "ele": "TA1:R*015",  # refused for its time before any group is read, by pyx12 too
    "repeat_init_segment": "IK5:R*I6 AK9:R*1 TA1:A",  # a 270
}
"""pyx12's files of version 4010 whose groups are not simply refused by AK905 2."""


def expected() -> list[dict[str, str]]:
    """The list of pyx12's test files and the bodies of their answers."""
    with (CORPUS / "pyx12_expected" / "EXPECTED.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def body(name: str) -> Iterator[str]:
    """What our 999s say of a file: their segments between ST and SE, without CTX."""
    for event in read((CORPUS / "pyx12_expected" / f"{name}.x12").read_bytes()):
        if isinstance(event, GroupClosed):
            for row in implementation_ack.write(event.verdict):
                if row[0] not in ("ST", "CTX"):
                    yield _text(row)


def _text(row: Segment) -> str:
    return "*".join(value if isinstance(value, str) else ":".join(value) for value in row)


@pytest.mark.corpus
@pytest.mark.parametrize("name", FIVE_OH_TEN)
def test_our_999_says_what_pyx12s_says(name: str) -> None:
    """Its three files of 5010, but for what pyx12 leaves out or gets wrong: the loop in IK303, a line end it copies."""
    theirs = next(row["expected_body"] for row in expected() if row["name"] == name)
    corrected = {"IK3*N3*12**8": "IK3*N3*12*2100*8", "IK4*1*166*6*<LF>": None}
    wanted = [corrected.get(part, part) for part in theirs.split(" ")]
    ours = list(body(name))
    assert len(ours) == len(wanted)
    for said, want in zip(ours, wanted, strict=True):
        if want is not None:
            assert said == want
        else:
            assert said.startswith("IK4*1*166*6")


@pytest.mark.corpus
def test_files_of_4010_are_answered_by_ak905_2() -> None:
    """Every group of them learns that its guide is not supported; none is an exception, and none is read."""
    for row in expected():
        if row["name"] not in FIVE_OH_TEN:
            said = summary(read((CORPUS / "pyx12_expected" / f"{row['name']}.x12").read_bytes()))
            if row["name"] in FOUR_OH_TEN:
                assert said == FOUR_OH_TEN[row["name"]]
            else:
                assert "AK9:R*2" in said
                assert "IK3" not in said


# ---- peers -----------------------------------------------------------------------------------------------------------

ZIP = "N403 of a billing provider has nine digits; the map of the guide has it as a pattern, and pyx12 refuses it too"
PEERS = {
    "pass/837-institutional-claim.edi": f"{ZIP}; a statement period of DTP*434 is not of the form announced",
    "pass/automobile-accident.edi": ZIP,
    "X223A2_HC837_Health_Care_Claim_Institutional/pass/two-claims-for-the-same-provider.edi": ZIP,
}
"""End of a file's path -> why we refuse what stupidedi lets pass."""


@pytest.mark.corpus
def test_what_stupidedi_passes_or_fails_we_do_too_or_say_why() -> None:
    """Its fixtures for guides we have."""
    with (CORPUS / "peer_expected" / "stupidedi_expected.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if all(canonical(one) in FORMS for one in row["guide"].split())]
    differs = {row["file"] for row in rows if (row["stupidedi_expects"] == "pass") != answer(row["file"])[1]}
    explained = {end: [file for file in differs if file.endswith(end)] for end in PEERS}
    assert all(len(files) == 1 for files in explained.values())
    assert differs == {file for files in explained.values() for file in files}


@pytest.mark.corpus
def test_what_imsweb_finds_an_error_in_is_refused() -> None:
    """Every file its tests expect errors of; its valid files are valid only for its own laxer tables."""
    folder = CORPUS / "real" / "imsweb+x12-parser" / "src" / "test" / "resources"
    with (CORPUS / "peer_expected" / "imsweb_expected.csv").open(newline="") as file:
        wrong = {row["resource"] for row in csv.DictReader(file) if row["expected_errors"]}
    present = [name for name in wrong if (folder / name).is_file()]
    assert len(present) > 5
    assert not any(answer(f"imsweb+x12-parser/src/test/resources/{name}")[1] for name in present)


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["834", "835", "837P"])
def test_what_hdi_finds_wrong_is_refused(name: str) -> None:
    """Three files of one vendor, each with mistakes on purpose."""
    events = read((CORPUS / "peer_expected" / "hdi" / f"{name}-validation-issues.edi").read_bytes())
    assert in_order(events)
    assert not accepted(events)
