"""Laws of what a partner's row may say of how files are checked, cut and named."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import BadData
from gateway.flow import loading
from gateway.flow.parties import Parties, Partner, Validation
from gateway.store import installation
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import outbox
from parsers.snip import Snip
from tests.flow.world import World, begun, golden, play_golden

OUT_835 = Path(__file__).parents[1] / "golden" / "out.835"
ROLES = 'roles = ["submitter", "payee"]\nsponsors = ["bluebonnet", "lakeline"]\n'
HEAD = '[[partner]]\nid = "clearpath"\nfirst = 2026-01-01\nname = "ClearPath"\nisa_id = "CLEARPATH"\n'


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation with its partners."""
    return begun(store, keys, tmp_path, day=None)


def loaded(world: World, folder: Path, settings: str) -> Partner:
    """The partner after its row was loaded with some settings."""
    file = folder / "partner.toml"
    file.write_text(HEAD + settings)
    loading.load(world.context, [file], "test")
    with world.store.read() as connection:
        return Parties(connection, installation.business_date(connection)).partner("clearpath")


def refusal(world: World, folder: Path, settings: str) -> str:
    """What is said of settings that cannot be."""
    with pytest.raises(BadData) as caught:
        loaded(world, folder, settings)
    return caught.value.detail


def test_weights_are_of_a_partner_and_a_direction(world: World, tmp_path: Path) -> None:
    """What is not said weighs as an error; each direction has its own weights."""
    partner = loaded(world, tmp_path, '[partner.validation]\ncharset = "utf-8"\ninbound = { snip5 = "off" }\n')
    assert partner.validation == Validation(inbound=Snip(snip5="off"), charset="utf-8")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('[partner.validation]\nsnip1 = "off"\n', "validation.snip1: no such word here"),
        ('[partner.validation.inbound]\nsnip8 = "off"\n', "validation.inbound.snip8: no such word here"),
        ('[partner.validation.outbound]\nsnip1 = "fatal"\n', "validation.outbound.snip1: Invalid enum value"),
        ('[partner.profile]\nanswers = "x"\n', "profile.answers: no such word here"),
        ('delimiters = { component = "*" }\n', "delimiters: four different signs"),
        ('delimiters = { element = "A" }\n', "delimiters: four different signs"),
        ('delimiters = { segment = "~~" }\n', "delimiters: four different signs"),
        ('[partner.profile]\nsets = "few"\n', "profile.sets: Invalid enum value"),
        ('[partner.validation]\ncharset = "cp1252"\n', "validation.charset: Invalid enum value"),
    ],
)
def test_a_setting_nobody_knows_is_refused_by_its_name(world: World, tmp_path: Path, settings: str, said: str) -> None:
    """A word or a value that means nothing here is told with its place."""
    assert said in refusal(world, tmp_path, settings)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ('answer = "{receipt}-{interchange}.x12"', "answer: needs {kind}, or two files could have one name"),
        ('answer = "{kind}-{receipt}"', "answer: needs {interchange}"),
        ('answer = "{kind}-{receipt}-{interchange}-{set}"', "answer: {set} is no field of it"),
        ('answer = "{kind}{isa13}"', "answer: two fields need a character between them"),
        ('answer = "{kind}-{isa13}-{isa13}"', "answer: {isa13} stands twice"),
        ('answer = "../{kind}-{isa13}"', "answer: beside its fields"),
        ('answer = "{kind}-{isa13"', "answer: beside its fields"),
        ('answer = "{kind}-{isa13!r}"', "answer: beside its fields"),
        (f'answer = "{"x" * 110}-{{kind}}-{{isa13}}"', "answer: makes names of more than 120 characters"),
        ('claim_answer = "{kind}-{receipt}-{interchange}-{set}"', "claim_answer: needs {group}"),
        ('remittance = "{kind}-{date}"', "remittance: needs {run}"),
        ('sets = "one"', "answer: needs {group}"),
        ('sets = "one"', "remittance: needs {number}"),
    ],
)
def test_a_name_that_could_not_stand_is_refused(world: World, tmp_path: Path, setting: str, said: str) -> None:
    """A template is refused when it could give two files one name, an unsafe name, or one that is too long."""
    assert f"profile.{said}" in refusal(world, tmp_path, f"[partner.profile]\n{setting}\n")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ('at = "NM109"', "is no place"),
        ('at = "2010BA/NM109", matches = "["', "no regular expression of RE2"),
        ('at = "2010BA/NM109", status = "no"', "status is no category:status"),
        ('at = "9999/NM109", required = true', "has no 9999/NM109"),
        ('at = "2010BA/NM112", required = true', "has no 2010BA/NM112"),
        ('at = "2400/SV101-2", required = true', "005010X223A2 has no 2400/SV101-2"),
        ('at = "2010BA/NM109", required = true, when = { at = "2300/ZZZ01" }', "has no 2300/ZZZ01"),
    ],
)
def test_a_rule_that_could_not_be_asked_is_refused(world: World, tmp_path: Path, rule: str, said: str) -> None:
    """A partner's rule names a place of a guide, an expression that is one, and a claim status."""
    found = refusal(world, tmp_path, f'[partner.validation]\nrules = [{{ name = "n", {rule} }}]\n')
    assert "validation.rules[1]" in found and said in found


