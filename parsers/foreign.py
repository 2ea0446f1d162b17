"""What a file that is no X12 looks like, so that its sender is told more than that."""

from __future__ import annotations

HEAD_BYTES = 16
"""As much of a file as the longest beginning of the table, and some."""

_BEGINNINGS = (
    (b"isa", "It begins with an isa in lower case; segment ids are written in capitals."),
    (b"GS", "It begins with a GS segment; the ISA segment that comes first is missing."),
    (b"ST", "It begins with an ST segment; the ISA and GS segments that come first are missing."),
    (b"UNA", "It looks like EDIFACT."),
    (b"UNB", "It looks like EDIFACT."),
    (b"MSH|", "It looks like HL7 version 2."),
    (b"PK\x03\x04", "It is a ZIP archive; nothing is unpacked here."),
    (b"\x1f\x8b", "It is compressed by gzip; nothing is unpacked here."),
    (b"-----BEGIN PGP", "It is encrypted or signed by PGP."),
    (b"\xff\xfe", "It is written in UTF-16; X12 has one byte for each character."),
    (b"\xfe\xff", "It is written in UTF-16; X12 has one byte for each character."),
    (b"I\0S\0A\0", "It is written in UTF-16; X12 has one byte for each character."),
    (b"\0I\0S\0A", "It is written in UTF-16; X12 has one byte for each character."),
    (b"\xc9\xe2\xc1", "It is written in EBCDIC; it must be sent as ASCII."),
    (b"%PDF", "It is a PDF."),
    (b"<", "It looks like XML or HTML."),
    (b"{", "It looks like JSON."),
)


def described(head: bytes) -> str:
    """What the first bytes of a file that begins with no ISA say about it. Returns: a sentence, or ""."""
    if not head:
        return "It is empty."
    return next((sentence for beginning, sentence in _BEGINNINGS if head.startswith(beginning)), "")
