from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sftp_drop.drop import Refused
from sftp_drop.names import FOLDERS, Place, check, is_temporary, locate, real


@pytest.mark.parametrize(
    ("name", "temporary"),
    [
        ("claims.837", False),
        ("claims.837.part", True),
        ("claims.837.PART", True),
        ("a.tmp", True),
        ("a.partial", True),
        ("a.837.filepart", True),
        (".claims.837", True),
        ("part", False),
        ("tmp.837", False),
        ("a.tmp.837", False),
    ],
)
def test_which_names_are_temporary(name: str, temporary: bool) -> None:
    """A name is temporary by its ending or a leading dot, and by nothing else."""
    assert is_temporary(name) is temporary


REFUSED = ["", ".", "..", "a/b", "a\0b", "a\nb", "a\tb", "a\x7fb", "a\x85b", "a\u202eb", "a\u2028b", "a\u200bb"]


@pytest.mark.parametrize("name", [*REFUSED, "ä" * 128, "x" * 256])
def test_names_refused(name: str) -> None:
    """Slashes, control and invisible characters, empty, dotted and long names are refused as not permitted."""
    with pytest.raises(Refused) as refused:
        check(name)
    assert refused.value.code == "permission-denied"


@pytest.mark.parametrize("name", ["claims 2026.837", "%2e%2e%2f", "a\\b", "naïve.txt", "患者", "x" * 255, "...", "~"])
def test_names_allowed(name: str) -> None:
    """Every other printable name is a name, odd as it may be: it never becomes a path."""
    assert check(name) == name


def test_names_are_composed() -> None:
    """A name sent decomposed, as some clients do, is the same name."""
    assert check("nai\u0308ve") == "na\u00efve"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (b"", Place()),
        (b"/", Place()),
        (b".", Place()),
        (b"..", Place()),
        (b"/../../..", Place()),
        (b"inbound", Place("inbound")),
        (b"/inbound/", Place("inbound")),
        (b"/inbound/./a", Place("inbound", "a")),
        (b"/inbound/../outbound/a", Place("outbound", "a")),
        (b"../../../inbound/a", Place("inbound", "a")),
        (b"//reports//a", Place("reports", "a")),
    ],
)
def test_paths_mean_places(path: bytes, place: Place) -> None:
    """A path is resolved as text inside the tree; above the root is the root."""
    assert locate(path) == place


@pytest.mark.parametrize("path", [b"/etc/passwd", b"/inbound/../../etc/passwd", b"/inbound/a/b", b"/Inbound/a", b"/a"])
def test_paths_outside_the_tree_do_not_exist(path: bytes) -> None:
    """What is not in one of the three folders is not there."""
    with pytest.raises(Refused) as refused:
        locate(path)
    assert refused.value.code == "no-such-file"


@pytest.mark.parametrize("path", [b"/inbound/\xff", b"/inbound/" + b"a/../" * 1000, b"/inbound/a\0.txt"])
def test_paths_refused(path: bytes) -> None:
    """Paths that are not UTF-8, endless, or hold a refused name are refused."""
    with pytest.raises(Refused) as refused:
        locate(path)
    assert refused.value.code == "permission-denied"


@given(st.binary(max_size=64) | st.text("./inboutd\0é", max_size=40).map(str.encode))
def test_every_path_is_jailed(path: bytes) -> None:
    """Whatever a client sends is refused, or is the root, a folder, or a checked name in a folder."""
    try:
        place = locate(path)
    except Refused:
        return
    assert place.folder in ("", *FOLDERS)
    assert not place.name or check(place.name) == place.name
    assert real(path) == ("/" + "/".join(part for part in (place.folder, place.name) if part)).encode()
