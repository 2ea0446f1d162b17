"""Hostile files, each with the answer a correct receiver gives. The files are synthetic and lie outside the project.

Where their list says "policy" or allows several answers, the choice stands beside the row, and its reason in
`parsers/README.md`.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from x12_material import read, summary

from parsers.edits import Editor, Terms
from parsers.envelope import EnvelopePolicy
from parsers.events import Event, GroupClosed, Junk, SetClosed, SetOpened, Unit

CORPUS = os.environ.get("X12_CORPUS", "")
FILES = Path(CORPUS) / "hostile" / "files"
TODAY = date(2026, 11, 10)
"""A week after the dates in the files."""

POLICY = EnvelopePolicy(
    senders=frozenset({("ZZ", "SENDERID")}), receivers=frozenset({("ZZ", "GATEWAY")}), usage="T",
    groups=frozenset({"BE", "HC", "FA"}),
)  # fmt: skip
PAYEE = EnvelopePolicy(usage="T")

GOOD = "IK5:A AK9:A TA1:A"
REFUSED = "IK5:R*5 AK9:R TA1:A"
PAYER_TAKES_NO_835 = "IK5:R*I6 AK9:R*1 TA1:A"

EXPECTED = {
    "000_ok_834": GOOD,
    "000_ok_837p": GOOD,
    "000_ok_835": PAYER_TAKES_NO_835,
    "001_835_with_st03": PAYER_TAKES_NO_835,  # and a payee takes it, below: ST03 says what GS08 says
    "001_zero_bytes": "JUNK:not-x12",
    "002_only_newlines": "JUNK:not-x12",
    "003_random_binary": "JUNK:not-x12",
    "004_csv_not_edi": "JUNK:not-x12",
    "005_truncated_isa_50": "JUNK:incomplete",
    "006_truncated_isa_105": "JUNK:incomplete",
    "007_isa_only": "TA1:R*023",
    "008_truncated_mid_member": "IK5:R*2 AK9:R*3 TA1:R*023",
    "009_missing_iea": "IK5:A AK9:A TA1:R*023",
    "010_missing_ge": "IK5:A AK9:R*3 TA1:A",
    "011_missing_se": "IK5:R*2 AK9:R TA1:A",
    "012_missing_gs_ge": "TA1:R*024",
    "013_junk_after_iea": f"{GOOD} JUNK:junk",
    "014_junk_before_isa": "JUNK:not-x12",
    "015_two_isa_concat": f"{GOOD} {GOOD}",
    "016_nested_isa": "AK9:R*3 TA1:R*022*023 TA1:R*024*001",
    "017_second_isa_bad_first_good": f"{GOOD} JUNK:incomplete",
    "018_utf8_bom": GOOD,  # policy: the mark is skipped
    "019_utf16le": "JUNK:not-x12",
    "020_nul_bytes_in_element": f"IK3:NM1*8 IK4:3*6 {REFUSED}",
    "021_nul_padding_tail": GOOD,  # policy: zeros are padding
    "022_ebcdic": "JUNK:not-x12",
    "023_latin1_name": f"IK3:NM1*8 IK4:3*6 {REFUSED}",  # policy: no extended set is agreed
    "024_utf8_name": f"IK3:NM1*8 IK4:3*6 {REFUSED}",
    "025_cr_terminator": GOOD,
    "026_lf_terminator": GOOD,
    "027_crlf_after_tilde": GOOD,
    "028_wrapped_80_cols": GOOD,  # policy: the line ends of a file that is wrapped, its ISA too, are left out
    "029_odd_delims": GOOD,
    "030_elem_sep_equals_seg_term": "TA1:R*026 JUNK:junk",
    "031_comp_sep_equals_elem_sep": "TA1:R*027",
    "032_rep_sep_equals_comp_sep": "TA1:R*027",
    "033_alnum_delims": "TA1:R*026",
    "034_delim_inside_data": "IK3:TOW*1 IK5:R*4*5 AK9:R TA1:A",
    "035_space_delim_isa_unpadded": "TA1:R*006",
    "036_lowercase_ids": "JUNK:not-x12",
    "037_lowercase_seg_ids_body": f"IK3:ref*1 {REFUSED}",
    "040_isa13_iea02_mismatch": "IK5:A AK9:A TA1:R*001",
    "041_isa12_00401": "TA1:R*003",
    "042_isa12_garbage": "TA1:R*017",
    "043_isa05_bad_qual": "TA1:R*005*006",
    "044_unknown_sender": "TA1:R*006",
    "045_wrong_receiver": "TA1:R*009",
    "046_isa09_bad_date": "TA1:R*014",
    "047_isa10_bad_time": "TA1:R*015",
    "048_isa13_nonnumeric": "TA1:R*018",
    "049_isa13_path": "TA1:R*018",
    "050_isa06_path": "TA1:R*006",
    "051_isa14_bad": "TA1:R*019",
    "052_isa15_bad": "TA1:R*020",
    "053_isa15_test_in_prod": GOOD,  # in a test installation; in production below
    "054_isa01_bad": "TA1:R*010",
    "055_isa03_password": GOOD,
    "056_iea01_wrong": "IK5:A AK9:A TA1:R*021",
    "057_duplicate_icn_same_file": f"{GOOD} TA1:R*025",
    "058_duplicate_icn_later_file": GOOD,  # what was read before is the store's to know; in one file: 057
    "059_isa16_missing": "TA1:R*027*004*023",
    "060_gs06_ge02_mismatch": "IK5:A AK9:R*4 TA1:A",
    "061_ge01_wrong_count": "IK5:A AK9:R*5 TA1:A",
    "062_gs08_unsupported": "IK5:R*I6 AK9:R*2 TA1:A",
    "063_gs08_837p_old_4010": "IK5:R*I6 AK9:R*2 TA1:A",
    "064_gs01_unsupported": "IK5:R*I6 AK9:R*1 TA1:A",
    "065_gs01_st01_mismatch": "IK5:R*I6 AK9:R*2 TA1:A",
    "066_gs06_nonnumeric": "IK5:A AK9:R*6 TA1:R*024",
    "067_dup_gs06": "IK5:A AK9:A IK5:A AK9:R*19 TA1:A",
    "068_gs04_bad_date": "IK5:A AK9:R TA1:A",  # AK905 has no code for it
    "070_se01_low": "IK5:R*4 AK9:R TA1:A",
    "071_se01_huge": "IK5:R*4 AK9:R TA1:A",
    "072_se01_nan": "IK5:R*4 AK9:R TA1:A",
    "073_se02_mismatch": "IK5:R*3 AK9:R TA1:A",
    "074_dup_st02": "IK5:A IK5:R*23 AK9:P TA1:A",
    "075_st02_too_long": "IK5:R*7 AK9:R TA1:A",
    "076_st02_path": GOOD,  # policy: a legal AN value, and no path is ever made of it
    "077_st03_differs_gs08": "IK5:R*19 AK9:R TA1:A",
    "078_st01_unknown": "IK5:R*6 AK9:R TA1:A",
    "079_one_bad_of_three": "IK5:A IK3:DMG*8 IK4:2*8 IK5:R*5 IK5:A AK9:P TA1:A",
    "080_empty_st": f"IK3:BGN*3 IK3:INS*3 {REFUSED}",
    "081_st_in_st": "IK5:R*2 IK5:R*3 AK9:R*5 TA1:A",
    "082_mixed_types_one_interchange": "IK5:A AK9:A IK5:A AK9:A TA1:A",
    "083_999_of_a_999": GOOD,
    "084_ta1_of_ta1": "TA1:A",
    "085_999_for_unknown_group": GOOD,
    "090_unknown_segment": f"IK3:ZZZ*1 {REFUSED}",
    "091_segment_order": f"IK3:N3*7 {REFUSED}",
    "092_required_missing_nm1": f"IK3:NM1*3 {REFUSED}",
    "093_required_missing_ins": f"IK3:INS*3 {REFUSED}",
    "094_too_many_elements": (f"IK3:DMG*8 IK4:12*3 IK4:5*7 IK4:6*7 IK4:7*I10 IK4:8*I10 IK4:9*I10 IK4:10*7 {REFUSED}"),
    "095_element_too_long": f"IK3:NM1*8 IK4:3*5 {REFUSED}",
    "096_element_1mb": f"IK3:NM1*8 IK4:3*5 {REFUSED}",
    "097_empty_required_element": f"IK3:NM1*8 IK4:3*1 {REFUSED}",
    "098_bad_code": f"IK3:INS*8 IK4:1*7 {REFUSED}",
    "099_bad_date_feb29": f"IK3:DMG*8 IK4:2*8 {REFUSED}",
    "100_date_zero": f"IK3:DMG*8 IK4:2*8 {REFUSED}",
    "101_date_future_dob": GOOD,
    "102_unicode_digits_date": f"IK3:DMG*8 IK4:2*6 {REFUSED}",
    **{f"110_{letter}_clm02": f"IK3:CLM*8 IK4:2*6 IK3:SV1*8 IK4:2*6 {REFUSED}" for letter in "abcdehjk"},
    "110_f_clm02": GOOD,  # a negative charge is legal X12; the claim is rejected by business
    "110_g_clm02": GOOD,  # policy: leading zeros are harmless
    "110_i_clm02": f"IK3:CLM*8 IK4:2*5 IK3:SV1*8 IK4:2*5 {REFUSED}",
    "121_claim_total_mismatch": GOOD,
    "122_duplicate_claim_id_in_batch": GOOD,
    "123_hl_cycle": f"IK3:HL*8 IK4:2*I10 {REFUSED}",
    "124_hl_parent_missing": f"IK3:HL*8 IK4:2*7 {REFUSED}",
    "125_hl_dup_id": f"IK3:HL*8 IK4:1*7 {REFUSED}",
    "126_hl_skip": f"IK3:HL*8 IK4:1*7 {REFUSED}",
    "127_hl_child_flag_lies": GOOD,  # policy: HL04 says nothing that the levels do not say themselves
    "128_51_service_lines": f"IK3:LX*4 {REFUSED}",
    "129_13_diagnoses": f"IK3:HI*8 IK4:13*3 {REFUSED}",
    "130_too_many_components": f"IK3:SV1*8 IK4:1*13 IK4:1*I10 {REFUSED}",
    "131_too_many_repetitions": f"IK3:DMG*8 IK4:5*12 {REFUSED}",
    "132_npi_bad_check_digit": GOOD,
    "133_sv1_pointer_to_nothing": GOOD,
    "134_bad_icd_and_cpt": GOOD,
    "140_sql_injection": GOOD,
    "141_html_script": GOOD,
    "142_csv_formula": GOOD,
    "143_ansi_escape": f"IK3:NM1*8 IK4:3*6 {REFUSED}",
    "144_log_newline": f"IK3:NM1*8 IK4:3*6 {REFUSED}",
    "145_format_string": f"IK3:NM1*8 IK4:3*13 {REFUSED}",  # the text holds the component separator, there is no escape
    "146_xml_entity": f"IK3:NM1*8 IK4:3*13 {REFUSED}",  # as 145
    "147_edi_injection_into_835": GOOD,
    "148_sender_delims_echo": GOOD,
    "150_zip_bomb_20mb.x12.zip": "JUNK:not-x12",
    "151_gzip.x12.gz": "JUNK:not-x12",
    "152_zip_slip.zip": "JUNK:not-x12",
    "153_pgp_armored": "JUNK:not-x12",
    "154_edifact": "JUNK:not-x12",
    "155_hl7v2": "JUNK:not-x12",
    "156_850_retail": "IK5:R*I6 AK9:R*1 TA1:A",
    "160_835_not_balanced": PAYER_TAKES_NO_835,
    "161_835_cas_not_balanced": PAYER_TAKES_NO_835,
    "170_deep_empty_segments": "IK3:*1 IK5:R*4*5 AK9:R TA1:A",  # each is an error, of which a bounded number is told
    "171_100k_elements": f"IK3:N3*8 IK4:3*3 {REFUSED}",
    "172_50k_errors": f"IK3:ZZZ*1 {REFUSED}",
    "173_5k_empty_gs": "AK9:A TA1:R*024",  # policy: one answer, after as many groups as an interchange may have
    "174_no_terminator_1mb": "TA1:R*023",
}
"""File -> every verdict in order (doubles next to each other once). Groups an administrator answers: 834, 837, 999."""

BUSINESS = {
    "110_f_clm02": ["A7:178"],  # a negative charge
    "101_date_future_dob": ["birth-date"],
    "121_claim_total_mismatch": ["A8:400"],
    "132_npi_bad_check_digit": ["A7:562:85"],
    "133_sv1_pointer_to_nothing": ["A7:477"],
    "134_bad_icd_and_cpt": ["A7:255", "A7:251"],  # procedure 00000 is shaped as anaesthesia, and has no minutes
    "160_835_not_balanced": ["payment-balance"],
    "161_835_cas_not_balanced": ["line-balance", "claim-balance", "patient-share"],
}
"""File -> what is wrong with its claims and payments although it is legal X12 (SNIP 3 to 6); all others: nothing."""

LOOKS_LIKE = {
    "001_zero_bytes": "empty", "019_utf16le": "UTF-16", "022_ebcdic": "EBCDIC", "036_lowercase_ids": "lower case",
    "150_zip_bomb_20mb.x12.zip": "ZIP", "151_gzip.x12.gz": "gzip", "152_zip_slip.zip": "ZIP",
    "153_pgp_armored": "PGP", "154_edifact": "EDIFACT", "155_hl7v2": "HL7",
}  # fmt: skip
"""File that is no X12 -> the word that tells its sender what it is."""


def content(name: str) -> bytes:
    """The bytes of a file of the table."""
    return (FILES / (name if "." in name else f"{name}.x12")).read_bytes()


@pytest.mark.corpus
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_hostile_files_get_the_right_answer(name: str) -> None:
    """Every hostile file is answered with the codes its damage has."""
    assert summary(read(content(name), POLICY)) == EXPECTED[name]


@pytest.mark.corpus
def test_every_hostile_file_has_its_row() -> None:
    """The table holds each file of the folder, and nothing else."""
    assert {path.name.removesuffix(".x12") for path in FILES.iterdir()} == set(EXPECTED)
    assert set(BUSINESS) <= set(EXPECTED)


@pytest.mark.corpus
@pytest.mark.parametrize("name", sorted(BUSINESS))
def test_legal_files_with_wrong_claims_get_the_edits_of_their_types(name: str) -> None:
    """What X12 allows and no payer can take is found by SNIP 3 to 6, with its claim status code."""
    assert edited(read(content(name), PAYEE)) == BUSINESS[name]


@pytest.mark.corpus
def test_edits_say_nothing_about_other_files() -> None:
    """A file that is refused by the reader, or is good, has no finding of an edit."""
    others = (name for name in EXPECTED if name not in BUSINESS)
    assert [name for name in others if edited(read(content(name), PAYEE))] == []


@pytest.mark.corpus
@pytest.mark.parametrize("name", sorted(LOOKS_LIKE))
def test_a_file_that_is_no_x12_is_told_what_it_looks_like(name: str) -> None:
    """Nothing is unpacked or converted; the sender learns what was received."""
    (junk,) = read(content(name))
    assert isinstance(junk, Junk)
    assert LOOKS_LIKE[name] in junk.finding.message


@pytest.mark.corpus
def test_an_835_is_taken_by_whom_it_is_for() -> None:
    """A payee accepts it, with its GS08 repeated in ST03 too; that it does not balance is no matter of syntax."""
    for name in ("000_ok_835", "001_835_with_st03", "160_835_not_balanced", "161_835_cas_not_balanced"):
        assert summary(read(content(name), PAYEE)) == GOOD


@pytest.mark.corpus
def test_a_test_file_is_refused_in_production() -> None:
    """ISA15 must be the installation's own."""
    assert summary(read(content("053_isa15_test_in_prod"), EnvelopePolicy(usage="P"))) == "TA1:R*020"


