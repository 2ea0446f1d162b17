"""External code sets by date of service (SNIP 5): every place that holds a code of an outside list, and which list.

A code must look like one of its list, whether the list is here or not; and it must be on the list, where a release for
its day is here (`parsers.codes`). Sources: domain 1.4 (statuses), 3.2 (places), the guides' external code sources.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import product

from parsers.checkdigits import issued_ein, tax_number, valid_npi
from parsers.codes import SETS, Codes
from parsers.edits.claims import inpatient
from parsers.edits.conditions import days, service
from parsers.edits.paths import path
from parsers.edits.table import PD, PID, D, Edit, Given, I, P, Test, begins, filled
from parsers.edits.view import Found, Spot, View, sent
from parsers.forms import ENROLMENT, PREMIUM, REMITTANCE

# ---- on which day ----------------------------------------------------------------------------------------------------

Days = Callable[[View, Spot], tuple[date, ...]]
"""The days a code at a place may be in force on: it is wrong where it is on the list of none of them."""

SERVICES = frozenset(("SV1", "SV2", "SV3"))


def _by_line(claim: View) -> dict[int, tuple[date, ...]]:
    """Row of a line's SV1, SV2 or SV3 -> first and last day of its DTP*472, if it has one."""
    found: dict[int, tuple[date, ...]] = {}
    line = -1
    for number, (loop, values) in enumerate(claim.unit.rows):
        if loop != "2400":
            continue
        if values[0] in SERVICES:
            line = number
        elif values[0] == "DTP" and sent(values, 1) == "472" and (span := days(Found(claim.unit, number))):
            found[line] = span
    return found


def _of_claim(claim: View) -> tuple[date, ...]:
    lines = claim.once(_by_line).values()
    return (min(map(min, lines)), max(map(max, lines))) if lines else service(claim) or (claim.terms.today,)


def served(view: View, spot: Spot) -> tuple[date, ...]:
    """First and last day of service, of the line where the place is in one; the business date where none is told."""
    return view.once(_by_line).get(spot.number) or view.once(_of_claim)


def discharged(claim: View, spot: Spot) -> tuple[date, ...]:
    """The end of the statement (434) of a stay, which is coded by its discharge; else the days of service."""
    statement = days(claim.one("2300/DTP*434")) if inpatient(claim) else None
    return statement[1:] if statement else served(claim, spot)


def told(claim: View, spot: Spot) -> tuple[date, ...]:
    """When another payer may have used a reason: from the service until today."""
    return (*claim.once(_of_claim), claim.terms.today)


def today(view: View, spot: Spot) -> tuple[date, ...]:
    """The business date."""
    return (view.terms.today,)


def produced(view: View, spot: Spot) -> tuple[date, ...]:
    """The production date of a remittance (405), else the business date."""
    return (days(view.one("HEADER/DTM*405")) or (view.terms.today,))[:1]


# ---- which codes -----------------------------------------------------------------------------------------------------

Pick = Callable[[View], Iterable[tuple[str, Spot]]]
"""Codes with their places."""


def at(text: str, *elements: int) -> Pick:
    """What stands at a path, or at these elements of the segment it names."""
    _, element, component, _ = path(text)

    def picked(view: View) -> Iterator[tuple[str, Spot]]:
        for row, number in product(view.all(text), elements or (element,)):
            code = row.at(number, component)
            if code:
                yield code, row.spot(number, component)

    return picked


def health(*qualifiers: str) -> Pick:
    """The codes of HI under these qualifiers."""

    def picked(claim: View) -> Iterator[tuple[str, Spot]]:
        for row in claim.all("2300/HI"):
            for element in range(1, len(row.values)):
                if row.part(element, 1) in qualifiers:
                    yield row.part(element, 2), row.spot(element, 2)

    return picked


def modifiers(text: str) -> Pick:
    """Components 3 to 6 of a procedure."""
    _, element, _, _ = path(text)

    def picked(line: View) -> Iterator[tuple[str, Spot]]:
        for row in line.all(text):
            for component, code in enumerate(row.parts(element)[2:6], 3):
                if code:
                    yield code, row.spot(element, component)

    return picked


# ---- is it one -------------------------------------------------------------------------------------------------------


def unlisted(name: str, pick: Pick, when: Days) -> Test:
    """Codes that do not look like one of a set, or are on its list on none of the days."""
    fits = SETS[name].shape.fullmatch

    def fails(view: View) -> Iterator[Spot]:
        for code, spot in pick(view):
            if not fits(code) or ended(view.terms.codes, name, code, when(view, spot)):
                yield spot

    return fails


