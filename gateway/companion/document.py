"""The guide's chapters, each made of the settings in force; nothing in it is typed by hand for one partner."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gateway.check.words import SNIP_NAMES
from gateway.companion.blocks import Block, Document, Facts, Grid, Sample, Section, Text
from gateway.companion.examples import Example, example
from gateway.companion.facts import FactsOnFile
from gateway.flow import naming
from gateway.flow.checking import groups_of, takes
from gateway.flow.door_limits import door_settings
from gateway.flow.gathering import FILE_BYTES, FILE_INTERCHANGES
from mappings.verdicts import SEGMENTS_WRONG
from parsers import forms
from parsers.codes import SETS
from parsers.diagnose import MESSAGES
from parsers.edits.rules import Rule, When
from parsers.findings import Level
from parsers.forms import FORMS
from parsers.limits import Limits, limits_of
from parsers.refusals import ROWS
from parsers.report import SEGMENT_MESSAGES
from parsers.snip import Snip, Weight
from sftp_drop.names import NAME_MAX_BYTES, TEMPORARY_ENDINGS

KINDS = {
    forms.PROFESSIONAL: "837P professional claims", forms.INSTITUTIONAL: "837I institutional claims",
    forms.DENTAL: "837D dental claims", forms.ENROLMENT: "834 enrolment", forms.REMITTANCE: "835 remittance advice",
    forms.PREMIUM: "820 premium payment", forms.IMPLEMENTATION_ACK: "999 acknowledgement",
    forms.CLAIM_ACK: "277CA acknowledgement",
}  # fmt: skip

ROLES = {
    "sponsor": "sends who is covered (834)", "submitter": "sends claims (837)", "payee": "is sent remittances (835)",
    "carrier": "is sent stop-loss notices", "bank": "is sent payment files",
}  # fmt: skip

USAGES = {"T": "test", "P": "production"}

SNIP = {
    1: "X12 syntax: order of segments, lengths, characters, counts.",
    2: "The guide: required segments and elements, its codes, how often something may stand.",
    3: "Sums: lines and claim, other payers' payments, totals of a file.",
    4: "What the guide requires in a situation: an accident has its date, a replacement its original.",
    5: "Codes in force on the day of service, and check digits.",
    6: "Rules of a line of service: ambulance, anaesthesia, equipment, dental, institutional.",
    7: "Rules agreed between you and us.",
}
"""What each type checks; `check.words` has its name."""

WEIGHTS: dict[Weight, str] = {
    "error": "rejects {}", "warning": "is told and rejects nothing", "off": "is not checked",
}  # fmt: skip

CHARSETS = {
    "ascii": "The characters of X12 (ASCII letters, digits and signs). Any other is an error in its element.",
    "latin-1": "ISO 8859-1: letters beyond ASCII may stand in names and other free text.",
    "utf-8": "UTF-8: letters beyond ASCII may stand in names and other free text.",
}


def document(facts: FactsOnFile) -> Document:
    """The guide of a partner."""
    shown = example(facts)
    chapters = (
        ("Who we are", _who(facts)), ("Connection", _connection(facts)), ("Files we take", _files(facts)),
        ("How a file is written", _writing(facts)), ("What is checked", _checks(facts)),
        ("What we answer", _answers(facts)), ("How to read an answer", _reading()),
        ("Examples", _examples(facts, shown)), ("Test files", _tests(facts)), ("Whom to ask", _contact(facts)),
    )  # fmt: skip
    return Document(
        title=f"Companion guide for {facts.partner.name}",
        subtitle=f"How to exchange X12 files with {facts.ours.name}, by the settings in force on {facts.today}.",
        usage=facts.usage, as_of=facts.today.isoformat(),
        sections=tuple(Section(title, tuple(blocks)) for title, blocks in chapters if blocks),
    )  # fmt: skip


def _who(facts: FactsOnFile) -> list[Block]:
    partner, ours = facts.partner, facts.ours
    rows = (
        ("ISA05, ISA06", f"{partner.qualifier}, {partner.isa_id}", f"{ours.qualifier}, {ours.isa_id}"),
        ("ISA07, ISA08", f"{ours.qualifier}, {ours.isa_id}", f"{partner.qualifier}, {partner.isa_id}"),
        ("GS02", partner.application, ours.application), ("GS03", ours.application, partner.application),
        ("ISA15", facts.usage, facts.usage),
    )  # fmt: skip
    known = [("We are", ours.name), ("Our payer id", ours.payer.payer_id), ("You are", partner.name)]
    known += [("Your part", "; ".join(ROLES[role] for role in partner.roles if role in ROLES) or "none yet")]
    known += [("Employers", ", ".join(f"{one.name} (groups {', '.join(one.groups)})" for one in facts.sponsors))]
    return [
        Facts(tuple(row for row in known if row[1])),
        Text("A file that names another sender or receiver is refused (TA1 006, 009). ISA06 and ISA08 are padded with "
             "spaces to 15 characters."),
        Grid(("Element", "You send", "We send"), rows),
    ]  # fmt: skip


def _connection(facts: FactsOnFile) -> list[Block]:
    sftp, limits = facts.settings.sftp, door_settings(facts.settings)
    rows = [
        ("Protocol", f"SFTP (SSH 2), login by public key only: ed25519, or RSA of at least {limits.rsa_min_bits} bits"),
        ("Host", f"{sftp.interface}, port {sftp.port}"), ("User name", facts.partner.id),
        ("Our host key", ", ".join(facts.host_keys) or "asked of us before the first login"),
        ("Your keys", ", ".join(facts.keys) or "none on file: send us your public key"),
    ]  # fmt: skip
    folders = (
        ("inbound", "You write your files here. A file is ours when closing it was answered OK."),
        ("outbound", "You fetch our answers and remittances here, and may delete what you fetched."),
        ("reports", "Readable reports, as text and JSON, of what could not be answered in X12."),
    )
    temporary = ", ".join(TEMPORARY_ENDINGS)
    return [
        Facts(tuple(rows)), Grid(("Folder", "What for"), folders),
        Text(f"A name that begins with a point or ends in {temporary} is temporary: work begins when you rename the "
             f"file. Names have at most {NAME_MAX_BYTES} bytes. An interrupted upload may be resumed."),
    ]  # fmt: skip


def taken(facts: FactsOnFile) -> list[str]:
    """The guides a partner may send, as intake takes them."""
    groups = groups_of(facts.partner)
    return [gs08 for gs08, form in FORMS.items() if takes(gs08) and form.gs01 in groups]


def _files(facts: FactsOnFile) -> list[Block]:
    rows = []
    for gs08 in taken(facts):
        form = FORMS[gs08]
        near = sorted(name for name, target in facts.aliases.items() if target == gs08)
        rows.append((KINDS[gs08], form.gs01, form.st01, gs08, ", ".join(near)))
    return [
        Grid(("File", "GS01", "ST01", "GS08 and ST03", "Also read under"), tuple(rows)),
        Text("Another kind of group is answered by a 999 with AK905 1, another version with AK905 2. An interchange may"
             " hold several groups, a group several sets, a file several interchanges; each set is accepted or rejected"
             " for itself."),
    ]  # fmt: skip


def _writing(facts: FactsOnFile) -> list[Block]:
    rows = [
        ("Delimiters", "Any four different signs; they are read from ISA. Good ones: * : ^ ~"),
        ("Line ends", "May follow each segment terminator; they are padding."),
        ("Characters", CHARSETS[facts.partner.validation.charset]),
        ("Money", "At most ten digits, cents included; a point, no comma, no currency sign."),
        ("Control numbers", "ISA13 is new in every interchange; one that was accepted before is refused (TA1 025). "
                            "GS06 is new in the interchange, ST02 in the group."),
        ("Same batch twice", "A BHT03 or BGN02 that came before, or the same set, waits until a person has looked."),
    ]  # fmt: skip
    bounds = _bounds(limits_of(facts.settings.limits))
    return [Facts(tuple(rows)), Text("Limits of one file:"), Facts(tuple(bounds))]


def _bounds(limits: Limits) -> list[tuple[str, str]]:
    words = {
        "segment_bytes": "bytes in a segment",
        "unit_segments": "segments in a claim or member", "findings_per_set": "findings told of a set",
        "findings_per_group": "findings told of a group", "sets_per_group": "sets in a group that are told one by one",
        "groups_per_interchange": "groups in an interchange",
    }  # fmt: skip
    names = [name for name in type(limits).__struct_fields__ if name in words]
    return [(f"{getattr(limits, name):,}", words[name]) for name in names]


def _checks(facts: FactsOnFile) -> list[Block]:
    validation, claims = facts.partner.validation, "submitter" in facts.partner.roles
    where = "in the 277CA, claim by claim" if claims else "in a readable report"
    blocks: list[Block] = [
        Text(f"Findings of types 1 and 2 are told in the 999, of types 3 to 7 {where}."),
        Grid(("SNIP type", "Checks", "A finding"), tuple(_types(validation.inbound, claims))),
    ]
    if validation.rules and validation.inbound.snip7 != "off":
        rows = tuple((rule.name, _ruled(rule), in_words(rule), rule.status) for rule in validation.rules)
        blocks += [Text("Rules agreed with you (type 7):"), Grid(("Rule", "Holds for", "Means", "Told as"), rows)]
    elif not validation.rules:
        blocks.append(Text("No rules of type 7 are agreed with you."))
    if claims and validation.inbound.snip5 != "off":
        blocks += _code_sets(facts)
    return blocks


def _code_sets(facts: FactsOnFile) -> list[Block]:
    """Releases a code can be judged by, and the sets nobody checks today."""
    codes, off = facts.codes, {one.name: one for one in facts.codes.off(facts.today)}
    releases = tuple(
        (name, kind.title, each.first.isoformat(), each.last.isoformat() if each.last else "until further notice")
        for name, kind in SETS.items()
        for each in codes.releases(name)
    )
    blocks: list[Block] = [Text("A code is judged by the release in force on the day of service; code sets (type 5):")]
    blocks += [Grid(("Code set", "Lists", "From", "To"), releases)] if releases else []
    if off:
        absent = tuple((one.title[:1].upper() + one.title[1:], f"{one.why[:1].upper()}{one.why[1:]}.")
                       for one in off.values())  # fmt: skip
        blocks += [Text(f"Not checked for services on {facts.today}:"), Grid(("Codes", "Why"), absent)]
    return blocks


def _types(snip: Snip, claims: bool) -> Iterable[tuple[str, str, str]]:
    for number, words in SNIP.items():
        yield f"{number} {SNIP_NAMES[number]}", words, _weight(snip, number, claims)


def _weight(snip: Snip, number: int, claims: bool) -> str:
    """What a finding of a type does."""
    return WEIGHTS[snip.weight(number)].format("the set" if number <= 2 else "the claim" if claims else "the row")


def _ruled(rule: Rule) -> str:
    """The kinds of files a rule is for."""
    return ", ".join(KINDS[guide].partition(" ")[0] for guide in rule.guides) or "every 837"


def in_words(rule: Rule) -> str:
    """A partner's rule as a sentence."""
    said = []
    if rule.required is not None:
        said.append("must be sent" if rule.required else "must not be sent")
    if rule.matches:
        said.append(f"must have the form {rule.matches}")
    if rule.among:
        said.append(f"must be one of {', '.join(rule.among)}")
    if rule.length is not None:
        least, most = rule.length
        said.append(f"must have {least} characters" if least == most else f"must have {least} to {most} characters")
    condition = f", where {_when(rule.when)}" if rule.when else ""
    weight = "" if rule.severity == "error" else " It is told and rejects nothing."
    return f"{rule.at} {' and '.join(said)}{condition}.{weight}"


