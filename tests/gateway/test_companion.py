"""Laws of the companion guide: it says what the settings say, its examples are legal, each form of it is whole."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest
from check_material import checked
from test_check_page import Balance

from gateway.companion import blocks, document, examples, page
from gateway.companion.facts import FactsOnFile
from gateway.flow.parties import Administrator, Partner, Profile, Validation
from gateway.plan.money.payment import Payer
from gateway.settings import Settings, Sftp
from mappings.records import Contact
from parsers.codes import CodeSets
from parsers.edits.rules import Rule, When
from parsers.events import Delimiters
from parsers.forms import ALIASES
from parsers.snip import Snip, Weight
from tests.mappings.x12_files import pyx12_answer

OURS = Administrator(
    name="SUMMIT <BENEFIT> ADMINISTRATORS", isa_id="SUMMITTPA",
    payer=Payer(
        name="SUMMIT", payer_id="SBA01", tin="749998887", contact=Contact(name="EDI DESK", number="5125550111"),
    ),
)  # fmt: skip
RULE = Rule(name="member ids", at="2010BA/NM109", matches="B[0-9]{8}", when=When(at="2000B/SBR09", among=("CI",)))


def facts(usage: str = "T", **said: object) -> FactsOnFile:
    """What is on file of a clearinghouse, and what else a test says of it."""
    partner = Partner(**{"id": "clearpath", "name": "ClearPath & Sons", "isa_id": "CLEARPATH",
                         "roles": ("submitter", "payee"), **said})  # type: ignore[arg-type]  # fmt: skip
    settings = Settings(sftp=Sftp(interface="edi.example", port=2022), limits={"unit_segments": 4321})
    return FactsOnFile(
        settings=settings, usage=usage, today=date(2026, 4, 6),
        ours=OURS, partner=partner, sponsors=(), keys=("SHA256:abc",), host_keys=("ssh-ed25519 SHA256:def",),
        aliases={**ALIASES, "005010X222A9": "005010X222A1"}, codes=CodeSets(()),
    )  # fmt: skip


def text(given: FactsOnFile) -> str:
    """The guide for a terminal, its lines unwrapped."""
    return " ".join(blocks.as_text(document.document(given)).split())


def test_it_says_which_answers_share_a_file() -> None:
    """One interchange stands in each file, unless the profile joins the answers to a file: then their names and times
    are those of the one file."""
    each = text(facts())
    assert "one interchange in each file" in each and "R000000012-1-1-1.277CA.x12" in each
    template = "{receipt}-{file}.{kind}"
    joined = text(facts(profile=Profile(interchanges="many", answer=template, claim_answer=template)))
    assert "all answers of one kind to one file of yours" in joined and "claims of all sets were matched" in joined
    assert all(f"000000012-1.{kind}" in joined for kind in ("TA1", "999", "277CA"))


@pytest.mark.parametrize(
    "fact",
    ["ZZ, CLEARPATH ZZ, SUMMITTPA", "edi.example, port 2022", "SHA256:abc", "ssh-ed25519 SHA256:def",
     "user name clearpath", "005010x222, 005010x222a2, 005010x222a9", "within 1 business day", "EDI DESK",
     "5125550111", "ISA15 T T", "4,321 segments in a claim"],
)  # fmt: skip
def test_it_says_what_is_on_file(fact: str) -> None:
    """Ids, connection, keys on both sides, guides and aliases, limits, answers and contact are those in force."""
    assert fact.lower() in text(facts()).lower()


def test_weights_and_rules_are_said_in_words() -> None:
    """A type is said to reject, to be told, or not to be checked; a rule is a sentence; an absent code set is named."""
    validation = Validation(inbound=Snip(snip4="warning", snip6="off"), rules=(RULE,), charset="utf-8")
    said = text(facts(validation=validation))
    assert "a replacement its original. is told and rejects nothing" in said
    assert "equipment, dental, institutional. is not checked" in said
    assert "2010BA/NM109 must have the form B[0-9]{8}, where 2000B/SBR09 is one of CI. A7:21" in said
    assert "member ids every 837 2010BA" in said
    assert "Diagnoses Its list is not loaded." in said
    assert "UTF-8: letters beyond ASCII" in said


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (Rule(name="n", at="2300/REF*G1", required=True), "2300/REF*G1 must be sent."),
        (Rule(name="n", at="2300/REF*G1", required=False, when=When(at="2300/HI")),
         "2300/REF*G1 must not be sent, where 2300/HI is sent."),
        (Rule(name="n", at="2300/CLM05-1", among=("11", "22"), severity="warning"),
         "2300/CLM05-1 must be one of 11, 22. It is told and rejects nothing."),
        (Rule(name="n", at="2010BA/NM109", length=(9, 9)), "2010BA/NM109 must have 9 characters."),
        (Rule(name="n", at="2010BA/NM109", length=(2, 9)), "2010BA/NM109 must have 2 to 9 characters."),
    ],
)  # fmt: skip
def test_a_rule_is_a_sentence(rule: Rule, sentence: str) -> None:
    """Every kind of rule a partner's row may hold reads as one sentence."""
    assert document.in_words(rule) == sentence