def ended(codes: Codes, name: str, code: str, on: Sequence[date]) -> bool:
    """Whether a set is here for all of the days and has the code on none."""
    for day in on:  # noqa: SIM110 - asked of every address and code: `all` would make a generator each time
        if codes.holds(name, code, day) is not False:
            return False
    return True


PROCEDURES = {"HC": ("cpt", "hcpcs", "cdt"), "AD": ("cdt",)}
"""Qualifier -> sets a procedure may be of; what it looks like says which. Other qualifiers are not judged."""


def no_procedure(claim: View, qualifier: str, code: str, spot: Spot) -> bool:
    """Whether a procedure is of no set of its qualifier on the days of its line."""
    names = PROCEDURES.get(qualifier, ())
    mine = next((name for name in names if SETS[name].shape.fullmatch(code)), "")
    return bool(names) and (not mine or ended(claim.terms.codes, mine, code, served(claim, spot)))


def procedures(text: str) -> Test:
    """Procedures of lines that are none on their day."""
    _, element, _, _ = path(text)

    def fails(claim: View) -> Iterator[Spot]:
        for row in claim.all(text):
            qualifier, code, *_ = [*row.parts(element), "", ""]
            spot = row.spot(element, 2)
            if no_procedure(claim, qualifier, code, spot):
                yield spot

    return fails


def anaesthesia(claim: View) -> Iterator[Spot]:
    """HI*BP that is no procedure."""
    return (spot for code, spot in health("BP")(claim) if no_procedure(claim, "HC", code, spot))


def drugs(line: View) -> Iterator[Spot]:
    """LIN*N4 that is not eleven digits."""
    return (row.spot(3) for row in line.all("2410/LIN") if row[2] == "N4" and not NDC.fullmatch(row[3]))


NDC = re.compile(r"\d{11}", re.ASCII)
"""A drug number in its 5-4-2 form, without hyphens."""


def unproven(text: str, qualifier: int) -> Test:
    """Numbers at a path, under XX in the element `qualifier`, whose check digit is not an NPI's."""
    _, element, _, _ = path(text)
    return lambda view: (
        row.spot(element) for row in view.all(text) if row[qualifier] == "XX" and not valid_npi(row[element])
    )


def not_so(text: str, law: Callable[[str], bool]) -> Test:
    """Values at a path that do not keep a law."""
    return lambda view: (spot for value, spot in at(text)(view) if not law(value))


# ---- addresses -------------------------------------------------------------------------------------------------------

ZIP = re.compile(r"(?!00000)\d{5}(\d{4})?", re.ASCII)
POSTAL = {"US": ZIP, "CA": re.compile(r"[A-Z]\d[A-Z] ?\d[A-Z]\d", re.ASCII)}
"""Country -> what its postal codes look like; others are not judged. ZIP and ZIP+4 are sent without a hyphen."""


def _country(row: Found) -> str:
    return row[4] or "US"


PROVINCES = frozenset(["AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT", "NF", "PQ"])
"""Canada's ten provinces and three territories, and Newfoundland and Quebec as written before. The list of states holds
both countries' codes, none of which is of both."""


def states(text: str) -> Test:
    """N402 of an address in the United States or Canada that is no state or province, or is the other country's."""

    fits = SETS["state"].shape.fullmatch

    def fails(view: View) -> Iterator[Spot]:
        for row in view.all(text):
            code, country = row[2], _country(row)
            if not code or country not in POSTAL:
                continue
            elsewhere = (code in PROVINCES) != (country == "CA")
            if elsewhere or not fits(code) or ended(view.terms.codes, "state", code, (view.terms.today,)):
                yield row.spot(2)

    return fails


def postal_codes(text: str) -> Test:
    """N403 that is none of its country."""
    return lambda view: (
        row.spot(3)
        for row in view.all(text)
        if row[3] and _country(row) in POSTAL and not POSTAL[_country(row)].fullmatch(row[3])
    )


# ---- rows ------------------------------------------------------------------------------------------------------------


def row(name: str, guides: tuple[str, ...], code: str, on: str, fails: Test, message: str, mend: str,
        given: Given | None = None) -> Edit:  # fmt: skip
    """A row of type 5; on may name an element, which then must be there, of the segment that makes it worth asking."""
    (loop, segment), element, _, _ = path(on)
    return Edit(name=name, guides=guides, snip=5, code=code, on=f"{loop}/{segment}", fails=fails,
                given=given or (filled(element) if element else None), message=message, mend=mend)  # fmt: skip


