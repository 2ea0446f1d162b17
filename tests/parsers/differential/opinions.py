"""What a validator says of a file: accepted or not, and where its first error lies. Ours, and pyx12's."""

from __future__ import annotations

import io
import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pyx12.error_handler
import pyx12.map_if
import pyx12.map_index
import pyx12.map_walker
import pyx12.params
import pyx12.path
import pyx12.x12n_document

from parsers import check, guides, maps
from parsers.envelope import EnvelopePolicy
from parsers.events import Event, GroupClosed, InterchangeClosed, Junk, SetClosed

YEARLY_LISTS = "pos,remark_code,claim_status,claim_status_cat"
"""pyx12's outside code lists that change three times a year: business here, not syntax."""

GOOD_HELD = 20_000
"""Good segments remembered: the 600 of the base files, and the mutants that are good by chance."""

OUTSIDE = 1_000_000_000
"""The position of an error in GE or IEA, which come after every set."""

DENTAL = '<map vriic="005010X224A2" fic="HC" abbr="837D">837.5010.X224.A2.xml</map>'
"""What pyx12's index of maps must say of our dental map."""


class Error(NamedTuple):
    """One error of a validator: where (segments counted from ST = 1), in which segment, and in its own words."""

    position: int
    segment: str
    code: str
    said: str = ""


class Opinion(NamedTuple):
    """A verdict with every error found, first in the file first; broken: the exception it ended in, "" if none."""

    accepted: bool
    errors: tuple[Error, ...] = ()
    broken: str = ""

    @property
    def place(self) -> int:
        """The position of the first error, 0 if there is none."""
        return self.errors[0].position if self.errors else 0


# ---- ours


def ours(data: bytes) -> Opinion:
    """Our reader's opinion."""
    events = check(data, guides.load, EnvelopePolicy())
    errors = sorted((error for event in events for error in _errors(event)), key=lambda error: error.position)
    verdicts = [e.verdict.verdict for e in events if isinstance(e, SetClosed | GroupClosed | InterchangeClosed)]
    return Opinion(bool(verdicts) and set(verdicts) == {"A"} and not errors, tuple(errors))


def _errors(event: Event) -> Iterator[Error]:
    if isinstance(event, SetClosed):
        for one in event.verdict.findings:
            element = f"{one.place.element}" if one.level == "element" else ""
            yield Error(one.place.position, one.place.segment, one.code, f"{one.level}{element}")
        for code in event.verdict.codes:
            at = {"2": OUTSIDE, "3": event.verdict.segments, "4": event.verdict.segments}.get(code, 1)
            if code != "5":
                yield Error(at, "SE" if code in "234" else "ST", code, "set")
    elif isinstance(event, GroupClosed):
        yield from (Error(OUTSIDE, "GE", code, "group") for code in event.verdict.codes)
    elif isinstance(event, InterchangeClosed):
        yield from (Error(OUTSIDE, "IEA", code, "interchange") for code in event.verdict.codes)
    elif isinstance(event, Junk):
        yield Error(OUTSIDE, "", event.finding.code, "file")


# ---- pyx12's


def folder_for_pyx12(folder: Path) -> Path:
    """A folder of maps for pyx12: its own, ours, and an index that names both."""
    made = folder / "maps"
    shutil.copytree(maps.folder(), made, ignore=shutil.ignore_patterns("*4010*", "__pycache__"))
    for path in maps.OURS.glob("*.xml"):
        shutil.copy(path, made)
    index = made / "maps.xml"
    index.write_text(index.read_text().replace('<version icvn="00501">', f'<version icvn="00501">{DENTAL}'))
    return made