def test_what_we_send_is_as_agreed() -> None:
    """The delimiters and line ends of a partner's row are those the guide promises."""
    said = text(facts(delimiters=Delimiters("|", ">", "!", "'"), newline=False, reply_days=0))
    assert "Delimiters we send | > ! '" in said and "Line ends none" in said and "business day" not in said


def test_a_rule_says_for_which_files_it_holds() -> None:
    """A rule limited to some guides is shown with them."""
    rule = Rule(name="teeth", at="2300/REF*G1", required=True, guides=("005010X224A2", "005010X222A1"))
    assert "teeth 837D, 837P 2300/REF*G1 must be sent. A7:21" in text(facts(validation=Validation(rules=(rule,))))


def test_every_code_an_example_sends_is_in_a_table() -> None:
    """IK304, IK403 and IK502 of the example answers are explained beside them."""
    made = document.document(facts())
    tables = {
        block.columns[0]: {row[0] for row in block.rows}
        for section in made.sections for block in section.blocks if isinstance(block, blocks.Grid)
    }  # fmt: skip
    shown = examples.example(facts())
    assert shown is not None
    sent = [line.rstrip("~").split("*") for line in shown.answers["1.999.x12"].splitlines()]
    told = {("IK304", one[4]) for one in sent if one[0] == "IK3"}
    told |= {("IK403", one[3]) for one in sent if one[0] == "IK4"}
    told |= {("IK502", code) for one in sent if one[0] == "IK5" for code in one[2:]}
    assert told == {("IK304", "8"), ("IK403", "7"), ("IK502", "5")}
    assert all(code in tables[element] for element, code in told)
    assert tables["IK304"] == set("1234578") and "The loop IK303 occurs more often" in text(facts())


@pytest.mark.parametrize(("weight", "answer", "said"), [
    ("error", "STC*A8:400*20260406*U*160~", "CLM02 (type 3, which rejects the claim)"),
    ("warning", "STC*A2:20:PR*20260406*WQ*160~", "CLM02 (type 3, which is told and rejects nothing)"),
    ("off", "STC*A2:20:PR*20260406*WQ*160~", "CLM02 (type 3, which is not checked)"),
])  # fmt: skip
def test_examples_are_answered_under_the_live_weights(weight: Weight, answer: str, said: str) -> None:
    """What is not checked, or only told, of a partner rejects nothing in its example."""
    given = facts(validation=Validation(inbound=Snip(snip3=weight)))
    shown = examples.example(given)
    assert shown is not None and answer in shown.answers["1-1-1.277CA.x12"] and said in text(given)
    assert ("A8:400" in text(given)) == (weight == "error")