def coded(what: str, guides: tuple[str, ...], code: str, where: str, of: str, pick: Pick | None = None,
          when: Days = served, given: Given | None = None) -> Edit:  # fmt: skip
    """A row for codes of one set: what, for whom, claim status, place and set. pick: where the place is not all."""
    return row(f"{what} is on the list", guides, code, where, unlisted(of, pick or at(where), when),
               f"A code in {where} is not on the list of {SETS[of].title} ({SETS[of].keeper}) for its day.",
               f"Send in {where} a code that is in force on that day, as the list writes it, without points.",
               given)  # fmt: skip


def npi(who: str, guides: tuple[str, ...], code: str, where: str, qualifier: int = 8) -> Edit:
    """A row for one provider's NPI; qualifier: the element that says XX."""
    place = where.split("*")[0]
    _, element, _, _ = path(where)

    def wrong(values: list[str]) -> bool:
        number = sent(values, element)
        return bool(number) and sent(values, qualifier) == "XX" and not valid_npi(number)

    return row(f"the NPI of the {who} proves itself ({place})", guides, code, where, unproven(where, qualifier),
               f"The check digit of the NPI in {place} is wrong.",
               f"Correct the ten digits of the NPI in {place}.", given=wrong)  # fmt: skip


def address(who: str, guides: tuple[str, ...], loop: str, codes: Sequence[str]) -> tuple[Edit, ...]:
    """Three rows for one N4: state, postal code, country; judged on the business date, which is when it is used."""
    on = f"{loop}/N4"
    return (
        row(f"the state of the {who} is one ({loop})", guides, codes[0], on, states(on),
            f"{on}02 is no state or province of its country.",
            f"Send in {on}02 the two letters of the state or province; of an address abroad, the country in N404."),
        row(f"the postal code of the {who} is its country's ({loop})", guides, codes[1], on, postal_codes(on),
            f"{on}03 is no postal code of its country.",
            f"Send in {on}03 five or nine digits; of an address abroad, the country in N404.",
            given=lambda values: len(values) > 4 or not ZIP.fullmatch(sent(values, 3))),
        row(f"the country of the {who} is one ({loop})", guides, codes[2], on,
            unlisted("country", at(f"{on}04"), today), f"{on}04 is no country.",
            f"Send in {on}04 two letters of ISO 3166, nothing for the United States.", given=filled(4)),
    )  # fmt: skip


# ---- places ----------------------------------------------------------------------------------------------------------

PROVIDERS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("billing provider", PID, "2010AA", "85"),
    ("referring provider", PD, "2310A", "DN"), ("primary care provider", PD, "2310A", "P3"),
    ("rendering provider", PD, "2310B", "82"), ("service facility", PD, "2310C", "77"),
    ("supervising provider", P, "2310D", "DQ"), ("attending provider", I, "2310A", "71"),
    ("operating physician", I, "2310B", "72"), ("other operating physician", I, "2310C", "ZZ"),
    ("rendering provider", I, "2310D", "82"), ("service facility", I, "2310E", "77"),
    ("referring provider", I, "2310F", "DN"), ("assistant surgeon", D, "2310D", "DD"),
    ("supervising dentist", D, "2310E", "DQ"),
    ("rendering provider", PD, "2420A", "82"), ("purchased service provider", P, "2420B", "QB"),
    ("service facility", P, "2420C", "77"), ("supervising provider", P, "2420D", "DQ"),
    ("ordering provider", P, "2420E", "DK"), ("referring provider", P, "2420F", "DN"),
    ("primary care provider", P, "2420F", "P3"), ("operating physician", I, "2420A", "72"),
    ("other operating physician", I, "2420B", "ZZ"), ("rendering provider", I, "2420C", "82"),
    ("referring provider", I, "2420D", "DN"), ("assistant surgeon", D, "2420B", "DD"),
    ("supervising dentist", D, "2420C", "DQ"), ("service facility", D, "2420D", "77"),
)  # fmt: skip
"""Who has an NPI, in which guides and loop, and NM101, which is also the entity of the claim status."""

ADDRESSES: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("billing provider", PID, "2010AA", "85"), ("pay-to address", PID, "2010AB", "87"),
    ("pay-to plan", PID, "2010AC", "PE"), ("subscriber", PID, "2010BA", "IL"), ("payer", PID, "2010BB", "PR"),
    ("patient", PID, "2010CA", "QC"), ("service facility", PD, "2310C", "77"), ("pick-up", P, "2310E", "PW"),
    ("drop-off", P, "2310F", "45"), ("service facility", I, "2310E", "77"),
    ("other subscriber", PID, "2330A", "GB"), ("other payer", PID, "2330B", "PR"),
    ("service facility", P, "2420C", "77"), ("service facility", D, "2420D", "77"),
    ("ordering provider", P, "2420E", "DK"), ("pick-up", P, "2420G", "PW"), ("drop-off", P, "2420H", "45"),
)  # fmt: skip
"""Who has an N4 in a claim, in which guides and loop, and the entity of the claim status."""

