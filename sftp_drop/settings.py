"""Every limit of the door, by name, with the arithmetic behind its default."""

from __future__ import annotations

import msgspec

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

WINDOW_BYTES = 2 * MIB  # what a client may send before we take requests: 64 writes of 32 KiB, OpenSSH's own depth
SSH_PACKET_BYTES = 32 * KIB  # RFC 4253 6.1: every peer takes 32 KiB; more gained nothing when measured
SSH_PACKET_MAX_BYTES = 64 * KIB  # an unfinished packet longer than this is no peer keeping to the line above
INBOX_MAX_BYTES = 8 * MIB  # requests not taken yet; the window keeps it at 2 MiB, this ends a peer that ignores it
REQUEST_MAX_BYTES = 256 * KIB + KIB  # a 255 KiB write and its header
READ_MAX_BYTES = 255 * KIB  # OpenSSH refuses replies over 256 KiB, header included
IN_FLIGHT_MAX_BYTES = 2 * MIB  # taken, not answered: data to write plus data asked for, per session
IN_FLIGHT_MAX_REQUESTS = 128  # taken, not answered, however small; OpenSSH keeps 64
ANSWERS_BYTES = 128 * KIB  # of answers told together: four READs of 32 KiB fill four packets and a bit, not eight
LISTING_ENTRIES = 64  # entries a READDIR reply: 64 x (2 x 255 + 90) bytes stay below 40 KiB
LOGIN_REQUESTS_MAX = 32  # login packets of one connection, queries for keys included: 4 tries need 9
RSA_MIN_BITS = 3072  # 128 bits of strength (NIST SP 800-57 part 1, table 2)
RSA_MAX_BITS = 8192  # larger keys cost us more to check than the stranger to send
READ_AHEAD_BYTES = MIB  # fetched at a time for a handle that reads: one sealed row is opened once, not 32 times
HANDLES_MAX = 32  # open files of one session
SESSIONS_MAX = 4  # channels of one connection; 4 x 32 handles, of 1 MiB, and 1 MiB ahead: 132 MiB at the very worst
PLACES_MAX = 10_000  # addresses whose points are remembered: about 300 bytes each, 3 MB
GOODBYE_S = 5  # after we end a connection, how long its last bytes may take before it is cut


class DoorSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an operator may set. Times in seconds, sizes in bytes, bits or counts, scores in points."""

    login_grace_s: float = 60  # from TCP accept to the end of login, key exchange included (LoginGraceTime)
    login_tries_max: int = 4  # failed tries of one connection (MaxAuthTries)
    login_answer_s: float = 0.5  # a refused try is answered no sooner, so that its duration tells nothing
    idle_s: float = 900  # a connection that sends nothing so long is ended: 15 minutes
    connections_max: int = 200  # at 41 MB for 20 sessions measured, about 100 KB a session on top of the base
    connections_per_ip_max: int = 20  # one clearinghouse behind one address, ten transfers twice
    connections_per_partner_max: int = 20  # where the drop says nothing of its own about a partner
    strangers_max: int = 60  # connections that have not logged in (MaxStartups' hard limit)
    strangers_begin: int = 30  # from so many on a share of new ones is refused: the 20 of one address never meet it
    strangers_refused: float = 0.3  # that share at strangers_begin; it grows evenly to all at strangers_max
    rsa_min_bits: int = RSA_MIN_BITS  # smaller partner keys are refused
    rekey_bytes: int = GIB  # RFC 4253 9: new keys after each gigabyte, both ways together ...
    rekey_s: float = 3600  # ... or each hour
    banner: str = ""  # shown before login; "" for none

    ban_score: int = 15  # points within ban_window_s that ban an address; 0: nobody is banned
    ban_stranger: int = 2  # a login as nobody we know: the eighth bans, which is the second connection of four tries
    ban_wrong_key: int = 1  # a login that fails as somebody we know: a partner with an old key has 15 tries
    ban_crowd: int = 1  # a connection beyond connections_per_ip_max: a mover that is too eager, not yet an attack
    ban_broken: int = 2  # a stranger that does not speak SSH as SSH is spoken
    ban_window_s: float = 1800  # how long points count: half an hour
    ban_s: float = 1800  # the first ban of an address; each further one within a day is half as long again
    ban_growth: float = 1.5
    ban_max_s: float = 86400  # the tenth ban: 1800 x 1.5^9 is 19 hours, the eleventh would be 29
    never_ban: tuple[str, ...] = ()  # addresses or networks (CIDR) that are not scored: balancers, monitors
