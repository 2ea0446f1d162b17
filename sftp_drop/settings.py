"""Every limit of the door, by name, with the arithmetic behind its default."""

from __future__ import annotations

import msgspec

KIB = 1024
MIB = 1024 * KIB

WINDOW_BYTES = 2 * MIB  # what a client may send before we take requests: 64 writes of 32 KiB, OpenSSH's own depth
SSH_PACKET_BYTES = 32 * KIB  # RFC 4253 6.1: every peer takes 32 KiB; more gained nothing when measured
SSH_PACKET_MAX_BYTES = 64 * KIB  # an unfinished packet longer than this is no peer keeping to the line above
INBOX_MAX_BYTES = 8 * MIB  # requests not taken yet; the window keeps it at 2 MiB, this ends a peer that ignores it
REQUEST_MAX_BYTES = 256 * KIB + KIB  # a 255 KiB write and its header
READ_MAX_BYTES = 255 * KIB  # OpenSSH refuses replies over 256 KiB, header included
IN_FLIGHT_MAX_BYTES = 2 * MIB  # taken, not answered: data to write plus data asked for, per session
IN_FLIGHT_MAX_REQUESTS = 128  # taken, not answered, however small; OpenSSH keeps 64
LISTING_ENTRIES = 64  # entries a READDIR reply: 64 x (2 x 255 + 90) bytes stay below 40 KiB
LOGIN_REQUESTS_MAX = 32  # login packets of one connection, queries for keys included: 4 tries need 9
READ_AHEAD_BYTES = MIB  # fetched at a time for a handle that reads: one sealed row is opened once, not 32 times
HANDLES_MAX = 32  # open files of one session
SESSIONS_MAX = 4  # channels of one connection; 4 x 32 handles, each 1 MiB ahead, are 128 MiB at the very worst
GOODBYE_S = 5  # after we end a connection, how long its last bytes may take before it is cut


class DoorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator may set. Times in seconds, sizes in bits or counts."""

    login_grace_s: float = 60  # from TCP accept to the end of login, key exchange included (LoginGraceTime)
    login_tries_max: int = 4  # failed tries of one connection (MaxAuthTries)
    login_answer_s: float = 0.5  # a refused try is answered no sooner, so that its duration tells nothing
    idle_s: float = 900  # a connection that sends nothing so long is ended: 15 minutes
    connections_max: int = 200  # at 41 MB for 20 sessions measured, about 100 KB a session on top of the base
    connections_per_ip_max: int = 20  # one clearinghouse behind one address, ten transfers twice
    strangers_max: int = 60  # connections that have not logged in (MaxStartups' hard limit)
    rsa_min_bits: int = 3072  # smaller partner keys are refused