MEMBERS = (("member", "2100A"), ("member's mail", "2100C"), ("employer", "2100D"), ("school", "2100E"),
           ("custodial parent", "2100F"), ("responsible person", "2100G"), ("drop-off location", "2100H"),
           ("provider", "2310"), ("other insurer", "2330"))  # fmt: skip
"""Who has an N4 in an enrolment."""

REASONS = (2, 5, 8, 11, 14, 17)
"""Elements of CAS that hold a reason."""

INPATIENT_REMARKS, OUTPATIENT_REMARKS = (5, 20, 21, 22, 23), (3, 4, 5, 6, 7)
"""Elements of MIA and of MOA that hold a remark."""

HEALTH: tuple[tuple[str, tuple[str, ...], str, str, tuple[str, ...]], ...] = (
    ("a diagnosis", PID, "A7:255", "icd-10-cm", ("ABK", "ABF")),
    ("an admitting diagnosis", I, "A7:232", "icd-10-cm", ("ABJ",)),
    ("a reason for the visit", I, "A7:673", "icd-10-cm", ("APR",)),
    ("an external cause", I, "A7:509", "icd-10-cm", ("ABN",)),
    ("a principal inpatient procedure", I, "A7:465", "icd-10-pcs", ("BBR",)),
    ("an inpatient procedure", I, "A7:490", "icd-10-pcs", ("BBQ",)),
    ("a DRG", I, "A7:256", "drg", ("DR",)),
    ("a condition code", (*P, *I), "A7:460", "condition", ("BG",)),
    ("an occurrence code", I, "A7:719", "occurrence", ("BH",)),
    ("an occurrence span code", I, "A7:721", "occurrence", ("BI",)),
    ("a value code", I, "A7:725", "value-code", ("BE",)),
)
"""What HI holds: in which guides, the claim status, the set, and the qualifiers."""

SPECIALTIES: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("billing provider", PID, "2000A", "85"), ("rendering provider", PD, "2310B", "82"),
    ("attending provider", I, "2310A", "71"), ("rendering provider", PD, "2420A", "82"),
)  # fmt: skip
"""Who has a taxonomy code in PRV03, in which guides and loop, and the entity of the claim status."""

LINES = (("SV1", P, "2400/SV101"), ("SV2", I, "2400/SV202"), ("SV3", D, "2400/SV301"))
"""Where a line has its procedure and modifiers."""

EPISODE = (("a type of bill", "A7:228", "2300/CLM05-1", "bill-type"),
           ("a type of admission", "A7:231", "2300/CL101", "admission-type"),
           ("a source of admission", "A7:229", "2300/CL102", "admission-source"),
           ("a patient status", "A7:234", "2300/CL103", "patient-status"))  # fmt: skip
"""What an institutional claim says of the stay: claim status, place and set."""

PRIOR: tuple[tuple[str, tuple[str, ...], str, str, str, tuple[int, ...]], ...] = (
    ("another payer's reason", PID, "A7:521", "2320/CAS", "carc", REASONS),
    ("another payer's line reason", PID, "A7:521", "2430/CAS", "carc", REASONS),
    ("another payer's remark", PID, "A7:634", "2320/MOA", "rarc", OUTPATIENT_REMARKS),
    ("another payer's inpatient remark", I, "A7:634", "2320/MIA", "rarc", INPATIENT_REMARKS),
)
"""What another payer said, in a claim."""

R, E = (REMITTANCE,), (ENROLMENT,)

PAID: tuple[tuple[str, str, str, tuple[int, ...]], ...] = (
    ("a claim's reason", "2100/CAS", "carc", REASONS), ("a line's reason", "2110/CAS", "carc", REASONS),
    ("a claim's remark", "2100/MOA", "rarc", OUTPATIENT_REMARKS),
    ("an inpatient claim's remark", "2100/MIA", "rarc", INPATIENT_REMARKS),
    ("a line's remark", "2110/LQ02*HE", "rarc", ()),
)  # fmt: skip
"""What a remittance says of claims and lines; the code of the finding is the name of the set."""

PREMIUM_PARTIES = (("receiver of the premium", "1000A"), ("premium payer", "1000B"), ("intermediary bank", "1000C"))
"""Who has an N4 in a premium payment."""

ADDRESS = ("state", "postal-code", "country")
"""Codes of findings in other guides than the 837."""

PROCEDURE_CHARS = 8
"""Of a procedure without modifiers: two of the qualifier, a separator, five of the code."""

