"""Which file names the door lets in, which of them are temporary, and what a client's path means.

Paths are resolved as text against a tree of exactly three folders and never touch a file system, so there is nothing
to escape from: `..` above the root is the root, and a name that is left over is a name, not a way.
"""

from __future__ import annotations

import unicodedata

import msgspec

from sftp_drop.drop import Refused

FOLDERS = ("inbound", "outbound", "reports")
NAME_MAX_BYTES = 255  # what every file system a partner may save to can hold
PATH_MAX_BYTES = 4096  # a folder, a name and generous detours through `..`; more is noise
TEMPORARY_ENDINGS = (".part", ".tmp", ".partial", ".filepart", ".!sync")
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # controls, invisible marks (bidi overrides), surrogates, line breaks


class Place(msgspec.Struct, frozen=True):
    """What a path means: folder "" is the root, name "" the folder itself."""

    folder: str = ""
    name: str = ""


def is_temporary(name: str) -> bool:
    """Whether a client uses this name only until it renames the file: CLOSE of it starts no work."""
    return name.startswith(".") or name.lower().endswith(TEMPORARY_ENDINGS)


def check(name: str) -> str:
    """The name in Unicode normal form C, if it may name a file. Raises Refused("permission-denied")."""
    name = unicodedata.normalize("NFC", name)
    if name in ("", ".", "..") or "/" in name:
        raise Refused("permission-denied", "this file name is not allowed")
    if any(unicodedata.category(character) in _UNPRINTABLE for character in name):
        raise Refused("permission-denied", "the file name holds a control character")
    if len(name.encode()) > NAME_MAX_BYTES:
        raise Refused("permission-denied", f"the file name is longer than {NAME_MAX_BYTES} bytes")
    return name


def parts(path: bytes) -> list[str]:
    """The steps of a path from the root, `.` and `..` resolved as text; relative paths start at the root.

    Raises Refused when the path is too long or not UTF-8.
    """
    if len(path) > PATH_MAX_BYTES:
        raise Refused("permission-denied", f"the path is longer than {PATH_MAX_BYTES} bytes")
    steps: list[str] = []
    for step in _text(path).split("/"):
        if step == "..":
            del steps[-1:]
        elif step not in ("", "."):
            steps.append(step)
    return steps


def locate(path: bytes) -> Place:
    """The place a path means. Raises Refused for places outside the tree and for names that are not allowed."""
    steps = parts(path)
    if not steps:
        return Place()
    if steps[0] not in FOLDERS or len(steps) > 2:
        raise Refused("no-such-file", "the folders are " + ", ".join(f"/{folder}" for folder in FOLDERS))
    return Place(steps[0], check(steps[1]) if len(steps) == 2 else "")


def real(path: bytes) -> bytes:
    """The absolute form of a path; names that are not allowed are refused, missing ones are not."""
    return ("/" + "/".join(check(step) for step in parts(path))).encode()


def _text(path: bytes) -> str:
    try:
        return path.decode()
    except UnicodeDecodeError:
        raise Refused("permission-denied", "file names are UTF-8") from None