def _when(when: When) -> str:
    return f"{when.at} is one of {', '.join(when.among)}" if when.among else f"{when.at} is sent"


def _answers(facts: FactsOnFile) -> list[Block]:
    partner = facts.partner
    profile, named = partner.profile, _shown_names(facts)
    gathers = profile.interchanges == "many"
    at_once = "When the file was read" if gathers else "At once"
    rows = [
        ("TA1", "One for an interchange whose ISA14 is 1.", at_once, named(profile.answer, "TA1", group="0")),
        ("999", "One for each group; every set is named in it, accepted ones too.", at_once,
         named(profile.answer, "999", group="1" if profile.sets == "one" else "0")),
    ]  # fmt: skip
    if "submitter" in partner.roles:
        what = "One for each accepted 837 set: every claim, accepted with our number of it, or rejected with reasons."
        whose = "the claims of all sets" if gathers else "its claims"
        rows.append(("277CA", what, f"When {whose} were matched to members", named(profile.claim_answer, "277CA")))
    if "sponsor" in partner.roles:
        rows.append(("Result report", "For each accepted 834: who was added, changed, ended or held, and why.",
                     "When it was applied", "in reports, as .txt and .json"))  # fmt: skip
    rows.append(("Report", "What no X12 answer may or can tell.", "At once", "R000000012-report1.txt and .json"))
    if "payee" in partner.roles:
        days = partner.reply_days
        wanted = f" Answer it by a 999 within {days} business day{'s' if days > 1 else ''}." if days else ""
        name = named(profile.remittance, "835")
        rows.append(("835", f"One for each payment.{wanted}", "When the payment was made", name))
    own = partner.delimiters
    signs = f"{own.element} {own.component} {own.repetition} {own.segment}" if own else "* : ^ ~"
    return [
        Text(f"The names are of a file {SHOWN['original']}.x12 with ISA13 {SHOWN['answers']}, which we received under "
             f"number {SHOWN['receipt']}; an answer's own ISA13 is {SHOWN['isa13']}. A rejected interchange (TA1 R) "
             "has no 999; a set the 999 rejects has no 277CA. An acknowledgement is never answered by one."),
        Grid(("Answer", "What it is", "When", "Name in outbound"), tuple(rows)),
        Facts((
            ("Delimiters we send", f"{signs}, others where one of them stands in an identifier"),
            ("Line ends", "a new line after each segment" if partner.newline else "none"),
            ("Answers in a file", GATHERED if gathers else "one interchange in each file"),
        )),
    ]  # fmt: skip