class SecondOpinion:
    """pyx12's validator over the maps of a folder; each map is read once.

    whole: read files to their end, all of it by pyx12 itself. Otherwise reading stops after the segment with the first
    error, since only its place is asked; a segment once found good at its place in the map is not looked at again; and
    the counter of nodes is one that works out a path's text once. That is five times the mutants in the same time.
    """

    def __init__(self, folder: Path, whole: bool = False) -> None:
        self._whole = whole
        self._good: set[tuple[int, str]] = set()
        self._folder = str(folder)
        self._params = pyx12.params.params()
        self._params.set("exclude_external_codes", YEARLY_LISTS)
        self._load = cache(lambda name: _load_map(name, self._params, self._folder))
        self._index = _index_of(self._folder)

    def __call__(self, data: bytes) -> Opinion:
        """pyx12's opinion; it may break down, which is none."""
        tape = _Tape(self._whole)
        with self._borrowed(tape):
            try:
                accepted = pyx12.x12n_document.x12n_document(
                    param=self._params, src_file=io.StringIO(data.decode("latin-1")), fd_997=None, fd_html=None,
                    map_path=self._folder, callback=tape.segment_done,
                )  # fmt: skip
            except _Enough:
                return Opinion(False, tape.taken())
            except Exception as error:  # its crashes are many and of every type; none of them is an opinion
                return Opinion(False, tape.taken(), broken=type(error).__name__)
        return Opinion(bool(accepted), tape.taken())

    def _segment(self, node: Any, segment: Any, handler: Any) -> bool:
        """What pyx12 says of one segment at its place in the map."""
        key = (id(node), segment.format())
        if key in self._good:
            return True
        good = bool(_judge(node, segment, handler))
        if good and len(self._good) < GOOD_HELD:
            self._good.add(key)
        return good

    @contextmanager
    def _borrowed(self, tape: _Tape) -> Iterator[None]:
        """pyx12 with its maps kept and its errors overheard, silent."""
        places: list[tuple[Any, str, Any]] = [
            (pyx12.map_if, "load_map_file", lambda name, param, folder=None: self._load(name)),
            (pyx12.map_index, "map_index", lambda folder=None: self._index),
            (pyx12.error_handler, "err_handler", lambda: tape),
        ]
        if not self._whole:
            places += [
                (pyx12.map_walker, "NodeCounter", _Counts),
                (pyx12.x12n_document, "apply_segment_errors", self._segment),
            ]
        before = [(module, name, getattr(module, name)) for module, name, _ in places]
        for module, name, value in places:
            setattr(module, name, value)
        logging.disable(logging.CRITICAL)
        try:
            with redirect_stdout(io.StringIO()):
                yield
        finally:
            logging.disable(logging.NOTSET)
            for module, name, value in before:
                setattr(module, name, value)


_judge: Callable[..., Any] = pyx12.x12n_document.apply_segment_errors
_load_map: Callable[..., Any] = pyx12.map_if.load_map_file
_index_of: Callable[..., Any] = pyx12.map_index.map_index


class _Enough(BaseException):
    """The first error was heard (no Exception, since pyx12 swallows those of whoever listens)."""


class _Counts:
    """pyx12's `NodeCounter`: how often each path was met, children forgotten when their loop begins anew."""

    def __init__(self, initial: Any = None) -> None:
        self._counts: dict[str, int] = {}

    def reset_to_node(self, path: Any) -> None:
        within = _text(path) + "/"
        for known in [known for known in self._counts if known.startswith(within)]:
            del self._counts[known]

    def increment(self, path: Any) -> None:
        self._counts[_text(path)] = self.get_count(path) + 1

    def get_count(self, path: Any) -> int:
        return self._counts.get(_text(path), 0)


def _text(path: Any) -> str:
    """A path as text, kept on the path itself."""
    if isinstance(path, str):
        return str(pyx12.path.X12Path(path).format())
    if "text" not in vars(path):
        path.text = path.format()
    return str(path.text)


class _Tape(pyx12.error_handler.err_handler):  # type: ignore[misc]
    """Its error handler, that also notes where each error was told."""

    def __init__(self, whole: bool) -> None:
        super().__init__()
        self._whole = whole
        self._fresh: list[tuple[str, str]] = []
        self._heard: list[Error] = []

    def _hear(self, code: str, said: str) -> None:
        self._fresh.append((code, said))

    def isa_error(self, code: str, said: str) -> None:
        self._hear(code, said)
        super().isa_error(code, said)

    def gs_error(self, code: str, said: str) -> None:
        self._hear(code, said)
        super().gs_error(code, said)

    def st_error(self, code: str, said: str) -> None:
        self._hear(code, said)
        super().st_error(code, said)

    def seg_error(self, code: str, said: str, value: Any = None, line: Any = None) -> None:
        self._hear(code, said)
        super().seg_error(code, said, value, line)

    def ele_error(self, code: str, said: str, value: Any, place: Any = None) -> None:
        self._hear(code, said)
        super().ele_error(code, said, value, place)

    def segment_done(self, segment: Any, source: Any, node: Any, valid: bool) -> None:
        """What pyx12 calls after every segment: the errors told since the last one are this one's."""
        name = segment.get_seg_id()
        count = source.get_seg_count() + (name == "SE")
        at = OUTSIDE if name in ("GE", "IEA") else count if name not in ("ISA", "GS") else 1
        self._heard += [Error(at, name, code, said) for code, said in self._fresh]
        self._fresh = []
        if self._heard and not self._whole:
            raise _Enough

    def taken(self) -> tuple[Error, ...]:
        """All errors, first in the file first; what was told last belongs to the end of the file."""
        heard = self._heard + [Error(OUTSIDE, "", code, said) for code, said in self._fresh]
        return tuple(sorted(heard, key=lambda error: error.position))