NINE_DIGITS = "Send nine digits without hyphens."

# ---- the table -------------------------------------------------------------------------------------------------------

EDITS: tuple[Edit, ...] = (
    # numbers that prove themselves
    *(npi(who, guides, f"A7:562:{entity}", f"{loop}/NM109*{entity}") for who, guides, loop, entity in PROVIDERS),
    row("a tax number has nine digits", PID, "A7:128:85", "2010AA/REF02*EI|SY",
        not_so("2010AA/REF02*EI|SY", tax_number),
        "The billing provider's tax number (REF*EI, REF*SY) is not nine digits.", NINE_DIGITS,
        given=lambda values: not tax_number(sent(values, 2))),
    row("a plan's tax number has nine digits", PID, "A7:128:PE", "2010AC/REF02*EI",
        not_so("2010AC/REF02*EI", tax_number),
        "The pay-to plan's tax number (REF*EI) is not nine digits.", NINE_DIGITS),
    Edit(name="an EIN begins as the IRS gives it", guides=PID, snip=5, code="A7:128:85", on="2010AA/REF",
         fails=not_so("2010AA/REF02*EI", lambda text: not tax_number(text) or issued_ein(text)), most="warning",
         message="The first two digits of the billing provider's EIN are none the IRS is known to give out.",
         mend="Compare REF*EI with the letter of the IRS."),
    # claims
    *(coded(what, guides, code, "2300/HI", of, health(*qualifiers), discharged, given=begins(qualifiers))
      for what, guides, code, of, qualifiers in HEALTH),
    row("an anaesthesia procedure is on the list", P, "A7:454", "2300/HI", anaesthesia,
        "A procedure of HI*BP is not on its list on the day of service.", "Correct the procedure of HI*BP.",
        given=begins(("BP",))),
    coded("a place of service", PD, "A7:249", "2300/CLM05-1", "pos"),
    *(coded(what, I, code, where, of, when=discharged) for what, code, where, of in EPISODE),
    coded("the state of an accident", PD, "A7:750", "2300/CLM11-4", "state"),
    coded("the country of an accident", PD, "A7:750", "2300/CLM11-5", "country"),
    coded("the state of a car accident", I, "A7:750", "2300/REF02*LU", "state"),
    *(coded(f"the specialty of the {who} ({loop})", guides, f"A7:145:{entity}", f"{loop}/PRV03", "taxonomy")
      for who, guides, loop, entity in SPECIALTIES),
    # lines
    *(row(f"a procedure of {segment} is on the list", guides, "A7:454", where, procedures(where),
          f"The procedure of {where} is not on the list of its qualifier on the day of service.",
          f"Send in {where} a procedure that is in force on the day of service, and its qualifier.")
      for segment, guides, where in LINES),
    *(coded(f"a modifier of {segment}", guides, "A7:453", where, "modifier", modifiers(where),
            given=filled(path(where).element, PROCEDURE_CHARS))
      for segment, guides, where in LINES),
    coded("a line's place of service (SV1)", P, "A7:249", "2400/SV105", "pos"),
    coded("a line's place of service (SV3)", D, "A7:249", "2400/SV303", "pos"),
    coded("a revenue code", I, "A7:455", "2400/SV201", "revenue"),
    row("a drug number has eleven digits", (*P, *I), "A7:218", "2410/LIN", drugs,
        "The drug number of LIN*N4 is not eleven digits.", "Send the NDC in its 5-4-2 form, without hyphens."),
    # other payers and addresses
    *(coded(what, guides, code, where, of, at(where, *elements), told)
      for what, guides, code, where, of, elements in PRIOR),
    *(edit for who, guides, loop, entity in ADDRESSES
      for edit in address(who, guides, loop, [f"A7:{one}:{entity}" for one in ("501", "500", "680")])),
    # enrolment and remittance
    npi("member's provider", E, "npi", "2310/NM109"),
    *(edit for who, loop in MEMBERS for edit in address(who, E, loop, ADDRESS)),
    npi("payee", R, "npi", "1000B/N104", 3),
    npi("service provider", R, "npi", "2100/NM109"),
    *(coded(what, R, of, where, of, at(where, *elements), produced) for what, where, of, elements in PAID),
    *(edit for who, loop in (("payer", "1000A"), ("payee", "1000B")) for edit in address(who, R, loop, ADDRESS)),
    *(edit for who, loop in PREMIUM_PARTIES for edit in address(who, (PREMIUM,), loop, ADDRESS)),
)  # fmt: skip
"""Type 5; an 837's codes are category, status and entity of the 277CA."""