SHOWN = {
    "isa13": "000000345", "receipt": "000000012", "original": "claims-april", "answers": "000000123",
    "interchange": "1", "group": "1", "set": "1", "run": "employer-7", "number": "0", "file": "1",
}  # fmt: skip
"""What stands in the fields of the names a guide shows."""

GATHERED = (
    "all answers of one kind to one file of yours, one interchange after the other in the order of what you sent, at "
    f"most {FILE_INTERCHANGES:,} of them or {FILE_BYTES // 2**20} MB; what had to wait for a person comes later in a "
    "file of its own"
)
"""What a partner is told of `interchanges = "many"`."""


def _shown_names(facts: FactsOnFile) -> Callable[..., str]:
    """Makes a name as it would be, by a partner's template."""
    common = {**SHOWN, "partner": facts.partner.id, "date": f"{facts.today:%Y%m%d}"}
    return lambda template, kind, **said: naming.name(template, {**common, "kind": kind, **said})


def _reading() -> list[Block]:
    return [
        Text("TA1: TA104 is A or R; TA105 says why."),
        Grid(("TA105", "Means", "Mend"), _table("interchange")),
        Text("999: AK9 answers the group (A, E accepted with errors, P in part, R), IK5 a set, IK3 a segment by its "
             "position counted from ST, IK4 an element; CTX names the claim or member. AK905 to AK909 of a group:"),
        Grid(("AK905", "Means", "Mend"), _table("group")),
        Text("IK502 to IK506 of a set:"),
        Grid(("IK502", "Means", "Mend"), tuple(sorted((*_table("set"), IN_SEGMENTS), key=_by_length))),
        Text("IK304 of a segment (IK301 is its id, IK303 its loop):"), Grid(("IK304", "Means"), _segments()),
        Text("IK403 of an element:"), Grid(("IK403", "The element"), tuple(MESSAGES.items())),
        Text("277CA: STC01 of a claim is category, status and who it is about. A2 is accepted (REF*1K is our claim "
             "number), A3 not processable, A6 something is missing, A7 something is not valid, A8 things contradict "
             "each other. A2 does not say that the claim will be paid: that is the 835."),
    ]  # fmt: skip


