"""The implementation guides, read from pyx12's maps and ours into plain records: loops, segments, elements.

pyx12's XML maps are read from the installed package, never copied; a guide it lacks lies in `guide_maps`, in its
format. Only what lies between ST and SE is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import msgspec

from gateway.errors import GatewayError

ENFORCED_LISTS = ("currency", "entity_id")
"""pyx12's outside code lists that hardly change. Place of service, remark and claim status codes change three times a
year, and of states and countries its lists are those of long ago (no QC, no RS): they are judged against dated tables
where business edits are made, never refused by a 999."""

COMPOSITE = "composite"
MONEY = "money"
_MONEY_REFERENCE = "782"
_MONEY_DIGITS = 10  # cents included, in every guide (the standard itself says 18)
UNBOUNDED = 1_000_000_000  # ">1" in a guide: more than any file holds


class Element(msgspec.Struct, frozen=True, omit_defaults=True):
    """One element or component of a segment as the guide prints it.

    usage: R, S or N. reference: X12 data element number. kind: AN, ID, N0.., R, DT, TM, money, or composite.
    least, most: length in characters (digits for numbers). codes: the only values allowed, none = any.
    parts: the components of a composite. repeat: how often it may stand. pattern: an expression its value must match.
    """

    usage: str
    reference: str = ""
    kind: str = "AN"
    least: int = 0
    most: int = 0
    codes: tuple[str, ...] = ()
    parts: tuple[Element, ...] = ()
    repeat: int = 1
    pattern: str = ""
    name: str = ""


class Note(msgspec.Struct, frozen=True):
    """A syntax note: P paired, R one required, E at most one, C and L conditional; elements counted from 1."""

    letter: str
    elements: tuple[int, ...]


class Segment(msgspec.Struct, frozen=True, tag="segment", omit_defaults=True):
    """One segment of a guide at its place: required or not, its position in the loop, how often it may stand."""

    id: str
    name: str
    required: bool
    position: int
    most: int
    elements: tuple[Element, ...]
    notes: tuple[Note, ...] = ()


class Loop(msgspec.Struct, frozen=True, tag="loop", omit_defaults=True):
    """One loop; its children in guide order. Its first segment opens it; a loop that starts with a loop only wraps.

    name: as the guide prints it.
    """

    id: str
    required: bool
    position: int
    most: int
    children: tuple[Segment | Loop, ...]
    name: str = ""


class Dictionary(msgspec.Struct, frozen=True):
    """Data elements (kind, least, most) by number, and outside code lists by name."""

    elements: Mapping[str, tuple[str, int, int]]
    lists: Mapping[str, tuple[str, ...]]


class MapMissing(GatewayError):
    """The installed pyx12 does not hold the implementation guide asked for; install the version in constraints.txt."""


OURS = Path(__file__).parent / "guide_maps"
"""The maps written here."""


def folder() -> Path:
    """Where the installed pyx12 keeps its maps."""
    spec = find_spec("pyx12")
    if spec is None or not spec.submodule_search_locations:
        raise MapMissing
    return Path(spec.submodule_search_locations[0]) / "map"


def _path(name: str) -> Path:
    """Where a map lies: ours is taken before pyx12's."""
    own = OURS / name
    return own if own.is_file() else folder() / name


def fingerprint(name: str) -> str:
    """Names one map in one pyx12: its version and a digest of the map, the data elements and the code lists."""
    digest = hashlib.sha256()
    for part in (name, "dataele.xml", "codes.xml"):
        digest.update(_path(part).read_bytes())
    return f"{version('pyx12')}-{digest.hexdigest()[:16]}"


def read(name: str) -> Loop:
    """The ST loop of the map file `name`."""
    root = _xml(name)
    found = next((loop for loop in root.iter("loop") if loop.get("xid") == "ST_LOOP"), None)
    if found is None:
        raise MapMissing
    return _loop(found, _dictionary())


def _xml(name: str) -> ElementTree.Element:
    try:
        return ElementTree.parse(_path(name)).getroot()
    except FileNotFoundError as absent:
        raise MapMissing from absent


def _dictionary() -> Dictionary:
    elements = {
        item.attrib["ele_num"]: (item.attrib["data_type"], int(item.attrib["min_len"]), int(item.attrib["max_len"]))
        for item in _xml("dataele.xml").iter("data_ele")
    }
    lists = {
        _text(item, "id"): tuple(code.text or "" for code in item.iter("code"))
        for item in _xml("codes.xml").iter("codeset")
    }
    return Dictionary(elements, lists)


def _text(item: ElementTree.Element, key: str) -> str:
    """pyx12 writes a property as an attribute in some maps and as a child in others."""
    return item.get(key) or item.findtext(key) or ""


def _most(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else UNBOUNDED


def _loop(item: ElementTree.Element, dictionary: Dictionary) -> Loop:
    children = [_loop(child, dictionary) for child in item.findall("loop")] + [
        _segment(child, dictionary) for child in item.findall("segment")
    ]
    used = [child for child in children if not (isinstance(child, Loop) and not child.children)]
    return Loop(
        id=item.get("xid", ""),
        required=_text(item, "usage") == "R",
        position=int(_text(item, "pos")),
        most=_most(_text(item, "repeat")),
        children=tuple(sorted(used, key=lambda child: child.position)),
        name=_text(item, "name"),
    )


def _segment(item: ElementTree.Element, dictionary: Dictionary) -> Segment:
    parts = sorted(
        (child for child in item if child.tag in ("element", "composite")), key=lambda child: int(_text(child, "seq"))
    )
    return Segment(
        id=item.get("xid", ""),
        name=_text(item, "name"),
        required=_text(item, "usage") == "R",
        position=int(_text(item, "pos")),
        most=_most(_text(item, "max_use")),
        elements=tuple(_element(child, dictionary) for child in parts),
        notes=tuple(_note(child.text or "") for child in item.findall("syntax") if child.text),
    )


def _note(text: str) -> Note:
    return Note(text[0], tuple(int(text[at : at + 2]) for at in range(1, len(text), 2)))


def _element(item: ElementTree.Element, dictionary: Dictionary) -> Element:
    reference = _text(item, "data_ele")
    kind, least, most = dictionary.elements.get(reference, ("AN", 0, 0))
    if reference == _MONEY_REFERENCE:
        kind, most = MONEY, _MONEY_DIGITS
    if item.tag == "composite":
        kind = COMPOSITE
    return Element(
        usage=_text(item, "usage"),
        reference=reference,
        kind=kind,
        least=least,
        most=most,
        codes=_codes(item, dictionary) if item.tag == "element" else (),
        parts=tuple(_element(child, dictionary) for child in item.findall("element")),
        repeat=int(_text(item, "repeat") or 1),
        pattern=item.findtext("regex") or "",
        name=_text(item, "name"),
    )


def _codes(item: ElementTree.Element, dictionary: Dictionary) -> tuple[str, ...]:
    """The codes the guide lists; none where an outside list that is not enforced may add to them."""
    listed = item.find("valid_codes")
    if listed is None:
        return ()
    outside = listed.get("external", "")
    if outside and outside not in ENFORCED_LISTS:
        return ()
    return tuple(code.text or "" for code in listed.findall("code")) + dictionary.lists.get(outside, ())
