"""How the drop looks to a client: attributes of files and folders, and the lines of a listing."""

from __future__ import annotations

import time

from sftp_drop.drop import Entry
from sftp_drop.wire import Attributes

_FOLDER_MODE = 0o040750
_FILE_MODE = {"inbound": 0o100640, "outbound": 0o100440, "reports": 0o100440}
# strftime would follow the server's language
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

FOLDER = Attributes(_FOLDER_MODE, 0, 0)
EMPTY = Attributes(_FILE_MODE["inbound"], 0, 0)  # an upload that has just begun


def of(folder: str, entry: Entry) -> Attributes:
    """The attributes of a file in a folder."""
    return Attributes(_FILE_MODE[folder], entry.size, entry.modified_s)


def line(name: str, attributes: Attributes) -> bytes:
    """One line as `ls -l` writes it; OpenSSH's sftp shows it as it is."""
    day = time.gmtime(max(attributes.modified_s, 0))
    date = f"{_MONTHS[day.tm_mon - 1]} {day.tm_mday:2d}  {day.tm_year}"
    return f"{_letters(attributes.mode)} 1 partner partner {attributes.size:>12} {date} {name}".encode()


Row = tuple[bytes, bytes, Attributes]
"""Name, long name, attributes."""


def row(name: str, attributes: Attributes) -> Row:
    """One entry of a NAME reply."""
    return name.encode(), line(name, attributes), attributes


def _letters(mode: int) -> str:
    kind = "d" if mode == _FOLDER_MODE else "-"
    return kind + "".join(letter if mode >> (8 - place) & 1 else "-" for place, letter in enumerate("rwxrwxrwx"))
