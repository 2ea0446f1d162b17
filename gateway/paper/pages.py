"""The pages themselves. One column, one ink, money right-aligned; a test installation's pages say so in two places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

from reportlab.platypus import Paragraph, Spacer, Table, TableStyle

from gateway.paper.sheet import (
    AMOUNT,
    BODY,
    INK,
    PLAIN,
    RIGHT,
    RIGHT_SMALL,
    RIGHT_STRONG,
    SHADE,
    SMALL,
    STRONG,
    WIDTH,
    heading,
    pairs,
    pdf,
    section,
)
from gateway.plan.rounding import dollars

HEADING_KEYS = frozenset({"number", "title", "usage", "carrier", "employer", "issued"})
ACRONYMS = {"icn": "ICN", "id": "ID", "npi": "NPI", "ytd": "year to date", "no": "number"}


def funding_request(document: Mapping[str, object]) -> bytes:
    """Head, amount, the lines that lead to it, where to send it, and what else is unpaid."""
    deposit, contact = _mapping(document["deposit"]), _mapping(document["contact"])
    story = [
        *heading(f"Funding request {document['number']}", _said(document["employer"]), _said(document["plan"])),
        _amount("Amount due", _money(document["amount_due_cents"]), f"by {_day(document['due'])}"),
        *section("Run", pairs(_run_rows(document))),
        *section("How the amount is made up", _sums(_mappings(document["lines"]))),
        *section("Send to", pairs([(_words(key), _said(value)) for key, value in deposit.items() if value])),
    ]
    if unpaid := _mappings(document["unpaid"]):
        story += section("Requests not yet paid", _columns(unpaid))
    story += [Spacer(0, 12), Paragraph(_questions(contact), SMALL)]
    return pdf(f"Funding request {document['number']}", _is_test(document), story)


def stop_loss_notice(document: Mapping[str, object]) -> bytes:
    """Head, then every fact in the order it is given."""
    title = _said(document.get("title", "Stop-loss notice"))
    rows: list[tuple[str, str]] = [("Notice", _said(document["number"])), ("Date", _said(document.get("issued", "")))]
    sections: list[Any] = []
    for key, value in document.items():
        if isinstance(value, Mapping):
            sections += section(_words(key), pairs([(_words(k), _shown(k, v)) for k, v in value.items()]))
        elif tables := _mappings(value):
            sections += section(_words(key), _columns(tables))
        elif key not in HEADING_KEYS and value not in ("", None, (), []):
            rows.append((_words(key), _shown(key, value)))
    top = heading(title, _said(document.get("carrier", "")), _said(document.get("employer", "")))
    return pdf(f"{title} {document['number']}", _is_test(document), [*top, Spacer(0, 8), pairs(rows), *sections])


def _is_test(document: Mapping[str, object]) -> bool:
    return document.get("usage") != "P"


# ---- tables of money -------------------------------------------------------------------------------------------------


def _amount(label: str, money: str, when: str) -> Any:
    """The one figure a reader looks for."""
    cells = [[[Paragraph(label, STRONG), Paragraph(when, SMALL)], Paragraph(money, AMOUNT)]]
    table = Table(cells, colWidths=[WIDTH * 0.5, WIDTH * 0.5], spaceBefore=14)
    table.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, -1), SHADE),
                ("LINEBEFORE", (0, 0), (0, -1), 3, INK),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("LEFTPADDING", (0, 0), (-1, -1), 12),
                ("RIGHTPADDING", (0, 0), (-1, -1), 12),
                ("TOPPADDING", (0, 0), (-1, -1), 8),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 10),
            ]
        )
    )
    return table


def _sums(lines: Sequence[Mapping[str, object]]) -> Any:
    """Label and money; totals are strong, under a line of ink."""
    totals = [n for n, line in enumerate(lines) if line.get("total")]
    cells = [
        [
            Paragraph(escape(_said(line["label"])), STRONG if n in totals else BODY),
            Paragraph(_money(line["cents"]), RIGHT_STRONG if n in totals else RIGHT),
        ]
        for n, line in enumerate(lines)
    ]
    inked = [("LINEABOVE", (0, n), (-1, n), 0.9, INK) for n in totals]
    return Table(cells, colWidths=[WIDTH * 0.7, WIDTH * 0.3], style=TableStyle([*PLAIN, *inked]))


def _columns(rows: Sequence[Mapping[str, object]]) -> Any:
    """A table with the first row's keys as its head, repeated on each page."""
    keys = list(rows[0])
    head = [Paragraph(escape(_words(key)), RIGHT_SMALL if key.endswith("cents") else SMALL) for key in keys]
    cells = [
        [Paragraph(escape(_shown(key, row.get(key, ""))), RIGHT if key.endswith("cents") else BODY) for key in keys]
        for row in rows
    ]
    shaded = [*PLAIN, ("BACKGROUND", (0, 0), (-1, 0), SHADE), ("RIGHTPADDING", (0, 0), (-2, -1), 12)]
    return Table([head, *cells], colWidths=[WIDTH / len(keys)] * len(keys), repeatRows=1, style=TableStyle(shaded))


# ---- words -----------------------------------------------------------------------------------------------------------


def _run_rows(document: Mapping[str, object]) -> list[tuple[str, str]]:
    first, last = _day(document["first"]), _day(document["last"])
    return [
        ("Run", f"{document['run']}, planned for {_day(document['run_date'])}"),
        ("Decisions of", first if first == last else f"{first} to {last}"),
        ("Claims and payments", f"{document['claims']} claims told, {document['payments']} payments"),
        ("Issued", _day(document["issued"])),
    ]


def _questions(contact: Mapping[str, object]) -> str:
    who = ", ".join(escape(str(value)) for value in contact.values() if value)
    release = "Payments are released when the deposit is posted to the account above, not before."
    return f"{release} Questions: {who}." if who else release


def _shown(key: str, value: object) -> str:
    """A value as its key's unit says."""
    if value is None:
        return ""
    if key.endswith("cents"):
        return _money(value)
    if key.endswith("_percent"):
        return f"{value}%"
    return ", ".join(map(_said, value)) if isinstance(value, (list, tuple)) else _said(value)


def _said(value: object) -> str:
    """A fact in words; an ISO date is written out."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = value.isoformat() if isinstance(value, date) else str(value)
    return _day(text) if len(text) == 10 and text[4] == text[7] == "-" else text


def _day(value: object) -> str:
    day = value if isinstance(value, date) else date.fromisoformat(str(value))
    return f"{day:%B} {day.day}, {day.year}"


def _money(cents: object) -> str:
    """Cents as dollars; a minus stands before the sign of the currency."""
    whole = int(str(cents))
    return f"{'-' if whole < 0 else ''}${dollars(abs(whole))}"


def _words(key: str) -> str:
    """A key as a label: units off, underscores away, a capital first."""
    words = [ACRONYMS.get(word, word) for word in key.removesuffix("_cents").removesuffix("_percent").split("_")]
    text = "Amount" if words == ["cents"] else " ".join(words)
    return text[:1].upper() + text[1:]


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: object) -> list[Mapping[str, object]]:
    """The rows of a table; empty when the value is not one."""
    rows = value if isinstance(value, (list, tuple)) else ()
    return [row for row in rows if isinstance(row, Mapping)]