IN_SEGMENTS = (SEGMENTS_WRONG, "Some of its segments are wrong.", "Mend what IK3 and IK4 say of them.")
"""The IK502 that has no finding of its own."""


def _by_length(row: tuple[str, ...]) -> tuple[int, str]:
    """5 comes before 18."""
    return len(row[0]), row[0]


def _segments() -> tuple[tuple[str, str], ...]:
    return tuple((code, said.format(id="IK301", loop="IK303")) for code, said in SEGMENT_MESSAGES.items())


def _table(level: Level) -> tuple[tuple[str, str, str], ...]:
    """The codes of a level; a number counted in the file is told as N."""
    rows = ((code, row) for (its, code), row in ROWS.items() if its == level and code)
    return tuple((code, row.message, row.text.format(value="N")) for code, row in rows)


def _examples(facts: FactsOnFile, shown: Example | None) -> list[Block]:
    if shown is None:
        return []
    snip, claims = facts.partner.validation.inbound, shown.guide in forms.CLAIMS
    broken = "; ".join(f"{what} (type {n}, which {_weight(snip, n, claims)})" for what, n in shown.broken)
    parts = [Sample(name.removesuffix(".x12"), text) for name, text in shown.answers.items()]
    return [
        Text(f"A file ({KINDS[shown.guide]}) of people nobody is. Broken in it: {broken}."),
        Sample("You send", shown.sent), Text("We answer:"), *parts,
    ]  # fmt: skip


def _tests(facts: FactsOnFile) -> list[Block]:
    kind, other = (USAGES[facts.usage], USAGES["P" if facts.usage == "T" else "T"])
    more = " It runs everything and pays nothing; its documents say TEST." if facts.usage == "T" else ""
    return [
        Text(f"This is our {kind} installation: ISA15 is {facts.usage}, in what you send and in what we send. A "
             f"{other} file is refused (TA1 020).{more}"),
    ]  # fmt: skip


_NUMBERS = {"TE": "telephone", "EM": "e-mail", "UR": "web", "FX": "fax"}


def _contact(facts: FactsOnFile) -> list[Block]:
    contact = facts.ours.payer.contact
    kind = _NUMBERS.get(contact.number_qualifier, "number")
    rows = [("Contact", contact.name), (kind.capitalize(), contact.number)]
    return [Facts(tuple(row for row in rows if row[1]))] if contact.number else []
