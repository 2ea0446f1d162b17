"""Files without end, a piece at a time: what a partner, or an enemy, may send as long as it likes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from x12_material import segments

PIECE = 8 * 1024
"""Small enough that a few pieces are read in a moment, and more than any limit of the tests."""


def _before(name: str, first: str) -> str:
    """A golden file up to the first segment that begins like this."""
    parts = segments(name)
    return "~".join(parts[: next(at for at, part in enumerate(parts) if part.startswith(first))]) + "~"


def _from(name: str, first: str, until: str) -> str:
    """A stretch of a golden file."""
    parts = segments(name)
    start = next(at for at, part in enumerate(parts) if part.startswith(first))
    end = next(at for at, part in enumerate(parts) if at > start and part.startswith(until))
    return "~".join(parts[start:end]) + "~"


def _numbered(text: str) -> Callable[[int], str]:
    return lambda number: text.replace("{n}", f"{number:09}")


_ISA = segments("in.834")[0]
_GS, _ST = segments("in.834")[1], segments("in.834")[2]
_MEMBERS = _before("in.834", "INS*")
_LINES = _before("in.837p", "LX*")
_CLAIM = _from("in.837p", "CLM*", "CLM*")
_BAD_SET = f"ST*834*{{n}}*005010X220A1~{'ZZZ*1~' * 40}SE*42*{{n}}~"

KINDS: dict[str, tuple[str, Callable[[int], str]]] = {
    "element": (f"{_MEMBERS}NM1*IL*1*", lambda number: "A" * 999),
    "elements": (f"{_MEMBERS}NM1", lambda number: "*A" * 500),
    "components": (f"{_LINES}SV1*HC", lambda number: ":A" * 500),
    "repetitions": (f"{_MEMBERS}DMG*D8*19800412*M**", lambda number: "^A" * 500),
    "terminators": (_MEMBERS, lambda number: "~" * 1_000),
    "blank lines": (_MEMBERS.replace("~", "\n"), lambda number: "\n" * 1_000),
    "blanks": (_MEMBERS, lambda number: " " * 1_000),
    "unknown segments": (_MEMBERS, _numbered("ZZZ*{n}~")),
    "segments too often": (_MEMBERS, _numbered("REF*38*{n}~")),
    "members": (_MEMBERS, _numbered(_from("in.834", "INS*", "INS*N").replace("SBA100001", "{n}"))),
    "claims": (_before("in.837p", "CLM*"), _numbered(_CLAIM)),
    "lines of one claim": (_LINES, _numbered("LX*{n}~SV1*HC:99214*180*UN*1***1~DTP*472*D8*20260316~")),
    "levels": (_before("in.837p", "HL*2"), _numbered("HL*{n}*1*22*0~")),
    "empty sets": (f"{_ISA}~{_GS}~", _numbered("ST*834*{n}*005010X220A1~SE*2*{n}~")),
    "sets of another group": (f"{_ISA}~{_GS}~", _numbered("ST*837*{n}*005010X222A1~SE*2*{n}~")),
    "bad sets": (f"{_ISA}~{_GS}~", _numbered(_BAD_SET)),
    "sets without end": (f"{_ISA}~{_GS}~", _numbered("ST*834*{n}*005010X220A1~")),
    "empty groups": (f"{_ISA}~", lambda number: f"{_GS.replace('*101*', f'*{number}*')}~GE*0*{number}~"),
    "groups without end": (f"{_ISA}~", lambda number: f"{_GS.replace('*101*', f'*{number}*')}~"),
    "acknowledgements": (f"{_ISA}~", _numbered("TA1*{n}*260410*0900*A*000~")),
    "interchanges": ("", lambda number: f"{_ISA.replace('000000101', f'{number:09}')}~IEA*0*{number:09}~"),
    "interchanges without end": ("", lambda number: f"{_ISA.replace('000000101', f'{number:09}')}~"),
    "refused": (_ISA.replace("*T*", "*Q*") + "~", _numbered("ST*834*{n}*005010X220A1~")),
    "wrapped lines": (f"{_ISA[:80]}\n{_ISA[80:]}~{_GS}~{_ST}~", lambda number: f"{'ZZZ*1~' * 13}\n"),
    "no terminator": (f"{_ISA}~", lambda number: "GS*BE*A*B" * 100),
    "no x12": ("", lambda number: "name,amount\n" * 90),
    "zeros": ("", lambda number: "\0" * 1_000),
}
"""Kind -> how it begins, and what then comes again and again."""


def pieces(kind: str, count: int) -> Iterator[bytes]:
    """So many pieces of a file that would go on."""
    head, more = KINDS[kind]
    held, number = head, 0
    for _ in range(count):
        while len(held) < PIECE:
            held += "".join(more(number + at) for at in range(1, 11))
            number += 10
        yield held[:PIECE].encode()
        held = held[PIECE:]
