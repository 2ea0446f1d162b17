"""Who is shut out, and for how long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sftp_drop.defender import FORGET_S, Defender
from sftp_drop.drop import Ban
from sftp_drop.places import is_in, place_of
from sftp_drop.settings import PLACES_MAX, DoorSettings

LIMITS = DoorSettings()
PEER = "192.0.2.1"


def banned(guard: Defender, now_s: float, peer: str = PEER) -> Ban:
    """The ban that fifteen points at once make."""
    ban = guard.score(peer, LIMITS.ban_score, now_s)
    assert ban is not None
    return ban


@pytest.mark.parametrize(
    ("points", "tries"), [(LIMITS.ban_stranger, 8), (LIMITS.ban_wrong_key, 15), (LIMITS.ban_broken, 8)]
)
def test_enough_points_within_the_window_ban(points: int, tries: int) -> None:
    """The eighth login as nobody bans, of a known partner the fifteenth; only that address, for half an hour."""
    guard = Defender(LIMITS)
    bans = [guard.score(PEER, points, 10.0 * number) for number in range(tries)]
    assert bans[:-1] == [None] * (tries - 1)
    end_s = 10.0 * (tries - 1) + 1800
    assert bans[-1] == Ban(PEER, end_s, 1)
    assert guard.banned(PEER, end_s - 1) and not guard.banned(PEER, end_s) and not guard.banned("192.0.2.2", 100)


def test_points_are_forgotten() -> None:
    """Points older than half an hour do not count: who errs every three minutes is never banned."""
    guard = Defender(LIMITS)
    assert all(guard.score(PEER, 1, 180.0 * number) is None for number in range(1000))


def test_each_ban_is_half_as_long_again() -> None:
    """Bans of an address grow by half up to a day; a day without one, and the next is a first one again."""
    guard, now_s, lengths = Defender(LIMITS), 0.0, []
    for _ in range(12):
        ban = banned(guard, now_s)
        lengths.append(ban.until_s - now_s)
        now_s = ban.until_s
    assert lengths[:3] == [1800, 2700, 4050] and lengths[-1] == lengths[-2] == LIMITS.ban_max_s
    assert banned(guard, now_s + FORGET_S - 1).times == 13
    assert banned(guard, now_s + 10 * FORGET_S).times == 1


def test_what_the_drop_keeps_counts() -> None:
    """Bans of other doors are in force here, and remembered ones make the next longer; lifted ones are gone."""
    guard = Defender(LIMITS)
    guard.replace([Ban(PEER, 100.0, 3)])
    assert guard.banned(PEER, 99) and banned(guard, 101).times == 4
    guard.replace([])
    assert not guard.banned(PEER, 102) and banned(guard, 103).times == 1


def test_some_are_never_banned() -> None:
    """Networks an operator trusts are not scored, also where IPv4 comes as IPv6; a score of 0 bans nobody."""
    guard = Defender(DoorSettings(never_ban=("192.0.2.0/24", "2001:db8::/32")))
    assert all(guard.score(peer, 99, 0) is None for peer in (PEER, f"::ffff:{PEER}", "2001:db8:1::2"))
    assert guard.score("198.51.100.1", 99, 0) is not None
    assert Defender(DoorSettings(ban_score=0)).score(PEER, 99, 0) is None
    with pytest.raises(ValueError, match="nonsense"):
        Defender(DoorSettings(never_ban=("nonsense",)))


def test_places() -> None:
    """An IPv6 customer is one place, whatever address of its /64 it comes from; IPv4 is IPv4 however it is written."""
    assert place_of("2001:db8:0:1:aaaa::1") == place_of("2001:db8:0:1::2%eth0") == "2001:db8:0:1::/64"
    assert place_of("::ffff:192.0.2.1") == place_of(PEER) == PEER and place_of("") == ""
    assert is_in("::ffff:192.0.2.1", ["192.0.2.0/30"]) and not is_in("192.0.2.9", ["192.0.2.0/30"])
    assert not is_in("", ["0.0.0.0/0"]) and not is_in("2001:db8::1", ["0.0.0.0/0"])


def test_memory_is_bounded() -> None:
    """However many addresses knock, so many are remembered and no more."""
    guard = Defender(LIMITS)
    for number in range(PLACES_MAX + 100):
        guard.score(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 1, 0.0)
    assert len(guard._points) == PLACES_MAX


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(0, 1000)), max_size=60))
def test_a_ban_needs_its_points(events: list[tuple[int, float]]) -> None:
    """Nobody is banned for fewer points than set, whatever the order and the times."""
    guard, now_s, total = Defender(LIMITS), 0.0, 0
    for points, wait_s in events:
        now_s, total = now_s + wait_s, total + points
        if guard.score(PEER, points, now_s) is not None:
            assert total >= LIMITS.ban_score
            total = 0
