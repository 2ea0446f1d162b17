"""Who is shut out, and for how long: points for what only strangers do, a ban when there are too many.

No clock of its own: every method is told the time, in UTC seconds, because bans are shared by processes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from sftp_drop.drop import Ban
from sftp_drop.places import is_in, place_of
from sftp_drop.settings import PLACES_MAX, DoorSettings

FORGET_S = 86400.0
"""How long after its end a ban still makes the next one longer: a day, the longest ban there is."""


class Defender:
    """Points by place, and the bans they came to. Bounded: the place that was first heard of is forgotten first."""

    def __init__(self, settings: DoorSettings) -> None:
        """Raises ValueError when never_ban holds what is no network."""
        self._settings = settings
        self._points: dict[str, deque[tuple[float, int]]] = {}
        self._bans: dict[str, Ban] = {}
        is_in("0.0.0.0", settings.never_ban)

    def score(self, peer: str, points: int, now_s: float) -> Ban | None:
        """Counts points against an address; the ban, when this made one."""
        limits = self._settings
        if not limits.ban_score or not points or is_in(peer, limits.never_ban):
            return None
        place = place_of(peer)
        if place not in self._points and len(self._points) >= PLACES_MAX:
            del self._points[next(iter(self._points))]
        held = self._points.setdefault(place, deque(maxlen=limits.ban_score))  # a point each is the most there are
        held.append((now_s, points))
        while held[0][0] <= now_s - limits.ban_window_s:
            held.popleft()
        if sum(point for _, point in held) < limits.ban_score:
            return None
        del self._points[place]
        times = self._times(place, now_s) + 1
        ban = Ban(place, now_s + min(limits.ban_s * limits.ban_growth ** (times - 1), limits.ban_max_s), times)
        self._bans[place] = ban
        return ban

    def _times(self, place: str, now_s: float) -> int:
        before = self._bans.get(place)
        return before.times if before is not None and now_s < before.until_s + FORGET_S else 0

    def banned(self, peer: str, now_s: float) -> bool:
        """Whether an address is shut out."""
        ban = self._bans.get(place_of(peer))
        return ban is not None and now_s < ban.until_s

    def replace(self, bans: Iterable[Ban]) -> None:
        """The bans are these: what the drop keeps, with those of other doors and without those an operator lifted."""
        self._bans = {ban.place: ban for ban in bans}