@pytest.mark.corpus
@pytest.mark.parametrize(("name", "charset"), [("023_latin1_name", "latin-1"), ("024_utf8_name", "utf-8")])
def test_names_beyond_ascii_are_taken_where_that_was_agreed(name: str, charset: str) -> None:
    """The same files that are refused without an agreement, in the character set they are written in."""
    events = read(content(name), EnvelopePolicy(charset=charset))  # type: ignore[arg-type]
    assert summary(events) == GOOD
    assert "Ñ" in str(events)


@pytest.mark.corpus
def test_no_acknowledgement_is_answered() -> None:
    """A 999 for a 999 would go on for ever."""
    groups = [event.verdict for event in read(content("083_999_of_a_999"), POLICY) if isinstance(event, GroupClosed)]
    assert [group.answerable for group in groups] == [False]


def edited(events: list[Event]) -> list[str]:
    """The codes of the edits of every set, each once, in order."""
    codes: list[str] = []
    editor = None
    for event in events:
        if isinstance(event, SetOpened):
            editor = Editor(event.guide, Terms(today=TODAY)) if event.guide else None
        elif editor and isinstance(event, Unit):
            codes += [one.code for one in editor.take(event)]
        elif editor and isinstance(event, SetClosed):
            codes += [one.code for one in editor.close()]
    return list(dict.fromkeys(codes))