def test_examples_are_answered_by_the_partners_rules() -> None:
    """A rule agreed with a partner rejects the claims of its example that break it."""
    rule = Rule(name="n", at="2300/REF*G1", required=True, status="A6:252")
    shown = examples.example(facts(validation=Validation(rules=(rule,))))
    assert shown is not None and shown.answers["1-1-1.277CA.x12"].count("*A6:252") == 2


def test_examples_are_written_as_agreed() -> None:
    """Delimiters and line ends of the example answers are the partner's own, and its names keep clear of them."""
    shown = examples.example(facts(delimiters=Delimiters("|", ">", "!", "'"), newline=False))
    assert shown is not None and len(shown.answers) == 3
    for body in shown.answers.values():
        assert body[3] + body[82] + body[104:106] == "|!>'" and not {"*", "~", "\n"} & set(body)
        assert checked(body.encode()).accepted and pyx12_answer(body.encode()) == []


def test_an_accepted_claim_has_our_number_in_its_example() -> None:
    """A2 stands with REF*1K, as the guide says, and a rejected claim has none."""
    shown = examples.example(facts())
    assert shown is not None
    sent = shown.answers["1-1-1.277CA.x12"].splitlines()
    assert [sent[n + 1] for n, one in enumerate(sent) if one.startswith("STC*A2:20:PR*") and one.endswith("*240~")] == [
        "REF*1K*26096000001~"
    ]
    assert sum(one.startswith("REF*1K*") for one in sent) == 1


@pytest.mark.parametrize(("roles", "answers"), [
    (("submitter",), {"1.TA1.x12", "1.999.x12", "1-1-1.277CA.x12"}), (("sponsor",), {"1.TA1.x12", "1.999.x12"}),
])  # fmt: skip
def test_examples_are_what_we_would_send(roles: tuple[str, ...], answers: set[str]) -> None:
    """The example is answered by our own writers, partly accepted, and each answer is legal for us and for pyx12."""
    shown = examples.example(facts(roles=roles))
    assert shown is not None and set(shown.answers) == answers
    assert "\nAK9*P*2*2*1~" in shown.answers["1.999.x12"]
    for body in shown.answers.values():
        assert checked(body.encode()).accepted and pyx12_answer(body.encode()) == []
    assert "STC*A8:400*20260406*U*160~" in shown.answers.get("1-1-1.277CA.x12", "STC*A8:400*20260406*U*160~")


def test_who_sends_nothing_has_no_example() -> None:
    """A bank's guide has no chapter of examples, and takes nothing but acknowledgements."""
    made = document.document(facts(roles=("bank",)))
    assert "Examples" not in [section.title for section in made.sections]
    assert document.taken(facts(roles=("bank",))) == ["005010X231A1"]


def test_the_page_is_whole_and_safe() -> None:
    """The page is balanced, fetches and runs nothing, and escapes what stands in the settings."""
    made = document.document(facts())
    html = page.html(made)
    balance = Balance()
    balance.feed(html)
    assert (balance.open, balance.wrong) == ([], [])
    assert "SUMMIT &lt;BENEFIT&gt; ADMINISTRATORS" in html and "<BENEFIT>" not in html
    assert all(section.title in html for section in made.sections)


@pytest.mark.program("pdftotext")
def test_the_pdf_is_the_same_guide(tmp_path: Path) -> None:
    """The same settings give the same bytes; a test installation's guide says TEST, a production one's does not."""
    made = document.document(facts())
    assert page.pdf(made) == page.pdf(made)
    for usage, marked in (("T", True), ("P", False)):
        file = tmp_path / f"{usage}.pdf"
        file.write_bytes(page.pdf(document.document(facts(usage))))
        said = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
        assert ("settings of a test installation" in said) == marked
        words = " ".join(said.split())
        assert all(section.title in words for section in made.sections)
        assert "ssh-ed25519 SHA256:def" in words and "STC*A8:400*20260406*U*160~" in words