NAMED = """[partner.profile]
answer = "{original}_{answers}_{kind}_{isa13}.txt"
claim_answer = "{original}_{answers}_{kind}_{isa13}.txt"
remittance = "{partner}_{date}_{kind}_{isa13}.txt"
"""


def names(world: World, kind: str) -> list[str]:
    """Names of what left for the partner, of one kind."""
    rows = world.rows(outbox, outbox.c.partner == "clearpath", outbox.c.kind == kind)
    return [row.name for row in rows]


def test_a_file_is_named_as_its_partner_wants_it(world: World, tmp_path: Path) -> None:
    """A template carries what the partner knows the answered file by, and our own control number."""
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    loaded(world, tmp_path, ROLES + NAMED)
    world.send("clearpath", "May claims (2).837", golden("in.837p"))
    assert names(world, "999") == ["May-claims-2_000000202_999_000000001.txt"]
    assert names(world, "277CA") == ["May-claims-2_000000202_277CA_000000002.txt"]


def test_each_set_may_have_a_file_of_its_own(world: World, tmp_path: Path) -> None:
    """With `sets = "one"` every 835 is a file with its own numbers; together they say what one file would."""
    loaded(world, tmp_path, ROLES + NAMED + 'sets = "one"\n')
    play_golden(world)
    assert names(world, "835") == [f"clearpath_20260410_835_{n:09d}.txt" for n in (3, 4, 5)]
    bodies = [body.decode() for body in world.sent("835")]
    assert [body.count("~\nST*835*0001~") for body in bodies] == [1, 1, 1]
    whole = (OUT_835).read_text().split("~")
    payments = [one.strip() for one in whole if one.strip().startswith("BPR*")]
    assert [next(one for one in body.split("~\n") if one.startswith("BPR*")) for body in bodies] == payments
    assert len({row.grp for row in world.rows(outbox, outbox.c.kind == "835")}) == 3


def test_each_group_may_have_a_file_of_its_own(world: World, tmp_path: Path) -> None:
    """With `sets = "one"` two groups of an interchange are answered by two 999 files."""
    profile = 'answer = "{receipt}-{interchange}-{group}.{kind}"\nremittance = "{run}-{number}.{kind}"\nsets = "one"\n'
    loaded(world, tmp_path, f"{ROLES}[partner.profile]\n{profile}")
    body = golden("in.837p").decode()
    head, group = body[: body.index("GS*")], body[body.index("GS*") : body.index("IEA*")]
    second = group.replace("*202*X*", "*203*X*").replace("GE*1*202", "GE*1*203").replace("BATCH0406", "BATCH0407")
    world.send("clearpath", "two.837", f"{head}{group}{second}IEA*2*000000202~".encode())
    assert names(world, "999") == ["000000001-1-1.999", "000000001-1-2.999"]
    assert [body.count(b"AK1*HC*") for body in world.sent("999")] == [1, 1]
